"""Columns that batch mode would copy as others, on SQLite."""
import copy

from alembic.operations import ops
from sqlalchemy import Column, types

from .. import compat, dialects
from .operations import Comment, Text


def dates(block):
    """Columns that become dates: CAST would leave the year of them."""
    columns = []
    for each in block.ops:
        if isinstance(each, ops.AlterColumnOp) and isinstance(
                each.modify_type, (types.Date, types.DateTime, types.Time)):
            default = each.existing_server_default
            columns.append(Column(
                each.column_name, each.modify_type,
                nullable=each.existing_nullable is not False,
                server_default=default or None))
    if columns:
        return lambda context: 'reflect_args=[%s]' % ', '.join(
            compat.alembic.render_column(each, context)
            for each in columns)


def tell_collations(found, block, pair, downwards):
    """Tell batch mode of collations, which nobody else tells it.

    Upwards a column that gets another type gets what the models say.
    """
    lines = []
    given = [each.column_name for each in block.ops
             if isinstance(each, ops.DropColumnOp) or not downwards
             and getattr(each, 'modify_type', None) is not None]
    for name, collation in sorted(_untold(found, block, pair)[0].items()):
        column = pair.old.columns.get(found.renames.of_table(
            pair.schema, pair.name).get(name, name))
        if column is None or column.name in given \
                or not isinstance(column.type, types.String):
            continue
        kind = copy.copy(column.type)
        kind.collation = str(collation)
        lines.append('batch_op.alter_column(%s, type_=sa.%r)' % (
            compat.python.literal(column.name), kind))
    if lines:
        block.ops.append(on_sqlite(lines))


def tell_defaults(block, defaults):
    """Tell batch mode of defaults in which a word follows a colon.

    SQLAlchemy reads the word as a parameter, and NULL stands there then.

    :param defaults: by column, at the start of the block.
    """
    for each in block.ops:
        name = getattr(each, 'column_name', None)
        if isinstance(each, ops.DropColumnOp):
            defaults.pop(name, None)
        elif isinstance(each, ops.AlterColumnOp) \
                and each.modify_server_default is not False:
            defaults[name] = None
    lines = [
        'batch_op.alter_column(%s, server_default=sa.text(%s))' % (
            compat.python.literal(name), compat.python.literal(sql))
        for name, sql in sorted(
            (name, compat.tables.default_text(default))
            for name, default in defaults.items())
        if sql is not None and '\\:' in sql]
    if lines and copies(block):
        block.ops.append(on_sqlite(lines))
    defaults.update(
        (each.column_name, each.modify_server_default) for each in block.ops
        if isinstance(each, ops.AlterColumnOp)
        and each.modify_server_default is not False)


def compute_again(block, pair):
    """Let batch mode insert nothing into columns that are computed."""
    if pair is None or None in (pair.old, pair.new) or not copies(block):
        return
    lines = []
    given = [getattr(each, 'column_name', None)
             or getattr(getattr(each, 'column', None), 'name', None)
             for each in block.ops]
    for column in pair.old.columns:
        if compat.tables.is_computed_column(column) \
                and column.name in pair.new.columns \
                and column.name not in given:
            lines.extend([
                'batch_op.drop_column(%s)'
                % compat.python.literal(column.name),
                'batch_op.add_column(%s)' % compat.alembic.render_column(
                    column, pair.autogen)])
    if lines:
        block.ops.append(on_sqlite(lines))


def on_sqlite(lines):
    """Lines of a batch block that are for SQLite alone."""
    # In a block, Alembic's printer indents after ':' until ''.
    return Text(["if op.get_context().dialect.name == 'sqlite':"]
                + lines + [''])


def counting(found, block, pair):
    """What keeps the numbers of rows that are gone from coming back."""
    if _untold(found, block, pair)[1]:
        return "table_kwargs={'sqlite_autoincrement': True}"


def _untold(found, block, pair):
    if pair is None or pair.old is None or pair.schema or not copies(block):
        return {}, False
    return dialects.of(found.connection).untold(
        found.connection, found.renames.old(pair.schema, pair.name))


#: What batch mode does without copying the table.
_IN_PLACE = (ops.AddColumnOp, ops.CreateIndexOp, ops.DropIndexOp)


def copies(block):
    """Whether batch mode copies the table for a block."""
    return not all(isinstance(each, _IN_PLACE + (Comment,)) and getattr(
        getattr(each, 'column', None), 'server_default', None) is None
        for each in block.ops)
