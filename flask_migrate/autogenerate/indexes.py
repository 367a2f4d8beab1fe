"""Indexes of expressions on SQLite, and conditions of partial indexes."""
import re

from alembic.operations import ops
from sqlalchemy import Index
from sqlalchemy import text as sql_text
from sqlalchemy.schema import CreateIndex

from .. import compat, dialects
from .operations import Text
from .temporary_tables import NAME, copies, read_back, temporary_table

_NOISE = re.compile(r'::[\w ]+(\(\d+\))?|[\s()"`]+|\bif not exists\b', re.I)


def compare(found):
    """Find the indexes that differ in what Alembic does not look at."""
    known = dialects.of(found.connection).functional_indexes(
        found.connection)
    for pair in found.tables:
        if pair.new is None:
            continue
        if pair.old is not None:
            _compare_conditions(found, pair)
        if known is not None and pair.schema is None:
            _compare_expressions(found, pair, known.get(pair.name, {}))


def _plain(sql):
    return _NOISE.sub('', compat.python.text(sql)).lower()


# On SQLite, where nobody reflects them -------------------------------------

def _compare_expressions(found, pair, known):
    """Compare the texts of the statements that make the indexes.

    :param known: the statements by name, as the database has kept them.
    """
    wanted = dict((index.name, index) for index in pair.new.indexes
                  if compat.tables.is_functional(index))
    for name, sql in sorted(known.items()):
        index = wanted.get(name)
        if index is not None and _plain(sql) == _plain(
                _statement(found, index)):
            del wanted[name]
        elif pair.old is None or compat.alembic.is_included(
                pair, None, name, 'index', True):
            found.upgrade.ops.insert(len(found.renaming), _dropped(name, sql))
    for name, index in sorted(wanted.items()):
        if compat.alembic.is_included(pair, index, name, 'index', False):
            found.upgrade.ops.append(ops.CreateIndexOp.from_index(index))


def _statement(found, index):
    return compat.python.text(
        CreateIndex(index).compile(dialect=found.context.dialect))


def _dropped(name, sql):
    return Text(['op.execute(%s)' % compat.python.literal(
        u'DROP INDEX "%s"' % name)], back=executed(sql))


def executed(sql):
    """An operation that executes SQL."""
    return Text(['op.execute(%s)' % compat.python.literal(
        compat.tables.escaped_text(sql))])


# Conditions ----------------------------------------------------------------

def _compare_conditions(found, pair):
    """Compare what stands in WHERE, of indexes that both sides have."""
    if not compat.tables.reflects_conditions():
        return
    dialect = found.context.dialect
    wanted = dict((compat.python.text(index.name), index)
                  for index in pair.new.indexes)
    for old in list(pair.old.indexes):
        new = wanted.get(compat.python.text(old.name))
        if new is None:
            continue
        before, after = [compat.tables.condition_of(each, dialect)
                         for each in (old, new)]
        if _differ(found, pair, before, after) and not any(
                each.index_name == old.name
                for _, each in found.each(ops.DropIndexOp)) \
                and compat.alembic.is_included(pair, new, old.name, 'index',
                                               False, old):
            found.changes_of(pair).ops.extend([
                ops.DropIndexOp.from_index(old),
                ops.CreateIndexOp.from_index(new)])


def _differ(found, pair, before, after):
    if before is None or after is None:
        return (before is None) != (after is None)
    if _plain(before) == _plain(after):
        return False
    if dialects.of(found.connection).keeps_sql:
        return True
    try:
        written = _as_written(found, pair, after)
    except Exception:
        return False        # what can't be compared is not reported
    return written is not None and _plain(written) != _plain(before)


def _as_written(found, pair, condition):
    """How the server writes a condition down."""
    option = dialects.of(found.connection).name + '_where'
    table = temporary_table(*copies(found, pair.new.columns))
    Index(NAME + '_1', list(table.columns)[0], **{
        option: sql_text(compat.tables.escaped_text(condition))})
    for each in read_back(found, table, 'get_indexes'):
        if each['name'] == NAME + '_1':
            return each.get('dialect_options', {}).get(option)
