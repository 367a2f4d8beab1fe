"""MariaDB's JSON is a LONGTEXT with a check; a script has to say JSON.

Without this a column that is changed, or that comes back, has no check.
"""
from alembic.operations import ops

from .. import compat, dialects


def know(found):
    """Let the columns of the database be JSON that were made so."""
    json = compat.tables.json_type()
    known = json and dialects.of(found.connection).json_columns(
        found.connection)
    if not known:
        return
    for pair in found.tables:
        if pair.old is None or pair.schema:
            continue
        table = found.renames.old(None, pair.name)
        names = found.renames.of_table(None, pair.name)
        for name in known.get(table, ()):
            column = pair.old.columns.get(names.get(name, name))
            if column is not None:
                column.type = json()
                _say(found, pair, column)


def _say(found, pair, column):
    for _, each in found.each(ops.AlterColumnOp):
        if (each.schema or None, each.table_name, each.column_name) == (
                None, pair.name, column.name):
            each.existing_type = column.type
