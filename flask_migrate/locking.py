"""One migration of a database at a time.

The lock is held by the database server, or for SQLite by the kernel, on a
connection (file) of its own: it outlives every COMMIT of a migration and is
free at once when its process dies.  Lock rows and locks that expire would be
left behind by a killed process, or lost by a slow one.
"""
import hashlib
import io
import os
import random
import socket
import time
import zlib

from . import compat, console, sqlite
from .errors import MigrateError

try:
    import fcntl
except ImportError:             # Windows
    fcntl = None
    import msvcrt


class LockTimeout(MigrateError):
    """Another process was migrating the database for too long.

    .. versionadded:: 5.0.0
    """


def lock_of(engine):
    """Return the lock of a database, not yet held.

    :return: an object with ``key`` (equal for equal databases),
        ``acquire(wait)`` and ``release()``; None where the kind of database
        has no such lock.
    """
    if engine.dialect.name == 'sqlite':
        path = sqlite.database_file(engine)
        return FileLock(path) if path else None
    kind = {'postgresql': AdvisoryLock, 'mysql': NamedLock,
            'mariadb': NamedLock}.get(engine.dialect.name)
    return kind(engine) if kind else None


class Lock(object):
    """Polls until a lock is free.

    A waiter that blocks inside the server would hold a snapshot there, for
    which a ``CREATE INDEX CONCURRENTLY`` of the holder waits for ever.
    """

    key = None

    def acquire(self, wait, deadline=None):
        """Take the lock.

        :param wait: seconds to wait for another process; 0: fail at once.
        :param deadline: when they are over, where they began earlier.
        :raises LockTimeout: when they are over.
        """
        if deadline is None:
            deadline = time.time() + wait
        pause, holder = 0.05, None
        try:
            while not self._try():
                left = deadline - time.time()
                if left <= 0:
                    raise LockTimeout(
                        'Another process is migrating this database%s%s. '
                        'Run the command again later, or wait longer with '
                        '--wait SECONDS.' % (
                            in_brackets(self._holder()),
                            wait and '; waited %g seconds' % wait or ''))
                if holder is None:
                    holder = in_brackets(self._holder())
                    console.log.info(
                        'Another process is migrating this database%s. '
                        'Waiting up to %g seconds for it ...', holder,
                        round(left, 1))
                time.sleep(min(left, pause * (1 + random.random())))
                pause = min(pause * 1.5, 0.5)
        except BaseException:
            self.release()
            raise


def in_brackets(text):
    return ' (%s)' % compat.python.native(text) if text else ''


class FileLock(Lock):
    """SQLite: the kernel's lock on a file beside the database."""

    def __init__(self, database):
        self.path = os.path.realpath(database) + '.migrate-lock'
        self.key = 'sqlite:' + self.path
        self.file = None

    def _try(self):
        try:
            file = io.open(self.path, 'a+b', buffering=0)
        except EnvironmentError as error:
            raise MigrateError(
                "Can't write the lock file '%s': %s. The folder of the "
                "database must be writable." % (self.path, error.strerror))
        try:
            if fcntl is not None:
                # A program that a migration starts, and leaves running, is
                # not to hold the lock on (Python 3.4 does this itself).
                fcntl.fcntl(file, fcntl.F_SETFD, fcntl.FD_CLOEXEC)
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            else:
                file.seek(0)
                msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
        except EnvironmentError:
            file.close()
            return False
        if not self._is_in_place(file):
            file.close()
            return False
        self.file = file
        file.truncate(0)
        file.write(('process %d on %s, since %s' % (
            os.getpid(), socket.gethostname(),
            time.strftime('%Y-%m-%d %H:%M:%S'))).encode('utf-8'))
        return True

    def _is_in_place(self, file):
        """Whether the file is not one that its holder has just removed."""
        if fcntl is None:
            return True
        try:
            there = os.stat(self.path)
        except EnvironmentError:
            return False
        return there.st_ino == os.fstat(file.fileno()).st_ino

    def _holder(self):
        try:
            with io.open(self.path, encoding='utf-8') as file:
                return file.read()
        except EnvironmentError:
            return ''

    def release(self):
        if self.file is not None:
            if fcntl is not None:       # Windows removes no open file
                try:
                    os.remove(self.path)
                except EnvironmentError:
                    pass
            self.file.close()
            self.file = None


class ServerLock(Lock):
    """A lock of a database server, held by a connection of its own."""

    def __init__(self, engine):
        self.own = OwnConnection(engine)
        try:
            self._stay_connected()
            self.name = self._name()
        except BaseException:
            self.release()
            raise
        self.key = '%s:%s' % (type(self).__name__, self.name)

    def acquire(self, wait, deadline=None):
        try:
            Lock.acquire(self, wait, deadline)
        except MigrateError:
            raise
        except Exception as error:
            raise MigrateError(
                'The database server ended the connection while this command '
                'waited for another process that is migrating the database: '
                '%s. Run the command again.'
                % ' '.join(compat.python.error_text(error)
                           .split()).rstrip('.'))

    def _one(self, sql):
        rows = self.own.rows(sql)
        return rows[0][0] if rows else None

    def release(self):
        # Closing the connection is what frees the lock, whatever happened.
        self.own.close()


class AdvisoryLock(ServerLock):
    """PostgreSQL: an advisory lock, which each database has its own of."""

    NUMBER = zlib.crc32(b'flask-migrate') & 0x7fffffff

    def _stay_connected(self):
        # The connection does nothing as long as a migration runs. (The
        # setting is PostgreSQL 14's.)
        self.own.rows("SELECT set_config(name, '0', false) FROM pg_settings "
                      "WHERE name = 'idle_session_timeout'")

    def _name(self):
        # The same whatever address or name the server was reached by: all
        # commands must see one order, and one lock must not be taken twice.
        return self._one(
            "SELECT concat(extract(epoch FROM pg_postmaster_start_time()), "
            "' ', current_setting('port'), ' ', current_database())")

    def _try(self):
        return self._one('SELECT pg_try_advisory_lock(%d)' % self.NUMBER)

    def _holder(self):
        # What a user may not see of another's session is null.
        return self._one(
            "SELECT concat('server process ', a.pid, ', user ', a.usename, "
            "' from ' || host(a.client_addr), ', since ' || "
            "date_trunc('second', a.backend_start)) "
            "FROM pg_locks l JOIN pg_stat_activity a USING (pid) "
            "WHERE l.locktype = 'advisory' AND l.granted AND l.objid = %d "
            "AND a.datname = current_database()" % self.NUMBER)


class NamedLock(ServerLock):
    """MySQL and MariaDB: GET_LOCK, which is one for the whole server."""

    def _stay_connected(self):
        self.own.rows('SET SESSION wait_timeout = 2000000')    # 23 days

    def _name(self):
        database = self._one(
            "SELECT CONCAT(@@hostname, ':', @@port, '/', DATABASE())")
        # 64 characters at most, and none that needs quoting.
        return 'flask-migrate-' + hashlib.sha1(
            database.encode('utf-8')).hexdigest()

    def _try(self):
        return self._one("SELECT GET_LOCK('%s', 0)" % self.name)

    def _holder(self):
        thread = self._one("SELECT IS_USED_LOCK('%s')" % self.name)
        if thread is None:
            return ''
        return self._one(
            "SELECT CONCAT('connection ', id, ', user ', user, ' from ', "
            "host) FROM information_schema.processlist WHERE id = %d"
            % thread) or 'connection %d' % thread


class OwnConnection(object):
    """A connection made as the application's engine makes them.

    Not one of the application's pool, which may have no other to give.

    :param engine: the engine.
    """

    def __init__(self, engine):
        self.pool = engine.pool.recreate()
        self.connection = self.pool.connect()

    def rows(self, sql):
        """The rows of a statement that has no parameters.

        The transaction ends at once; locks of a session outlive it.
        """
        cursor = self.connection.cursor()
        try:
            cursor.execute(sql)
            rows = cursor.fetchall() if cursor.description else []
            self.connection.commit()
        except Exception:
            self._roll_back()
            raise
        finally:
            cursor.close()
        return rows

    def _roll_back(self):
        try:
            self.connection.rollback()
        except Exception:
            pass                # it is the first error that says why

    def close(self):
        if self.connection is not None:
            connection, self.connection = self.connection, None
            try:
                connection.invalidate()     # closes it for good
            except Exception:
                pass                        # the server is gone already
            self.pool.dispose()


def take_locks(engines, wait, held):
    """Take the locks of several databases.

    All commands take them in one order, so that no two wait for each other.

    :param held: the locks that this command has already, by key.
    :return: the new locks, by key.
    """
    locks = {}
    try:
        for engine in engines:
            lock = lock_of(engine)
            if lock is not None:
                if lock.key in locks or lock.key in held:
                    lock.release()
                else:
                    locks[lock.key] = lock
        deadline = time.time() + wait
        for key in sorted(locks):
            locks[key].acquire(wait, deadline)
    except BaseException:
        for lock in locks.values():
            lock.release()
        raise
    return locks


def set_lock_timeout(connection, seconds):
    """Tell the server how long a statement may wait for a table lock.

    :return: a function that puts back what was set before.
    """
    if connection.dialect.name == 'postgresql':
        names = {'lock_timeout': '%d' % max(1, seconds * 1000)}
    elif connection.dialect.name in ('mysql', 'mariadb'):
        names = dict.fromkeys(
            ('lock_wait_timeout', 'innodb_lock_wait_timeout'),
            '%d' % max(1, round(seconds)))
    else:
        return lambda: None
    raw = compat.sqlalchemy.raw_connection(connection)
    alone = not connection.in_transaction()

    def execute(sql):
        cursor = raw.cursor()
        try:
            cursor.execute(sql)
            return cursor.fetchone()[0] if cursor.description else None
        finally:
            cursor.close()

    def set_all(values):
        for name, value in values.items():
            execute("SET SESSION %s = '%s'" % (name, value)
                    if connection.dialect.name == 'postgresql'
                    else 'SET SESSION %s = %s' % (name, value))
        if alone or connection.closed:
            raw.commit()    # a rollback takes back what SET did

    def give_back():
        try:
            set_all(before)
        except Exception:
            pass            # env.py has closed the connection
    before = dict((name, execute(
        'SHOW %s' % name if connection.dialect.name == 'postgresql'
        else 'SELECT @@SESSION.%s' % name)) for name in names)
    set_all(names)
    return give_back
