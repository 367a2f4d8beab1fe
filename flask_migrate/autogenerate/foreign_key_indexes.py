"""MySQL makes an index for a foreign key, and leaves it behind."""
from alembic.operations import ops

from .. import dialects


def drop(found, operations):
    """Drop the index that a dropped foreign key leaves, one way."""
    if not dialects.of(found.connection).indexes_foreign_keys:
        return
    pairs = dict(((pair.schema or None, pair.name), pair)
                 for pair in found.tables)
    for block in operations:
        pair = pairs.get((getattr(block, 'schema', None) or None,
                          getattr(block, 'table_name', None)))
        if not isinstance(block, ops.ModifyTableOps) or pair is None \
                or pair.old is None or pair.new is None:
            continue
        for each in list(block.ops):
            if isinstance(each, ops.DropConstraintOp) \
                    and each.constraint_type == 'foreignkey':
                name = _left_behind(
                    pair, each, operations is found.upgrade.ops, block.ops)
                if name:
                    block.ops.insert(
                        block.ops.index(each) + 1,
                        ops.DropIndexOp(name, pair.name, schema=pair.schema))


def _columns(operation):
    return [each.parent.name for each in operation.to_constraint().elements]


def _left_behind(pair, operation, up, operations):
    """The name of the index that only the foreign key has needed."""
    columns = _columns(operation)
    dropped = [each.index_name for each in operations
               if isinstance(each, ops.DropIndexOp)]
    if not up:
        # The server made one where the models have none that will do.
        found = [list(each.columns.keys()) for each in pair.new.indexes]
        found += [list(each.columns.keys()) for each in pair.new.constraints
                  if each.__visit_name__ in ('unique_constraint',
                                             'primary_key_constraint')]
        if any(each[:len(columns)] == columns for each in found):
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
