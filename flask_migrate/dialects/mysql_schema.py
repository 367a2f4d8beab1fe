"""What is in a MySQL or MariaDB database."""
from itertools import groupby
from operator import itemgetter
import re

from .schema import (
    Schema, SchemaObject, by_mention, rows, server_scratch)

_NUMBER = re.compile(r' AUTO_INCREMENT=\d+')
#: Who made it: a copy belongs to whoever makes that.
_DEFINER = re.compile(
    r' DEFINER=(`(?:[^`]|``)*`|[^\s`]+)@(`(?:[^`]|``)*`|\S+)')
_VIEW = re.compile(r' ALGORITHM=UNDEFINED| SQL SECURITY DEFINER')

_KINDS = {'BASE TABLE': 'table', 'SYSTEM VERSIONED': 'table',
          'VIEW': 'view', 'SEQUENCE': 'sequence'}


#: The kinds in an order that runs.
_ORDER = ('sequence', 'table', 'function', 'view', 'procedure', 'trigger',
          'event')

_OTHERS = """
    SELECT routine_name, LOWER(routine_type), 0, routine_name
    FROM information_schema.routines WHERE routine_schema = DATABASE()
    UNION SELECT trigger_name, 'trigger', action_order, trigger_name
    FROM information_schema.triggers WHERE trigger_schema = DATABASE()
    UNION SELECT event_name, 'event', 0, event_name
    FROM information_schema.events WHERE event_schema = DATABASE()
    ORDER BY 3, 4"""


_INDEXES = """
    SELECT table_name, index_name, non_unique, column_name, collation
    FROM information_schema.statistics WHERE table_schema = %s
    ORDER BY table_name, index_name, seq_in_index"""


def index_statements(connection, schema):
    """The statements that would make the indexes, by table and name."""
    found = {}
    for (table, name, more), columns in groupby(rows(
            connection, _INDEXES % (schema and "'%s'" % schema
                                    or 'DATABASE()')), itemgetter(0, 1, 2)):
        parts = ['"%s"%s' % (column, ' DESC' * (order == 'D'))
                 for _, _, _, column, order in columns]
        found.setdefault(table, {})[name] = \
            'CREATE %sINDEX "%s" ON "%s" (%s)' % (
                '' if int(more) else 'UNIQUE ', name, table,
                ', '.join(parts))
    return found


def read(connection):
    """The :class:`Schema` of a MySQL or MariaDB database."""
    database, = rows(connection, 'SELECT DATABASE()')[0]
    objects, left_out = [], []
    for name, kind in rows(
            connection,
            'SELECT table_name, table_type FROM information_schema.tables '
            'WHERE table_schema = DATABASE() ORDER BY table_name'):
        if kind not in _KINDS:
            left_out.append('%s %s' % (kind.lower(), name))
        else:
            objects.append(_object(connection, _KINDS[kind], name, database))
    objects.extend(_object(connection, row[1], row[0], database)
                   for row in rows(connection, _OTHERS))
    left_out.extend('%s: the user may not read its definition' % each
                    for each in objects if not each.statements[0])
    objects = [each for each in objects if each.statements[0]]
    views = by_mention([each for each in objects if each.kind == 'view'])
    others = [each for each in objects if each.kind != 'view']
    return Schema(
        sorted(others + views, key=lambda each: _ORDER.index(each.kind)),
        left_out, before=['SET FOREIGN_KEY_CHECKS = 0'],
        after=['SET FOREIGN_KEY_CHECKS = 1'])


#: Which column of SHOW CREATE has the statement, and the kinds' columns.
_COLUMN = {'table': 1, 'view': 1, 'sequence': 1, 'trigger': 2, 'event': 3,
           'function': 2, 'procedure': 2}


def _object(connection, kind, name, database):
    quoted = '`%s`' % name.replace('`', '``')
    row = rows(connection, 'SHOW CREATE %s %s' % (kind.upper(), quoted))[0]
    sql = row[_COLUMN[kind]]
    if sql is None:
        return SchemaObject(kind, name, [''])
    if kind == 'table':
        sql = _NUMBER.sub('', sql)
    else:
        # Views, that is what MariaDB keeps, name the database.
        sql = _DEFINER.sub('', sql, 1).replace(
            '`%s`.' % database.replace('`', '``'), '')
        if kind == 'view':
            sql = _VIEW.sub('', sql)
    return SchemaObject(kind, name, [sql],
                        table=name if kind == 'table' else None)


def scratch(engine):
    """A scratch database on the same server."""
    return server_scratch(engine, 'CREATE DATABASE %s',
                          'DROP DATABASE IF EXISTS %s')


def json_columns(connection):
    """The columns that MariaDB was told to be JSON, by table."""
    found = {}
    if not rows(connection,
                "SELECT 1 FROM information_schema.columns "
                "WHERE table_schema = 'information_schema' "
                "AND table_name = 'CHECK_CONSTRAINTS' "
                "AND column_name = 'TABLE_NAME'"):
        return found        # MariaDB before 10.2.22 and 10.3.10
    for table, column in rows(
            connection,
            "SELECT table_name, constraint_name "
            "FROM information_schema.check_constraints "
            "WHERE constraint_schema = DATABASE() AND check_clause = "
            "CONCAT('json_valid(`', constraint_name, '`)')"):
        found.setdefault(table, []).append(column)
    return found
