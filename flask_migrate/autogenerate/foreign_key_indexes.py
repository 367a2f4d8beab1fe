"""MySQL makes an index for a foreign key, leaves it behind, and needs one."""
from alembic.operations import ops
from sqlalchemy import ForeignKeyConstraint, UniqueConstraint

from .. import compat, dialects


class ForNow(ops.DropConstraintOp):
    """A foreign key goes, and comes back in the same script."""


def drop(found, operations):
    """Drop the index that a dropped foreign key leaves, one way."""
    for pair, block in _blocks(found, operations):
        for each in list(block.ops):
            if _is_dropped_key(each):
                name = _left_behind(
                    pair, each, operations is found.upgrade.ops, block.ops)
                if name:
                    block.ops.insert(
                        block.ops.index(each) + 1,
                        ops.DropIndexOp(name, pair.name, schema=pair.schema))


def replace(found, operations):
    """Drop no index under a foreign key that stays, one way.

    The foreign key goes before the index, and comes back at the end: then
    the server makes an index for it.
    """
    gone = set((block.table_name, each.constraint_name)
               for _, block in _blocks(found, found.upgrade.ops)
               for each in block.ops if _is_dropped_key(each)
               and not isinstance(each, ForNow))
    for pair, block in _blocks(found, operations):
        dropped = [each for each in block.ops if _dropped_index(each)]
        for key in _left_alone(pair, dropped, operations
                               is found.upgrade.ops):
            if (pair.name, key.name) not in gone:
                block.ops.insert(block.ops.index(dropped[0]),
                                 ForNow.from_constraint(key))
                block.ops.append(ops.CreateForeignKeyOp.from_constraint(key))


def _left_alone(pair, dropped, upwards):
    """The foreign keys whose last index is dropped."""
    if not dropped:
        return []
    before = list(_indexes(pair, upwards))
    after = _without(before, dropped)
    return [key for _, key in existing(pair.old)
            if not _serves(after, _parents(key))
            and _serves([columns for _, columns in before], _parents(key))]


def existing(table):
    """The foreign keys of a table of the database: names and keys."""
    # Alembic has made a second object of each, to compare.
    return sorted(dict((each.name, each) for each in table.constraints
                       if isinstance(each, ForeignKeyConstraint)).items())


def _without(indexes, dropped):
    """The columns of the indexes that are left."""
    left = list(indexes)
    for operation in dropped:
        name, columns = _dropped_index(operation), None
        if isinstance(operation, ops.DropConstraintOp):
            # Models may leave it unnamed.
            columns = list(operation.to_constraint().columns.keys())
        for each in left:
            if each[0] == name or each[0] is None and each[1] == columns:
                left.remove(each)
                break
    return [columns for _, columns in left]


def _blocks(found, operations):
    """The changes of tables, with the Pair of each."""
    if not dialects.of(found.connection).indexes_foreign_keys:
        return
    pairs = dict(((pair.schema or None, pair.name), pair)
                 for pair in found.tables)
    for block in operations:
        pair = pairs.get((getattr(block, 'schema', None) or None,
                          getattr(block, 'table_name', None)))
        if isinstance(block, ops.ModifyTableOps) and pair is not None \
                and pair.old is not None and pair.new is not None:
            yield pair, block


def _is_dropped_key(operation):
    return isinstance(operation, ops.DropConstraintOp) \
        and operation.constraint_type == 'foreignkey'


def _dropped_index(operation):
    """The name of the index that an operation drops, or None."""
    if isinstance(operation, ops.DropIndexOp):
        return operation.index_name
    if isinstance(operation, ops.DropConstraintOp) \
            and operation.constraint_type == 'unique':
        return operation.constraint_name


def _indexes(pair, upwards):
    """Names and columns of the indexes that a table has before one way."""
    if upwards:
        for each in pair.autogen.inspector.get_indexes(
                pair.name, schema=pair.schema):
            yield each['name'], each['column_names']
    else:
        for each in list(pair.new.indexes) + [
                each for each in pair.new.constraints
                if isinstance(each, UniqueConstraint)]:
            yield each.name if compat.tables.is_named(each.name) else None, \
                list(each.columns.keys())
    side = pair.old if upwards else pair.new
    yield 'PRIMARY', [each.name for each in side.primary_key.columns]


def _serves(indexes, columns):
    """Whether one of the lists of columns begins with these."""
    return any(each[:len(columns)] == columns for each in indexes)


def _parents(key):
    return [each.parent.name for each in key.elements]


def _left_behind(pair, operation, up, operations):
    """The name of the index that only the foreign key has needed."""
    columns = _parents(operation.to_constraint())
    dropped = [each.index_name for each in operations
               if isinstance(each, ops.DropIndexOp)]
    if not up:
        # The server made one where the models have none that will do.
        found = [list(each.columns.keys()) for each in pair.new.indexes]
        found += [list(each.columns.keys()) for each in pair.new.constraints
                  if each.__visit_name__ in ('unique_constraint',
                                             'primary_key_constraint')]
        if _serves(found, columns):
            return None
        return operation.constraint_name
    names = set(each.name for each in pair.new.indexes)
    for each in pair.autogen.inspector.get_indexes(pair.name,
                                                   schema=pair.schema):
        if each['column_names'] == columns and not each['unique'] \
                and each['name'] in (operation.constraint_name, columns[0]) \
                and each['name'] not in names \
                and each['name'] not in dropped:
            return each['name']
