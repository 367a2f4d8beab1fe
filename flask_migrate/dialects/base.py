"""A kind of database of which nothing is known, and what all kinds share."""
import random
import threading
import time

from .. import compat
from ..errors import LockTimeout, MigrateError


class Dialect(object):
    """What a kind of database can do; this one can do nothing.

    :param name: what SQLAlchemy calls it.
    """

    #: What it is called in messages.
    title = None
    #: Whether a ROLLBACK takes back DDL.
    rolls_back_ddl = False
    #: Whether a two-phase transaction may have DDL in it.
    two_phase = False
    #: The program that copies a database.
    dump_tool = None
    #: Defaults for ``context.configure()``.
    context_arguments = {}

    def __init__(self, name=None):
        self.name = name

    def server_title(self, connection):
        """What the server of a Connection is called in messages."""
        return self.title or self.name

    def lock(self, engine, connection=None):
        """The Lock of a database, not yet held; None: there is none.

        :param connection: a Connection to it, where there is one.
        """
        return None

    def borrow(self, connection, given=False, interruptible=False):
        """Take a Connection for a run.

        :param given: whether the caller of the command gave it to env.py.
        :param interruptible: whether Ctrl-C must stop a statement.
        :return: the :class:`Borrowed`.
        """
        return Borrowed(connection, given)

    def lock_timeout(self, connection, seconds, borrowed=None):
        """Set how long a statement may wait for the lock of a table.

        :param borrowed: what :meth:`borrow` returned: it puts the setting
            back, where others get the connection afterwards.
        """

    def session_number(self, connection):
        """The server's number of a connection's session, or None."""
        return None

    def obstacles(self, own, number):
        """Who is in the way of a session.

        :param own: the OwnConnection to ask on.
        :param number: the session's.
        :return: sentences, by the number of another session.
        """
        return {}

    def end_deadlock(self, own, number, other):
        """End a statement by which a migration waits for itself.

        :param number: of the migration's session.
        :param other: of the session on which its thread is at work.
        :return: a sentence that says so, or None: nothing was ended.
        """
        return None

    def cancel(self, engine, number):
        """Let the server stop what a session executes; never raises."""

    def commits(self, statement, error=None):
        """Whether a statement commits what came before it.

        :param error: what it failed with, where it did.
        :return: True, False, or None where that depends.
        """
        return False

    def view(self, connection):
        """What a Connection sees the database by, for :meth:`look_at`."""

    def look_at(self, connection, view):
        """Let another Connection see the database likewise."""

    def check_backup(self, engine, path, number):
        """Refuse a backup that cannot be made.

        :param number: of databases that are to be copied to *path*.
        """
        if self.dump_tool is None:
            raise MigrateError('--backup copies SQLite databases only.')
        raise MigrateError(
            '--backup copies SQLite databases only. For this one use %s, '
            'then run the command without --backup.' % self.dump_tool)

    def backup(self, engine, path=None):
        """Copy a database to a new file, which :meth:`check_backup` allowed.

        :return: the path of the copy.
        """
        raise NotImplementedError


class Lock(object):
    """One migration of a database at a time.

    :ivar key: equal for equal databases; all commands take locks in the
        order of their keys, so that no two wait for each other.
    :ivar own: the OwnConnection it is held on, or None.
    """

    key = None
    own = None

    def try_acquire(self):
        """Take the lock, without waiting.

        :return: False where another process has it.
        :raises MigrateError: for any other reason why it cannot be taken.
        """
        raise NotImplementedError

    def holder(self):
        """Who has the lock; '' if unknown."""
        return ''

    def is_lost(self):
        """Whether it is held no more, although nobody released it."""
        return False

    def release(self):
        """Give the lock back, if it is held; never raises."""


def wait_for(lock, seconds, deadline=None, say=None):
    """Take a lock, waiting for whoever has it.

    It asks again and again: a waiter that blocks inside the server would
    hold a snapshot there, for which a ``CREATE INDEX CONCURRENTLY`` of the
    holder waits for ever.

    :param lock: the :class:`Lock`.
    :param seconds: how long to wait.
    :param deadline: when they are over, on the clock of
        ``compat.python.monotonic``, where they began earlier.
    :param say: is called once with a sentence: for whom it waits.
    :raises LockTimeout: when they are over.
    """
    clock = compat.python.monotonic
    deadline = clock() + seconds if deadline is None else deadline
    pause, said = 0.05, False
    while not _try(lock, said):
        left = deadline - clock()
        if left <= 0:
            raise LockTimeout(
                'Another process is migrating this database%s%s. Run the '
                'command again later, or wait longer with --wait SECONDS.' % (
                    _in_brackets(lock.holder()),
                    seconds and '; waited %g seconds' % seconds or ''))
        if not said:
            said = True
            if say is not None:
                say('Another process is migrating this database%s. Waiting '
                    'up to %g seconds for it ...' % (
                        _in_brackets(lock.holder()), round(left, 1)))
        time.sleep(min(left, pause * (1 + random.random())))
        pause = min(pause * 1.5, 0.5)


def _try(lock, waiting):
    try:
        return lock.try_acquire()
    except MigrateError as error:
        if not waiting:
            raise
        raise MigrateError(
            'The database server ended the connection while this command '
            'waited for another process that is migrating the database: %s '
            'Run the command again.' % error)


def _in_brackets(text):
    return ' (%s)' % compat.python.native(text) if text else ''


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
            self.on_return(compat.sqlalchemy.on_checkin(
                connection, lambda record: record.invalidate()))

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

    def resume(self):
        """env.py configures the connection once more."""

    def finish(self):
        """The migrations are through; env.py may go on."""

    def elsewhere(self):
        """The number of another session that the run's thread works on."""
        return None

    def cancel(self):
        """Let the server stop what is executed; from any thread."""

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
