"""The files beside a SQLite database: its lock, and its backup."""
import errno
import io
import os
import socket
import time

from .. import compat
from ..compat.sqlite import copy_database, error as sqlite_error, execute
from ..errors import MigrateError
from .connections import OwnConnection
from .locks import Lock

#: What a lock that somebody else holds is reported as.
_HELD = (errno.EWOULDBLOCK, errno.EAGAIN, errno.EACCES, errno.EDEADLK)
_NO_LOCK = "--no-lock does without it, if nothing else migrates the " \
    "database meanwhile."


def database_file(engine, connection=None):
    """The path of a database, or None where it is in memory.

    :param connection: a Connection to it, where there is one: the engine's
        URL does not name the file that ``creator=`` opens.
    """
    if connection is not None:
        raw = compat.sqlalchemy.raw_connection(connection)
        return _main_file(execute(raw, 'PRAGMA database_list'))
    path = engine.url.database
    if path and path != ':memory:' and not path.startswith('file:'):
        return compat.python.native(path)
    if compat.sqlalchemy.has_one_connection(engine):
        return None
    own = OwnConnection(engine)
    try:
        return _main_file(own.rows('PRAGMA database_list'))
    finally:
        own.close()


def _main_file(rows):
    path = [row[2] for row in rows if row[1] == 'main'][0]
    return compat.python.native(path) if path else None


class FileLock(Lock):
    """The kernel's lock on a file beside the database."""

    def __init__(self, engine, database):
        self.engine = engine
        self.path = os.path.realpath(database) + '.migrate-lock'
        self.key = 'sqlite:' + self.path
        self.loss = "The lock file '%s' of this migration has been removed" \
            % self.path
        self.file = None

    def try_acquire(self):
        file, locked = self._open(), False
        try:
            locked = self._lock(file)
        finally:
            if not locked:
                file.close()
        if not locked:
            return False
        self.file = file
        file.truncate(0)
        file.write(('process %d on %s, since %s' % (
            os.getpid(), socket.gethostname(),
            time.strftime('%Y-%m-%d %H:%M:%S'))).encode('utf-8'))
        return True

    def _lock(self, file):
        """Lock an open file; return False where another process has it."""
        try:
            compat.file_locks.lock(file)
        except EnvironmentError as error:
            if error.errno in _HELD:
                return False
            raise MigrateError(
                "The file '%s' cannot be locked here: %s. %s" % (
                    self.path, error.strerror, _NO_LOCK))
        if not self._is_in_place(file):
            return False
        if not _is_lock_file(file):
            raise MigrateError(
                "The file '%s' stands where the lock belongs, but is no lock "
                "file. Move it away. %s" % (self.path, _NO_LOCK))
        return True

    def _open(self):
        # No link is followed: it might lead to somebody's precious file.
        flags = os.O_RDWR | os.O_CREAT | os.O_APPEND \
            | getattr(os, 'O_NOFOLLOW', 0)
        try:
            if os.path.islink(self.path):
                raise EnvironmentError(errno.ELOOP, 'it is a link')
            return io.open(os.open(self.path, flags, 0o666), 'a+b',
                           buffering=0)
        except EnvironmentError as error:
            reason = 'The folder of the database must be writable.'
            if os.path.lexists(self.path):
                reason = 'Another user, or an earlier run, has left it: ' \
                    'remove it if no migration is running.'
            raise MigrateError("Can't write the lock file '%s': %s. %s %s" % (
                self.path, error.strerror, reason, _NO_LOCK))

    def _is_in_place(self, file):
        """Whether the file is not one that its holder has just removed."""
        if not compat.file_locks.CAN_REMOVE_OPEN_FILES:
            return True
        try:
            there = os.stat(self.path)
        except EnvironmentError:
            return False
        return there.st_ino == os.fstat(file.fileno()).st_ino

    def holder(self):
        try:
            with io.open(self.path, encoding='utf-8') as file:
                return file.read(200)
        except EnvironmentError:
            return ''

    def is_lost(self):
        return self.file is not None and not self._is_in_place(self.file)

    def release(self):
        if self.file is not None:
            if compat.file_locks.CAN_REMOVE_OPEN_FILES \
                    and self._is_in_place(self.file):
                try:
                    os.remove(self.path)
                except EnvironmentError:
                    pass
            self.file.close()
            self.file = None


def _is_lock_file(file):
    """Whether an open file may be written, and removed."""
    if os.fstat(file.fileno()).st_nlink > 1:
        return False
    file.seek(0)
    return file.read(8) in (b'', b'process ')


# ------------------------------------------------------------------ backups

def check_backup(engine, path, number):
    """Refuse a backup that cannot be made.

    :param number: of databases that are to be copied to *path*.
    """
    if database_file(engine) is None:
        raise MigrateError("--backup needs a database in a file; this one "
                           "is in memory.")
    if path and number > 1 and not os.path.isdir(path):
        raise MigrateError('There are %d databases: give --backup a folder '
                           'that exists.' % number)


def back_up(engine, path=None):
    """Copy a database, as a whole, to a new file.

    :param path: of the copy; by default beside the database, with the time.
    :return: the path.
    """
    database = database_file(engine)
    path = _target(database, path and compat.python.native(path))
    try:
        # Nobody may read the copy who may not read the database.
        os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY,
                         os.stat(database).st_mode & 0o777))
    except EnvironmentError as error:
        if os.path.lexists(path):
            raise MigrateError(
                "The backup file '%s' already exists. Nothing was changed; "
                "give another path." % path)
        raise MigrateError("Can't write the backup '%s': %s. Nothing was "
                           "changed." % (path, error))
    try:
        _copy(engine, database, path)
    except BaseException as error:
        os.remove(path)         # half a copy is none
        if not isinstance(error, (EnvironmentError, sqlite_error())):
            raise
        raise MigrateError("Can't write the backup '%s': %s. Nothing "
                           "was changed." % (path, error))
    return path


def _target(database, path):
    if path and os.path.isdir(path):
        return os.path.join(path, os.path.basename(database) + '.backup')
    if path:
        return path
    path = name = '%s.backup-%s' % (database, time.strftime('%Y%m%d-%H%M%S'))
    number = 2
    while os.path.lexists(path):
        path = '%s-%d' % (name, number)
        number += 1
    return path


def _copy(engine, database, path):
    own = OwnConnection(engine)
    try:
        copy_database(compat.async_drivers.plain(
            compat.sqlalchemy.raw_of(own.connection)), database, path)
    finally:
        own.close()
