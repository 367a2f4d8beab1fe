"""The CHECK of an enum that is stored as a text, where its values differ.

Alembic sees none of it, or a longer text alone, beside which it would make
a second CHECK: the first goes on refusing the new values.
"""
from alembic.operations import ops

from .. import compat
from ..dialects.values import stored
from . import as_if_values, check_values
from .checks import AddedCheck, DroppedCheck
from .names import short
from .operations import Text
from .renamed_values import listed_values


def compare(found):
    """Find the enums whose values are not those that their CHECK lists."""
    if not compat.tables.reflects_checks():
        return
    dialect = found.context.dialect
    for values in listed_values(found):
        if values.check is None:
            continue
        column, = values.columns
        kind = stored(column.new.type, dialect)
        if kind.native_enum and dialect.supports_native_enum:
            continue
        if compat.tables.makes_check(kind):
            found.listing_checks.append((column.new, values.check))
            wanted, change = values.wanted, _replace
        elif compat.tables.is_named(values.check.name):
            continue            # one as any other: it goes
        else:
            wanted, change = values.known + values.come(), _leave_out
        if set(wanted) != set(values.known) and _can_be_told(values) \
                and compat.alembic.is_included(
                    column.pair, values.check, values.check.name,
                    'check_constraint', True):
            change(found, column, values.check, kind, values.known, wanted)
            found.check_changes.append((column, values.known, wanted))


def _can_be_told(values):
    """Whether what is read is the value: servers write a backslash twice."""
    return not any(u'\\' in each for each in values.known + values.wanted)


def _replace(found, column, check, kind, known, wanted):
    schema, table = column.schema, column.table
    condition = check_values.condition(column, wanted)
    block = found.changes_of(column.pair).ops
    if any(isinstance(each, DroppedCheck) and each.constraint_name
           == check.name for each in block):
        # SQLite may have two of a name, and batch mode loses one of them.
        added = AddedCheck(_new_name(column), table, schema, condition)
        block.insert(0, Text([], back=AddedCheck(
            added.constraint_name, table, schema,
            check_values.condition(column, known))))
    elif compat.tables.is_named(check.name):
        added = AddedCheck(check.name, table, schema, condition)
        # Not as the server writes it: so it comes back as the same.
        block.insert(0, DroppedCheck(
            check.name, table, schema,
            check_values.condition(column, known)))
    else:
        added = AddedCheck(_new_name(column), table, schema, condition)
        added.instead = check
    added.place = column.place
    length = column.old.type.length
    if length and length < kind.length or _changes_type(found, column):
        _alter(found, column, kind)
    block.append(added)


def _leave_out(found, column, check, kind, known, wanted):
    """Let a CHECK without a name, which the models do not have, go.

    Nobody else drops what has no name, and it would refuse new values.
    """
    _alter(found, column, kind).instead = check


def _alter(found, column, kind):
    """Let the column be a text: an Enum would make a CHECK of its own."""
    operation = found.alteration(column.pair, column.old, column.new)
    operation.modify_type = as_if_values.with_length(
        column.old.type, kind.length)
    return operation


def _changes_type(found, column):
    return any(each.modify_type is not None and column.place == (
        each.schema or None, each.table_name, each.column_name)
        for _, each in found.each(ops.AlterColumnOp))


def _new_name(column):
    """A name for the CHECK that has none: batch mode drops it by that."""
    taken = [each.name for each in column.pair.old.constraints]
    name = given = 'ck_%s_%s' % (column.table, column.name)
    while short(name) in taken:
        name = '%s_%d' % (given, len(name))
    return short(name)
