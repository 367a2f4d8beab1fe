"""MySQL and MariaDB: their sessions, and who is in the way."""
import time

from .. import compat
from . import mysql_schema, mysql_values
from .mysql_commits import commits
from .mysql_lock import DATABASE, NamedLock, lock_name
from .server import ServerBorrowed, ServerDialect

#: Per session: number, description, query, opened later than the migration's.
_SESSIONS = """
    SELECT p.id,
           CONCAT('connection ', p.id, ', user ', p.user, ' from ', p.host,
                  COALESCE(CONCAT(', in a transaction since ',
                                  t.trx_started), ''),
                  IF(p.info IS NULL, ', idle', ', query')),
           LEFT(p.info, 1000),
           p.id > {pid}
    FROM information_schema.processlist mine
    JOIN information_schema.processlist p
        ON p.id NOT IN (mine.id, CONNECTION_ID())
    LEFT JOIN information_schema.innodb_trx t
        ON t.trx_mysql_thread_id = p.id
    WHERE mine.id = {pid} AND {condition}"""
#: Who has the row that a transaction waits for: MariaDB and MySQL 5.7, then
#: MySQL 8.
_ROW_LOCKS = tuple(
    """t.trx_id IN (
        SELECT w.{0} FROM {2} w JOIN information_schema.innodb_trx waiting
            ON waiting.trx_id = w.{1}
        WHERE waiting.trx_mysql_thread_id = {{pid}})""".format(*names)
    for names in (('blocking_trx_id', 'requesting_trx_id',
                   'information_schema.innodb_lock_waits'),
                  ('blocking_engine_transaction_id',
                   'requesting_engine_transaction_id',
                   'performance_schema.data_lock_waits')))
#: Who may have a lock, where the server does not tell.
_BUSY = """(p.db = mine.db OR p.db IS NULL)
    AND COALESCE(t.trx_state, '') <> 'LOCK WAIT'
    AND COALESCE(p.state, '') NOT LIKE 'Waiting for%lock'
    AND (t.trx_id IS NOT NULL OR p.command = 'Query')"""
_WAITING = """(p.db = mine.db OR p.db IS NULL)
    AND (t.trx_state = 'LOCK WAIT' OR p.state LIKE 'Waiting for%lock')"""

_BEFORE = 'The migration waits for a lock of %s'
_PERHAPS = 'The migration waits for a lock, perhaps of %s'
_BEHIND = '%s waits for the migration, which does nothing meanwhile'
_UNSEEN = 'The migration waits: %s. To see for whom, a user needs the right ' \
    'PROCESS'

_TIMEOUTS = ('lock_wait_timeout', 'innodb_lock_wait_timeout')


class MySQL(ServerDialect):
    """MySQL and MariaDB."""

    missing = r'^\((1146|1054),'
    brackets_defaults = indexes_foreign_keys = lists_enum_values = True
    holds_types = 'type'
    prefixes_spatial_indexes = True
    drop_temporary_table = 'DROP TEMPORARY TABLE %s'
    title = 'MySQL or MariaDB'
    names = ('mysql', 'mariadb')
    misfit = staticmethod(mysql_values.misfit)
    schemas_are_databases = True
    dump_tool = 'mysqldump'
    renames_by_declaring = True
    end = 'KILL %d'
    stop = 'KILL QUERY %d'

    def server_title(self, connection):
        mariadb = self.name == 'mariadb' \
            or compat.sqlalchemy.is_mariadb(connection.dialect)
        return self.title if mariadb is None else \
            'MariaDB' if mariadb else 'MySQL'

    def real_types(self, connection):
        json = compat.tables.json_type()
        if not json or self.server_title(connection) != 'MariaDB':
            return {}
        return dict(
            (table, dict((name, json()) for name in names)) for table, names
            in mysql_schema.json_columns(connection).items())

    def index_statements(self, connection, schema=None):
        return mysql_schema.index_statements(connection, schema)

    def read_schema(self, connection):
        return mysql_schema.read(connection)

    def scratch(self, engine):
        return mysql_schema.scratch(engine)

    def lock(self, engine, connection=None):
        return NamedLock(engine)

    def borrow(self, connection, given=False, interruptible=False):
        return MySQLBorrowed(self, connection, given)

    def session_number(self, connection):
        return ServerDialect.session_number(self, connection) \
            or execute(connection, 'SELECT CONNECTION_ID()')

    def lock_timeout(self, connection, seconds, borrowed=None):
        value = max(1, int(round(seconds)))
        for name in _TIMEOUTS:
            self._set(connection, name, value, borrowed)

    def _set(self, connection, name, value, borrowed):
        if borrowed is not None and not borrowed.discarded:
            before = execute(connection, 'SELECT @@SESSION.%s' % name)
            borrowed.on_return(lambda: execute(
                connection, 'SET SESSION %s = %s' % (name, before)))
        execute(connection, 'SET SESSION %s = %d' % (name, value))

    def view(self, connection):
        return execute(connection, 'SELECT DATABASE()')

    def look_at(self, connection, view):
        if view is not None:
            execute(connection, 'USE `%s`' % view.replace('`', '``'))

    def commits(self, statement, error=None):
        return commits(statement, error)

    def _cancel(self, own, number):
        # Until the server has really stopped, or has finished.
        for attempt in range(40):
            if not own.rows(
                    "SELECT 1 FROM information_schema.processlist WHERE "
                    "id = %d AND command <> 'Sleep'" % number):
                return
            if attempt % 10 == 0:
                own.rows(self.stop % number)
            time.sleep(0.05)

    def _ask(self, own, number):
        state = own.rows('SELECT command, state FROM information_schema.'
                         'processlist WHERE id = %d' % number)
        command, state = state[0] if state else ('', '')
        if command == 'Sleep':
            return self._behind(own, number)
        try:
            found, sentence = self._before(own, number, state or '')
        except Exception:
            # Who lacks the right to see transactions sees only his own
            # sessions.
            if 'lock' not in (state or ''):
                raise
            return [(None, state, None, False, _UNSEEN)]
        return [tuple(row[:3]) + (
            False, sentence if found[1:] else _BEFORE) for row in found]

    def _behind(self, own, number):
        try:
            rows = own.rows(_SESSIONS.format(pid=number, condition=_WAITING))
        except Exception:
            return []
        return [tuple(row) + (_BEHIND,) for row in rows]

    def _before(self, own, number, state):
        if own.rows("SELECT 1 FROM information_schema.innodb_trx WHERE "
                    "trx_state = 'LOCK WAIT' AND trx_mysql_thread_id = %d"
                    % number):
            return self._row_locks(own, number), _BEFORE
        if 'lock' in state:
            return own.rows(_SESSIONS.format(
                pid=number, condition=_BUSY)), _PERHAPS
        return [], _BEFORE

    def _row_locks(self, own, number):
        for condition in _ROW_LOCKS:
            try:
                return own.rows(_SESSIONS.format(
                    pid=number, condition=condition.format(pid=number)))
            except Exception:
                pass            # the other server's table
        return own.rows(_SESSIONS.format(pid=number, condition=_BUSY))

    def _waits(self, own, other, number):
        # The migration's session does nothing, and the other, on which its
        # thread is at work, waits for a lock: of whom, for tables the server
        # does not tell.
        if not own.rows(
                "SELECT 1 FROM information_schema.processlist mine JOIN "
                "information_schema.processlist p ON p.id = %d WHERE "
                "mine.id = %d AND mine.command = 'Sleep'" % (other, number)):
            return False
        if own.rows("SELECT 1 FROM information_schema.processlist WHERE "
                    "id = %d AND state LIKE 'Waiting for%%lock'" % other):
            return [row[0] for row in own.rows(_SESSIONS.format(
                pid=other, condition=_BUSY))] == [number]
        return number in [row[0] for row in self._row_locks(own, other)]


def execute(connection, sql):
    """The first value of what a statement gives, past SQLAlchemy."""
    cursor = compat.sqlalchemy.raw_connection(connection).cursor()
    try:
        cursor.execute(sql)
        row = cursor.fetchone() if cursor.description else None
        return row and row[0]
    finally:
        cursor.close()


class MySQLBorrowed(ServerBorrowed):
    """A Connection to MySQL or MariaDB."""

    def start_writing(self, texts):
        # A second lock, of the migration's own session: where the process
        # is killed, the server may go on with an ALTER, and nobody else
        # should begin meanwhile.
        try:
            name = execute(self.connection, 'SELECT ' + DATABASE)
            name = lock_name(name, 'at-work')
            if execute(self.connection, "SELECT GET_LOCK('%s', 0)" % name) \
                    and not self.discarded:
                self.on_return(lambda: execute(
                    self.connection, "SELECT RELEASE_LOCK('%s')" % name))
        except Exception:
            pass

    def fresh_heads(self, context, read, own=None):
        heads = read(context)
        table = self.connection.dialect.identifier_preparer.format_table(
            compat.alembic.version_table(context))
        cursor = compat.sqlalchemy.raw_connection(self.connection).cursor()
        try:
            # Past the snapshot of a transaction that has read before.
            cursor.execute('SELECT version_num FROM %s LOCK IN SHARE MODE'
                           % table)
            return tuple(row[0] for row in cursor.fetchall())
        except Exception:
            return heads        # there is no such table, or no right
        finally:
            cursor.close()
