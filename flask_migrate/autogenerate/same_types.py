"""Types that a database makes of others: no difference."""
from alembic.operations import ops

from .. import dialects
from .found import drop_empty


def forget(found):
    """Leave out new types that are those which are there."""
    dialect = found.context.dialect
    for operations, each in found.each(ops.AlterColumnOp):
        if each.modify_type is None or each.existing_type is None:
            continue
        old, new = [_text(kind, dialect) for kind in (
            each.existing_type, each.modify_type)]
        if old and new and dialects.of(found.connection).is_same_type(
                dialect, old, new):
            each.modify_type = None
            if not each.has_changes():
                operations.remove(each)
    drop_empty(found.upgrade.ops)


def _text(kind, dialect):
    try:
        return kind.compile(dialect=dialect)
    except Exception:
        return None         # of another kind of database
