"""SQLite: all or nothing, with Python's sqlite3 in between.

sqlite3 commits before DDL and Alembic takes that for granted, so a migration
that fails would leave half of its tables behind; and batch operations drop
and rename a table, which with foreign keys on deletes the rows that refer to
it.  Neither happens on a :class:`SQLiteBorrowed` connection.
"""
import os
import re

from .. import compat
from . import sqlite_schema, sqlite_values
from ..compat.sqlite import execute, in_transaction
from ..errors import ForeignKeyViolation
from .base import Dialect
from .connections import Borrowed
from .sqlite_batch import Batch
from .sqlite_files import FileLock, back_up, check_backup, database_file
from .sqlite_places import left_behind
from .sqlite_foreign_keys import new_violations, quoted, violations

#: What makes a revision need foreign keys to be off.
_DROPS = re.compile(r'\bbatch_(alter_table|op)\b|\bdrop_table\b|'
                    r'\bDROP\s+TABLE\b', re.I)
_BEGIN = re.compile(r'\s*BEGIN(\s+\w+){0,2}\s*;?\s*$', re.I)
_CONDITION = re.compile(r'\)\s*WHERE\s+(.+)$', re.I | re.S)
_READS = re.compile(r'\s*(SELECT|PRAGMA|EXPLAIN|WITH|BEGIN)\b', re.I)


class SQLite(Dialect):
    """SQLite, with Python's sqlite3 or aiosqlite."""

    missing = r'no such (table|column)'
    title = 'SQLite'
    rolls_back_ddl = True
    drops_in_any_order = True
    copies_tables = keeps_sql = indexes_expressions = True
    names = ('sqlite',)
    misfit = staticmethod(sqlite_values.misfit)
    names_constraints = False
    context_arguments = {'transactional_ddl': True}

    def is_missing(self, engine):
        path = database_file(engine)
        return path is not None and not os.path.exists(path)

    def is_in_memory(self, engine):
        return database_file(engine) is None

    def lock(self, engine, connection=None):
        path = database_file(engine, connection)
        return FileLock(engine, path) if path else None

    def know_types(self, connection):
        sqlite_schema.know_binary(connection.dialect)

    def declared_type(self, connection, schema, table, column):
        return sqlite_schema.declared_types(
            connection, table, schema).get(column)

    def owns_table(self, name):
        return sqlite_schema.is_own_table(name)

    def untold(self, connection, table):
        return sqlite_schema.untold(connection, table)

    def functional_indexes(self, connection, schema=None):
        found = {}
        raw = compat.sqlalchemy.raw_connection(connection)
        for table, name, sql in _indexes(connection, schema):
            # The columns of an expression have no names.
            if any(row[2] is None for row in execute(
                    raw, 'PRAGMA index_info(%s)' % quoted(name))):
                found.setdefault(table, {})[name] = sql
        return found

    def index_statements(self, connection, schema=None):
        found = {}
        for table, name, sql in _indexes(connection, schema):
            found.setdefault(table, {})[name] = sql
        return found

    def index_conditions(self, connection, schema=None):
        found = {}
        for table, name, sql in _indexes(connection, schema):
            condition = _CONDITION.search(sql)
            if condition:
                found.setdefault(table, {})[name] = condition.group(1)
        return found

    def borrow(self, connection, given=False, interruptible=False):
        return SQLiteBorrowed(connection, given, interruptible)

    def read_schema(self, connection):
        return sqlite_schema.read(connection)

    def scratch(self, engine):
        return sqlite_schema.scratch(engine)

    def commits(self, statement, error=None):
        return error is None and Dialect.commits(self, statement)

    def left_behind(self, engine, places, names):
        return left_behind(engine, places, names)

    def check_backup(self, engine, path, number):
        check_backup(engine, path, number)

    def backup(self, engine, path=None):
        return back_up(engine, path)


class SQLiteBorrowed(Borrowed):
    """A connection with real transactions, with DDL in them.

    A transaction that is open on it already is somebody else's: then
    nothing is changed, and the migration runs inside it.

    :ivar own: whether transactions on it are this run's.
    """

    def __init__(self, connection, given=False, interruptible=False):
        self.raw = compat.sqlalchemy.raw_connection(connection)
        begun = connection.in_transaction()
        self.own = not in_transaction(self.raw) and not (given and begun)
        Borrowed.__init__(self, connection, given)
        self.settings = compat.sqlite.Settings(self.raw)
        self.level = _level(connection)
        self.writing = self.finished = False
        self.foreign_keys_off = False
        self.open = not self.own
        self.clean = self.own
        self.before = None          # violations of foreign keys
        self.batch = Batch(self.raw, self.settings)
        self._listen()
        if interruptible and self.own:
            self.settings.let_signals_through()
        if self.own:
            self.settings.take_control()
            self._return_early()
        if begun and not in_transaction(self.raw):
            # env.py files of multi-database projects begin() before
            # configure(); sqlite3 begins with the first row only.
            self._begin()

    def may_be_discarded(self):
        return self.own and not self.given \
            and not compat.sqlalchemy.has_one_connection(
                self.connection.engine)

    def _listen(self):
        self.on_return(compat.sqlalchemy_events.listen(
            self.connection, begin=self._on_begin, commit=self._on_commit,
            rollback=self._on_rollback,
            before_cursor_execute=self._before_execute,
            after_cursor_execute=self._after_execute))

    def _return_early(self):
        """Put everything back before the pool gives it to others."""
        if not self.discarded:
            self.on_return(compat.sqlalchemy_events.on_checkin(
                self.connection, lambda record: self._returned()))

    def _returned(self):
        self.finished = True
        self.settings.give_back()

    # What SQLAlchemy says of the connection -------------------------------

    def _on_begin(self, connection):
        # SQLAlchemy 1.4 has another Connection for another level.
        if _level(connection) == 'AUTOCOMMIT' != self.level:
            return                          # inside autocommit_block()
        if self.own and not self.open:
            self._begin()

    def _begin(self):
        self.open, self.clean = True, self.own
        if not self.own:
            execute(self.raw, 'BEGIN')
        elif self.finished:
            # env.py goes on after its migrations.
            self.before = None
            self.settings.give_back()
        else:
            self.settings.take_control()    # autocommit_block() gave it up
            self.settings.foreign_keys_are(not self.foreign_keys_off)
            execute(self.raw, 'BEGIN IMMEDIATE' if self.writing else 'BEGIN')

    def _on_rollback(self, connection):
        self.batch.settle()
        self.open = not self.own

    def _on_commit(self, connection):
        self.batch.settle()
        if self.before is not None and self.open:
            after = violations(self.raw)
            new = new_violations(self.before, after)
            if new:
                raise ForeignKeyViolation(
                    'Foreign keys would be violated: %s.' % '; '.join(new))
            self.before = after
        self.open = not self.own

    def _before_execute(self, connection, cursor, statement, parameters,
                        *args):
        self.batch.before(statement)
        if self.own and self.open and _BEGIN.match(statement):
            # The application's engine begins as well: what SQLAlchemy's
            # documentation says of SQLite and transactions.
            statement = 'SELECT 1'
        return statement, parameters

    def _after_execute(self, connection, cursor, statement, *args):
        if not _READS.match(statement):
            self.clean = False
        self.batch.after(statement)

    # What the run says ----------------------------------------------------

    def start_writing(self, texts):
        """Begin to write, where nothing has been written yet.

        :param texts: of the revision files that are to run; None for one
            that cannot be read.
        """
        self.writing = True
        off = any(text is None or _DROPS.search(text) for text in texts)
        if not self.own or self.open and not self.clean:
            return
        self.foreign_keys_off = off
        self.batch.own = True
        if self.open and in_transaction(self.raw):
            execute(self.raw, 'ROLLBACK')
            self._begin()
        if off and self.settings.foreign_keys:
            self.before = violations(self.raw)

    def tell(self, note):
        self.batch.note = note

    def resume(self):
        self.finished = False

    def finish(self):
        self.finished = True

    def give_back(self):
        Borrowed.give_back(self)
        if self.own and not self.given:
            self.settings.roll_back(self.connection)
        self.settings.give_back()


def _indexes(connection, schema):
    """Table, name and statement of the indexes that were made by one."""
    return [] if schema is not None else execute(
        compat.sqlalchemy.raw_connection(connection),
        "SELECT tbl_name, name, sql FROM sqlite_master WHERE "
        "type = 'index' AND sql IS NOT NULL")


def _level(connection):
    return compat.sqlalchemy.execution_options(connection).get(
        'isolation_level')
