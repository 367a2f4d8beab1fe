"""The connections of a run, as env.py gives them."""
from .journal import Journal


class Connections(object):
    """What is borrowed of each Connection, and what is executed on it."""

    def __init__(self):
        self._borrowed = []         # pairs of Connection and Borrowed
        self._journals = []         # pairs of Connection and Journal

    def take(self, connection, dialect, given, interruptible):
        """Borrow a Connection, and follow what is executed on it.

        :param dialect: its Dialect; for the rest see its ``borrow()``.
        :return: the :class:`Journal`.
        """
        borrowed = dialect.borrow(connection, given, interruptible)
        self._borrowed.append((connection, borrowed))
        journal = Journal(connection, dialect)
        borrowed.tell(journal.note)
        borrowed.tell_elsewhere(journal.note_elsewhere)
        self._journals.append((connection, journal))
        return journal

    def borrowed(self, connection):
        """The Borrowed of a Connection; None: it has not been taken."""
        return _of(connection, self._borrowed)

    def journal(self, connection):
        """The Journal of a Connection, likewise."""
        return _of(connection, self._journals)

    def give_back(self):
        """Let go of all of them."""
        while self._journals:
            self._journals.pop()[1].close()
        while self._borrowed:
            self._borrowed.pop()[1].give_back()


def _of(connection, pairs):
    """What belongs to a Connection (they compare by identity)."""
    for known, value in pairs:
        if known is connection:
            return value
    return None
