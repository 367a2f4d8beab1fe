"""Types that are one in a database: MariaDB's BOOL is TINYINT(1)."""
from alembic.operations import ops
from sqlalchemy import Column

from .. import dialects
from .found import drop_empty
from .temporary_tables import (
    Written, read_back, temporary_table, type_text)


def forget(found):
    """Leave out new types of which the database makes those it has."""
    for operations, each in found.each(ops.AlterColumnOp):
        if each.modify_type is None or each.existing_type is None:
            continue
        old, new = [type_text(found, Column('c', kind)) for kind in (
            each.existing_type, each.modify_type)]
        if new and old in (new, _as_written(found, new)):
            each.modify_type = None
            if not each.has_changes():
                operations.remove(each)
    drop_empty(found.upgrade.ops)


def _as_written(found, text):
    """A type as SQLAlchemy reads it back; None where there is none such."""
    if dialects.of(found.connection).keeps_sql:
        return None
    table = temporary_table(Column('c', Written(text)))
    try:
        column, = read_back(found, table, 'get_columns')
    except Exception:
        return None
    return type_text(found, Column('c', column['type']))
