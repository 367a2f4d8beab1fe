"""PostgreSQL: its sessions, and what it can do."""
import re

from .. import compat
from . import postgresql_schema
from .postgresql_lock import AdvisoryLock
from .server import ServerBorrowed, ServerDialect

#: Per session: number, description, query, opened later than the migration's.
_SESSIONS = """
    SELECT a.pid,
           'server process ' || a.pid || ', user '
           || coalesce(a.usename, '?') || ', ' || coalesce(a.state, '?')
           || coalesce(', in a transaction for '
                       || date_trunc('second', now() - a.xact_start), '')
           || coalesce(', query since '
                       || to_char(a.query_start, 'HH24:MI:SS'), ''),
           left(a.query, 1000),
           a.backend_start > mine.backend_start
    FROM pg_stat_activity a, pg_stat_activity mine
    WHERE mine.pid = {pid} AND a.pid NOT IN (mine.pid, pg_backend_pid())
        AND {condition}"""
_BEFORE = 'The migration waits for a lock of %s'
_BEHIND = '%s waits for the migration, which does nothing meanwhile'

_CONCURRENTLY = re.compile(
    r'CREATE\s+(?:UNIQUE\s+)?INDEX\s+CONCURRENTLY\s+'
    r'(?:IF\s+NOT\s+EXISTS\s+)?(?!ON\b)("(?:[^"]|"")+"|[^\s"]+)', re.I)


#: The sequences of a table's columns: SERIAL, and identity columns.
_SEQUENCES = """
    SELECT s.relname
    FROM pg_class s
        JOIN pg_depend d ON d.objid = s.oid AND d.deptype IN ('a', 'i')
        JOIN pg_class t ON t.oid = d.refobjid
        JOIN pg_namespace n ON n.oid = t.relnamespace
    WHERE s.relkind = 'S' AND t.relname = :table AND n.nspname = :schema
    ORDER BY s.relname"""

#: All columns that own a sequence, by what nextval() calls it.
_SEQUENCE_OWNERS = """
    SELECT CAST(CAST(s.oid AS regclass) AS text), a.attname
    FROM pg_class s
        JOIN pg_depend d ON d.objid = s.oid
            AND d.classid = 'pg_class'::regclass
            AND d.refclassid = 'pg_class'::regclass
        JOIN pg_attribute a ON a.attrelid = d.refobjid
            AND a.attnum = d.refobjsubid
    WHERE s.relkind = 'S'"""


_INDEXES = """
    FROM pg_index x
        JOIN pg_class i ON i.oid = x.indexrelid
        JOIN pg_class c ON c.oid = x.indrelid
        JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE """
_FUNCTIONAL_INDEXES = """
    SELECT c.relname, i.relname, CASE WHEN pg_table_is_visible(c.oid) THEN
        replace(pg_get_indexdef(i.oid),
                ' ON ' || quote_ident(n.nspname) || '.', ' ON ')
        ELSE pg_get_indexdef(i.oid) END""" \
    + _INDEXES + '0 = ANY(x.indkey) AND '
_CONDITIONS = """
    SELECT c.relname, i.relname, pg_get_expr(x.indpred, x.indrelid)""" \
    + _INDEXES + 'x.indpred IS NOT NULL AND '


def _in(schema):
    """The condition for tables of a schema, or that need none."""
    return 'pg_table_is_visible(c.oid)' if schema is None \
        else 'n.nspname = %s' % postgresql_schema.literal(schema)


def _by_table(connection, sql):
    """Rows of table, index and text, as a dict of dicts."""
    found = {}
    for table, name, text in postgresql_schema.rows(connection, sql):
        found.setdefault(table, {})[name] = text
    return found


class PostgreSQL(ServerDialect):
    """PostgreSQL, from 9.6 on."""

    missing = r'(relation|column) \S+ (of relation \S+ )?does not exist'
    names_enums = casts_types = tells_collations = True
    indexes_expressions = True
    holds_types = 'kind'
    title = 'PostgreSQL'
    names = ('postgresql',)
    rolls_back_ddl = True
    two_phase = True
    dump_tool = 'pg_dump'
    end = 'SELECT pg_terminate_backend(%d)'
    stop = 'SELECT pg_cancel_backend(%d)'

    def functional_indexes(self, connection, schema=None):
        return None if compat.tables.reflects_expressions() \
            else self.index_statements(connection, schema)

    def index_statements(self, connection, schema=None):
        return _by_table(connection, _FUNCTIONAL_INDEXES + _in(schema))

    def index_conditions(self, connection, schema=None):
        return _by_table(connection, _CONDITIONS + _in(schema))

    def renames_enum_values(self, connection):
        return connection.dialect.server_version_info >= (10,)

    def read_schema(self, connection):
        return postgresql_schema.read(connection)

    def scratch(self, engine):
        return postgresql_schema.scratch(engine)

    def lock(self, engine, connection=None):
        return AdvisoryLock(engine)

    def borrow(self, connection, given=False, interruptible=False):
        return PostgreSQLBorrowed(self, connection, given)

    def session_number(self, connection):
        if not connection.in_transaction():
            return ServerDialect.session_number(self, connection)
        # Behind a pooler, what the driver has been told is another number.
        return _ask(connection, 'SELECT pg_backend_pid()')

    def view(self, connection):
        return _ask(connection, 'SHOW search_path')

    def look_at(self, connection, view):
        _ask(connection, "SELECT set_config('search_path', '%s', false)"
             % view.replace("'", "''"))

    def left_by(self, connection, statement):
        match = _CONCURRENTLY.match(statement)
        name = match and _ask(
            connection,
            "SELECT min(indexrelid::regclass::text) FROM pg_index JOIN "
            "pg_class c ON c.oid = indexrelid WHERE NOT indisvalid AND "
            "relname = '%s'" % _unquoted(match.group(1)).replace("'", "''"))
        return ['The index %s is left behind, and is not valid. Before the '
                'next run: DROP INDEX %s' % (name, name)] if name else []

    def lock_timeout(self, connection, seconds, borrowed=None):
        value = '%d' % max(1, round(seconds * 1000))
        if borrowed is None or borrowed.discarded:
            _set(connection, 'SESSION', value)
            return
        before = _ask(connection, 'SHOW lock_timeout')
        scope = 'LOCAL' if connection.in_transaction() else 'SESSION'
        _set(connection, scope, value)
        borrowed.on_return(lambda: _set(connection, scope, before))

    def sequences_of(self, connection, schema, table):
        from sqlalchemy import text
        return [row[0] for row in connection.execute(
            text(_SEQUENCES).bindparams(
                table=table,
                schema=schema or connection.dialect.default_schema_name))]

    def sequence_owners(self, connection):
        from sqlalchemy import text
        return dict(tuple(row) for row
                    in connection.execute(text(_SEQUENCE_OWNERS)))

    def rename_sequence(self, connection, schema, old, new):
        quote = connection.dialect.identifier_preparer.quote
        before = quote(schema) + '.' if schema else ''
        return 'ALTER SEQUENCE %s%s RENAME TO %s' % (
            before, quote(old), quote(new))

    def _ask(self, own, number):
        before = own.rows(_SESSIONS.format(
            pid=number,
            condition='a.pid = ANY(pg_blocking_pids(%d))' % number))
        if before:
            return [tuple(row[:3]) + (False, _BEFORE) for row in before]
        # Only its own code may keep a migration from going on while another
        # session waits for it.
        return [tuple(row) + (_BEHIND,) for row in own.rows(_SESSIONS.format(
            pid=number, condition="mine.state LIKE 'idle in%' AND CASE "
            "WHEN a.wait_event_type = 'Lock' "
            "THEN {0} = ANY(pg_blocking_pids(a.pid)) END".format(number)))]

    def _waits(self, own, other, number):
        return bool(own.rows(
            "SELECT 1 FROM pg_stat_activity mine WHERE pid = {0} AND state "
            "LIKE 'idle in%' AND {0} = ANY(pg_blocking_pids({1}))".format(
                number, other)))


def _unquoted(name):
    if name.startswith('"'):
        return name[1:-1].replace('""', '"')
    return name.lower()


def _ask(connection, sql):
    """A value, asked past SQLAlchemy: it begins no transaction."""
    cursor = compat.sqlalchemy.raw_connection(connection).cursor()
    try:
        cursor.execute(sql)
        return cursor.fetchone()[0] if cursor.description else None
    finally:
        cursor.close()


def _set(connection, scope, value):
    begun = compat.sqlalchemy.has_begun(connection)
    _ask(connection, "SET %s lock_timeout = '%s'" % (scope, value))
    if not begun:
        # What a rollback would take back; nothing else is in it.
        compat.sqlalchemy.raw_connection(connection).commit()


class PostgreSQLBorrowed(ServerBorrowed):
    """A Connection to PostgreSQL."""

    def fresh_heads(self, context, read, own=None):
        heads = read(context)
        if own is None or not self.connection.in_transaction() or _ask(
                self.connection, 'SHOW transaction_isolation') not in (
                    'repeatable read', 'serializable'):
            return heads
        # The lock's connection sees what this transaction cannot see.
        fresh = self._versions(context, own)
        if fresh is None or set(fresh) == set(heads):
            return heads
        self.stale = True
        return fresh

    def _versions(self, context, own):
        table = compat.alembic.version_table(context)
        name = self.connection.dialect.identifier_preparer.format_table(
            table)
        raw = compat.sqlalchemy.raw_connection(self.connection)
        cursor = raw.cursor()
        try:
            # Where the search_path of this connection finds it.
            cursor.execute(
                "SELECT quote_ident(nspname) || '.' || quote_ident(relname) "
                "FROM pg_class JOIN pg_namespace n ON n.oid = relnamespace "
                "WHERE pg_class.oid = to_regclass('%s')"
                % name.replace("'", "''"))
            found = cursor.fetchone()
        finally:
            cursor.close()
        try:
            rows = own.rows('SELECT version_num FROM %s'
                            % (found[0] if found else name))
        except Exception:
            return None if found else ()        # no right, or no table
        return tuple(row[0] for row in rows)
