"""Locks that cannot be had, or are lost, and what is then done and said."""
import errno
import gc
import os
import re
import subprocess
import sys
import threading

from alembic.util import CommandError
import pytest

from flask_migrate import (
    LockLost, LockTimeout, MigrationFailed, compat, dialects)
from flask_migrate.run import watching
from flask_migrate.run.watching import Watcher
from project import Project
import processes
from servers import pgbouncer, pgbouncer_of     # noqa: F401
from test_locking import (
    CHAIN, assert_all_fine, assert_applied_once, held, lock_of, make,
    write_chain, write_multidb_chain)

AT_WORK = "from flask import current_app\ncurrent_app.config['AT_WORK']()\n"


@pytest.fixture(params=['postgresql', 'mariadb'])
def server(request):
    return request.getfixturevalue(request.param + '_server')


@pytest.fixture
def url(server, request):
    return request.getfixturevalue(server.name + '_url')


def refused(project, *words):
    """An upgrade fails with one clear line, at once, and changes nothing."""
    result = project.manage('upgrade')
    assert result.code == 1, result
    assert re.search('^Error: ', result.stderr, re.M), result
    message = result.stderr[result.stderr.rindex('Error: '):]
    for word in words + ('--no-lock',):
        assert word in message, result
    assert 'Traceback' not in result.stderr
    return result.stderr


def applied_without_a_lock(project):
    result = project.manage('upgrade', '--no-lock')
    assert result.code == 0, result
    assert_applied_once(project)


# --------------------------------------------------------- one that is lost

def locks_of_the_run():
    """The locks of the run that is at work in this thread."""
    config = compat.alembic_context.current().config
    return list(config.run.locks.held.values())


def lose(server):
    """End the session that holds the lock."""
    lock, = locks_of_the_run()
    number = lock.own.one('SELECT pg_backend_pid()' if server.name ==
                          'postgresql' else 'SELECT CONNECTION_ID()')
    server.execute(dialects.of(lock.own.engine).end % number)
    processes.wait_for(lock.is_lost)


@pytest.mark.parametrize('last', [True, False])
def test_a_lost_lock_stops_the_run(tmpdir, server, url, last):
    """Before the COMMIT of its revision, and before the next one."""
    project = make(tmpdir, url)
    project.python('upgrade', revision='one')
    chain = [CHAIN[0], ('two', CHAIN[1][1] + '\n' + AT_WORK)]
    # A revision that would not get to a COMMIT.
    third = ('three', "raise ValueError('it ran')")
    write_chain(project, chain + [third])
    project.app.config['AT_WORK'] = lambda: lose(server)
    with pytest.raises(LockLost) as caught:
        project.python('upgrade', revision='two' if last else 'three')
    message = str(caught.value)
    assert 'The connection that held the lock of this migration is gone' \
        in message
    assert 'Run the command again.' in message and '--no-lock' in message
    assert project.version() == ['one']
    assert project.query('SELECT balance FROM account ORDER BY id') == [
        (1,), (5,)]
    write_chain(project)
    project.python('upgrade')
    assert_applied_once(project)


def test_a_lock_file_that_is_removed_stops_the_run(tmpdir):
    project = make(tmpdir, 'sqlite:///%s' % tmpdir.join('database.db'))
    write_chain(project, [(CHAIN[0][0], CHAIN[0][1] + '\n' + AT_WORK)]
                + CHAIN[1:])
    path = str(tmpdir.join('database.db.migrate-lock'))

    def remove():
        os.remove(path)
        others.append(lock_of(project.engine()))
        assert others[0].try_acquire()
    others = []
    project.app.config['AT_WORK'] = remove
    with pytest.raises(LockLost) as caught:
        project.python('upgrade')
    assert 'has been removed' in str(caught.value)
    assert project.tables() == []
    # Whose the file is now keeps it.
    assert os.path.exists(path) and not others[0].is_lost()
    others[0].release()
    assert not os.path.exists(path)


def test_a_lock_file_that_its_holder_has_just_removed(tmpdir, monkeypatch):
    """Between the moments when it is opened and when it is locked."""
    project = make(tmpdir, 'sqlite:///%s' % tmpdir.join('database.db'))
    late, other = [lock_of(project.engine()) for _ in range(2)]
    real = compat.file_locks.lock

    def lock(file):
        monkeypatch.setattr(compat.file_locks, 'lock', real)
        os.remove(late.path)
        assert other.try_acquire()
        real(file)
    monkeypatch.setattr(compat.file_locks, 'lock', lock)
    assert not late.try_acquire()
    assert not other.is_lost()
    other.release()
    assert late.try_acquire()
    late.release()


def test_a_program_that_a_killed_run_has_started_holds_no_lock(tmpdir):
    project = make(tmpdir, 'sqlite:///%s' % tmpdir.join('database.db'))
    killed, other = [lock_of(project.engine()) for _ in range(2)]
    assert killed.try_acquire()
    program = subprocess.Popen(
        [sys.executable, '-uc', 'import sys; print(1); sys.stdin.read()'],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, close_fds=False)
    try:
        assert program.stdout.readline()        # it has begun
        killed.file.close()     # as the kernel does; the file stays there
        assert other.try_acquire()
    finally:
        program.communicate()
    other.release()


# ------------------------------------------------------ Ctrl-C in the middle

class Interrupted(object):
    """Ctrl-C comes after a call of the main thread, which is then done.

    :param number: which call it is, from 1 on.
    :ivar left: how many calls are to come before it.
    """

    def __init__(self, number):
        self.left = number
        self.thread = threading.current_thread()

    def after(self, function):
        def call(*args):
            result = function(*args)
            if threading.current_thread() is self.thread:
                self.left -= 1
                if self.left == 0:
                    raise KeyboardInterrupt
            return result
        return call


def upgrade_interrupted(project, monkeypatch, number, *functions):
    """Upgrade, interrupted after a call of one of some functions.

    :param functions: pairs of an object and the name of its function.
    :return: the exception, which keeps alive what it has passed; None: there
        are not so many calls.
    """
    interrupted = Interrupted(number)
    with monkeypatch.context() as patch:
        for owner, name in functions:
            patch.setattr(owner, name,
                          interrupted.after(getattr(owner, name)))
        try:
            project.python('upgrade', wait=0)
        except KeyboardInterrupt as error:
            return error
    assert interrupted.left > 0
    return None


@pytest.fixture
def two_databases(tmpdir, server, url):
    """A project on two databases of a server, with nothing applied."""
    name = server.create_database()
    project = Project(tmpdir, url, binds={'other': server.url(name)})
    project.python('init', multidb=True)
    write_multidb_chain(project, [None, 'other'])
    yield project
    project.engine('other').dispose()
    server.drop_database(name)


def leave_both(project, server):
    """See that nobody is connected to the databases of a project."""
    for bind in None, 'other':
        leave(project, server, compat.python.native(
            compat.sqlalchemy.url_text(project.engine(bind).url)), bind)


@pytest.mark.once
def test_ctrl_c_at_any_statement_of_a_lock(
        two_databases, server, monkeypatch):
    """No connection is left: it would hold the lock."""
    project = two_databases
    for number in range(1, 100):
        error = upgrade_interrupted(
            project, monkeypatch, number,
            (dialects.OwnConnection, 'execute'), (Watcher, 'stop'))
        leave_both(project, server)
        begun = [bind for bind in (None, 'other')
                 if 'account' in project.tables(bind)]
        if error is None or begun and server.name == 'mariadb':
            break
        for bind in begun:
            assert project.version(bind) == ['three']
            project.execute('DROP TABLE account', bind)
            project.execute('DROP TABLE alembic_version', bind)
        leave_both(project, server)
    assert number > 6
    if error is None:
        for bind in None, 'other':
            assert_applied_once(project, bind)


@pytest.mark.once
def test_ctrl_c_while_a_run_is_rolled_back(two_databases, server):
    """The other databases are left all the same."""
    from sqlalchemy import event
    project = two_databases
    write_multidb_chain(project, [None])    # nothing for the other one
    came = []

    def interrupt(connection):
        if not came:
            came.append(connection)
            raise KeyboardInterrupt
    event.listen(project.engine('other'), 'rollback', interrupt)
    # On MariaDB it is the revision's own transaction, inside of it.
    with pytest.raises(MigrationFailed if server.name == 'postgresql'
                       else KeyboardInterrupt) as caught:
        project.python('upgrade')
    assert came
    leave_both(project, server)
    del caught


@pytest.mark.once
def test_ctrl_c_at_any_call_of_a_lock_file(tmpdir, monkeypatch):
    from flask_migrate.dialects import sqlite_files
    project = Project(tmpdir, binds={
        'other': 'sqlite:///%s' % tmpdir.join('other.db')})
    project.python('init', multidb=True)
    write_multidb_chain(project, [None, 'other'])
    for number in range(1, 100):
        error = upgrade_interrupted(
            project, monkeypatch, number, (compat.file_locks, 'lock'),
            (sqlite_files, '_is_lock_file'), (sqlite_files.os, 'getpid'),
            (sqlite_files.FileLock, 'is_lost'))
        for bind in None, 'other':
            lock = lock_of(project.engine(bind))
            assert lock.try_acquire(), number
            lock.release()
            if error is not None:
                if 'account' in project.tables(bind):
                    assert project.version(bind) == ['three']
                project.engine(bind).dispose()
                os.remove(project.engine(bind).url.database)
        assert not [name for name in os.listdir(project.path)
                    if name.endswith('.migrate-lock')]
        if error is None:
            break
    assert number > 6
    for bind in None, 'other':
        assert_applied_once(project, bind)


@pytest.mark.once
def test_who_cannot_have_one_lock_keeps_no_connection(
        two_databases, server):
    """Neither of those that he has, nor of those that he would take next."""
    project = two_databases
    for bind in None, 'other':
        with held(project, bind):
            with pytest.raises(LockTimeout) as caught:
                project.python('upgrade', wait=0)
        leave_both(project, server)
        del caught


# -------------------------------------------------------- one that is refused

@pytest.mark.once
@pytest.mark.parametrize('number', [
    errno.ENOLCK, errno.EOPNOTSUPP, errno.ENOSYS, errno.EIO])
def test_a_file_system_without_locks(tmpdir, number, monkeypatch):
    import fcntl
    project = make(tmpdir, 'sqlite:///%s' % tmpdir.join('database.db'))

    def flock(file, how):
        raise IOError(number, os.strerror(number))
    monkeypatch.setattr(fcntl, 'flock', flock)
    message = refused(project, 'cannot be locked here', os.strerror(number))
    assert 'another process' not in message.lower()
    assert project.tables() == []
    applied_without_a_lock(project)


@pytest.mark.once
@pytest.mark.parametrize('number', [
    errno.EWOULDBLOCK, errno.EAGAIN, errno.EACCES])
def test_a_file_that_is_locked(tmpdir, number, monkeypatch):
    import fcntl
    project = make(tmpdir, 'sqlite:///%s' % tmpdir.join('database.db'))
    lock = lock_of(project.engine())

    def flock(file, how):
        raise IOError(number, os.strerror(number))
    monkeypatch.setattr(fcntl, 'flock', flock)
    assert not lock.try_acquire()


@pytest.mark.once
@pytest.mark.parametrize('how', ['link', 'dangling link', 'hard link',
                                 'file'])
def test_what_is_in_the_place_of_the_lock_file_stays(tmpdir, how):
    project = make(tmpdir, 'sqlite:///%s' % tmpdir.join('database.db'))
    precious, path = tmpdir.join('precious'), \
        str(tmpdir.join('database.db.migrate-lock'))
    # As a lock file begins, too.
    gold = 'process of law' if how == 'hard link' else 'gold'
    precious.write(gold)
    if how == 'hard link':
        os.link(str(precious), path)
    elif how == 'file':
        precious.copy(tmpdir.join('database.db.migrate-lock'))
    else:
        os.symlink(str(precious) if how == 'link'
                   else str(tmpdir.join('nothing')), path)
    refused(project, path)
    assert precious.read() == gold
    assert not tmpdir.join('nothing').check()
    assert os.path.lexists(path) and project.tables() == []
    if how in ('file', 'hard link'):
        assert tmpdir.join('database.db.migrate-lock').read() == gold
    applied_without_a_lock(project)


def limited(server, url, limit):
    """The URL of a user who may have so many connections."""
    database = url.rsplit('/', 1)[1]
    name = 'few' + database[:10]
    found = server.create_user(name, 'secret', database)
    server.execute({
        'postgresql': 'ALTER ROLE %s CONNECTION LIMIT %d',
        'mariadb': "GRANT USAGE ON *.* TO '%s'@'%%' WITH "
                   "MAX_USER_CONNECTIONS %d"}[server.name] % (name, limit))
    return found


def sessions(server, url):
    """How many connections there are to a database."""
    return server.execute({
        'postgresql': "SELECT count(*) FROM pg_stat_activity WHERE "
        "datname = '%s'",
        'mariadb': "SELECT COUNT(*) FROM information_schema.processlist "
        "WHERE db = '%s'"}[server.name] % url.rsplit('/', 1)[1])[0][0]


def leave(project, server, url, bind=None):
    """Close all; the server takes its time to see that."""
    project.engine(bind).dispose()
    processes.wait_for(lambda: not sessions(server, url))


@pytest.mark.once
def test_one_connection_and_no_more(tmpdir, server, url):
    project = make(tmpdir, limited(server, url, 1))
    message = refused(project, 'needs a second connection')
    assert 'secret' not in message
    leave(project, server, url)
    assert project.tables() == []
    leave(project, server, url)
    result = project.manage('upgrade', '--no-lock')
    assert result.code == 0, result
    leave(project, server, url)
    assert_applied_once(project)


@pytest.mark.once
@pytest.mark.parametrize('options', [{}, {'no_lock': True}])
def test_no_connection_stays_open(
        tmpdir, server, url, options, monkeypatch):
    """Neither of a run nor of what is asked afterwards, nor a thread."""
    project = make(tmpdir, url)
    monkeypatch.setattr(watching, 'INTERVAL', 0.05)
    looked, look = [], Watcher._look
    monkeypatch.setattr(Watcher, '_look', lambda self, watched: looked.append(
        look(self, watched)))
    project.app.config['AT_WORK'] = lambda: processes.wait_for(
        lambda: looked)
    project.write_revision('two', CHAIN[1][1] + '\n' + AT_WORK, down='one')
    threads, raised = set(threading.enumerate()), []
    gc.disable()        # it closes what has been forgotten
    try:
        for error in None, 'ValueError', 'KeyboardInterrupt':
            project.write_revision('three', 'raise %s' % error, down='two')
            try:
                project.python('upgrade', revision='three' if error
                               else 'two', **options)
            except (CommandError, KeyboardInterrupt) as caught:
                raised.append(caught)
            # A Timer that is cancelled takes a moment.
            processes.wait_for(
                lambda: set(threading.enumerate()) <= threads)
            leave(project, server, url)
    finally:
        gc.enable()
    failed, interrupted = raised
    assert isinstance(failed, MigrationFailed)
    assert isinstance(interrupted, KeyboardInterrupt)
    assert project.version() == ['two']


def test_two_connections_are_enough(tmpdir, server, url, monkeypatch):
    monkeypatch.setattr(watching, 'INTERVAL', 0.05)
    project = make(tmpdir, limited(server, url, 2))
    looked, real = [], watching.Watcher._look

    def look(self, watched):
        real(self, watched)
        looked.append(watched.own is not None)
    monkeypatch.setattr(watching.Watcher, '_look', look)
    start = watching.Watcher.start

    def started(self):
        start(self)
        processes.wait_for(lambda: looked)
    monkeypatch.setattr(watching.Watcher, 'start', started)
    count = []

    def at_work():
        number = len(looked)
        processes.wait_for(lambda: len(looked) > number + 1)
        count.append(sessions(server, url))
    project.app.config['AT_WORK'] = at_work
    project.write_revision('two', CHAIN[1][1] + '\n' + AT_WORK, down='one')
    project.python('upgrade', lock_timeout=5)
    assert count == [2] and all(looked)
    leave(project, server, url)
    assert_applied_once(project)


@pytest.mark.once
def test_no_right_to_lock(tmpdir, postgresql_server, postgresql_url):
    database = postgresql_url.rsplit('/', 1)[1]
    postgresql_server.execute(
        'REVOKE EXECUTE ON FUNCTION pg_try_advisory_xact_lock(bigint) '
        'FROM PUBLIC', database=database)
    project = make(tmpdir, postgresql_server.create_user(
        'few' + database[:10], 'secret', database))
    message = refused(project, 'cannot be taken', 'permission denied')
    assert 'another process' not in message.lower()
    assert 'second connection' not in message
    assert project.tables() == []
    applied_without_a_lock(project)


def test_a_url_without_a_database(tmpdir, mariadb_url):
    """The tables are named with their database."""
    server, database = mariadb_url.rsplit('/', 1)
    project = Project(tmpdir, server + '/', version_table_schema=database)
    project.python('init')
    project.write_revision(
        'one', "op.create_table('t', sa.Column('a', sa.Integer), "
        "schema=%r)\n%s" % (str(database), AT_WORK))
    held_locks = []
    project.app.config['AT_WORK'] = lambda: held_locks.extend(
        lock.key for lock in locks_of_the_run())
    project.python('upgrade')
    assert len(held_locks) == 1
    assert project.query('SELECT version_num FROM %s.alembic_version'
                         % database) == [('one',)]


def test_an_exclusive_locking_mode(tmpdir):
    from sqlalchemy import event
    project = make(tmpdir, 'sqlite:///%s' % tmpdir.join('database.db'))

    @event.listens_for(project.engine(), 'connect')
    def exclusive(raw, record):
        raw.execute('PRAGMA locking_mode=EXCLUSIVE')
    project.python('upgrade', wait=0)
    assert_applied_once(project)
    project.python('downgrade', revision='one', wait=0, lock_timeout=1)
    assert project.version() == ['one']
    project.write_revision('two', 'raise ValueError("no")', down='one')
    with pytest.raises(CommandError) as caught:
        project.python('upgrade')
    assert 'The database is at one, as before' in str(caught.value)


# ------------------------------------------------------------ behind a pooler

@pytest.mark.once
def test_processes_behind_a_pooler(
        tmpdir, pgbouncer, postgresql_url):         # noqa: F811
    project = make(tmpdir, pgbouncer.url(postgresql_url.rsplit('/', 1)[1]))
    processes.write(project)
    assert_all_fine(processes.together(project, 6))
    assert_applied_once(project)
    with held(project):
        with pytest.raises(CommandError):
            project.python('downgrade', wait=0)
    project.python('downgrade', revision='base', wait=0)


@pytest.mark.once
def test_a_pooler_of_one_connection(
        tmpdir, postgresql_server, pgbouncer,       # noqa: F811
        postgresql_url, monkeypatch):
    from flask_migrate.dialects import server
    monkeypatch.setattr(server, 'SLOW', 0.3)
    with pgbouncer_of(postgresql_server, 1, 2) as pooler:
        project = make(tmpdir, pooler.url(postgresql_url.rsplit('/', 1)[1]))
        # Another transaction has the only one, as the migration's may.
        message = refused(project, 'needs a second connection')
        # It has been said while the pooler let it wait.
        assert message.index('PgBouncer') < message.index('Error: ')
        assert message.count('--no-lock') == 2
        project.engine().dispose()
        assert project.tables() == []
        applied_without_a_lock(project)
        project.engine().dispose()


# --------------------------------------------------------- several databases

def test_allow_newer_concerns_one_database(tmpdir):
    """The others of the application are migrated."""
    project = Project(tmpdir, binds={
        'other': 'sqlite:///%s' % tmpdir.join('other.db')})
    project.python('init', multidb=True)
    write_multidb_chain(project, [None, 'other'])
    project.python('upgrade')
    project.execute("UPDATE alembic_version SET version_num = 'later'")
    project.execute("UPDATE alembic_version SET version_num = 'one'",
                    'other')
    project.execute('UPDATE account SET balance = balance / 100', 'other')
    project.execute('CREATE TABLE a AS SELECT id, balance FROM account',
                    'other')
    project.execute('DROP TABLE account', 'other')
    project.execute('ALTER TABLE a RENAME TO account', 'other')
    before = project.query('SELECT * FROM account')
    with pytest.raises(CommandError):
        project.python('upgrade')
    project.python('upgrade', allow_newer=True)
    assert project.version() == ['later']
    assert project.query('SELECT * FROM account') == before
    assert_applied_once(project, 'other')
