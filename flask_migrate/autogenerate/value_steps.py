"""What a script does where values of an enum were renamed."""
import copy

from alembic.autogenerate import renderers
from alembic.operations import ops
from sqlalchemy import text, types
from sqlalchemy.schema import DefaultClause

from .. import compat, dialects
from . import as_if_values, check_values, enums
from .checks import AddedCheck, DroppedCheck
from .enums import literal
from .operations import Text


class RenamedValues(ops.MigrateOperation):
    """Several operations as one, which no other piece changes.

    :param parts: the operations.
    :param back: those of the way back.
    """

    def __init__(self, parts, back):
        self.parts = parts
        self.back = back

    def reverse(self):
        return RenamedValues(self.back, self.parts)

    def to_diff_tuple(self):
        return ('renamed_values',) + tuple(self.parts)


@renderers.dispatch_for(RenamedValues)
def _renamed_values(context, operation):
    lines = []
    for each in operation.parts:
        written = renderers.dispatch(each)(context, each)
        lines += written if isinstance(written, list) else [written]
    return lines


def steps(values, new):
    """The operations that rename values.

    :param values: the :class:`value_pairs.Values`.
    :param new: a dict from old to new.
    :return: a list.
    """
    old = dict((other, one) for one, other in new.items())
    if values.key:
        return [enums.for_postgresql(
            *_renaming(values, new),
            back=enums.for_postgresql(*_renaming(values, old)))]
    column = values.columns[0]
    if getattr(column.old.type, 'enums', None):
        return [RenamedValues(_listed(column, column.old, new),
                              _listed(column, _as_if(column.old, new), old))]
    return _as_text(values, column, new, old)


def _renaming(values, new):
    name = enums.quoted(values.found, values.key)
    for one, other in sorted(new.items()):
        yield _execute('ALTER TYPE %s RENAME VALUE %s TO %s' % (
            name, literal(one), literal(other))).lines[0]


def _execute(sql):
    return Text(['op.execute(%s)' % compat.python.literal(
        compat.tables.escaped_text(sql))])


def _updates(column, new):
    quote = column.found.context.dialect.identifier_preparer.quote
    table = '.'.join(quote(each) for each in (column.schema, column.table)
                     if each)
    name = quote(column.name)
    return [_execute(u'UPDATE %s SET %s = %s WHERE %s = %s' % (
        table, name, literal(other), name, literal(one)))
        for one, other in sorted(new.items())]


# Where the type of the column has them ---------------------------------------

def _listed(column, old, new):
    """Let a column have the values of both times, change rows, and end.

    :param old: the Column as it is before.
    """
    after = _as_if(old, new)
    between = copy.copy(old)
    between.type = _both(old.type, new)
    return [_alter(column, old, between)] + _updates(column, new) + [
        _alter(column, between, after)]


def _both(kind, new):
    known = [each.lower() for each in as_if_values.renamed(kind.enums, {})]
    if not any(each.lower() in known for each in new.values()):
        return as_if_values.with_values(
            kind, list(kind.enums) + sorted(new.values()))
    # Most collations do not tell upper case from lower.
    return types.String(
        max(map(len, list(kind.enums) + list(new.values()))),
        collation=getattr(kind, 'collation', None))


def _as_if(column, new, length=None):
    """A Column as it is when its values are renamed.

    :param length: that it gets, where it is a text.
    """
    column = copy.copy(column)
    column.type = as_if_values.kind(column.type, new) if length is None \
        else as_if_values.with_length(column.type, length)
    default = _default_text(column)
    if default is not None:
        column.server_default = DefaultClause(text(
            compat.tables.escaped_text(as_if_values.sql(default, new))))
    return column


def _default_text(column):
    default = column.server_default
    if type(default) is DefaultClause:
        return compat.python.text(getattr(default.arg, 'text', default.arg))


def _alter(column, old, new):
    each = ops.AlterColumnOp(
        column.table, column.name, schema=column.schema,
        existing_type=old.type, modify_type=new.type,
        existing_nullable=old.nullable)
    each.existing_server_default = old.server_default
    if _default_text(old) != _default_text(new):
        each.modify_server_default = new.server_default
    if getattr(old, 'comment', None):
        each.existing_comment = old.comment
    return each


# Where it is a text ----------------------------------------------------------

def _as_text(values, column, new, old):
    updates = [RenamedValues(_updates(column, new), _updates(column, old))]
    if values.check is not None:
        return _checked(values, column, new, updates)
    length = getattr(column.old.type, 'length', None)
    longest = max(map(len, new.values()))
    if not length or longest <= length \
            or dialects.of(column.found.connection).copies_tables:
        return updates
    column.found.renames.lengths[column.place] = longest
    return [_block(column, [_alter(column, column.old, _as_if(
        column.old, new, longest))])] + updates


def _checked(values, column, new, updates):
    """Replace a CHECK, and the type, which would make one of its own."""
    check = values.check
    listed = values.listed(new)
    condition = check_values.condition(column, listed)
    renames = column.found.renames
    renames.checks[column.place[:2] + (check.name,)] = condition
    column.found.check_changes.append((column, values.known, listed))
    first = [DroppedCheck(check.name, column.table, column.schema,
                          compat.python.text(check.sqltext))]
    last = [AddedCheck(check.name, column.table, column.schema, condition)]
    length = column.old.type.length
    renames.lengths[column.place] = length and max(map(len, listed))
    after = _as_if(column.old, new, renames.lengths[column.place])
    between = _as_if(column.old, {}, length and max(
        length, after.type.length))
    if between.type.length != length:
        first.append(_alter(column, column.old, between))
    if after.type.length != between.type.length \
            or _default_text(after) != _default_text(between):
        last.insert(0, _alter(column, between, after))
    return [_block(column, first)] + updates + [_block(column, last)]


def _block(column, operations):
    return ops.ModifyTableOps(column.table, operations, schema=column.schema)
