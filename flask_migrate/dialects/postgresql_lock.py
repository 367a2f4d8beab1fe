"""PostgreSQL's lock: an advisory one, of a transaction of its own."""
from contextlib import contextmanager
import zlib

from .. import compat
from .connections import OwnConnection
from .server import ServerLock

#: What a server may do to a transaction that is long, or does nothing.
_TIMEOUTS = ('statement_timeout', 'lock_timeout', 'transaction_timeout',
             'idle_in_transaction_session_timeout', 'idle_session_timeout')


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
