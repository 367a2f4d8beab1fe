"""The locks that one run holds: one for each database."""
from ..dialects import of, wait_for
from ..errors import LockLost


class RunAgain(BaseException):
    """env.py is left by it, to be run again from its start.

    Another process migrates one of the databases, or has just done so, and
    the transaction that is open cannot see it.  No ``except Exception`` of
    an env.py may catch it.
    """


class Locks(object):
    """The locks of a run's databases.

    They are tried without waiting.  Where one is held elsewhere, all are
    given back and then waited for in the order of their keys, which is the
    same for all processes: no two wait for each other.

    :param wait: seconds to wait for other processes; None: take no locks.
    """

    def __init__(self, wait):
        self.wait = wait
        self.engines = []       # of the databases that are locked
        self.held = {}          # Lock objects by key
        self.missing = False    # whether env.py was left to wait

    def take(self, engines, connection=None):
        """Take the locks of databases, at once.

        :param connection: a Connection to one of them.

        :raises RunAgain: where one is held by another process.
        """
        new = [engine for engine in engines if engine not in self.engines]
        if self.wait is None or not new:
            return
        self.engines.extend(new)
        locks = self._locks_of(new, connection)
        try:
            for lock in locks:
                if not lock.try_acquire():
                    self.missing = True
                    raise RunAgain()
                self.held[lock.key] = lock
        except BaseException:
            _release(locks)     # those, too, whose turn has not come
            self.release()
            raise

    def wait_for_all(self, say):
        """Wait for the locks that :meth:`take` did not get.

        :param say: is called with a text, to say who holds one.
        :raises LockTimeout: when the time is over.
        """
        self.missing = False
        deadline = None
        locks = self._locks_of(self.engines)
        self.held.update((lock.key, lock) for lock in locks)
        for lock in locks:
            deadline = wait_for(lock, self.wait, deadline, say)

    def _locks_of(self, engines, connection=None):
        """New locks of engines, in order, one for each database."""
        found = {}
        try:
            for engine in engines:
                known = connection is not None \
                    and connection.engine is engine
                lock = of(engine).lock(engine, connection if known else None)
                if lock is None:
                    continue
                if lock.key in found or lock.key in self.held:
                    lock.release()
                else:
                    found[lock.key] = lock
        except BaseException:
            _release(found.values())
            raise
        return [found[key] for key in sorted(found)]

    def own_connection(self, engine):
        """The connection on which the lock of a database is held, or None."""
        for lock in self.held.values():
            if lock.own is not None and lock.own.engine is engine:
                return lock.own
        return None

    def check(self):
        """See that all are held still.

        :raises LockLost: where one is not.
        """
        for lock in self.held.values():
            if lock.is_lost():
                raise LockLost(
                    '%s, so that another process may be migrating the '
                    'database. Run the command again. If that always '
                    'happens, --no-lock does without the lock, if nothing '
                    'else migrates this database meanwhile.' % lock.loss)

    def release(self):
        """Give all back."""
        held, self.held = self.held, {}
        _release(held.values())


def _release(locks):
    """Give locks back, all of them also where Ctrl-C ends one."""
    locks = list(locks)
    try:
        while locks:
            locks.pop().release()
    finally:
        if locks:
            _release(locks)
