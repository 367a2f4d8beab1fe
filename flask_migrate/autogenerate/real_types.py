"""Columns whose type SQLAlchemy reads as another one.

MariaDB's JSON is a LONGTEXT with a check.  A column that is changed, or that
comes back, would be one of those.
"""
from alembic.operations import ops

from .. import dialects


def know(found):
    """Let the columns of the database have the types they were made with."""
    known = dialects.of(found.connection).real_types(found.connection)
    if not known:
        return
    for pair in found.tables:
        if pair.old is None or pair.schema:
            continue
        table = found.renames.old(None, pair.name)
        names = found.renames.of_table(None, pair.name)
        for name, kind in known.get(table, {}).items():
            column = pair.old.columns.get(names.get(name, name))
            if column is not None:
                column.type = kind
                _say(found, pair, column)


def _say(found, pair, column):
    for _, each in found.each(ops.AlterColumnOp):
        if (each.schema or None, each.table_name, each.column_name) == (
                None, pair.name, column.name):
            each.existing_type = column.type
