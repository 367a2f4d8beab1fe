"""PostgreSQL: its lock, its sessions, its time-outs."""
from contextlib import contextmanager
import re
import zlib

from .. import compat
from . import postgresql_schema
from .connections import OwnConnection
from .server import ServerBorrowed, ServerDialect, ServerLock

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

#: What a server may do to a transaction that is long, or does nothing.
_TIMEOUTS = ('statement_timeout', 'lock_timeout', 'transaction_timeout',
             'idle_in_transaction_session_timeout', 'idle_session_timeout')


#: The sequences of a table's columns: SERIAL, and identity columns.
_SEQUENCES = """
    SELECT s.relname
    FROM pg_class s
        JOIN pg_depend d ON d.objid = s.oid AND d.deptype IN ('a', 'i')
        JOIN pg_class t ON t.oid = d.refobjid
        JOIN pg_namespace n ON n.oid = t.relnamespace
    WHERE s.relkind = 'S' AND t.relname = :table AND n.nspname = :schema
    ORDER BY s.relname"""


class PostgreSQL(ServerDialect):
    """PostgreSQL, from 9.6 on."""

    missing = r'(relation|column) \S+ (of relation \S+ )?does not exist'
    names_enums = casts_types = tells_collations = True
    title = 'PostgreSQL'
    rolls_back_ddl = True
    two_phase = True
    dump_tool = 'pg_dump'
    end = 'SELECT pg_terminate_backend(%d)'
    stop = 'SELECT pg_cancel_backend(%d)'

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


class LockConnection(OwnConnection):
    """The connection whose transaction holds the lock.

    An error would end the transaction, and free the lock: all that is asked
    on it meanwhile stands in a savepoint.
    """

    held = None         # the number of the lock that must not be freed

    def __init__(self, engine):
        OwnConnection.__init__(self, engine)
        raw = compat.sqlalchemy.raw_of(self.connection)
        OwnConnection.roll_back(self)   # what the application's events began
        # Whatever the engine's isolation level is, BEGIN and COMMIT are
        # those of this class.
        self.manual = compat.sqlalchemy.take_autocommit(raw)

    def begin(self):
        if self.manual:
            self.execute('BEGIN')
        self.execute('SET TRANSACTION ISOLATION LEVEL READ COMMITTED, '
                     'READ WRITE')
        self.settle()

    def settle(self):
        """Switch off what would end the transaction."""
        self.execute(
            "SELECT set_config(name, '0', true) FROM pg_settings "
            "WHERE name IN ('%s')" % "', '".join(_TIMEOUTS))

    def roll_back(self):
        if self.manual:
            self.execute('ROLLBACK')
        else:
            OwnConnection.roll_back(self)

    def rows(self, sql):
        with self.mutex:
            if self.held is None:
                return self.execute(sql) if self.manual \
                    else OwnConnection.rows(self, sql)
            with self._savepoint():
                self.execute('SELECT pg_stat_clear_snapshot()')
                return self.execute(sql)

    @contextmanager
    def _savepoint(self):
        self.execute('SAVEPOINT question')
        try:
            yield
        finally:
            # Frees the locks of catalogs, too.
            self.execute('ROLLBACK TO SAVEPOINT question')
            self.execute('RELEASE SAVEPOINT question')

    def step_aside(self):
        """Begin another transaction, if anybody waits for this one's end.

        CREATE INDEX CONCURRENTLY does, where it began while something was
        being asked.  The lock is held all the while, by the session; behind
        a pooler COMMIT AND CHAIN leaves no moment for anybody else.
        """
        with self.mutex:
            if self.held is None or not self.rows(
                    "SELECT 1 FROM pg_locks w JOIN pg_locks own ON "
                    "own.virtualxid = w.virtualxid WHERE NOT w.granted AND "
                    "own.granted AND own.pid = pg_backend_pid()"):
                return
            if self._can_chain():
                self.execute('SELECT pg_advisory_lock(%d)' % self.held)
                self.execute('COMMIT AND CHAIN')
                self.settle()
                self._try_again()
                self.execute('SELECT pg_advisory_unlock(%d)' % self.held)
            else:
                # For a moment nobody has it; a session's lock that a pooler
                # keeps would be held for ever.
                self.execute('COMMIT')
                self.begin()
                self._try_again()

    def _can_chain(self):
        return int(self.rows('SHOW server_version_num')[0][0]) >= 120000

    def _try_again(self):
        if not self.execute('SELECT pg_try_advisory_xact_lock(%d)'
                            % self.held)[0][0]:
            self.close()        # which shows that it is lost


class AdvisoryLock(ServerLock):
    """An advisory lock, which each database has its own of.

    It is held by a transaction: behind a pooler that deals out connections
    by the transaction, a session's lock is held by whoever comes next.
    """

    NUMBER = zlib.crc32(b'flask-migrate') & 0x7fffffff

    connect = LockConnection

    def _name(self):
        # The same whatever address or name the server was reached by: all
        # commands must see one order, and one lock must not be taken twice.
        return self.own.one(
            "SELECT concat(extract(epoch FROM pg_postmaster_start_time()), "
            "' ', current_setting('port'), ' ', current_database())")

    def _try(self):
        with self.own.mutex:
            if self.own.held is not None:
                return True
            self.own.begin()
            if self.own.execute('SELECT pg_try_advisory_xact_lock(%d)'
                                % self.NUMBER)[0][0]:
                self.own.held = self.NUMBER
                return True
            self.own.roll_back()
            return False

    def _free(self):
        with self.own.mutex:
            self.own.held = None
            self.own.roll_back()

    def _is_held(self):
        # In its transaction; or that is no more, and this an error.
        return self.own.held is not None and bool(
            self.own.execute('SELECT 1'))

    def _holder(self):
        return self.own.one(
            "SELECT concat('server process ', l.pid, ', user ', a.usename, "
            "' from ' || host(a.client_addr), ', since ' || "
            "date_trunc('second', a.backend_start)) "
            "FROM pg_locks l JOIN pg_stat_activity a USING (pid) "
            "WHERE l.locktype = 'advisory' AND l.granted AND l.objid = %d "
            "AND a.datname = current_database()" % self.NUMBER)
