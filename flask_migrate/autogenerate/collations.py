"""Collations of columns, where an Inspector tells them."""
from .. import compat, dialects


def compare(found):
    """Find the columns with another collation."""
    if not dialects.of(found.connection).tells_collations \
            or not compat.tables.reflects_collations():
        return
    for pair, old, new in found.columns():
        if _of(old) != _of(new) and compat.alembic.is_included(
                pair, new, new.name, 'column', False, old):
            found.alteration(pair, old, new).modify_type = new.type


def _of(column):
    return getattr(column.type, 'collation', None)
