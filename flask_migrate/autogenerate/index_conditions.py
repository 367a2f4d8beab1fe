"""The conditions of partial indexes.

They are read from the database itself where SQLAlchemy reflects none.
"""
from alembic.operations import ops
from sqlalchemy import text as sql_text

from .. import compat, dialects
from .as_if_renamed import renamed_sql
from .indexes import by_name, plain
from .temporary_tables import NAME, copies, read_back, temporary_table


def _conditions(found, schema, table):
    """The conditions that a table's indexes have in the database, by name."""
    known = found.index_conditions
    if schema not in known:
        known[schema] = dialects.of(found.connection).index_conditions(
            found.connection, schema)
    return None if known[schema] is None else dict(
        (name, condition and renamed_sql(found, schema, table, condition))
        for name, condition in known[schema].get(
            found.renames.old(schema, table), {}).items())


def keep(found):
    """Let partial indexes that are dropped come back as they were."""
    option = dialects.of(found.connection).name + '_where'
    for _, each in found.each(ops.DropIndexOp):
        condition = (_conditions(found, each.schema, each.table_name)
                     or {}).get(each.index_name)
        if condition is not None:
            compat.alembic.set_option(each, option, sql_text(
                compat.tables.escaped_text(condition)))


def compare(found):
    """Compare what stands in WHERE, of indexes that both sides have."""
    for pair in found.tables:
        if None not in (pair.old, pair.new):
            _compare(found, pair)


def _compare(found, pair):
    known = _conditions(found, pair.schema, pair.name)
    if known is None:
        return
    wanted = by_name(pair.new.indexes)
    for name, old in sorted(by_name(pair.old.indexes).items()):
        new = wanted.get(name)
        if new is None or any(each.index_name == name for _, each
                              in found.each(ops.DropIndexOp)):
            continue
        if _differ(found, pair, known.get(name), compat.tables.condition_of(
                new, found.context.dialect)) and compat.alembic.is_included(
                    pair, new, name, 'index', False, old):
            found.changes_of(pair).ops.extend([
                ops.DropIndexOp.from_index(old),
                ops.CreateIndexOp.from_index(new)])


def _differ(found, pair, before, after):
    if before is None or after is None:
        return (before is None) != (after is None)
    if plain(before) == plain(after):
        return False
    if dialects.of(found.connection).keeps_sql:
        return True
    try:
        written = _condition_as_written(found, pair, after)
    except Exception:
        return False        # what can't be compared is not reported
    return written is not None and plain(written) != plain(before)


def _condition_as_written(found, pair, condition):
    """How the server writes a condition down."""
    columns = copies(found, pair.new.columns)
    quoted = found.context.dialect.identifier_preparer.format_column(
        columns[0])
    read = read_back(
        found, temporary_table(*columns),
        dialects.of(found.connection).index_conditions,
        ['CREATE INDEX %s_1 ON %s (%s) WHERE %s' % (
            NAME, NAME, quoted, condition)])
    return read.get(NAME, {}).get(NAME + '_1')
