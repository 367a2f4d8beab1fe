"""A migration does not hang in silence: who it waits for, and how to end it.

A thread asks the server, on the connection of the lock, while a migration
runs.
"""
import logging
import threading

from .. import compat
from ..dialects import OwnConnection

log = logging.getLogger('flask_migrate')

#: Seconds after which a revision that still runs is announced.
LONG = 1.0
#: Seconds from one look to the next.
INTERVAL = 0.5
#: Seconds that a migration waits for somebody before that is said.
PATIENCE = 3.0


class Watched(object):
    """A session at work, as the watcher sees it.

    :param dialect: the Dialect of its database.
    :param engine: its engine.
    :param number: the server's number of it.
    :param borrowed: the Borrowed of its Connection.
    :param own: the OwnConnection of the lock; None: the watcher makes one.
    """

    def __init__(self, dialect, engine, number, borrowed, own=None):
        self.dialect = dialect
        self.engine = engine
        self.number = number
        self.borrowed = borrowed
        self.own = own


class Watcher(object):
    """Says when a revision takes long, and on whom it waits.

    :param run: has ``watched``, the Watched or None, ``running``, the
        revision that is running (with ``text`` and ``start``) or None, and
        ``lock_timeout``.
    :ivar seen: sentences: who was in the way of the revision last.
    :ivar ended: a sentence, where a deadlock of the revision was ended.
    """

    def __init__(self, run):
        self.run = run
        self.seen = []
        self.ended = None
        self._running = None
        self._announced = False
        self._told = set()      # numbers of those who have been named
        self._waits_for = set()
        self._since = compat.python.monotonic()
        self._own = {}          # connections made here, by engine
        self._done = threading.Event()
        self._thread = None

    def start(self):
        """Begin to watch, if it has not begun."""
        if self._thread is None:
            self._done.clear()
            self._thread = threading.Thread(target=self._watch)
            self._thread.daemon = True
            self._thread.start()

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *error):
        self.stop()

    def stop(self):
        """Watch no more."""
        if self._thread is not None:
            self._done.set()
            self._thread.join(2)
            self._thread = None

    def _watch(self):
        interval = INTERVAL
        if self.run.lock_timeout:
            # Somebody must have been seen before the server gives up; but
            # MariaDB's list stays the same if it is read every 0.1 seconds.
            interval = min(interval, max(self.run.lock_timeout / 4.0, 0.15))
        try:
            while not self._done.wait(interval):
                self._announce(self.run.running)
                watched = self.run.watched
                if watched is not None and watched.number is not None:
                    self._look(watched)
        finally:
            for connection in self._own.values():
                connection.close()

    def _announce(self, running):
        if running is not self._running:
            self._running, self._announced = running, False
            self._told, self.seen, self.ended = set(), [], None
        if running is not None and not self._announced \
                and compat.python.monotonic() - running.start >= LONG:
            self._announced = True
            log.info('%s ...', running.text)

    def _look(self, watched):
        try:
            found = watched.dialect.obstacles(
                self._connection(watched), watched.number)
        except Exception:
            found = {}      # no right to see sessions, or no connection
        now = compat.python.monotonic()
        if set(found) != self._waits_for:
            self._waits_for, self._since = set(found), now
        if found:
            self.seen = list(found.values())
        if found and now - self._since >= PATIENCE:
            self._end_deadlock(watched, found)
            for number in set(found) - self._told:
                self._told.add(number)
                log.warning('%s', found[number])

    def _end_deadlock(self, watched, found):
        other = watched.borrowed.elsewhere()
        if other not in found or self.ended:
            return
        try:
            self.ended = watched.dialect.end_deadlock(
                self._connection(watched), watched.number, other)
        except Exception:
            return              # the wait is over, or there is no right
        if self.ended:
            self.seen = [self.ended]
            self._told.add(other)

    def _connection(self, watched):
        if watched.own is not None:
            return watched.own
        if watched.engine not in self._own:
            self._own[watched.engine] = OwnConnection(watched.engine)
        return self._own[watched.engine]
