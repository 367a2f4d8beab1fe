# -*- coding: utf-8 -*-
"""Throw-away PostgreSQL and MariaDB servers for the tests.

``postgresql()`` and ``mariadb()`` start a real server of their own in a new
temporary directory and take both away again::

    with postgresql() as server:
        database = server.create_database()
        engine = sqlalchemy.create_engine(server.url(database))

The fixtures at the end of this file are meant to be imported by conftest.py.

Nothing is left behind, however the test run ends: every server is the child
of a small process, the keeper (this file run as a script, see ``keep()``),
which ends the server and removes its directory as soon as the process that
asked for the server is gone. (Only if that happens while a server is halted,
between ``halt()`` and ``start()``, does the directory stay.)
"""
from __future__ import print_function

import atexit
import contextlib
import glob
import os
import random
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import uuid

try:
    from urllib import quote
except ImportError:
    from urllib.parse import quote

# How long a server may take. The usual time is a second or two, but several
# test runs may share a slow machine.
START_TIMEOUT = 120
STOP_TIMEOUT = 120

# 32 processes with three connections each, and room to spare.
MAX_CONNECTIONS = 200

# Set to 1 where the servers have to be there (continuous integration): what
# would be skipped for want of a server then fails.
REQUIRE_SERVERS = 'FLASK_MIGRATE_REQUIRE_SERVERS'

# A path, as Python 2 may have loaded this file from its .pyc; absolute, as a
# test may have changed the directory by the time it is needed.
THIS_FILE = re.sub(r'\.py[co]$', '.py', os.path.abspath(__file__))


# The keeper -----------------------------------------------------------------

def keep(parent, directory, uid, gid, orderly, quick, *command):
    """Run the command, for no longer than the process `parent` lives.

    SIGTERM ends the command with the signal `orderly`; SIGUSR1, or the end
    of the parent, ends it with the signal `quick` and removes the directory.

    Asking for a signal at the death of the parent (prctl) would not do in
    place of a process of its own: Linux sends that signal when the *thread*
    that started the server ends, and a test may well restart a server from a
    thread. Nor would it remove the directory.
    """
    parent, uid, gid = int(parent), int(uid), int(gid)
    orderly, quick = getattr(signal, orderly), getattr(signal, quick)
    # Ctrl-C in the terminal is for the test run alone; the servers still
    # have to be there while its tests are torn down.
    os.setsid()
    told = []
    signal.signal(signal.SIGTERM, lambda *args: told.append(orderly))
    signal.signal(signal.SIGUSR1, lambda *args: told.append(None))

    child = subprocess.Popen(
        command, cwd=directory, env=server_environment(directory),
        close_fds=True, preexec_fn=child_preparation(uid, gid, quick))
    while child.poll() is None and not told and os.getppid() == parent:
        time.sleep(0.05)
    discard = None in told or os.getppid() != parent
    if child.poll() is None:
        end(child, quick if discard else told[0])
    if discard:
        remove(directory)
    return 1 if child.returncode else 0


def server_environment(directory):
    # Neither PGDATA nor MYSQL_HOME or the like of whoever runs the tests is
    # of any concern to these servers, and their messages are to be English.
    environment = {'LC_ALL': 'C', 'TZ': 'UTC', 'HOME': directory}
    for name in ('PATH', 'LD_LIBRARY_PATH', 'DYLD_LIBRARY_PATH'):
        if name in os.environ:
            environment[name] = os.environ[name]
    return environment


def child_preparation(uid, gid, quick):
    keeper = os.getpid()
    prctl = None
    if sys.platform.startswith('linux'):
        # Loaded here: after the fork is no time for imports.
        try:
            import ctypes
            prctl = ctypes.CDLL(None).prctl
        except (ImportError, OSError, AttributeError):
            pass

    def prepare():
        # A process group of its own, to be killed as one.
        os.setsid()
        if os.geteuid() == 0:
            os.setgroups([])
            os.setgid(gid)
            os.setuid(uid)
        # In case the keeper itself is killed. The keeper has one thread
        # only; and it has to be after setuid, which forgets the signal.
        if prctl is not None:
            prctl(1, quick, 0, 0, 0)    # PR_SET_PDEATHSIG
            if os.getppid() != keeper:
                os._exit(1)
    return prepare


def end(child, number):
    """End the child's process group by a signal, SIGKILL if need be."""
    for attempt in (number, signal.SIGKILL):
        try:
            os.killpg(child.pid, attempt)
        except OSError:
            pass
        if wait(child, STOP_TIMEOUT):
            return


def wait(process, timeout):
    """Whether the process ends in time (Python 2 cannot wait for a time)."""
    deadline = time.time() + timeout
    while process.poll() is None:
        if time.time() > deadline:
            return False
        time.sleep(0.02)
    return True


def remove(directory):
    # Several times, as the last server processes may still be at work in the
    # directory for a moment after the main one has been killed.
    for attempt in range(50):
        shutil.rmtree(directory, ignore_errors=True)
        if not os.path.exists(directory):
            return
        time.sleep(0.1)


if __name__ == '__main__':
    # Nothing further down concerns the keeper, pytest least of all, which
    # would take longer to import than the keeper takes to start.
    sys.exit(keep(*sys.argv[1:]))

import pytest  # noqa: E402


# What the servers have in common --------------------------------------------

class Server(object):
    """A server in a temporary directory, with `host`, `port`, `user` (who
    may do anything) and `password`.
    """
    host = '127.0.0.1'
    user = 'flask'

    def __init__(self):
        self.port = None
        self.password = uuid.uuid4().hex
        self.directory = None
        self.keeper = None
        self.users = {}
        # A process forked by a test must not stop the server of its parent,
        # as it would on its way through atexit.
        self.owner = os.getpid()

    def create(self):
        """Make the temporary directory and the files of an empty server."""
        self.uid, self.gid = account(self.accounts)
        self.directory = tempfile.mkdtemp(
            prefix='flask-migrate-%s-' % self.name, dir=temporary_root())
        CREATED.append(self)
        os.chown(self.directory, self.uid, self.gid)
        self.initialize()

    def run(self, command, orderly='SIGKILL', quick='SIGKILL'):
        """Start the keeper of this command."""
        arguments = [os.getpid(), self.directory, self.uid, self.gid,
                     orderly, quick] + command
        with open(os.devnull, 'rb') as nothing:
            with open(self.path('log'), 'wb') as log:
                return subprocess.Popen(
                    [sys.executable, THIS_FILE] + [str(a) for a in arguments],
                    stdin=nothing, stdout=log, stderr=log, close_fds=True)

    def run_to_end(self, command):
        keeper = self.run(command)
        if not wait(keeper, START_TIMEOUT):
            end_keeper(keeper, signal.SIGTERM)
        if keeper.returncode != 0:
            raise RuntimeError('%s failed:\n%s' % (command[0], self.log()))

    def start(self):
        """Start the server, on the port it had if it has been running."""
        fixed = self.port
        deadline = time.time() + START_TIMEOUT
        while True:
            self.port = fixed or free_port()
            self.keeper = self.run(
                self.command(), self.orderly_signal, self.quick_signal)
            if self.answers(deadline):
                return
            self.halt()
            # Somebody else may have taken the port in the meantime.
            if 'Address already in use' not in self.log() or \
                    time.time() > deadline:
                raise RuntimeError('%s did not start:\n%s'
                                   % (self.name, self.log()))
            time.sleep(0.1)

    def answers(self, deadline):
        # Logging in takes the password, so that it cannot be the server of
        # another test run which answers.
        while self.keeper.poll() is None and time.time() < deadline:
            try:
                self.connect().close()
            except self.driver().OperationalError:
                time.sleep(0.03)
            else:
                return True
        return False

    def is_running(self):
        return self.keeper is not None and self.keeper.poll() is None

    def halt(self):
        """Shut the server down; the data stay, for `start()` to go on."""
        if self.keeper is not None:
            end_keeper(self.keeper, signal.SIGTERM)
            self.keeper = None

    def restart(self, pause=0):
        """Shut down and start again, on the same port, after a pause.

        Connections are cut off, data are kept.
        """
        self.halt()
        time.sleep(pause)
        self.start()

    def stop(self):
        """Do away with the server and all that was in it."""
        if self.directory is None or self.owner != os.getpid():
            return
        if self.keeper is not None:
            end_keeper(self.keeper, signal.SIGUSR1)
            self.keeper = None
        # Left to do if the server was not running.
        remove(self.directory)
        self.directory = None
        CREATED.remove(self)

    def path(self, name):
        return os.path.join(self.directory, name)

    def write(self, name, text):
        """Write a file which only the server's account may read."""
        descriptor = os.open(self.path(name), os.O_WRONLY | os.O_CREAT, 0o600)
        with os.fdopen(descriptor, 'w') as file:
            file.write(text)
        os.chown(self.path(name), self.uid, self.gid)
        return self.path(name)

    def log(self):
        """The end of what the server last had to say."""
        with open(self.path('log'), 'rb') as file:
            return file.read().decode('utf-8', 'replace')[-4000:]

    def url(self, database, user=None, password=None):
        """The URL of the database for SQLAlchemy, as text."""
        return '%s://%s:%s@%s:%d/%s' % (
            self.scheme, quoted(self.user if user is None else user),
            quoted(self.password if password is None else password),
            self.host, self.port, quoted(database))

    def create_database(self):
        """Create an empty database with a name of its own, and return it."""
        # Without an underscore, which is a wildcard in MariaDB's GRANT.
        name = 'fm' + uuid.uuid4().hex[:16]
        self.execute(self.create_statement % self.identifier(name))
        return name

    def create_user(self, name, password, database):
        """Let a user, new or not, do anything in this one database.

        Returns the URL with which to do that. The user is dropped together
        with the database. Any ASCII character may be in the name and in the
        password (with others, each version of a driver has ways of its own).
        """
        self.users.setdefault(database, set()).add(name)
        self.grant(name, password, database)
        return self.url(database, name, password)

    def drop_database(self, name):
        """Drop the database, if still there, and whoever is connected."""
        # Again and again, as somebody may connect in between.
        deadline = time.time() + STOP_TIMEOUT
        while True:
            try:
                self.disconnect_all(name)
                self.execute(*self.drop_statements(self.identifier(name)))
                break
            except self.driver().OperationalError:
                if time.time() > deadline or not self.is_running():
                    raise
                time.sleep(0.1)
        for user in self.users.pop(name, ()):
            if not any(user in others for others in self.users.values()):
                self.drop_user(user)

    def execute(self, *statements, **options):
        """Execute statements as the almighty user, return the last result."""
        connection = self.connect(**options)
        try:
            cursor = connection.cursor()
            for statement in statements:
                # Never with parameters: both drivers would then take the
                # percent signs in the names of users for theirs.
                cursor.execute(statement)
            return cursor.fetchall() if cursor.description else []
        finally:
            connection.close()


# The servers which have a directory to be removed.
CREATED = []


@atexit.register
def stop_all():
    for server in list(CREATED):
        server.stop()


def end_keeper(keeper, number):
    if keeper.poll() is None:
        keeper.send_signal(number)
        # It takes its time twice, at worst, and then some to remove.
        if not wait(keeper, 3 * STOP_TIMEOUT):
            keeper.kill()
            keeper.wait()


def account(names):
    """The uid and gid to run a server as; None if there is none.

    Neither of the servers runs as root.
    """
    if os.geteuid() != 0:
        return os.geteuid(), os.getegid()
    import pwd
    for name in names:
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            continue
        return entry.pw_uid, entry.pw_gid
    return None


def temporary_root():
    # The account of the server has to get there: not so if root's TMPDIR is
    # somewhere below /root. And the name of a Unix socket has no more than
    # some hundred bytes, so that a long TMPDIR is of no use either.
    for root in (os.path.realpath(tempfile.gettempdir()), '/tmp', '/var/tmp'):
        if len(root) <= 50 and os.path.isdir(root) and (
                os.geteuid() != 0 or open_to_all(root)):
            return root
    raise RuntimeError('There is no directory for temporary files which '
                       'every user can reach.')


def open_to_all(directory):
    while True:
        if not os.stat(directory).st_mode & 0o001:
            return False
        if directory == os.path.dirname(directory):
            return True
        directory = os.path.dirname(directory)


def free_port():
    # Below the ports which the system deals out to connecting clients. One
    # of those could be taken while a server restarts, and most easily by the
    # very client that tries to reach the server again and again: at the 28
    # thousandth try or sooner, it is connected to itself.
    lowest_of_clients = 32768
    try:
        with open('/proc/sys/net/ipv4/ip_local_port_range') as file:
            lowest_of_clients = int(file.read().split()[0])
    except (IOError, ValueError, IndexError):
        pass
    # Not from the seed which a plugin may have set for all test runs alike.
    chance = random.SystemRandom()
    for attempt in range(200):
        port = 0
        if lowest_of_clients > 12000:
            port = chance.randrange(10000, lowest_of_clients)
        probe = socket.socket()
        try:
            probe.bind(('127.0.0.1', port))
            return probe.getsockname()[1]
        except socket.error:
            continue
        finally:
            probe.close()
    raise RuntimeError('There is no free port on 127.0.0.1.')


def quoted(text):
    if not isinstance(text, bytes):
        text = text.encode('utf-8')
    return quote(text, safe='')


def is_program(path):
    return os.path.isfile(path) and os.access(path, os.X_OK)


def directories_of_programs():
    path = os.environ.get('PATH', os.defpath).split(os.pathsep)
    # Not in the PATH of everyone, but this is where the servers are.
    return [directory for directory in path if directory] + [
        '/usr/local/sbin', '/usr/sbin', '/usr/libexec']


# PostgreSQL -----------------------------------------------------------------

class PostgreSQL(Server):
    name = 'postgresql'
    scheme = 'postgresql+psycopg2'
    accounts = ('postgres', 'nobody')
    orderly_signal = 'SIGINT'      # "fast": cuts the clients off
    quick_signal = 'SIGQUIT'       # "immediate"; leaves no shared memory
    # template1 cannot be copied while anybody is connected to it.
    create_statement = 'CREATE DATABASE %s TEMPLATE template0'

    def driver(self):
        import psycopg2
        return psycopg2

    def connect(self, database='postgres'):
        connection = self.driver().connect(
            host=self.host, port=self.port, user=self.user,
            password=self.password, dbname=database, connect_timeout=10)
        connection.autocommit = True
        return connection

    def initialize(self):
        # MD5 rather than SCRAM, for the libpq in the last psycopg2-binary
        # of an old Python.
        self.run_to_end([
            os.path.join(postgresql_programs(), 'initdb'),
            '--pgdata', self.path('data'), '--username', self.user,
            '--pwfile', self.write('password', self.password + '\n'),
            '--auth', 'md5', '--encoding', 'UTF8', '--locale', 'C',
            '--nosync'])

    def command(self):
        command = [os.path.join(postgresql_programs(), 'postgres'),
                   '-D', self.path('data')]
        for setting in (
                'listen_addresses=' + self.host,
                'port=%d' % self.port,
                'unix_socket_directories=' + self.directory,
                'max_connections=%d' % MAX_CONNECTIONS,
                'max_prepared_transactions=%d' % MAX_CONNECTIONS,
                'password_encryption=md5',
                'shared_buffers=16MB',
                'fsync=off',
                'synchronous_commit=off',
                'full_page_writes=off',
                'wal_level=minimal',
                'max_wal_senders=0',
                'autovacuum=off',
                'logging_collector=off'):
            command += ['-c', setting]
        return command

    def identifier(self, name):
        return '"%s"' % name.replace('"', '""')

    def literal(self, text):
        return "'%s'" % text.replace("'", "''")

    def grant(self, name, password, database):
        exists = self.execute('SELECT 1 FROM pg_roles WHERE rolname = '
                              + self.literal(name))
        self.execute('%s ROLE %s LOGIN PASSWORD %s' % (
            'ALTER' if exists else 'CREATE', self.identifier(name),
            self.literal(password)))
        # Since PostgreSQL 15 not everybody may create tables in "public".
        self.execute(
            'GRANT ALL ON DATABASE %s TO %s' % (
                self.identifier(database), self.identifier(name)),
            'GRANT ALL ON SCHEMA public TO ' + self.identifier(name),
            database=database)

    def drop_statements(self, database):
        return ['DROP DATABASE IF EXISTS ' + database]

    def drop_user(self, name):
        self.execute('DROP ROLE IF EXISTS ' + self.identifier(name))

    def disconnect_all(self, database):
        self.execute(
            'UPDATE pg_database SET datallowconn = false WHERE datname = '
            + self.literal(database),
            'SELECT pg_terminate_backend(pid) FROM pg_stat_activity'
            ' WHERE datname = ' + self.literal(database))


def postgresql_programs():
    """The directory with both initdb and postgres, or None."""
    candidates = []
    try:
        with open(os.devnull, 'wb') as nothing:
            candidates.append(subprocess.Popen(
                ['pg_config', '--bindir'], stdout=subprocess.PIPE,
                stderr=nothing).communicate()[0].decode('utf-8').strip())
    except OSError:
        pass
    # Debian and Ubuntu; the newest first.
    candidates += sorted(
        glob.glob('/usr/lib/postgresql/*/bin'), reverse=True,
        key=lambda path: [int(n) for n in re.findall(r'\d+', path)])
    candidates += directories_of_programs()
    for directory in candidates:
        # Both in one place: initdb wants the postgres of its own version.
        if all(is_program(os.path.join(directory, program))
               for program in ('initdb', 'postgres')):
            return directory
    return None


def postgresql_server_missing():
    if os.name != 'posix':
        return 'The tests start PostgreSQL on POSIX systems only.'
    if postgresql_programs() is None:
        return 'The PostgreSQL server (initdb and postgres) is not installed.'
    if account(PostgreSQL.accounts) is None:
        return 'PostgreSQL does not run as root, and no other user is there.'
    return None


def postgresql_driver_missing():
    try:
        import psycopg2  # noqa: F401
    except ImportError:
        return 'psycopg2 is not installed.'
    return None


def why_not_postgresql():
    """Why there cannot be a PostgreSQL server here, or None if there can."""
    return postgresql_server_missing() or postgresql_driver_missing()


def postgresql():
    """A context manager: a PostgreSQL server, running."""
    return running(PostgreSQL, why_not_postgresql())


# MariaDB --------------------------------------------------------------------

class MariaDB(Server):
    name = 'mariadb'
    scheme = 'mysql+pymysql'
    accounts = ('mysql', 'nobody')
    # Nothing is written to the disk at a commit, so that SIGKILL would lose
    # transactions; which matters to a restart, but not at the end.
    orderly_signal = 'SIGTERM'
    quick_signal = 'SIGKILL'
    create_statement = 'CREATE DATABASE %s'

    def driver(self):
        import pymysql
        return pymysql

    def connect(self, database=None):
        return self.driver().connect(
            host=self.host, port=self.port, user=self.user,
            password=self.password, database=database, charset='utf8mb4',
            # Without the latter, PyMySQL would wait for ever for a word from
            # whatever else may listen on the port.
            connect_timeout=10, read_timeout=STOP_TIMEOUT, autocommit=True)

    def settings(self):
        return ['--datadir=' + self.path('data'),
                '--tmpdir=' + self.directory,
                '--innodb-buffer-pool-size=32M',
                '--innodb-log-file-size=16M',
                '--innodb-flush-log-at-trx-commit=0',
                '--innodb-flush-method=nosync',
                # The system has but few of its requests for all servers.
                '--innodb-use-native-aio=0',
                '--key-buffer-size=1M',
                '--aria-pagecache-buffer-size=8M',
                '--skip-log-bin',
                '--performance-schema=OFF',
                '--skip-name-resolve']

    def initialize(self):
        install, server = mariadb_programs()
        self.run_to_end(
            [install, '--no-defaults', '--force', '--skip-test-db',
             '--auth-root-authentication-method=normal'] + self.settings())
        # Executed as the server starts: it never listens without a password.
        # Every statement has to be on a line of its own.
        self.write('first.sql', '\n'.join([
            "DROP USER IF EXISTS ''@'localhost', ''@'127.0.0.1', ''@'::1';",
            "DROP USER IF EXISTS 'root'@'127.0.0.1', 'root'@'::1';",
            "CREATE OR REPLACE USER '%s'@'%%' IDENTIFIED BY '%s';"
            % (self.user, self.password),
            "GRANT ALL ON *.* TO '%s'@'%%' WITH GRANT OPTION;" % self.user,
            '']))

    def command(self):
        install, server = mariadb_programs()
        return [server, '--no-defaults'] + self.settings() + [
            '--bind-address=' + self.host,
            '--port=%d' % self.port,
            '--socket=' + self.path('socket'),
            '--pid-file=' + self.path('pid'),
            '--init-file=' + self.path('first.sql'),
            '--max-connections=%d' % MAX_CONNECTIONS,
            '--back-log=%d' % MAX_CONNECTIONS,
            '--character-set-server=utf8mb4',
            '--collation-server=utf8mb4_general_ci']

    def identifier(self, name):
        return '`%s`' % name.replace('`', '``')

    def literal(self, text):
        return "'%s'" % text.replace('\\', '\\\\').replace("'", "''")

    def grant(self, name, password, database):
        # mysql_native_password is what IDENTIFIED BY stands for in MariaDB.
        user = self.literal(name) + "@'%'"
        self.execute(
            'CREATE USER IF NOT EXISTS ' + user,
            'SET PASSWORD FOR %s = PASSWORD(%s)' % (
                user, self.literal(password)),
            'GRANT ALL ON %s.* TO %s' % (self.identifier(database), user))

    def drop_statements(self, database):
        # By default it would wait for a day until nobody uses the tables.
        return ['SET lock_wait_timeout = 1',
                'DROP DATABASE IF EXISTS ' + database]

    def drop_user(self, name):
        self.execute("DROP USER IF EXISTS %s@'%%'" % self.literal(name))

    def disconnect_all(self, database):
        for number, in self.execute(
                'SELECT id FROM information_schema.processlist'
                ' WHERE id <> connection_id() AND db = '
                + self.literal(database)):
            try:
                self.execute('KILL %d' % number)
            except self.driver().MySQLError as error:
                if error.args[0] != 1094:   # gone by itself
                    raise


def mariadb_programs():
    """The paths of the program which makes the files and of the server.

    None if one of them is missing.
    """
    programs = (first_program('mariadb-install-db', 'mysql_install_db'),
                first_program('mariadbd', 'mysqld'))
    return programs if all(programs) else None


def first_program(*names):
    for name in names:
        for directory in directories_of_programs():
            if is_program(os.path.join(directory, name)):
                return os.path.join(directory, name)
    return None


def mariadb_server_missing():
    if os.name != 'posix':
        return 'The tests start MariaDB on POSIX systems only.'
    if mariadb_programs() is None:
        return ('The MariaDB server (mariadb-install-db and mariadbd) is not '
                'installed.')
    if account(MariaDB.accounts) is None:
        return 'MariaDB does not run as root, and no other user is there.'
    return None


def mariadb_driver_missing():
    try:
        import pymysql  # noqa: F401
    except ImportError:
        return 'PyMySQL is not installed.'
    return None


def why_not_mariadb():
    """Why there cannot be a MariaDB server here, or None if there can."""
    return mariadb_server_missing() or mariadb_driver_missing()


def mariadb():
    """A context manager: a MariaDB server, running."""
    return running(MariaDB, why_not_mariadb())


@contextlib.contextmanager
def running(kind, obstacle):
    if obstacle:
        raise RuntimeError(obstacle)
    server = kind()
    try:
        server.create()
        server.start()
        yield server
    finally:
        server.stop()


# PgBouncer ------------------------------------------------------------------

class PgBouncer(PostgreSQL):
    """A pooler in transaction mode, in front of a PostgreSQL server.

    :param server: the PostgreSQL server.
    :param size: how many connections to one database it makes.
    :param wait: seconds until it refuses a client that waits for one.
    """
    name = 'pgbouncer'
    orderly_signal = 'SIGINT'
    quick_signal = 'SIGKILL'

    def __init__(self, server, size=20, wait=60):
        PostgreSQL.__init__(self)
        self.server = server
        self.size = size
        self.wait = wait
        self.user, self.password = server.user, server.password

    def initialize(self):
        self.write('users', '"%s" "%s"\n' % (self.user, self.password))

    def command(self):
        return [pgbouncer_program(), '-q', self.write_settings()]

    def write_settings(self):
        settings = self.path('pgbouncer.ini')
        if os.path.exists(settings):
            os.remove(settings)
        return self.write('pgbouncer.ini', '\n'.join([
            '[databases]',
            '* = host=%s port=%d' % (self.server.host, self.server.port),
            '[pgbouncer]',
            'listen_addr = ' + self.host,
            'listen_port = %d' % self.port,
            'unix_socket_dir =',
            'auth_type = md5',
            'auth_file = ' + self.path('users'),
            'pool_mode = transaction',
            'default_pool_size = %d' % self.size,
            'query_wait_timeout = %d' % self.wait,
            'server_check_delay = 0',
            'max_client_conn = %d' % MAX_CONNECTIONS, '']))


def pgbouncer_program():
    return first_program('pgbouncer')


def pgbouncer_missing():
    missing = postgresql_server_missing()
    if missing is None and pgbouncer_program() is None:
        return 'PgBouncer is not installed.'
    return missing


@contextlib.contextmanager
def pgbouncer_of(server, *settings):
    """A context manager: PgBouncer in front of a server, running."""
    pooler = PgBouncer(server, *settings)
    try:
        pooler.create()
        pooler.start()
        yield pooler
    finally:
        pooler.stop()


# Fixtures -------------------------------------------------------------------

def skip_without(server_missing, driver_missing):
    if server_missing and os.environ.get(REQUIRE_SERVERS, '') not in ('', '0'):
        pytest.fail('%s (%s is set.)' % (server_missing, REQUIRE_SERVERS))
    if server_missing or driver_missing:
        pytest.skip(server_missing or driver_missing)


@pytest.fixture(scope='session')
def postgresql_server():
    skip_without(postgresql_server_missing(), postgresql_driver_missing())
    with postgresql() as server:
        yield server


@pytest.fixture(scope='session')
def mariadb_server():
    skip_without(mariadb_server_missing(), mariadb_driver_missing())
    with mariadb() as server:
        yield server


@pytest.fixture(scope='session')
def pgbouncer(postgresql_server):
    """PgBouncer in transaction mode, in front of the PostgreSQL server."""
    skip_without(pgbouncer_missing(), postgresql_driver_missing())
    with pgbouncer_of(postgresql_server) as pooler:
        yield pooler


@contextlib.contextmanager
def new_database(server):
    # A test which failed half-way through a restart is not to take all those
    # after it along.
    if not server.is_running():
        server.start()
    name = server.create_database()
    try:
        yield server.url(name)
    finally:
        if not server.is_running():
            server.start()
        server.drop_database(name)


@pytest.fixture
def postgresql_url(postgresql_server):
    """The URL of a new PostgreSQL database, dropped after the test."""
    with new_database(postgresql_server) as url:
        yield url


@pytest.fixture
def mariadb_url(mariadb_server):
    """The URL of a new MariaDB database, dropped after the test."""
    with new_database(mariadb_server) as url:
        yield url
