"""Required columns on tables with rows: add, fill, then require.

A server default needs nothing of this: the database fills the rows itself.
"""
from alembic.operations import ops

from .. import compat
from ..errors import MigrateError
from .counting import count
from .python_defaults import Value, default_of
from .filling import Fill, NoRows, NowRequired
from .protection import title
from .questioner import Question
from .stored_values import storable
from .values import is_binary, read_value


def fill_required_columns(found):
    """Let columns become required only when all rows have a value."""
    for operations, table in found.each(ops.ModifyTableOps):
        steps, guards = [], []
        for each in list(table.ops):
            column = _required(found, table, each)
            if column is not None:
                _fill(found, table, each, column, steps, guards)
        place = operations.index(table) + 1
        operations[place:place] = steps
        if not table.ops:
            operations.remove(table)
        found.upgrade.ops[:0] = guards


def _required(found, table, operation):
    """The model's column, where an operation makes it required."""
    if isinstance(operation, ops.AddColumnOp):
        column = operation.column
        filled = column.server_default is not None \
            or getattr(column, 'identity', None) is not None
        if column.nullable or column.primary_key or filled:
            return None
        return column
    if isinstance(operation, ops.AlterColumnOp) \
            and operation.modify_nullable is False:
        return found.column(table.schema, table.table_name,
                            operation.column_name)
    return None


def _fill(found, table, operation, column, steps, guards):
    """Replace an operation by those that lead there."""
    added = isinstance(operation, ops.AddColumnOp)
    value = _value(found, table, column, added)
    if value is None:
        # The script stops before it changes anything, if there are rows.
        guards.append(NoRows(
            table.schema, found.renames.old(table.schema, table.table_name),
            column.name, None if added else found.renames.old_column(
                table.schema, table.table_name, column.name),
            _address(found, table, column), _lack(column),
            _is_unique(column)))
        return
    steps.append(Fill(table.schema, table.table_name, column, value,
                      found.primary_key(table.schema, table.table_name)))
    place = table.ops.index(operation)
    if added:
        copy = compat.tables.copy_column(column)
        copy.nullable = True
        table.ops[place] = ops.AddColumnOp(
            table.table_name, copy, schema=table.schema)
        later = NowRequired(
            table.table_name, column.name, schema=table.schema,
            existing_type=column.type, modify_nullable=False,
            existing_comment=getattr(column, 'comment', None))
    else:
        later = _divided(table.ops, place, column)
    steps.append(ops.ModifyTableOps(
        table.table_name, [later], schema=table.schema))


def _divided(operations, place, column):
    """Take NOT NULL out of an operation that may change more.

    :return: the operation for NOT NULL alone.
    """
    operation = operations[place]
    later = ops.AlterColumnOp(
        operation.table_name, operation.column_name, schema=operation.schema,
        existing_type=operation.modify_type if operation.modify_type
        is not None else operation.existing_type,
        existing_nullable=operation.existing_nullable,
        existing_server_default=operation.existing_server_default
        if operation.modify_server_default is False
        else operation.modify_server_default, modify_nullable=False)
    if getattr(column, 'comment', None):
        later.existing_comment = column.comment
    operation.modify_nullable = None
    if not operation.has_changes():
        del operations[place]
    return later


def _value(found, table, column, added):
    """What the rows get: a Value or Each; None: nothing is known."""
    address = _address(found, table, column)
    unique = _is_unique(column)
    said = found.answers.of('fill', found.name, table.schema,
                            table.table_name, column.name)
    value = _said(found, column, said, address) if said is not None \
        else _of_server_default(column) or _default(found, column)
    if value is None and not unique:
        value = found.questioner.ask(FillQuestion(
            found, column, address, _lack(column)))
    if unique and isinstance(value, Value):
        _refuse_for_several(found, table, column, added, address,
                            said is not None)
        value = value if said is not None else None
    if value is None:
        found.warnings.append(
            '%s is required and %s: the script stops where there are rows. '
            '%s' % (address, _lack(column), 'Fill each of them in it.'
                    if unique else
                    '--fill %s=VALUE gives them one.' % address))
    return value


def _default(found, column):
    """The model's default; None where a script does not know it."""
    default = default_of(column)
    try:
        return default and storable(default, column.type,
                                    found.context)
    except ValueError:
        return None


def _lack(column):
    """Why nothing is known for the rows, as the end of a sentence."""
    if _is_unique(column) and (_of_server_default(column) or isinstance(
            default_of(column), Value)):
        return 'unique, and its default is one value for all rows'
    if column.default is not None:
        return 'its default is none that a script can use'
    return 'has no default'


def _refuse_for_several(found, table, column, added, address, said):
    """Refuse one value for several rows of a unique column."""
    old = found.renames.old(table.schema, table.table_name)
    rows = count(found.connection, table.schema, old,
                 None if added else found.renames.old_column(
                     table.schema, table.table_name, column.name), most=2)
    if said and rows > 1:
        raise MigrateError(
            '--fill %s: the column is unique, and there are several rows. '
            'Fill it in a revision of its own, or give its model a default '
            'such as uuid.uuid4. Nothing was written.' % address)


def _said(found, column, said, address):
    try:
        if isinstance(said, compat.python.string_types) \
                and not (isinstance(said, bytes) and is_binary(column.type)):
            said = read_value(column.type, compat.python.text(said))
        return storable(Value(said), column.type, found.context)
    except ValueError as error:
        raise MigrateError('--fill %s: %s Nothing was written.' % (
            address, error))


def _of_server_default(column):
    """A server default as the value of rows that have none."""
    from sqlalchemy import text
    default = getattr(column.server_default, 'arg', None)
    if default is None:
        return None
    if isinstance(default, compat.python.string_types):
        default = text(compat.tables.escaped_text(
            "'%s'" % default.replace("'", "''")))
    return Value(default)


def _is_unique(column):
    from sqlalchemy import UniqueConstraint
    alone = [column.name]
    return bool(column.unique) or any(
        isinstance(each, UniqueConstraint)
        and [other.name for other in each.columns] == alone
        for each in column.table.constraints) or any(
        each.unique and [getattr(other, 'name', None)
                         for other in each.expressions] == alone
        for each in column.table.indexes)


def _address(found, table, column):
    text = '%s.%s' % (title(table.schema, table.table_name), column.name)
    return '%s:%s' % (found.name, text) if found.name else text


class FillQuestion(Question):
    """The value of a required column, in the rows that exist."""

    def __init__(self, found, column, address, lack):
        Question.__init__(
            self, ('fill', found.name, address),
            u'%s is required and %s. Value for the rows that exist (Enter: '
            u'the script stops where there are rows):' % (address, lack),
            self._read)
        self.kind = column.type
        self.context = found.context

    def _read(self, line):
        return storable(Value(read_value(self.kind, line)), self.kind,
                        self.context) if line else None
