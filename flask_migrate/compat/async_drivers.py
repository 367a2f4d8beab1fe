"""What depends on async drivers, and on SQLAlchemy's adapters for them."""
from __future__ import absolute_import

from functools import partial
import threading


def driver_connection(raw):
    """The driver's own connection, under SQLAlchemy's adapter for it.

    :param raw: the DBAPI connection.
    """
    if not type(raw).__name__.startswith('AsyncAdapt'):
        return raw
    # 'driver_connection' is 1.4.24.
    return getattr(raw, 'driver_connection', None) or raw._connection


def plain(raw):
    """A DBAPI connection that can be used anywhere: outside a greenlet too.

    :param raw: the DBAPI connection.
    :return: for aiosqlite an object with everything that a connection of
        sqlite3 has, each call of which is made in the thread that it belongs
        to; any other connection as it is.
    """
    driver = driver_connection(raw)
    if not type(driver).__module__.startswith('aiosqlite'):
        return raw
    return InItsThread(driver, driver._conn)


class InItsThread(object):
    """A connection or cursor of sqlite3 that aiosqlite has.

    sqlite3's objects are used in the thread that made them.  aiosqlite takes
    calls for it in a queue, and an answer needs no event loop.
    """

    def __init__(self, driver, inside):
        self.__dict__.update(_driver=driver, _inside=inside)

    def __getattr__(self, name):
        found = self._call(getattr, self._inside, name)
        if not callable(found):
            return found
        if name == 'interrupt':         # of use to other threads only
            return found
        return partial(self._call, found)

    def __setattr__(self, name, value):
        self._call(setattr, self._inside, name, value)

    def _call(self, function, *args, **kwargs):
        import sqlite3
        driver = self._driver
        thread = getattr(driver, '_thread', driver)     # aiosqlite 0.22
        answer = _Answer()
        driver._tx.put_nowait((answer, partial(function, *args, **kwargs)))
        while not answer.ready.wait(0.2):
            if not thread.is_alive() and not answer.ready.is_set():
                raise sqlite3.ProgrammingError('The connection is closed.')
        result = answer.result()
        if isinstance(result, sqlite3.Cursor):
            return InItsThread(driver, result)
        return result


class _Answer(object):
    """Stands in for the Future of a call, and for the loop of that."""

    def __init__(self):
        self.ready = threading.Event()
        self._error = self._result = None

    _loop = property(lambda self: self)

    def get_loop(self):
        return self

    def call_soon_threadsafe(self, function, *args):
        function(*args)

    def done(self):
        return self.ready.is_set()

    def set_result(self, result):
        self._result = result
        self.ready.set()

    def set_exception(self, error):
        self._error = error
        self.ready.set()

    def result(self):
        if self._error is not None:
            raise self._error
        return self._result
