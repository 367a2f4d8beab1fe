"""What revisions of the SQLAlchemy 1.x time expect of a Connection.

SQLAlchemy 2 refuses it.  A Connection that ``SpeaksLegacy`` has switched on
takes both: its class, and those of its results and rows, are subclasses of
SQLAlchemy's that can do more, and nothing less.
"""
from __future__ import absolute_import

from ..python import string_types
from ..sqlalchemy import commits_at_once
from .parameters import (
    driver_sql, is_of_today, parameter_sets, understood)
from .rows import LegacyResult


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
        if is_needed() and _is_of_sqlalchemy(self._kind):
            self._able = Ability(note, ddl_commits, self._kind).subclass(
                LegacyConnection)

    def on(self):
        if self._able is not None:
            self._connection.__class__ = self._able

    def off(self):
        if self._able is not None:
            self._connection.__class__ = self._kind


def _is_of_sqlalchemy(kind):
    """Whether a class is one of Connections, as they are made."""
    from sqlalchemy.engine import Connection
    return issubclass(kind, Connection) and not hasattr(kind, '_legacy')


def is_needed():
    """Whether this is SQLAlchemy 2 (an Engine executes nothing there)."""
    from sqlalchemy.engine import Engine
    return not hasattr(Engine, 'execute')


class LegacyConnection(object):
    """What a Connection could do in SQLAlchemy 1.x."""

    __slots__ = ()

    def execute(self, *args, **kwargs):
        statement, positional, named, options = understood(args, kwargs)
        if isinstance(statement, string_types):
            self._legacy.note(u'SQL as plain text')
            result = self.exec_driver_sql(*driver_sql(
                self.dialect, statement, parameter_sets(positional, named)))
        else:
            parameters = self._parameters(positional, named)
            result = self._legacy.plain.execute(
                self, statement, parameters, **options)
        return self._able_result(result)

    def scalar(self, *args, **kwargs):
        statement, positional, named, options = understood(args, kwargs)
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
                          and is_of_today(positional[0])):
            return positional[0] if positional else None
        self._legacy.note(u'the parameters of execute()')
        sets = [dict(each) if hasattr(each, 'keys') else each
                for each in parameter_sets(positional, named)]
        return sets[0] if len(sets) == 1 else sets

    def _able_result(self, result):
        from sqlalchemy.engine import Result
        # It may be the value of a Sequence.
        if isinstance(result, Result) and not hasattr(result, '_legacy'):
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
