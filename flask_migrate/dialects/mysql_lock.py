"""The lock of MySQL and MariaDB: GET_LOCK."""
import hashlib

from .. import compat
from .server import ServerLock

#: The same whatever name the server was reached by.
DATABASE = "CONCAT(@@hostname, ':', @@port, '/', COALESCE(DATABASE(), ''))"


def lock_name(database, more=''):
    """64 characters at most, and none that needs quoting."""
    return 'flask-migrate-%s%s' % (more, hashlib.sha1(
        compat.python.text(database).encode('utf-8')).hexdigest())


class NamedLock(ServerLock):
    """GET_LOCK, which is one for the whole server."""

    def _name(self):
        self.own.rows('SET SESSION wait_timeout = 2000000')    # 23 days
        database = self.own.one('SELECT ' + DATABASE)
        self.at_work = lock_name(database, 'at-work')
        return lock_name(database)

    def _try(self):
        got = self.own.one("SELECT GET_LOCK('%s', 0)" % self.name)
        if got is None:
            raise RuntimeError('GET_LOCK has no answer')
        if got and self._goes_on():
            self._free()
            return False
        return bool(got)

    def _goes_on(self):
        """Whether the server still executes what a killed process began."""
        number = self._user_of(self.at_work)
        return number is not None and bool(self.own.rows(
            "SELECT 1 FROM information_schema.processlist WHERE id = %d "
            "AND command IN ('Query', 'Execute')" % number))

    def _free(self):
        self.own.rows("DO RELEASE_LOCK('%s')" % self.name)

    def _user_of(self, name):
        return self.own.one("SELECT IS_USED_LOCK('%s')" % name)

    def _is_held(self):
        return self.own.one("SELECT IS_USED_LOCK('%s') = CONNECTION_ID()"
                            % self.name)

    def _holder(self):
        number = self._user_of(self.name)
        if number is None:
            number = self._user_of(self.at_work)
        if number is None:
            return ''
        return self.own.one(
            "SELECT CONCAT('connection ', id, ', user ', user, ' from ', "
            "host) FROM information_schema.processlist WHERE id = %d"
            % number) or 'connection %d' % number
