"""All or nothing on SQLite.

Python's sqlite3 commits before DDL and Alembic takes that for granted, so a
migration that fails leaves half of its tables behind; and batch operations
drop and rename a table, which with foreign keys on deletes the rows that
refer to it.  Neither happens inside :func:`transactional`.
"""
from contextlib import contextmanager
import io
import os
import re
import shutil
import time

from . import compat
from .errors import MigrateError

#: Python 3.12's sqlite3.LEGACY_TRANSACTION_CONTROL: isolation_level decides.
_LEGACY_CONTROL = -1


class ForeignKeyViolation(MigrateError):
    """A migration left rows that point to no row.

    .. versionadded:: 5.0.0
    """


@contextmanager
def transactional(connection, interruptible=False):
    """Give a Connection real transactions, with DDL in them.

    Works on this Connection, not on its engine, and puts back what it
    changes on the DBAPI connection before others get that.

    :param connection: a SQLAlchemy Connection to SQLite.
    :param interruptible: whether Ctrl-C stops a running statement.
    """
    raw = compat.sqlalchemy.raw_connection(connection)
    settings = _Settings(raw)
    if getattr(raw, 'in_transaction', False):       # Python 3.2
        raw.rollback()
    settings.take_over()
    if interruptible:
        # SQLite calls back every so many instructions, and Python looks for
        # signals then.
        raw.set_progress_handler(lambda: 0, 100000)
    before = _violations(raw) if settings.foreign_keys else None

    level = _level(connection)
    open_transaction = []       # raw.in_transaction is Python 3.2

    def on_begin(connection):
        if _level(connection) == 'AUTOCOMMIT' != level:
            return                          # inside autocommit_block()
        settings.take_control()     # leaving that block sets a level again
        raw.cursor().execute('BEGIN IMMEDIATE')
        open_transaction.append(True)

    def on_rollback(connection):
        del open_transaction[:]

    def on_commit(connection):
        del open_transaction[:]
        if before is None:
            return
        new = sorted(pair for pair, count in _violations(raw).items()
                     if count > before.get(pair, 0))
        if new:
            raise ForeignKeyViolation(
                'Foreign keys would be violated: %s. Nothing was committed.'
                % '; '.join("'%s' has rows that point to no row of '%s'"
                            % pair for pair in new))

    def before_execute(connection, cursor, statement, parameters, *args):
        batch.before(statement)
        if open_transaction and re.match(
                r'\s*BEGIN(\s+\w+){0,2}\s*;?\s*$', statement, re.I):
            # The application's engine begins as well: what SQLAlchemy's
            # documentation says of SQLite and transactions.
            statement = 'SELECT 1'
        return statement, parameters

    def after_execute(connection, cursor, statement, *args):
        batch.after(statement)

    batch = _Batch(raw, settings)
    remove = compat.sqlalchemy.listen(
        connection, begin=on_begin, commit=on_commit, rollback=on_rollback,
        before_cursor_execute=before_execute,
        after_cursor_execute=after_execute)
    if connection.in_transaction():
        # env.py files of multi-database projects begin() before configure().
        on_begin(connection)
    try:
        yield
    finally:
        remove()
        if not connection.closed:
            transaction = compat.sqlalchemy.transaction_of(connection)
            if transaction is not None:
                transaction.rollback()
        settings.give_back()
        if interruptible:
            _ignoring_closed(raw.set_progress_handler, None, 1)


def _level(connection):
    return compat.sqlalchemy.execution_options(connection).get(
        'isolation_level')


class _Batch(object):
    """What batch mode needs, and no other statement gets.

    It copies the rows to a table ``_alembic_...``, drops the table, with its
    triggers, and renames the copy.  Views and triggers on the table survive
    that with ``legacy_alter_table`` (SQLite 3.26), with which an ordinary
    rename would leave them and foreign keys behind.
    """

    rename = re.compile(r'\s*ALTER TABLE "?_alembic_.*? RENAME TO '
                        r'"?([^"]+?)"?\s*$', re.I)

    def __init__(self, raw, settings):
        self.raw = raw
        self.settings = settings
        self.dropped = {}

    def before(self, statement):
        table = re.match(r'\s*DROP TABLE "?([^"]+?)"?\s*$', statement, re.I)
        if table:
            self.dropped[table.group(1)] = self.raw.cursor().execute(
                "SELECT name, sql FROM sqlite_master WHERE type = 'trigger' "
                "AND tbl_name = ?", table.groups()).fetchall()
        if self.rename.match(statement):
            self.settings.alter_as_of_old(True)

    def after(self, statement):
        table = self.rename.match(statement)
        if not table:
            return
        self.settings.alter_as_of_old(False)
        for name, sql in self.dropped.pop(table.group(1), []):
            try:
                self.raw.cursor().execute(sql)
            except compat.python.sqlite_error() as error:
                raise MigrateError(
                    "The trigger '%s' does not fit the new table '%s' (%s). "
                    "Drop it in the revision first: op.execute('DROP TRIGGER "
                    "%s')." % (name, table.group(1), error, name))


class _Settings(object):
    """What is changed on a DBAPI connection, to be put back."""

    def __init__(self, raw):
        self.raw = raw
        self.level = raw.isolation_level
        self.autocommit = getattr(raw, 'autocommit', None)   # Python 3.12
        self.foreign_keys = self._pragma('foreign_keys')
        self.legacy_alter_table = self._pragma('legacy_alter_table')

    def _pragma(self, name):
        row = self.raw.cursor().execute('PRAGMA %s' % name).fetchone()
        return row and row[0]       # no row before the SQLite that has it

    def _set(self, name, value):
        if value is not None:
            self.raw.cursor().execute('PRAGMA %s=%d' % (name, value))

    def take_control(self):
        """No BEGIN and no COMMIT but ours."""
        if self.autocommit not in (None, _LEGACY_CONTROL) \
                and self.raw.autocommit != _LEGACY_CONTROL:
            self.raw.autocommit = _LEGACY_CONTROL
        if self.raw.isolation_level is not None:
            self.raw.isolation_level = None

    def take_over(self):
        self.take_control()
        # Has no effect inside a transaction, so before BEGIN.
        self._set('foreign_keys', 0)

    def alter_as_of_old(self, on):
        """Switch ``legacy_alter_table``, where this SQLite has it."""
        if self.legacy_alter_table is not None:
            self._set('legacy_alter_table',
                      1 if on else self.legacy_alter_table)

    def give_back(self):
        _ignoring_closed(self._give_back)

    def _give_back(self):
        self.raw.rollback()
        self._set('foreign_keys', self.foreign_keys)
        self._set('legacy_alter_table', self.legacy_alter_table)
        if self.level is not None:
            self.raw.isolation_level = self.level
        if self.autocommit not in (None, _LEGACY_CONTROL):
            self.raw.autocommit = self.autocommit


def _ignoring_closed(function, *args):
    """Call *function*; env.py's NullPool may have closed the connection."""
    import sqlite3
    try:
        function(*args)
    except sqlite3.ProgrammingError:
        pass


def _violations(raw):
    """How many rows violate a foreign key, by table and parent."""
    found = {}
    for row in raw.cursor().execute('PRAGMA foreign_key_check').fetchall():
        pair = (row[0], row[2])
        found[pair] = found.get(pair, 0) + 1
    return found


def database_file(engine):
    """The path of the database, or None where it is in memory."""
    # The application's pool may have no second connection.
    pool = engine.pool.recreate()
    connection = pool.connect()
    try:
        rows = connection.cursor().execute(
            'PRAGMA database_list').fetchall()
    finally:
        connection.close()
        pool.dispose()
    return [row[2] for row in rows if row[1] == 'main'][0] or None


def backup(engine, path=None):
    """Copy a database, as a whole, to a new file.

    :param path: of the copy; by default beside the database, with the time.
    :return: the path.
    """
    database, number = database_file(engine), 2
    if database is None:
        raise MigrateError("--backup needs a database in a file; this one "
                           "is in memory.")
    if path and os.path.isdir(path):
        path = os.path.join(path, os.path.basename(database) + '.backup')
    if not path:
        path = name = '%s.backup-%s' % (database,
                                        time.strftime('%Y%m%d-%H%M%S'))
        while os.path.exists(path):
            path = '%s-%d' % (name, number)
            number += 1
    if os.path.exists(path):
        raise MigrateError("The backup file '%s' already exists. Nothing was "
                           "changed; give another path." % path)
    connection = engine.raw_connection()
    try:
        raw = getattr(connection, 'dbapi_connection', None) \
            or connection.connection
        try:
            _copy(raw, database, path)
        except (EnvironmentError, compat.python.sqlite_error()) as error:
            if os.path.exists(path):
                os.remove(path)
            raise MigrateError("Can't write the backup '%s': %s. Nothing "
                               "was changed." % (path, error))
    finally:
        connection.close()
    return path


def _copy(raw, database, path):
    if hasattr(raw, 'backup'):              # Python 3.7
        import sqlite3
        io.open(path, 'ab').close()     # an error here has a reason in it
        target = sqlite3.connect(path)
        try:
            raw.backup(target)
        finally:
            target.close()
        return
    cursor = raw.cursor()
    cursor.execute('BEGIN IMMEDIATE')       # nobody else writes meanwhile
    try:
        shutil.copyfile(database, path)
    finally:
        raw.rollback()
