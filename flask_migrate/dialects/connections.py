"""Connections of a run: the one that it borrows, and one of its own."""
import threading

from .. import compat


class OwnConnection(object):
    """A connection made as an engine makes them, outside its pool.

    The application's pool may have no other to give.

    :param engine: the engine.
    :ivar mutex: to be held for several statements that belong together.
    """

    def __init__(self, engine):
        self.engine = engine
        self.mutex = threading.RLock()
        self.pool = engine.pool.recreate()
        self.caller = compat.async_engines.caller(engine)
        try:
            self.connection = self.caller.call(self.pool.connect)
        except BaseException:
            self.caller.close()
            raise

    def execute(self, sql):
        """The rows of a statement that has no parameters."""
        with self.mutex:
            return self.caller.call(self._execute, sql)

    def _execute(self, sql):
        cursor = self.connection.cursor()
        try:
            cursor.execute(sql)
            return cursor.fetchall() if cursor.description else []
        finally:
            cursor.close()

    def rows(self, sql):
        """The same, in a transaction of its own."""
        with self.mutex:
            try:
                rows = self.execute(sql)
                self.caller.call(self.connection.commit)
            except Exception:
                self.roll_back()
                raise
            return rows

    def one(self, sql):
        """The first value of the first row, or None."""
        rows = self.rows(sql)
        return rows[0][0] if rows else None

    def step_aside(self):
        """Let those go on who wait for the end of its transaction."""

    def roll_back(self):
        try:
            self.caller.call(self.connection.rollback)
        except Exception:
            pass                # it is the first error that says why

    def close(self):
        """Close it for good; never raises, and may be called again."""
        if self.connection is not None:
            connection, self.connection = self.connection, None
            for function in connection.invalidate, self.pool.dispose:
                try:
                    self.caller.call(function)
                except Exception:
                    pass                    # the server is gone already
            self.caller.close()


class Borrowed(object):
    """What a run needs of a Connection, and how it leaves it.

    Nobody gets the connection after it: it is closed when it is returned to
    its pool, unless the caller gave it.  (``Connection.detach()`` would do
    that too, but SQLAlchemy 2 can then not change the isolation level.)

    :param connection: the SQLAlchemy Connection.
    :param given: whether it is the caller's.
    :ivar discarded: whether it is closed when it is returned.
    :ivar clean: whether the transaction on it, if there is one, was begun
        by this run and nothing has been written in it.
    :ivar stale: whether its transaction cannot see what another process has
        committed: env.py has to start again.
    """

    stale = False

    def __init__(self, connection, given=False):
        self.connection = connection
        self.given = given
        self.clean = not given and not connection.in_transaction()
        self._undo = []
        self.discarded = self.may_be_discarded()
        if self.discarded:
            compat.sqlalchemy_events.discard_on_checkin(connection)

    def may_be_discarded(self):
        """Whether the pool can do without this connection."""
        return not self.given

    def on_return(self, function):
        """Call *function* when the connection is given back."""
        self._undo.append(function)

    def start_writing(self, texts):
        """The lock is held, and steps are about to run.

        :param texts: of the revision files; None for one that cannot be
            read.
        """

    def tell(self, note):
        """Tell what is executed beside a statement, to complete it.

        :param note: is called with the SQL, before the statement is done.
        """

    def tell_elsewhere(self, note):
        """Tell what the run's thread executes on another connection.

        :param note: is called with the SQL.
        """

    def resume(self):
        """env.py configures the connection once more."""

    def finish(self):
        """The migrations are through; env.py may go on."""

    def elsewhere(self):
        """The number of another session that the run's thread works on."""
        return None

    def cancel(self):
        """Let the server stop what is executed; from any thread."""

    def executes(self, frame):
        """Whether a frame is inside what returns after :meth:`cancel`."""
        return False

    def fresh_heads(self, context, read, own=None):
        """The heads as they are now, whatever an open transaction saw.

        :param context: Alembic's MigrationContext.
        :param read: the ordinary way, called with the context.
        :param own: the OwnConnection of the lock, where there is one.
        """
        return read(context)

    def give_back(self):
        """Put back what was changed; never raises."""
        while self._undo:
            try:
                self._undo.pop()()
            except Exception:
                pass            # env.py has closed the connection
