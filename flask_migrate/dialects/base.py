"""A kind of database of which nothing is known."""
import re

from ..errors import MigrateError
from .connections import Borrowed
from .schema import NoScratch


_COMMIT = re.compile(r'(?:COMMIT|END)\b(?!\s+PREPARED\b)', re.I)
#: In the midst of several statements, or in the body of a DO.
_COMMIT_INSIDE = re.compile(
    r'(?:;|\b(?:BEGIN|THEN|ELSE|LOOP))\s*COMMIT\b'
    r'(?:\s+(?:WORK|TRANSACTION|AND\b[^;]*))?\s*(?:;|\Z)', re.I)
_BODIES = re.compile(r'(\$\w*\$).*?\1', re.S)
_TEXTS = re.compile(r"'(?:[^']|'')*'")


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
    #: Whether it gives a name to a constraint that was made without one.
    names_constraints = True
    #: Whether a schema is another database of the server.
    schemas_are_databases = False
    #: The program that copies a database.
    dump_tool = None
    #: Whether a column that gets another name has to be declared anew.
    renames_by_declaring = False
    #: Whether a table may be dropped before those that refer to it.
    drops_in_any_order = False
    #: Whether a foreign key makes an index, which stays behind.
    indexes_foreign_keys = False
    #: What of its columns a foreign key holds: their 'type', or the 'kind'.
    holds_types = None
    #: Whether an enum is a type with a name.
    names_enums = False
    #: Whether a change of type has to say how values become others.
    casts_types = False
    #: What SQLAlchemy calls those that take the same SQL.
    names = ()
    #: Whether a default that is an expression stands in brackets.
    brackets_defaults = False
    #: Whether the collation of a column can be asked for.
    tells_collations = False
    #: Whether SQL is kept as it was given.
    keeps_sql = False
    #: Whether batch mode copies a table.
    copies_tables = False

    #: Whether a column's type has the values of an enum in it.
    lists_enum_values = False
    #: Whether an index may be of expressions, as any of theirs.
    indexes_expressions = False
    #: Whether an index of geometries is declared as such.
    prefixes_spatial_indexes = False
    #: How a temporary table is dropped, without a COMMIT.
    drop_temporary_table = 'DROP TABLE %s'
    #: Defaults for ``context.configure()``.
    context_arguments = {}

    def __init__(self, name=None):
        self.name = name

    def server_title(self, connection):
        """What the server of a Connection is called in messages."""
        return self.title or self.name

    def know_types(self, connection):
        """Let SQLAlchemy read types that it takes for others."""

    def real_types(self, connection):
        """The types that SQLAlchemy reads as others, by table and column."""
        return {}

    def declared_type(self, connection, schema, table, column):
        """What a column was made as, where that is kept as text."""

    def owns_table(self, name):
        """Whether a table is the database's own."""
        return False

    def untold(self, connection, table):
        """What no Inspector tells of a table, where SQL is kept.

        :return: the collations of its columns, a dict, and whether it gives
            no number twice.
        """
        return {}, False

    def is_missing(self, engine):
        """Whether a database would be made by connecting to it."""
        return False

    def is_in_memory(self, engine):
        """Whether a database is gone with the process."""
        return False

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
        text = _TEXTS.sub("''", statement)
        if not re.match(r'DO\b', text, re.I):
            text = _BODIES.sub('', text)    # they are only defined
        if _COMMIT_INSIDE.search(text):
            return None
        return error is None and bool(_COMMIT.match(statement))

    def keeps(self, statement):
        """Whether a ROLLBACK leaves what a statement has done."""
        return False

    def left_by(self, connection, statement):
        """What a statement that failed has left, although it failed.

        :param connection: a Connection to ask on.
        :return: sentences.
        """
        return []

    #: What its drivers say of a table or a column that is not there.
    missing = None

    def functional_indexes(self, connection, schema=None):
        """The statements that made indexes of expressions.

        :return: a dict by table of dicts by name; None where an Inspector
            reflects them.
        """

    def index_statements(self, connection, schema=None):
        """The same, where an Inspector reflects them, too."""
        return self.functional_indexes(connection, schema)

    def index_conditions(self, connection, schema=None):
        """The conditions of partial indexes, as SQL.

        :return: a dict by table of dicts by name; None where there are none.
        """

    def view(self, connection):
        """What a Connection sees the database by, for :meth:`look_at`."""

    def look_at(self, connection, view):
        """Let another Connection see the database likewise."""

    def read_schema(self, connection):
        """All that is in a database, as SQL: a :class:`Schema`; or None."""
        return None

    def scratch(self, engine):
        """A database of the same kind to try something in.

        :return: a context manager that gives an engine, and drops the
            database at the end.
        :raises NoScratch: where none can be made.
        """
        raise NoScratch('there is no such thing for %s' % (
            self.title or self.name))

    def connection_error(self, engine):
        """What an attempt to connect fails with; None: nothing, or it was
        not tried, as there is no server to wait for.
        """
        return None

    def is_starting(self, error):
        """Whether a connection failed as there is no server, or not yet.

        :param error: the driver's.
        """
        return False

    def left_behind(self, engine, places, names):
        """Where the tables are, if the file of a database has none.

        :param places: paths where it may be.
        :param names: of tables, one of which it must have.
        :return: an object with *path* and *move*, a command; or None.
        """
        return None

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

    def misfit(self, column, old, new, target):
        """The condition of rows whose value another type would change.

        :param column: its name, as SQL.
        :param old: the type that it has.
        :param new: the one that it gets.
        :param target: that as SQL.
        :return: SQL; None: there is none, or it is not known.
        """

    def renames_enum_values(self, connection):
        """Whether an enum that is a type can give a value another name."""
        return False

    def sequences_of(self, connection, schema, table):
        """The names of the sequences that belong to a table's columns."""
        return []

    def sequence_owners(self, connection):
        """The columns that own sequences.

        :return: a dict from what ``nextval()`` calls a sequence to the
            column's name.
        """
        return {}

    def rename_sequence(self, connection, schema, old, new):
        """The statement that renames a sequence."""
        raise NotImplementedError
