"""Collations of columns, where an Inspector tells them."""
from alembic.operations import ops

from .. import compat, dialects


def compare(found):
    """Find the columns with another collation."""
    if not dialects.of(found.connection).tells_collations \
            or not compat.tables.reflects_collations():
        return
    for pair in found.tables:
        if pair.old is None or pair.new is None:
            continue
        for new in pair.new.columns:
            old = pair.old.columns.get(new.name)
            if old is not None and _of(old) != _of(new) \
                    and compat.alembic.is_included(
                        pair, new, new.name, 'column', False, old):
                _report(found, pair, old, new)


def _of(column):
    return getattr(column.type, 'collation', None)


def _report(found, pair, old, new):
    operations = found.changes_of(pair).ops
    for each in operations:
        if isinstance(each, ops.AlterColumnOp) \
                and each.column_name == new.name:
            break
    else:
        each = ops.AlterColumnOp(
            pair.name, new.name, schema=pair.schema, existing_type=old.type,
            existing_nullable=old.nullable)
        each.existing_server_default = old.server_default
        operations.append(each)
    each.modify_type = new.type
