"""What batch mode would lose where it copies a table, on SQLite."""
import re

from alembic.operations import ops
from sqlalchemy import CheckConstraint, Column, types

from .. import compat, dialects
from .indexes import executed
from .names import CONVENTION
from .operations import Block, saying

_INDEX = re.compile(r'^\s*(CREATE\s+(?:UNIQUE\s+)?INDEX)\s+'
                    r'(?:IF\s+NOT\s+EXISTS\s+)?', re.I)


def keep(found, operations):
    """Let batch mode keep all that a table has, one way."""
    if not dialects.of(found.connection).copies_tables:
        return
    pairs = dict(((pair.schema or None, pair.name), pair)
                 for pair in found.tables)
    written = []
    for each in operations:
        written.append(each)
        if not isinstance(each, ops.ModifyTableOps):
            continue
        pair = pairs.get((each.schema or None, each.table_name))
        arguments = list(filter(None, [
            _convention(each), _dates(each),
            pair and pair.old is not None and _checks(pair)]))
        if arguments:
            written[-1] = saying(Block, each, *arguments)
        if pair is not None and pair.old is not None:
            written.extend(_functional_indexes(found, pair, operations))
    operations[:] = written


def _functional_indexes(found, pair, operations):
    """Make indexes again that went with the copied table."""
    known = dialects.of(found.connection).functional_indexes(
        found.connection).get(pair.name, {})
    changed = ' '.join(line for each in operations
                       for line in getattr(each, 'lines', ()))
    for name, sql in sorted(known.items()):
        if '"%s"' % name not in changed \
                and name in [each.name for each in pair.new.indexes]:
            yield executed(_INDEX.sub(r'\1 IF NOT EXISTS ', sql))


def _convention(block):
    """Names by which constraints without one can be dropped."""
    for each in block.ops:
        if getattr(each, 'by_convention', False):
            return 'naming_convention=%r' % (CONVENTION,)


def _dates(block):
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


def _checks(pair):
    """Checks without a name, which batch mode does not find again."""
    checks = sorted(
        compat.python.text(each.sqltext) for each in pair.old.constraints
        if isinstance(each, CheckConstraint)
        and not compat.tables.is_named(each.name))
    if checks:
        return lambda context: 'table_args=[%s]' % ', '.join(
            '%sCheckConstraint(%r)' % (
                context.opts['sqlalchemy_module_prefix'] or '',
                compat.python.native(each)) for each in checks)
