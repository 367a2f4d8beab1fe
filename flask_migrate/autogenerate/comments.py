"""Comments, which batch mode cannot make in every Alembic."""
from alembic.operations import ops

from .. import compat, dialects
from .found import drop_empty


def take_out(found, operations):
    """Let comments stand outside of batch blocks, one way.

    SQLite, for which the blocks are, has none.
    """
    if dialects.of(found.connection).copies_tables:
        return
    for block in list(operations):
        if not isinstance(block, ops.ModifyTableOps):
            continue
        number = operations.index(block)
        parts = [[]]
        for each in block.ops:
            if _is_comment(each):
                parts += [each, []]
            else:
                parts[-1].append(each)
        operations[number:number + 1] = [
            ops.ModifyTableOps(block.table_name, part, schema=block.schema)
            if isinstance(part, list) else part for part in parts]
    drop_empty(operations)


def _is_comment(operation):
    return isinstance(operation, compat.alembic.table_comments()) \
        or isinstance(operation, ops.AddColumnOp) \
        and bool(getattr(operation.column, 'comment', None))
