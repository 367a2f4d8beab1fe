"""Indexes of expressions.

They are read from the database itself where SQLAlchemy reflects none.
"""
import re

from alembic.operations import ops
from sqlalchemy.schema import CreateIndex

from .. import compat, dialects
from .as_if_renamed import renamed_sql
from .found import drop_empty
from .operations import FunctionalIndex, Text
from .temporary_tables import NAME, copies, read_back, temporary_table

_NOISE = re.compile(r'::[\w ]+(\(\d+\))?|[\s()"`]+|\bif not exists\b', re.I)
_NAME = r'(?:"(?:[^"]|"")*"|[^\s"(.]+)'
#: CREATE, what stands before the columns, and the rest.
_STATEMENT = re.compile(
    r'\s*(CREATE (?:UNIQUE )?INDEX) (?:CONCURRENTLY )?(?:IF NOT EXISTS )?'
    r'%s ON (?:%s\.)?%s(.*)$' % (_NAME, _NAME, _NAME), re.I | re.S)


def compare(found):
    """Find the indexes that differ in what Alembic does not look at."""
    known = dialects.of(found.connection).functional_indexes(
        found.connection)
    made = {}       # the statements that make indexes, by schema, once read
    for pair in found.tables:
        if pair.new is None:
            continue
        same = _forget_same(found, pair, made)
        if known is not None and pair.schema is None:
            _compare_expressions(found, pair, statements(
                found, pair, known), same)
    drop_empty(found.upgrade.ops)


def plain(sql):
    """SQL without what may be written one way or another."""
    return _NOISE.sub('', compat.python.text(sql)).lower()


# Indexes of expressions, where nobody reflects them --------------------------

def _compare_expressions(found, pair, known, same):
    """Compare the texts of the statements that make the indexes.

    :param known: the statements by name, as the database has kept them.
    :param same: the names of indexes that do not differ.
    """
    wanted = dict((index.name, index) for index in pair.new.indexes
                  if compat.tables.is_functional(index)
                  and index.name not in same)
    for operations, each in found.each(ops.CreateIndexOp):
        if each.index_name in wanted and each.table_name == pair.name:
            operations.remove(each)         # Alembic can't take it back
    for name, sql in sorted(known.items()):
        index = wanted.get(name)
        if name in same:
            continue
        if index is not None and _is_same(found, pair, sql, index):
            del wanted[name]
        elif pair.old is None or compat.alembic.is_included(
                pair, None, name, 'index', True):
            found.upgrade.ops.insert(len(found.renaming), _dropped(name, sql))
    for name, index in sorted(wanted.items()):
        if compat.alembic.is_included(pair, index, name, 'index', False):
            found.upgrade.ops.append(FunctionalIndex.from_index(index))


def _forget_same(found, pair, made):
    """Leave out indexes that differ for Alembic, but not for the server.

    Alembic compares texts: a server adds casts to the type of an enum, say,
    and SQLite and MariaDB tell an Inspector nothing of DESC.

    :return: their names.
    """
    indexes = by_name(index for index in pair.new.indexes
                      if compat.tables.is_functional(index))
    concerned = [
        (block, each) for block, each in found.each(
            ops.CreateIndexOp, ops.DropIndexOp)
        if _key(each)[:2] == (pair.schema or None, pair.name)
        and each.index_name in indexes] if indexes else []
    if not concerned:
        return []
    if pair.schema not in made:
        made[pair.schema] = dialects.of(found.connection).index_statements(
            found.connection, pair.schema)
    same = [name for name, sql in statements(
        found, pair, made[pair.schema]).items() if name in indexes
            and _is_same(found, pair, sql, indexes[name])]
    for block, each in concerned:
        if each.index_name in same:
            block.remove(each)
    return same


def _key(operation):
    return (operation.schema or None, operation.table_name,
            operation.index_name)


def statements(found, pair, known):
    """The statements that make a table's indexes, with the names to come.

    :param known: the statements by name of table and index, or None.
    """
    return dict((name, _renamed(found, pair, name, sql)) for name, sql in (
        known or {}).get(found.renames.old(
            pair.schema, pair.name), {}).items())


def _renamed(found, pair, name, sql):
    match = _STATEMENT.match(sql)
    preparer = found.context.dialect.identifier_preparer
    start = sql[:match.start(2)]
    if (pair.schema, pair.name) in found.renames.tables:
        start = '%s %s ON %s' % (
            match.group(1), preparer.quote(name),
            preparer.format_table(pair.new))
    return start + renamed_sql(found, pair.schema, pair.name, match.group(2))


def _is_same(found, pair, sql, index):
    statement = compat.python.text(
        CreateIndex(index).compile(dialect=found.context.dialect))
    if plain(sql) == plain(statement):
        return True
    kind = dialects.of(found.connection)
    if kind.keeps_sql or not kind.indexes_expressions:
        return False
    try:
        written = _statement_as_written(found, pair, statement)
    except Exception:
        return True         # what can't be compared is not reported
    return written is None or _essence(written) == _essence(sql)


def _essence(statement):
    """A statement without the names of the index and of the table."""
    return [plain(each) for each in _STATEMENT.match(statement).groups()]


def _statement_as_written(found, pair, statement):
    """How the server writes the making of an index down."""
    create, rest = _STATEMENT.match(statement.replace('%%', '%')).groups()
    read = read_back(
        found, temporary_table(*copies(found, pair.new.columns)),
        dialects.of(found.connection).index_statements,
        ['%s %s_1 ON %s%s' % (create, NAME, NAME, rest)])
    return read.get(NAME, {}).get(NAME + '_1')


def find_dropped(found):
    """Let indexes come back with a table that Alembic 0.8 drops."""
    compared = [(pair.schema or None, pair.name) for pair in found.tables]
    for operations, each in found.each(ops.DropTableOp):
        if (each.schema or None, each.table_name) in compared:
            continue
        known = dialects.of(found.connection).functional_indexes(
            found.connection, each.schema) or {}
        dropped = [ops.DropIndexOp.from_index(index) for index in sorted(
            each.to_table().indexes, key=lambda index: index.name)
            if index.name not in known.get(each.table_name, {})]
        if dropped:
            operations.insert(operations.index(each), ops.ModifyTableOps(
                each.table_name, dropped, schema=each.schema))


def keep_expressions(found):
    """Let such indexes come back with a table that is dropped."""
    for operations, each in found.each(ops.DropTableOp):
        known = dialects.of(found.connection).functional_indexes(
            found.connection, each.schema)
        for _, sql in sorted((known or {}).get(each.table_name, {}).items()):
            # They go with the table.
            operations.insert(operations.index(each), Text([], executed(sql)))


def _dropped(name, sql):
    return Text(['op.execute(%s)' % compat.python.literal(
        u'DROP INDEX "%s"' % name)], back=executed(sql))


def executed(sql):
    """An operation that executes SQL."""
    return Text(['op.execute(%s)' % compat.python.literal(
        compat.tables.escaped_text(sql))])


def by_name(indexes):
    """Indexes by name; Alembic makes a second object of each, to compare."""
    return dict((compat.python.text(each.name), each) for each in indexes)


def make_spatial(found):
    """Let the index of a type of GeoAlchemy2 be what it makes itself."""
    dialect = dialects.of(found.connection)
    if not dialect.prefixes_spatial_indexes:
        return
    for _, each in found.each(ops.CreateIndexOp):
        columns = [found.column(each.schema, each.table_name,
                                getattr(column, 'name', column))
                   for column in each.columns]
        if columns and all(
                getattr(getattr(column, 'type', None), 'spatial_index', False)
                and not column.nullable for column in columns):
            each.kw = dict(each.kw, **{dialect.name + '_prefix': 'SPATIAL'})
