"""What SQLAlchemy says while it works, and how that depends on its version.

Only what belongs to one Connection is listened to.  The listeners of an
engine and of its pool are lists that other threads are going through: adding
one there breaks off what such a thread does, with "deque mutated during
iteration".
"""
from __future__ import absolute_import

import threading

from .signatures import argument_names
from .sqlalchemy import raw_connection, raw_of


def listen(connection, **listeners):
    """Listen to events of a Connection; return a function that stops that.

    SQLAlchemy before 0.9 cannot remove a listener.
    """
    from sqlalchemy import event
    on = [True]
    guards = dict((name, _while(on, function))
                  for name, function in listeners.items())
    for name, guard in guards.items():
        # These may return another statement.
        event.listen(connection, name, guard,
                     **({'retval': True} if name == 'before_cursor_execute'
                        else {}))

    def stop():
        del on[:]
        for name, guard in guards.items():
            try:
                event.remove(connection, name, guard)
            except Exception:
                pass
    return stop


def _while(on, function):
    def listener(*args):
        if on:
            return function(*args)
        return args[2:4]    # statement and parameters, where they count
    return listener


# ------------------------------------------------- back to the pool

def on_checkin(connection, function):
    """Call a function when a Connection's DBAPI connection is returned.

    Private are ``_connection_record`` and, from 0.9 on, its list
    ``finalize_callback``, which SQLAlchemy itself uses for isolation levels.

    :param function: is given the pool's record of it.
    :return: a function: it is not to be called any more.
    """
    record = connection.connection._connection_record
    if record is None:                  # detached: it belongs to no pool
        return lambda: None
    on = [True]
    callbacks = getattr(record, 'finalize_callback', None)
    if not hasattr(callbacks, 'append'):
        return _on_pools_checkin(connection, function)

    def finalize(raw):
        if on:
            del on[:]
            function(record)
    callbacks.append(finalize)
    return lambda: on and on.pop()


def _on_pools_checkin(connection, function):
    # SQLAlchemy 0.8: its record has room for one function only.
    from sqlalchemy import event
    raw, on = raw_of(connection.connection), [True]

    def checkin(one, record):
        if on and one is raw:
            del on[:]
            function(record)
    event.listen(connection.engine.pool, 'checkin', checkin)
    return lambda: on and on.pop()


def discard_on_checkin(connection):
    """Let nobody get a Connection's DBAPI connection after it is returned.

    It is closed at once; but the application's own listeners are given it as
    it is, and then it is closed when its place in the pool is needed.
    """
    def discard(record):
        soft = 'soft' in argument_names(record.invalidate)      # 1.0.3
        if soft and connection.engine.pool.dispatch.checkin:
            record.invalidate(soft=True)
        else:
            record.invalidate()
    on_checkin(connection, discard)


# ------------------------------------------------- statements of all threads

_mutex = threading.Lock()
_names = ('do_execute', 'do_executemany', 'do_execute_no_params')


def on_statements(engine, function):
    """Call a function before each statement of an engine, in any thread.

    :param function: is given the DBAPI connection and the statement.
    :return: a function: it is not to be called any more.
    """
    dialect = engine.dialect
    with _mutex:
        heard = dialect.__dict__.get('_heard_by_migrations')
        if heard is None:
            heard = dialect._heard_by_migrations = []
            for name in _names:
                setattr(dialect, name, _heard(getattr(dialect, name), heard))
        heard.append(function)

    def stop():
        with _mutex:
            heard.remove(function)
            if heard:
                return
            for name in ('_heard_by_migrations',) + _names:
                found = dialect.__dict__.get(name)
                if found is heard or getattr(found, 'heard', None) is heard:
                    delattr(dialect, name)
    return stop


def _heard(execute, heard):
    def heard_execute(cursor, statement, *args, **kwargs):
        context = kwargs.get('context', args[-1] if args else None)
        connection = getattr(context, 'root_connection', None)
        # What SQLAlchemy 0.8 asks at first is no connection of the pool's.
        fairy = getattr(connection, 'connection', None)
        if hasattr(fairy, '_connection_record'):
            raw = raw_connection(connection)
            for function in list(heard):
                function(raw, statement)
        return execute(cursor, statement, *args, **kwargs)
    heard_execute.heard = heard
    return heard_execute
