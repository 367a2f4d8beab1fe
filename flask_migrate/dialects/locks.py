"""One migration of a database at a time, and waiting for one's turn."""
import time

from .. import compat
from ..errors import LockTimeout, MigrateError


class Lock(object):
    """One migration of a database at a time.

    :ivar key: equal for equal databases; all commands take locks in the
        order of their keys, so that no two wait for each other.
    :ivar own: the OwnConnection it is held on, or None.
    """

    key = None
    own = None
    #: Who else may have it, in messages.
    others = 'Another process'
    #: What else there is to do for who waits in vain.
    instead = ' --no-lock goes ahead at once: only where you are sure that ' \
        'nothing migrates this database.'
    #: What has happened where it is lost.
    loss = 'The connection that held the lock of this migration is gone'

    def try_acquire(self):
        """Take the lock, without waiting.

        :return: False where another process has it.
        :raises MigrateError: for any other reason why it cannot be taken.
        """
        raise NotImplementedError

    def holder(self):
        """Who has the lock; '' if unknown."""
        return ''

    def is_lost(self):
        """Whether it is held no more, although nobody released it."""
        return False

    def release(self):
        """Give the lock back, if it is held; never raises."""


def wait_for(lock, seconds, deadline=None, say=None):
    """Take a lock, waiting for whoever has it.

    It asks again and again: a waiter that blocks inside the server would
    hold a snapshot there, for which a ``CREATE INDEX CONCURRENTLY`` of the
    holder waits for ever.

    :param lock: the :class:`Lock`.
    :param seconds: how long to wait.
    :param deadline: when they are over, on the clock of
        ``compat.python.monotonic``, where they began earlier.
    :param say: is called once with a sentence: for whom it waits.
    :raises LockTimeout: when they are over.
    """
    import random
    clock = compat.python.monotonic
    deadline = clock() + seconds if deadline is None else deadline
    pause, said = 0.05, False
    while not _try(lock, said):
        left = deadline - clock()
        if left <= 0:
            raise _in_vain(lock, seconds)
        if not said:
            said = True
            if say is not None:
                say('%s is migrating this database%s. Waiting up to %g '
                    'seconds for it ...' % (
                        lock.others, _in_brackets(lock.holder()),
                        round(left, 1)))
        time.sleep(min(left, pause * (1 + random.random())))
        pause = min(pause * 1.5, 0.5)


def _in_vain(lock, seconds):
    return LockTimeout(
        '%s is migrating this database%s%s. Run the command again later, or '
        'wait longer with --wait SECONDS.%s' % (
            lock.others, _in_brackets(lock.holder()),
            seconds and '; waited %g seconds' % seconds or '', lock.instead))


def _try(lock, waiting):
    try:
        return lock.try_acquire()
    except MigrateError as error:
        if not waiting:
            raise
        raise MigrateError(
            'The database server ended the connection while this command '
            'waited for another process that is migrating the database: %s '
            'Run the command again.' % error)


def _in_brackets(text):
    return ' (%s)' % compat.python.native(text) if text else ''
