"""What depends on SQLAlchemy's asyncio extension (1.4; Python 3.7).

An async driver works in an event loop, and SQLAlchemy calls it from inside a
greenlet.  Where neither is at hand, what is here provides them, without the
syntax of Python 3: this module is imported everywhere.
"""
from __future__ import absolute_import

from contextlib import contextmanager
import threading


def sync_engine(engine):
    """The Engine inside an AsyncEngine; any other engine as it is."""
    inside = getattr(engine, 'sync_engine', None)
    return engine if inside is None else inside


def is_async(engine):
    """Whether the driver of an engine needs an event loop."""
    return getattr(sync_engine(engine).dialect, 'is_async', False) is True


# ------------------------------------------------------ inside env.py

def run_in(engines, function):
    """Call *function*, in which engines can be used like any other.

    It stays in this thread, with what belongs to it.  An event loop that is
    running here (the caller is a coroutine) stands still meanwhile, as in
    every call that is not awaited.

    :param engines: if one of them is async, there will be an event loop.
    :param function: takes no arguments.
    :return: what it returned.
    """
    if not any(is_async(engine) for engine in engines) or _in_greenlet():
        return function()
    from sqlalchemy.util import greenlet_spawn
    with own_loop() as loop:
        return loop.run_until_complete(greenlet_spawn(function))


def _in_greenlet():
    """Whether this is called through ``AsyncConnection.run_sync()``."""
    from greenlet import getcurrent
    current = getcurrent()
    # SQLAlchemy 2 marks its greenlets, 1.4 has a class of them.
    return getattr(current, '__sqlalchemy_greenlet_provider__', False) \
        or type(current).__name__ == '_AsyncIoGreenlet'


def connect(engine):
    """A Connection of an engine that was made for this event loop.

    The pool of an async engine may hold connections of other loops, which
    cannot be used in this one, and ours would be of no use there.  A
    database in memory has one connection only.

    :param engine: the Engine (an AsyncEngine's ``sync_engine``).
    """
    if not is_async(engine) or type(engine.pool).__name__ == 'StaticPool':
        return engine.connect()
    fairy = engine.pool.recreate().connect()
    connection = engine._connection_cls(engine, connection=fairy)
    connection.detach()
    return connection


@contextmanager
def around_env_py(text):
    """What an env.py needs that starts event loops itself, as aioflask's.

    :param text: of the file.
    """
    if 'asyncio' not in text:
        yield
        return
    if '_sync_connection()' in text:
        from sqlalchemy.ext.asyncio import AsyncConnection
        if not hasattr(AsyncConnection, '_sync_connection'):
            # The file of aioflask-multidb calls what only 1.4 has.
            AsyncConnection._sync_connection = _sync_connection
    with own_loop():
        yield


def _sync_connection(connection):
    return connection.sync_connection


@contextmanager
def own_loop():
    """A new event loop is this thread's current one, and none is running.

    For everything that calls ``asyncio.run()`` or
    ``get_event_loop().run_until_complete()``, as env.py files do, wherever
    it is called.
    """
    import asyncio
    running = asyncio._get_running_loop()
    task = running and asyncio.current_task(running)
    before = running or _current_loop()
    if task is not None:
        asyncio.tasks._leave_task(running, task)
    asyncio._set_running_loop(None)
    loop = asyncio.new_event_loop()
    asyncio.set_event_loop(loop)
    try:
        yield loop
    finally:
        _finish(loop)
        asyncio.set_event_loop(before)
        asyncio._set_running_loop(running)
        if task is not None:
            asyncio.tasks._enter_task(running, task)


def _current_loop():
    """The loop that was set for this thread, without making one."""
    import asyncio
    # Python 3.14 renamed it.
    get_policy = getattr(asyncio.events, '_get_event_loop_policy', None) \
        or asyncio.events.get_event_loop_policy
    return getattr(getattr(get_policy(), '_local', None), '_loop', None)


def _finish(loop):
    """Close a loop as ``asyncio.run()`` does."""
    import asyncio
    try:
        tasks = asyncio.all_tasks(loop)
        for task in tasks:
            task.cancel()
        if tasks:
            loop.run_until_complete(
                asyncio.gather(*tasks, return_exceptions=True))
        loop.run_until_complete(loop.shutdown_asyncgens())
    finally:
        loop.close()


# ---------------------------------------------- connections of our own

class Direct(object):
    """Calls functions; what :func:`caller` gives for an ordinary engine."""

    def call(self, function, *args):
        return function(*args)

    def close(self):
        """Be done with it."""


class LoopThread(object):
    """Calls functions in a thread that has an event loop.

    It may be used from several threads, whether they have loops or not.
    """

    def __init__(self):
        import asyncio
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever)
        self._thread.daemon = True
        self._thread.start()

    def call(self, function, *args):
        """Call a function, and return what it returns.

        :param function: may use the connections that it made before by
            another call; it may not wait for anything else.
        """
        import asyncio
        from sqlalchemy.util import greenlet_spawn
        return asyncio.run_coroutine_threadsafe(
            greenlet_spawn(function, *args), self._loop).result()

    def close(self):
        """End the thread; may be called again."""
        if not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._loop.stop)
            self._thread.join()
            self._loop.close()


def caller(engine):
    """What is to make, use and close an engine's connections of our own.

    :return: an object with ``call(function, *args)`` and ``close()``.
    """
    return LoopThread() if is_async(engine) else Direct()
