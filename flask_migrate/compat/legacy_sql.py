"""What revisions of the SQLAlchemy 1.x time expect of a Connection.

SQLAlchemy 2 refuses it.  A Connection that ``SpeaksLegacy`` has switched on
takes both: its class, and those of its results and rows, are subclasses of
SQLAlchemy's that can do more, and nothing less.
"""
from __future__ import absolute_import

from functools import partial, wraps
import re

from .python import string_types
from .sqlalchemy import commits_at_once


class Ability(object):
    """What a subclass of one of SQLAlchemy's classes knows.

    :param note: is called with words for what SQLAlchemy 2 does not know.
    :param ddl_commits: whether DDL ends the transaction, and savepoints.
    :param plain: SQLAlchemy's class.
    """

    def __init__(self, note, ddl_commits, plain):
        self.note = note
        self.ddl_commits = ddl_commits
        self.plain = plain
        self._kinds = {}

    def subclass(self, methods):
        """The subclass: objects of *plain* can become objects of it.

        That takes a class with this one base.

        :param methods: a class that has them.
        """
        members = dict((name, value) for name, value in vars(methods).items()
                       if name not in ('__dict__', '__weakref__'))
        members.update(__slots__=(), __module__=__name__, _legacy=self)
        return type(self.plain.__name__, (self.plain,), members)

    def kind(self, methods, plain):
        """The subclass of another class, for what comes from here."""
        if plain not in self._kinds:
            self._kinds[plain] = Ability(
                self.note, self.ddl_commits, plain).subclass(methods)
        return self._kinds[plain]


class SpeaksLegacy(object):
    """Lets a Connection of SQLAlchemy 2 understand the calls of 1.x.

    It does nothing on SQLAlchemy 1.x, which understands them itself.

    :param connection: the Connection.
    :param note: is called, with words for it, when that was needed.
    :param ddl_commits: whether DDL ends the transaction.
    """

    def __init__(self, connection, note, ddl_commits):
        self._connection = connection
        self._kind = type(connection)
        self._able = None
        if is_needed():
            self._able = Ability(note, ddl_commits, self._kind).subclass(
                LegacyConnection)

    def on(self):
        if self._able is not None:
            self._connection.__class__ = self._able

    def off(self):
        if self._able is not None:
            self._connection.__class__ = self._kind


def is_needed():
    """Whether this is SQLAlchemy 2 (an Engine executes nothing there)."""
    from sqlalchemy.engine import Engine
    return not hasattr(Engine, 'execute')


# -------------------------------------------------------------- connections

class LegacyConnection(object):
    """What a Connection could do in SQLAlchemy 1.x."""

    __slots__ = ()

    def execute(self, *args, **kwargs):
        statement, positional, named, options = _understood(args, kwargs)
        if isinstance(statement, string_types):
            self._legacy.note(u'SQL as plain text')
            result = self.exec_driver_sql(*_driver_sql(
                self.dialect, statement, _sets(positional, named)))
        else:
            result = self._legacy.plain.execute(
                self, statement, self._parameters(positional, named), **options)
        return self._able_result(result)

    def scalar(self, *args, **kwargs):
        statement, positional, named, options = _understood(args, kwargs)
        if isinstance(statement, string_types):
            return self.execute(*args, **kwargs).scalar()
        return self._legacy.plain.scalar(
            self, statement, self._parameters(positional, named), **options)

    def begin(self):
        if not self.in_transaction():
            return self._legacy.plain.begin(self)
        self._legacy.note(u'begin() inside the transaction')
        savepoint = None if commits_at_once(self) else self.begin_nested()
        return LegacyTransaction(self, savepoint, self._legacy.ddl_commits)

    def _parameters(self, positional, named):
        """Parameters for an expression, as SQLAlchemy 2 takes them."""
        if not named and (not positional or len(positional) == 1
                          and _is_of_today(positional[0])):
            return positional[0] if positional else None
        self._legacy.note(u'the parameters of execute()')
        sets = [dict(each) if hasattr(each, 'keys') else each
                for each in _sets(positional, named)]
        return sets[0] if len(sets) == 1 else sets

    def _able_result(self, result):
        from sqlalchemy.engine import Result
        if isinstance(result, Result):      # not the value of a Sequence
            result.__class__ = self._legacy.kind(LegacyResult, type(result))
        return result


class LegacyTransaction(object):
    """A transaction that was begun inside another.

    In SQLAlchemy 1.x its COMMIT was left to the outermost one, which most
    databases did not have while a revision ran: there, what it rolled back
    was its own.  A savepoint does either.

    :param connection: the Connection.
    :param savepoint: SQLAlchemy's NestedTransaction; None where there is no
        transaction at all.
    :param ddl_commits: whether DDL ends the transaction, and savepoints.
    """

    def __init__(self, connection, savepoint, ddl_commits):
        self.connection = connection
        self.is_active = True
        self._savepoint = savepoint
        self._ddl_commits = ddl_commits

    def commit(self):
        self._end('commit')

    def rollback(self):
        if self.is_active:
            self._end('rollback')

    def close(self):
        if self.is_active:
            self._end('commit')

    def _end(self, name):
        from sqlalchemy.exc import DBAPIError
        self.is_active = False
        if self._savepoint is None:
            return
        try:
            getattr(self._savepoint, name)()
        except DBAPIError:
            if not self._ddl_commits:
                raise
            # DDL has ended it, and has committed what was before.
            if name == 'rollback':
                self.connection.exec_driver_sql('ROLLBACK')
            else:
                self._savepoint.rollback()

    def __enter__(self):
        return self

    def __exit__(self, kind, error, traceback):
        if kind is not None:
            self.rollback()
        elif self.is_active:
            self.commit()


# --------------------------------------------------------------- parameters

def _understood(args, kwargs):
    """Statement, positional and named parameters, and options, of a call.

    The options are those of SQLAlchemy 2, which has *parameters* too.
    """
    named = dict(kwargs)
    statement = args[0] if args else named.pop('statement')
    positional, options = args[1:], {}
    if isinstance(statement, string_types):
        return statement, positional, named, options
    given = named.get('execution_options', 0)
    if given is None or hasattr(given, 'keys'):
        options['execution_options'] = named.pop('execution_options')
    given = named.get('parameters', 0)
    if not positional and (given is None or hasattr(given, 'keys')
                           or isinstance(given, (list, tuple))):
        positional = (named.pop('parameters'),)
    return statement, positional, named, options


def _sets(positional, named):
    """The sets of parameters in a call, as SQLAlchemy 1.x took it."""
    if not positional:
        return [named] if named else []
    first = positional[0]
    if len(positional) > 1:
        return list(positional) if _is_set(first) else [positional]
    if isinstance(first, (list, tuple)):
        return list(first) if not first or _is_set(first[0]) else [first]
    return [first] if hasattr(first, 'keys') else [(first,)]


def _is_set(value):
    """Whether a value holds parameters, and is none."""
    return hasattr(value, '__iter__') and not hasattr(value, 'strip')


def _is_of_today(parameters):
    """Whether SQLAlchemy 2 takes parameters as they are."""
    from sqlalchemy.engine import RowMapping
    kinds = (dict, RowMapping)
    # Alembic itself gives an empty tuple.
    return parameters in (None, ()) or isinstance(parameters, kinds) or (
        isinstance(parameters, list)
        and all(isinstance(each, kinds) for each in parameters))


def _driver_sql(dialect, statement, sets):
    """A plain text and its parameters, as the driver gets them."""
    sets = [each if isinstance(each, dict) else dict(each)
            if hasattr(each, 'keys') and not hasattr(each, '_mapping')
            else tuple(each) for each in sets]
    if dialect.paramstyle == 'numeric_dollar':
        statement, sets = _numbered(statement, sets)
    return statement, sets or None


def _numbered(statement, sets):
    """The same for asyncpg: the drivers of that time used '%'."""
    names = []

    def number(match):
        if match.group() == '%%':
            return '%'
        name = match.group(1)
        if name is None or name not in names:
            names.append(name)
            return '$%d' % len(names)
        return '$%d' % (names.index(name) + 1)
    statement = re.sub(r'%%|%s|%\((\w+)\)s', number, statement)
    return statement, [tuple(each[name] for name in names)
                       if isinstance(each, dict) else each for each in sets]


# --------------------------------------------------------- results and rows

class LegacyResult(object):
    """What a result could do in SQLAlchemy 1.x."""

    __slots__ = ()

    def keys(self):
        """The names of the columns: a view, with what a list can do."""
        keys = self._legacy.plain.keys(self)
        keys.__class__ = self._legacy.kind(LegacyKeys, type(keys))
        return keys

    def _able_row(self, row):
        from sqlalchemy.engine import Row
        if not isinstance(row, Row) or hasattr(type(row), '_legacy'):
            return row
        # The row classes can be made anew in one way in all releases.
        rebuild, (kind, state) = row.__reduce__()
        return rebuild(self._legacy.kind(LegacyRow, kind), state)

    def _able_rows(self, rows):
        return [self._able_row(row) for row in rows]

    def __iter__(self):
        return map(self._able_row, self._legacy.plain.__iter__(self))

    def __next__(self):
        return self._able_row(self._legacy.plain.__next__(self))

    next = __next__

    def partitions(self, *args, **kwargs):
        return map(self._able_rows, self._legacy.plain.partitions(
            self, *args, **kwargs))


def _fetching(name, of_rows):
    def fetch(self, *args, **kwargs):
        found = getattr(self._legacy.plain, name)(self, *args, **kwargs)
        return self._able_rows(found) if of_rows else self._able_row(found)
    fetch.__name__ = name
    return fetch


for _name in ('fetchone', 'first', 'one', 'one_or_none'):
    setattr(LegacyResult, _name, _fetching(_name, False))
for _name in ('fetchall', 'fetchmany', 'all'):
    setattr(LegacyResult, _name, _fetching(_name, True))


class LegacyKeys(object):
    """What else a list of names can do."""

    __slots__ = ()

    def __getitem__(self, index):
        return list(self)[index]

    def index(self, name):
        return list(self).index(name)


def _unless_a_column(method):
    """A method of rows that a column of its name hides, as in 2.x."""
    @wraps(method)
    def find(self):
        mapping, name = self._mapping, method.__name__
        if name in mapping:
            return mapping[name]
        self._legacy.note(u"row.%s()" % name)
        return partial(method, self)
    return property(find)


class LegacyRow(object):
    """What a row could do in SQLAlchemy 1.x."""

    __slots__ = ()

    def __getitem__(self, key):
        if isinstance(key, slice) or hasattr(type(key), '__index__'):
            return self._legacy.plain.__getitem__(self, key)
        self._legacy.note(u"row['name']")
        return self._mapping[_name_in(self._mapping, key)]

    def __contains__(self, key):
        from sqlalchemy.sql import ClauseElement
        column = isinstance(key, ClauseElement)
        if column or isinstance(key, string_types):
            if _name_in(self._mapping, key) in self._mapping:
                self._legacy.note(u"'name' in row")
                return True
        return not column and self._legacy.plain.__contains__(self, key)

    def __reduce__(self):
        rebuild, (kind, state) = self._legacy.plain.__reduce__(self)
        return rebuild, (self._legacy.plain, state)

    @_unless_a_column
    def keys(self):
        return list(self._mapping.keys())

    @_unless_a_column
    def values(self):
        return list(self)

    @_unless_a_column
    def items(self):
        return list(self._mapping.items())

    @_unless_a_column
    def iterkeys(self):
        return iter(self._mapping.keys())

    @_unless_a_column
    def itervalues(self):
        return iter(self)

    @_unless_a_column
    def has_key(self, key):
        return _name_in(self._mapping, key) in self._mapping


def _name_in(mapping, key):
    """What a row knows a column as: in one of plain text by its name."""
    if isinstance(key, string_types) or key in mapping:
        return key
    name = getattr(key, 'name', None)
    table = getattr(getattr(key, 'table', None), 'name', None)
    for each in ('%s_%s' % (table, name), name):
        if each in mapping:
            return each
    return key
