"""Foreign keys go before the types of their columns change, and come back.

A server holds the types of the columns that a foreign key joins: while one
of two has its new type already, they do not fit.
"""
from alembic.operations import ops

from .. import compat, dialects
from .alike import same_kind
from .foreign_key_indexes import ForNow, existing
from .found import drop_empty, each_of
from .ordering import apart, around_renames, foreign_keys, without


def let_go(found, operations):
    """Drop foreign keys before, and make them after, one way."""
    concerned = _Concerned(found, operations)
    if not concerned.columns:
        return
    before, after = _of_tables(concerned, operations)
    for block, each in each_of(operations, (
            ops.DropConstraintOp, ops.CreateForeignKeyOp)):
        making = isinstance(each, ops.CreateForeignKeyOp)
        if not making and each.constraint_type != 'foreignkey':
            continue
        key = each.to_constraint()
        if concerned.joins(key):
            block.remove(each)
            (after if making else before).append(_block(key, each))
    for key in _staying(found, concerned, before):
        before.append(_block(key, ForNow.from_constraint(key)))
        after.append(_block(key, ops.CreateForeignKeyOp.from_constraint(key)))
    drop_empty(operations)
    first, middle, last = around_renames(found, operations)
    operations[:] = first + before + middle + after + last


class _Concerned(object):
    """What joins columns whose types change, one way."""

    def __init__(self, found, operations):
        self.schema = found.protection.schema
        holds = dialects.of(found.connection).holds_types
        self.columns = set(
            (self.schema(each.schema), each.table_name, each.column_name)
            for _, each in each_of(operations, ops.AlterColumnOp)
            if each.modify_type is not None
            and each.existing_type is not None
            and (holds == 'type' or holds == 'kind' and not same_kind(
                each.existing_type, each.modify_type)))

    def joins(self, key):
        """Whether a foreign key joins one of the columns."""
        schema, name = self.schema(key.table.schema), key.table.name
        for each in key.elements:
            target = each.target_fullname.split('.')
            if (schema, name, each.parent.name) in self.columns or (
                    self.schema('.'.join(target[:-2]) or None),
                    target[-2], target[-1]) in self.columns:
                return True
        return False


def _of_tables(concerned, operations):
    """What makes and drops the foreign keys of new and dropped tables."""
    before, after = [], []
    for number, each in enumerate(operations):
        if not isinstance(each, (ops.CreateTableOp, ops.DropTableOp)):
            continue
        table = each.to_table()
        keys = [key for key in foreign_keys(table) if concerned.joins(key)]
        creating = isinstance(each, ops.CreateTableOp)
        if keys and creating:
            operations[number] = without(each, keys)
        (after if creating else before).extend(
            apart(table, key, creating) for key in keys
            if creating or compat.tables.is_named(key.name))
    return before, after


def _staying(found, concerned, before):
    """The foreign keys that neither way drops for good."""
    changed = set(
        (found.protection.schema(each.schema), each.table_name,
         each.constraint_name)
        for way in (found.upgrade.ops, before)
        for _, each in each_of(way, ops.DropConstraintOp)
        if way is before or not isinstance(each, ForNow))
    for pair in found.tables:
        if pair.old is None or pair.new is None:
            continue
        for name, key in existing(pair.old):
            if (found.protection.schema(pair.schema), pair.name,
                    name) not in changed and concerned.joins(key):
                yield key


def _block(key, operation):
    return ops.ModifyTableOps(
        key.table.name, [operation], schema=key.table.schema)
