"""What a revision does past the Connection that it is given."""
import re

from .. import compat

#: What the text of a revision has that works past SQLAlchemy.
_PAST = re.compile(r'\.connection\b|\braw_connection\b|\.cursor\(|'
                   r'\bexecutescript\b|\bdriver_connection\b')
#: What it has that works on another connection.
_ELSEWHERE = re.compile(r'\bdb\.session\b|\bcreate_engine\(|'
                        r'\.engine\.(?:connect|begin|execute)\b')


class Past(object):
    """Whether anything was executed that a Journal knows nothing of.

    The text of the revision tells, and what is seen: what a function of the
    application does, say.

    :param raw: the DBAPI connection of the run.
    :param traced: whether its driver tells what it executes.
    :ivar seen: whether there was something.
    """

    def __init__(self, raw, traced):
        self.traced = traced
        self.seen = False
        self._stop = traced and (lambda: None) \
            or compat.raw_use.on_use(raw, self.note)

    def note(self):
        """Something has been executed so."""
        self.seen = True

    def may_be(self, text):
        """Whether there may have been something.

        :param text: of the revision, or None.
        """
        if self.seen or text is not None and _ELSEWHERE.search(text):
            return True
        return not self.traced and (
            text is None or bool(_PAST.search(text)))

    def close(self):
        """Look no more."""
        self._stop()
