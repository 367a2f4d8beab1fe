"""Constraints that the models leave unnamed get a name in the script.

SQLite's batch mode cannot make or drop a constraint without one, and a
server drops one only by the name that it has thought of itself.
"""
import re
import zlib

from alembic.operations import ops
from sqlalchemy import (
    CheckConstraint, ForeignKeyConstraint, UniqueConstraint)

from .. import compat

#: PostgreSQL cuts longer ones off at 63 bytes, MySQL refuses more than 64.
LONGEST = 60

#: The names as a ``naming_convention``, for what has been unnamed so far.
_COLUMNS = '%%(%s)s' % (
    'column_0_N_name' if compat.tables.conventions_take_all_columns()
    else 'column_0_name')
CONVENTION = {
    'fk': 'fk_%(table_name)s_' + _COLUMNS + '_%(referred_table_name)s',
    'uq': 'uq_%(table_name)s_' + _COLUMNS,
}


def name_new_constraints(found):
    """Name what the script creates."""
    for operations, each in found.each(
            ops.CreateForeignKeyOp, ops.CreateUniqueConstraintOp,
            ops.CreateCheckConstraintOp, ops.CreateTableOp):
        if isinstance(each, ops.CreateTableOp):
            named = _with_named_constraints(each)
        elif compat.tables.is_named(each.constraint_name):
            continue
        else:
            constraint = each.to_constraint()
            named = compat.alembic.with_name(
                each, name_of(constraint, each.to_constraint().table))
        operations[operations.index(each)] = named


def name_dropped_constraints(found):
    """Name what SQLite has without a name, as batch mode will name it."""
    for operations, each in found.each(ops.DropConstraintOp):
        if compat.tables.is_named(each.constraint_name) \
                or each.constraint_type not in ('foreignkey', 'unique'):
            continue
        constraint = each.to_constraint()
        named = compat.alembic.with_name(
            each, name_of(constraint, constraint.table, shorten=False))
        named.by_convention = True
        operations[operations.index(each)] = named


def compare_unnamed(found):
    """Find unique constraints without a name that the models do not have."""
    for pair in found.tables:
        if pair.old is None or pair.new is None:
            continue
        wanted = [set(column_names(each)) for each in pair.new.constraints
                  if isinstance(each, UniqueConstraint)]
        for each in list(pair.old.constraints):
            if isinstance(each, UniqueConstraint) \
                    and not compat.tables.is_named(each.name) \
                    and set(column_names(each)) not in wanted \
                    and compat.alembic.is_included(
                        pair, each, None, 'unique_constraint', True):
                # Alembic has made a second object of each, to compare.
                wanted.append(set(column_names(each)))
                found.changes_of(pair).ops.insert(
                    0, ops.DropConstraintOp.from_constraint(each))


def keep_unique(found):
    """Let indexes that are dropped come back as they were."""
    for _, each in found.each(ops.DropIndexOp):
        compat.alembic.keep_unique(each)


def _with_named_constraints(operation):
    table = operation.to_table()
    if all(compat.tables.is_named(each.name) or not _can_be_named(each)
           for each in table.constraints):
        return operation
    table = compat.alembic.new_table(operation)
    taken = set()
    for each in sorted(table.constraints, key=_text):
        if _can_be_named(each) and not compat.tables.is_named(each.name):
            each.name = _not_in(taken, name_of(each, table))
        taken.add(each.name)
    return compat.alembic.create_table(operation, table)


def _can_be_named(constraint):
    return isinstance(constraint, (
        CheckConstraint, ForeignKeyConstraint, UniqueConstraint)) \
        and not compat.tables.belongs_to_type(constraint)


def _text(constraint):
    return [constraint.__visit_name__] + column_names(constraint) \
        + [str(getattr(constraint, 'sqltext', ''))]


def _not_in(taken, name):
    number, given = 1, name
    while name in taken:
        number += 1
        name = '%s_%d' % (given, number)
    return name


def column_names(constraint):
    """The names of the columns that a constraint stands on."""
    if isinstance(constraint, ForeignKeyConstraint):
        return [each.parent.name for each in constraint.elements]
    return [each.name for each in constraint.columns]


def name_of(constraint, table, shorten=True):
    """The name for a constraint, always the same for the same constraint.

    :param shorten: whether it must fit every kind of database.
    """
    columns = column_names(constraint)
    if not shorten and not compat.tables.conventions_take_all_columns():
        del columns[1:]
    if isinstance(constraint, ForeignKeyConstraint):
        referred = constraint.elements[0].target_fullname.split('.')[-2]
        parts = ['fk', table.name] + columns + [referred]
    elif isinstance(constraint, CheckConstraint):
        words = re.findall(r'\w+', str(constraint.sqltext))
        parts = ['ck', table.name] + [
            each.name for each in table.columns if each.name in words]
    else:
        parts = ['uq', table.name] + columns
    name = '_'.join(parts)
    return short(name) if shorten else name


def short(name):
    """A name that fits, with a checksum in place of its end."""
    if len(name) <= LONGEST:
        return name
    number = zlib.crc32(name.encode('utf-8')) & 0xffffffff
    return '%s_%08x' % (name[:LONGEST - 9], number)
