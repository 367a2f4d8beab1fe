"""What depends on Python's sqlite3, or on aiosqlite around it."""
from __future__ import absolute_import

import os
import shutil

from .async_drivers import InItsThread
from .python import text

#: Python 3.12's sqlite3.LEGACY_TRANSACTION_CONTROL: isolation_level decides.
_LEGACY_CONTROL = -1


def error():
    import sqlite3
    return sqlite3.Error


def tables_in(path):
    """The names of the tables in a file that exists."""
    import sqlite3
    raw = sqlite3.connect(path)
    try:
        return [row[0] for row in execute(
            raw, "SELECT name FROM sqlite_master WHERE type = 'table' "
            "AND name NOT LIKE 'sqlite~_%' ESCAPE '~'")]
    finally:
        raw.close()


def execute(raw, sql, parameters=()):
    """The rows of a statement on a DBAPI connection."""
    cursor = raw.cursor()
    try:
        cursor.execute(sql, parameters)
        return cursor.fetchall() if cursor.description else []
    finally:
        cursor.close()


def in_transaction(raw):
    """Whether a transaction is open (Python 3.2 has an attribute)."""
    if hasattr(raw, 'in_transaction'):
        return raw.in_transaction
    import sqlite3
    try:
        execute(raw, 'BEGIN')
    except sqlite3.OperationalError:
        return True
    raw.rollback()      # 2.7 would commit before a statement that says so
    return False


class Settings(object):
    """What is changed on a DBAPI connection, to be put back.

    :ivar foreign_keys: whether the application has them on.
    """

    def __init__(self, raw):
        self.raw = raw
        self.level = raw.isolation_level
        self.autocommit = getattr(raw, 'autocommit', None)   # Python 3.12
        self.foreign_keys = self._pragma('foreign_keys')
        self.legacy_alter_table = self._pragma('legacy_alter_table')
        self.taken = self.interruptible = False

    def _pragma(self, name):
        rows = execute(self.raw, 'PRAGMA %s' % name)
        return rows[0][0] if rows else None     # before the SQLite with it

    def _set(self, name, value):
        if value is not None:
            execute(self.raw, 'PRAGMA %s=%d' % (name, value))

    def take_control(self):
        """No BEGIN and no COMMIT but ours."""
        self.taken = True
        if self.autocommit not in (None, _LEGACY_CONTROL) \
                and self.raw.autocommit != _LEGACY_CONTROL:
            self.raw.autocommit = _LEGACY_CONTROL
        if self.raw.isolation_level is not None:
            self.raw.isolation_level = None

    def let_signals_through(self):
        """Let Ctrl-C stop a statement that is running."""
        if hasattr(self.raw, 'set_progress_handler'):
            # SQLite calls back every so many instructions, and Python looks
            # for signals then.
            self.interruptible = True
            self.raw.set_progress_handler(lambda: 0, 100000)

    def foreign_keys_are(self, on):
        """Switch ``foreign_keys``, which has no effect in a transaction."""
        self._set('foreign_keys', self.foreign_keys and int(on))

    def alter_as_of_old(self, on):
        """Switch ``legacy_alter_table``, where this SQLite has it."""
        if self.legacy_alter_table is not None:
            self._set('legacy_alter_table',
                      1 if on else self.legacy_alter_table)

    def roll_back(self, connection):
        """End a transaction that the run has left open."""
        self._ignoring_closed(lambda: self.raw.rollback())

    def give_back(self):
        """Put everything back, where the connection is still open."""
        self._ignoring_closed(self._give_back)

    def _give_back(self):
        if self.interruptible:
            self.raw.set_progress_handler(None, 1)
        if not self.taken or in_transaction(self.raw):
            return
        self._set('foreign_keys', self.foreign_keys)
        self._set('legacy_alter_table', self.legacy_alter_table)
        if self.level is not None:
            self.raw.isolation_level = self.level
        if self.autocommit not in (None, _LEGACY_CONTROL):
            self.raw.autocommit = self.autocommit

    @staticmethod
    def _ignoring_closed(function):
        """Call *function*; env.py's pool may have closed the connection."""
        import sqlite3
        try:
            function()
        except (sqlite3.ProgrammingError, ValueError):
            pass        # aiosqlite says ValueError


def is_at_once(raw):
    """Whether each statement is committed at once, as sqlite3 says it.

    That is Python 3.2; it must not be asked of another thread's connection
    while that traces a statement.
    """
    import sqlite3
    return isinstance(raw, sqlite3.Connection) \
        and not getattr(raw, 'in_transaction', True)


def trace(raw, function):
    """Call *function* with each statement that a connection executes.

    Python 3.3's sqlite3 can do that.

    :return: a function that stops it; None where it is not possible.
    """
    import sqlite3
    if not isinstance(raw, (sqlite3.Connection, InItsThread)) \
            or not hasattr(raw, 'set_trace_callback'):
        return None
    raw.set_trace_callback(function)

    def stop():
        try:
            raw.set_trace_callback(None)
        except sqlite3.ProgrammingError:
            pass                # it has been closed
    return stop


def copy_database(raw, database, path):
    """Copy a database, with what is in its write-ahead log.

    :param raw: a DBAPI connection to it.
    :param database: the path of its file.
    :param path: of a file that is there, and empty.
    """
    import sqlite3
    if hasattr(raw, 'backup'):                      # Python 3.7
        copy_pages(raw, database, path)
    elif sqlite3.sqlite_version_info >= (3, 27):
        copy_by_vacuum(raw, database, path)
    else:
        copy_file(raw, database, path)


def copy_pages(raw, database, path):
    import sqlite3
    target = sqlite3.connect(path)
    try:
        raw.backup(target)
    finally:
        target.close()


def copy_by_vacuum(raw, database, path):
    execute(raw, 'VACUUM INTO ?', (text(path),))


def copy_file(raw, database, path):
    """Copy the file, while nobody writes and the log is empty."""
    execute(raw, 'PRAGMA wal_checkpoint(TRUNCATE)')
    execute(raw, 'BEGIN IMMEDIATE')
    try:
        shutil.copyfile(database, path)
        log = database + '-wal'
        if os.path.exists(log) and os.path.getsize(log):
            raise EnvironmentError('the write-ahead log is in use')
    finally:
        raw.rollback()
