"""Databases whose only connection all threads share, such as those in memory.

What one thread ends there, by closing its Connection, ends what another has
begun.  So env.py of one command runs at a time, and who looks has to wait
too.
"""
from contextlib import contextmanager
import threading
import weakref

from flask import current_app

from .. import dialects
from ..databases import engines_of_one_connection

_mutex = threading.Lock()
_turns = weakref.WeakKeyDictionary()    # by pool


class _Turn(dialects.Lock):
    """Whose turn it is."""

    others = 'Another thread'
    instead = ''

    def __init__(self):
        self._mutex = threading.Lock()

    def try_acquire(self):
        return self._mutex.acquire(False)

    def release(self):
        self._mutex.release()


def _turns_of(engine):
    """Two for a database: that of migrations, and that of everybody."""
    with _mutex:
        return _turns.setdefault(engine.pool, (_Turn(), _Turn()))


@contextmanager
def one_at_a_time(changes, wait, say):
    """Wait until it is this command's turn in the application's databases.

    :param changes: whether it is a migration.
    :param wait: seconds that a migration waits for another one; None: as
        long as it takes.
    :param say: is called with a text, to say who holds one.
    :raises LockTimeout: when they are over.
    """
    found = [_turns_of(engine) for engine in engines_of_one_connection(
        current_app._get_current_object(),
        current_app.extensions['migrate'].db)]
    held, deadline = [], None
    try:
        for turns in sorted(found, key=id):
            if changes:
                deadline = dialects.wait_for(
                    turns[0], float('inf') if wait is None else wait,
                    deadline, None if wait is None else say)
                held.append(turns[0])
            # Who only looks will have looked.
            dialects.wait_for(turns[1], float('inf'))
            held.append(turns[1])
        yield
    finally:
        while held:
            held.pop().release()
