"""The order of operations: tables that refer to each other come and go.

Foreign keys go first and come last, tables come in the order in which they
refer to each other, and go the other way round.
"""
from alembic.operations import ops
from sqlalchemy import ForeignKeyConstraint

from .. import compat, dialects
from .filling import NoRows
from .operations import Comment, Nothing


_TABLES = (ops.CreateTableOp, ops.DropTableOp, ops.ModifyTableOps)


def order(found, operations):
    """Put the operations of one way into an order that works.

    What stops a script comes first; what is renamed comes next, and goes
    last.
    """
    first, middle, last = around_renames(found, operations)
    operations[:] = first + _ordered(found, middle) + last


def around_renames(found, operations):
    """The operations of one way: what begins, the rest, and what ends."""
    if not found.renaming:
        begin = len([each for each in operations
                     if isinstance(each, NoRows)])
        return operations[:begin], operations[begin:], []
    if operations is found.upgrade.ops:
        begin = operations.index(found.renaming[-1]) + 1
        found.renaming_back = len([
            each for each in operations[:begin]
            if not isinstance(each.reverse(), Nothing)])
        return operations[:begin], operations[begin:], []
    end = len(operations) - found.renaming_back
    return [], operations[:end], operations[end:]


def _ordered(found, operations):
    begin, groups, end = _apart_from_tables(_groups(operations))
    created = [each for each in groups
               if isinstance(each[-1], ops.CreateTableOp)]
    dropped = [each for each in groups
               if isinstance(each[-1], ops.DropTableOp)]
    rest = [each for each in groups
            if each not in created and each not in dropped]
    for group in rest:
        if isinstance(group[-1], ops.ModifyTableOps):
            _order_block(group[-1].ops)
    created, later = _in_order(created, True)
    dropped, before = _in_order(dropped[::-1], False)
    if not dialects.of(found.connection).drops_in_any_order:
        rest += [[each] for each in before]
    groups = created + [[each] for each in later] + rest + dropped[::-1]
    _leave_out_indexes(groups)
    return [each for group in begin + groups + end for each in group]


def _apart_from_tables(groups):
    """What begins and what ends with something else than tables.

    Enums are made so before the first table, and dropped after the last:
    ours, and those of alembic-postgresql-enum.
    """
    places = [number for number, group in enumerate(groups)
              if isinstance(group[-1], _TABLES)]
    begin, end = (places[0], places[-1] + 1) if places else (len(groups),) * 2
    return groups[:begin], groups[begin:end], groups[end:]


def _groups(operations):
    """Operations, each in a list with the comments before it."""
    groups, comments = [], []
    for each in operations:
        comments.append(each)
        if not isinstance(each, Comment):
            groups.append(comments)
            comments = []
    return groups + ([comments] if comments else [])


def _order_block(operations):
    """Drop foreign keys first and make them last, on one table."""
    def key(group):
        each = group[-1]
        if isinstance(each, ops.DropConstraintOp) \
                and each.constraint_type == 'foreignkey':
            return 0
        return 2 if isinstance(each, ops.CreateForeignKeyOp) else 1
    operations[:] = [each for group in sorted(_groups(operations), key=key)
                     for each in group]


def _in_order(groups, creating):
    """Tables in the order in which they refer to each other.

    :return: the groups, and operations for the foreign keys that no order
        can have.
    """
    waiting = [(group, group[-1].to_table()) for group in groups]
    names = set(_key(table) for _, table in waiting)
    done, ordered, later = set(), [], []
    while waiting:
        for number, (group, table) in enumerate(waiting):
            missing = [each for each in foreign_keys(table)
                       if _is_apart(each) or _target(each) in
                       names - done - set([_key(table)])]
            if all(_is_apart(each) for each in missing):
                break
        else:
            number = 0
            group, table = waiting[0]
            missing = [each for each in foreign_keys(table)
                       if _is_apart(each) or _target(each) in
                       names - done - set([_key(table)])]
        del waiting[number]
        done.add(_key(table))
        if missing and creating:
            group = group[:-1] + [without(group[-1], missing)]
        ordered.append(group)
        later += [apart(table, each, creating) for each in missing
                  if creating or compat.tables.is_named(each.name)]
    return ordered, later


def _is_apart(foreign_key):
    return bool(getattr(foreign_key, 'use_alter', False))


def foreign_keys(table):
    """The foreign keys of a table, in an order of their own."""
    return sorted((each for each in table.constraints
                   if isinstance(each, ForeignKeyConstraint)),
                  key=lambda each: [key.parent.name
                                    for key in each.elements])


def _key(table):
    return tuple(filter(None, [table.schema, table.name]))


def _target(foreign_key):
    return tuple(
        foreign_key.elements[0].target_fullname.split('.')[:-1])


def without(operation, keys):
    """An operation that creates a table without some foreign keys."""
    table = compat.alembic.new_table(operation)
    columns = [_columns(each) for each in keys]
    for each in foreign_keys(table):
        if _columns(each) in columns:
            table.constraints.discard(each)
            for key in each.elements:
                key.parent.foreign_keys.discard(key)
    return compat.alembic.create_table(operation, table)


def _columns(foreign_key):
    return [(key.parent.name, key.target_fullname)
            for key in foreign_key.elements]


def apart(table, foreign_key, creating):
    """The operation for a foreign key of its own, in a block."""
    if not creating:
        return ops.ModifyTableOps(
            table.name, [ops.DropConstraintOp.from_constraint(foreign_key)],
            schema=table.schema)
    target = _target(foreign_key)
    options = dict((name, getattr(foreign_key, name)) for name in (
        'onupdate', 'ondelete', 'deferrable', 'initially')
        if getattr(foreign_key, name, None) is not None)
    return ops.ModifyTableOps(table.name, [ops.CreateForeignKeyOp(
        foreign_key.name, table.name, target[-1],
        [key.parent.name for key in foreign_key.elements],
        [key.target_fullname.split('.')[-1]
         for key in foreign_key.elements],
        source_schema=table.schema,
        referent_schema=target[0] if target[1:] else None,
        **options)], schema=table.schema)


def _leave_out_indexes(groups):
    """Drop no index of a table that is dropped: it goes with it."""
    gone = set((each.schema or None, each.table_name)
               for group in groups for each in group[-1:]
               if isinstance(each, ops.DropTableOp))
    for group in list(groups):
        each = group[-1]
        if isinstance(each, ops.ModifyTableOps) \
                and (each.schema or None, each.table_name) in gone:
            each.ops[:] = [one for one in each.ops
                           if not isinstance(one, ops.DropIndexOp)]
            if not each.ops:
                groups.remove(group)
