"""Revisions of the SQLAlchemy 1.x time."""
from .. import compat, dialects


class LegacySQL(object):
    """Lets revisions of the SQLAlchemy 1.x time run as they did.

    That takes place on their own connection, while they run.

    :param call: the :class:`Call`; is told once.
    :param wanted: whether to do it at all (``Migrate(legacy_sql=)``).
    """

    def __init__(self, call, wanted):
        self._call = call
        self._wanted = wanted
        self._said = False
        self._revision = None
        self._last = None       # pair of Connection and SpeaksLegacy

    def on(self, connection, revision):
        """A revision begins."""
        if not self._wanted:
            return
        self._revision = revision
        if self._last is None or self._last[0] is not connection:
            self.off()
            ddl_commits = not dialects.of(connection).rolls_back_ddl
            self._last = connection, compat.legacy_sql.SpeaksLegacy(
                connection, self._note, ddl_commits)
        self._last[1].on()

    def off(self):
        """It has ended."""
        if self._last is not None:
            self._last[1].off()

    def _note(self, what):
        if not self._said:
            self._said = True
            self._call.say(
                u'Revision %s was written for SQLAlchemy 1.x (%s). It runs '
                u'as it did then, unless Migrate(legacy_sql=False) says no.'
                % (self._revision, what))
