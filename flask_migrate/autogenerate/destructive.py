"""What loses data is shown when a script is written, and marked in it."""
from alembic.operations import ops
from sqlalchemy import types

from .. import compat
from ..dialects.values import size
from .alike import same_kind
from .counting import count, in_words
from .operations import Comment
from .protection import title


def mark(found):
    """Mark what drops or narrows, and tell how many rows have data in it."""
    told = []
    for operations, each in found.each(
            ops.DropTableOp, ops.DropColumnOp, ops.AlterColumnOp):
        text, column = _in_words(found, each)
        if text is None:
            continue
        operations.insert(operations.index(each), Comment(
            'Destructive: ' + text + '.'))
        told.append('%s (%s)' % (text, _rows(found, each, column)))
    if told:
        found.warnings.append('Destructive%s: %s.' % (
            found.name and " in the database '%s'" % found.name,
            '; '.join(told)))


def _in_words(found, operation):
    """What an operation loses, and the column whose values those are."""
    name = title(operation.schema, operation.table_name)
    if isinstance(operation, ops.DropTableOp):
        return 'drops the table %s' % name, None
    name = '%s.%s' % (name, operation.column_name)
    if isinstance(operation, ops.DropColumnOp):
        return 'drops the column %s' % name, operation.column_name
    old, new = operation.existing_type, operation.modify_type
    if old is None or new is None or not narrows(old, new) or (
            operation.schema or None, operation.table_name,
            operation.column_name) in found.renames.lengths:
        return None, None
    dialect = found.context.dialect
    return 'narrows %s from %s to %s' % (
        name, _type_text(old, dialect), _type_text(new, dialect)), \
        operation.column_name


def _type_text(type_, dialect):
    try:
        return compat.python.native(type_.compile(dialect=dialect))
    except Exception:       # a type of the application that has no DDL
        return type(type_).__name__


def _rows(found, operation, column):
    schema, table = operation.schema, operation.table_name
    names = found.renames.of_table(schema, table)
    olds = dict((new, old) for old, new in names.items())
    return in_words(count(
        found.connection, schema, found.renames.old(schema, table),
        olds.get(column, column), filled=True))


def narrows(old, new):
    """Whether a column of another type may lose what is in it."""
    old, new = _plain(old), _plain(new)
    if isinstance(old, types.Enum) and isinstance(new, types.Enum):
        return bool(set(old.enums) - set(new.enums))
    if isinstance(new, types.String) and not isinstance(new, types.Enum):
        return bool(new.length) and (
            not isinstance(old, types.String) or not old.length
            or new.length < old.length) and not isinstance(old, types.Enum)
    if isinstance(old, types.Integer) and isinstance(new, types.Integer):
        return size(new) < size(old)
    if isinstance(old, types.Numeric) and isinstance(new, types.Numeric):
        return _less(new, old, 'precision') or _less(new, old, 'scale')
    if same_kind(old, new):
        return False
    return not (isinstance(old, (types.Integer, types.Boolean))
                and isinstance(new, types.Numeric)
                or isinstance(old, types.Date)
                and isinstance(new, types.DateTime))


def _plain(type_):
    return type_.impl if isinstance(type_, types.TypeDecorator) else type_


def _less(new, old, name):
    one, other = getattr(new, name, None), getattr(old, name, None)
    return one is not None and (other is None or one < other)
