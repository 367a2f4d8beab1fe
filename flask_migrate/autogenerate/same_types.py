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
        if new and (_made_as(found, each) == _folded(new)
                    or old in (new, _as_written(found, new))):
            each.modify_type = None
            if not each.has_changes():
                operations.remove(each)
    drop_empty(found.upgrade.ops)


def _made_as(found, operation):
    """The type of a column in the words that made it, where they are kept."""
    schema, table = operation.schema, operation.table_name
    return _folded(dialects.of(found.connection).declared_type(
        found.connection, schema, found.renames.old(schema, table),
        found.renames.old_column(schema, table, operation.column_name)))


def _folded(text):
    return text and ' '.join(text.upper().split())


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
