"""One migration of a database at a time."""
from contextlib import contextmanager
import io
import logging
import os
import signal
import threading

from alembic.util import CommandError
import pytest

from flask_migrate import LockTimeout, compat, dialects
from flask_migrate.run.locks import Locks, RunAgain
from project import COMMAND_LINES, Project
import processes
from variants import SLOW

#: Each revision must be applied once: with x100, a second time shows.
CHAIN = [
    ('one', "op.create_table('account', sa.Column('id', sa.Integer,"
     " primary_key=True), sa.Column('balance', sa.BigInteger))\n"
     "op.execute('INSERT INTO account VALUES (1, 1)')\n"
     "op.execute('INSERT INTO account VALUES (2, 5)')"),
    ('two', "op.execute('UPDATE account SET balance = balance * 100')"),
    ('three', "op.add_column('account', sa.Column('note', sa.Text))\n"
     "op.create_index('ix_account_balance', 'account', ['balance'])"),
]
#: How many processes start together: where that is the point, and where it
#: is enough that they collide.
MANY, SOME = (32, 8) if SLOW else (8, 5)
#: Each kind of database, and a command line to use with it.
KINDS = [('sqlite', COMMAND_LINES[0]), ('postgresql', COMMAND_LINES[-1]),
         ('mariadb', COMMAND_LINES[0])]
if SLOW:
    KINDS = [(kind, each) for kind, _ in KINDS for each in COMMAND_LINES]
with_a_command_line = pytest.mark.parametrize(
    'database_url, command_line', KINDS, indirect=['database_url'])

#: An env.py as applications write one themselves.
OWN_ENV_PY = u'''
from alembic import context
from flask import current_app

db = current_app.extensions['migrate'].db
with db.engine.connect() as connection:
    context.configure(connection=connection, target_metadata=db.metadata)
    with context.begin_transaction():
        context.run_migrations()
'''


def write_chain(project, chain=CHAIN):
    down = None
    for name, upgrade in chain:
        project.write_revision(name, upgrade, down=down)
        down = name


def write_multidb_chain(project, binds):
    """The same chain for several databases."""
    down = None
    for name, upgrade in CHAIN:
        body = '\n'.join('    ' + line for line in upgrade.splitlines())
        project.write_revision(
            name, "globals()['upgrade_' + engine_name]()", down=down,
            header='\n'.join('\n\ndef upgrade_%s():\n%s' % (bind or '', body)
                             for bind in binds))
        path = os.path.join(project.versions, name + '_.py')
        with io.open(path, encoding='utf-8') as file:
            text = file.read()
        with io.open(path, 'w', encoding='utf-8') as file:
            file.write(text.replace('grade():', 'grade(engine_name):'))
        down = name


def make(path, url, *args, **settings):
    project = Project(path, url, *args, **settings)
    project.python('init')
    write_chain(project)
    return project


@pytest.fixture
def accounts(tmpdir, database_url):
    """A project on each kind of database, with nothing applied."""
    return make(tmpdir, database_url)


@pytest.fixture
def sqlite_accounts(tmpdir):
    return make(tmpdir, 'sqlite:///%s' % tmpdir.join('database.db'))


def lock_of(engine):
    return dialects.of(engine).lock(engine)


def take(engines, locks=None):
    """Take the locks of engines as a run does."""
    locks = locks or Locks(0)
    locks.take(engines)
    return locks


@contextmanager
def held(project, bind=None):
    """Hold the lock of the project's database, as another process would."""
    lock = lock_of(project.engine(bind))
    dialects.wait_for(lock, 0)
    try:
        yield lock
    finally:
        lock.release()


def assert_applied_once(project, bind=None):
    assert project.query('SELECT balance FROM account ORDER BY id', bind) == [
        (100,), (500,)]
    assert project.version(bind) == ['three']
    assert 'note' in project.columns('account', bind)


def assert_all_fine(results):
    assert [result.code for result in results] == [0] * len(results), results
    for name, _ in CHAIN:
        assert sum('-> %s' % name in result.output for result in results) \
            in (1, 3), results      # once in each database


@contextmanager
def on_log(message, action=None):
    """Collect the log of the package; act as soon as it says something."""
    records = []

    class Handler(logging.Handler):
        def emit(self, record):
            records.append(record)
            if action is not None and message in record.getMessage():
                action()
    logger, handler = logging.getLogger('flask_migrate'), Handler()
    level = logger.level
    logger.addHandler(handler)
    logger.setLevel(logging.INFO)
    try:
        yield records
    finally:
        logger.removeHandler(handler)
        logger.setLevel(level)


# ------------------------------------------------------------- many at once

def test_many_processes_at_once(accounts):
    processes.write(accounts)
    assert_all_fine(processes.together(accounts, MANY))
    assert_applied_once(accounts)
    assert not [name for name in os.listdir(accounts.path)
                if name.endswith('.migrate-lock')]


def test_processes_at_once_on_a_database_with_a_version(tmpdir, mariadb_url):
    accounts = make(tmpdir, mariadb_url)
    accounts.python('upgrade', revision='one')
    processes.write(accounts)
    results = processes.together(accounts, SOME)
    assert [result.code for result in results] == [0] * SOME, results
    assert_applied_once(accounts)


def test_processes_at_once_with_an_env_py_of_ones_own(accounts):
    with io.open(os.path.join(accounts.directory, 'env.py'), 'w') as file:
        file.write(OWN_ENV_PY)
    processes.write(accounts)
    assert_all_fine(processes.together(accounts, SOME))
    assert_applied_once(accounts)


def test_processes_at_once_on_several_databases(
        tmpdir, postgresql_url, mariadb_url):
    project = Project(tmpdir, binds={'first': postgresql_url,
                                     'second': mariadb_url})
    project.python('init', multidb=True)
    write_multidb_chain(project, [None, 'first', 'second'])
    processes.write(project)
    assert_all_fine(processes.together(project, SOME))
    for bind in None, 'first', 'second':
        assert_applied_once(project, bind)


def test_different_commands_at_once(sqlite_accounts):
    sqlite_accounts.python('upgrade')
    processes.write(sqlite_accounts)
    purge = ['--purge'] if compat.alembic.alembic_version() >= (1, 2) else []
    results = processes.together(
        sqlite_accounts, SOME, ['stamp', 'three'] + purge, ['upgrade'],
        ['stamp', 'three'])
    assert [result.code for result in results] == [0] * SOME, results
    assert_applied_once(sqlite_accounts)


# --------------------------------------------------------- several databases

def test_the_order_of_binds_does_not_matter(
        tmpdir, monkeypatch, postgresql_url, mariadb_url):
    urls = {'a': postgresql_url, 'b': mariadb_url,
            'c': 'sqlite:///%s' % tmpdir.join('c.db')}
    project = Project(tmpdir, binds=urls)
    engines = [project.engine(name) for name in 'abc']
    orders = []
    for kind in set(type(lock_of(engine)) for engine in engines):
        def try_acquire(self, real=kind.try_acquire):
            orders[-1].append(self.key)
            return real(self)
        monkeypatch.setattr(kind, 'try_acquire', try_acquire)
    for some in engines, engines[::-1], engines[1:] + engines[:1]:
        orders.append([])
        locks = take(some)
        assert len(locks.held) == 3
        locks.release()
    assert orders[0] == orders[1] == orders[2]


@pytest.mark.parametrize('together', [True, False])
def test_who_waits_for_one_database_keeps_no_other(tmpdir, together):
    """Two processes that had one each would wait for each other.

    Also where env.py comes with one more database when it has one.
    """
    project = Project(tmpdir, binds=dict(
        (name, 'sqlite:///%s' % tmpdir.join(name + '.db')) for name in 'ab'))
    engines = sorted([project.engine(name) for name in 'ab'],
                     key=lambda engine: lock_of(engine).key)
    held, locks = lock_of(engines[1]), Locks(0)
    assert held.try_acquire()
    with pytest.raises(RunAgain):
        if not together:
            locks.take(engines[:1])
        locks.take(engines)
    first = lock_of(engines[0])
    assert first.try_acquire()
    for each in first, held:
        each.release()


def test_runs_over_binds_in_different_order(tmpdir):
    urls = ['sqlite:///%s' % tmpdir.join(name) for name in ('1.db', '2.db')]
    projects = []
    for i in range(2):
        project = Project(tmpdir.mkdir('project%d' % i), urls[i],
                          binds={'other': urls[1 - i]})
        project.python('init', multidb=True)
        write_multidb_chain(project, [None, 'other'])
        processes.write(project)
        projects.append(project)
    started = [processes.start(project, 'manage', 'upgrade', '--wait', '120')
               for project in projects]
    results = [process.result() for process in started]
    assert [result.code for result in results] == [0, 0], results
    assert_applied_once(projects[0])
    assert_applied_once(projects[0], 'other')


def test_a_database_in_two_binds_is_locked_once(accounts):
    url = accounts.app.config['SQLALCHEMY_DATABASE_URI']
    for other in (url, url.replace('127.0.0.1', 'localhost')):
        from sqlalchemy import create_engine
        engine = create_engine(other)
        locks = take([accounts.engine()])
        assert len(locks.held) == 1
        # As when env.py has a database that the application does not name.
        assert take([engine], locks).held == locks.held
        locks.release()


def test_the_databases_of_a_server_have_locks_of_their_own(
        tmpdir, postgresql_server, mariadb_server):
    for server in postgresql_server, mariadb_server:
        names = [server.create_database() for _ in range(2)]
        project = Project(tmpdir.mkdir(server.name), server.url(names[0]),
                          binds={'other': server.url(names[1])})
        locks = take([project.engine(), project.engine('other')])
        assert len(locks.held) == 2
        locks.release()
        for name in names:
            server.drop_database(name)


# ------------------------------------------------------------- nothing to do

def test_nothing_to_do_takes_no_lock(accounts):
    accounts.python('upgrade')
    with held(accounts):
        accounts.python('upgrade', wait=0)
        accounts.python('stamp', revision='three', wait=0)
        accounts.python('downgrade', revision='three', wait=0)
        if compat.alembic.alembic_version() >= (1, 7, 6):
            accounts.python('ensure_version', wait=0)
        assert accounts.manage('upgrade', '--wait', '0').stdout \
            == 'Nothing to do: the database is at three.\n'


def test_nothing_to_do_writes_nothing(sqlite_accounts, tmpdir):
    sqlite_accounts.python('upgrade')
    file = tmpdir.join('database.db')
    os.utime(str(file), (10 ** 9, 10 ** 9))
    content, files = file.read_binary(), sorted(os.listdir(str(tmpdir)))
    assert sqlite_accounts.manage('upgrade').code == 0
    assert sqlite_accounts.manage('current').code == 0
    sqlite_accounts.python('upgrade', dry_run=True)
    assert file.mtime() == 10 ** 9
    assert file.read_binary() == content
    assert sorted(os.listdir(str(tmpdir))) == files


def test_looking_at_an_empty_database_writes_nothing(accounts):
    accounts.python('upgrade', dry_run=True)
    for command, arguments in (
            ('current', {}), ('history', {'indicate_current': True}),
            ('status', {}), ('check', {}), ('migrate', {}),
            # These have nothing to do.
            ('downgrade', {'revision': 'base'}),
            ('stamp', {'revision': 'base'})):
        try:
            accounts.python(command, **arguments)
        except CommandError:
            # It is not up to date, or Alembic is older than that.
            assert command in ('check', 'migrate', 'history')
    from sqlalchemy import MetaData
    metadata = MetaData()
    metadata.reflect(bind=accounts.engine())
    assert not metadata.tables


# ------------------------------------------------------------- the lock held

def holder_of(project):
    """What is said of this process as the one that holds the lock."""
    return {'sqlite': '(process %d on ' % os.getpid(),
            'postgresql': '(server process ',
            'mysql': '(connection '}[project.engine().dialect.name]


def test_wait_0_fails_at_once(accounts, monkeypatch):
    monkeypatch.setattr(dialects.locks.time, 'sleep', lambda _: 1 / 0)
    with held(accounts):
        with pytest.raises(LockTimeout) as caught:
            accounts.python('upgrade', wait=0)
    message = str(caught.value)
    assert message.startswith('Another process is migrating this database '
                              + holder_of(accounts))
    assert '). Run the command again later, or wait longer with --wait ' \
        'SECONDS. --no-lock goes ahead at once: only where you are sure ' \
        in message
    assert isinstance(caught.value, CommandError)
    accounts.python('upgrade', wait=0)
    assert_applied_once(accounts)


def test_the_holder_of_a_server_is_named(tmpdir, postgresql_url, mariadb_url):
    for url in postgresql_url, mariadb_url:
        project = make(tmpdir.mkdir(url.partition(':')[0]), url)
        with held(project) as lock:
            number = lock.own.rows(
                'SELECT %s()' % ('pg_backend_pid' if 'postgresql' in url
                                 else 'CONNECTION_ID'))[0][0]
            with pytest.raises(LockTimeout) as caught:
                project.python('upgrade', wait=0)
        assert '%d, user flask from 127.0.0.1' % number in str(caught.value)


@pytest.mark.parametrize('command', [
    ['upgrade'], ['downgrade', 'base'], ['stamp', 'two'],
    ['stamp', 'three', '--purge'], ['ensure-version']])
def test_every_command_that_writes_takes_the_lock(
        sqlite_accounts, command_line, command):
    if '--purge' in command and compat.alembic.alembic_version() < (1, 2):
        pytest.skip('--purge needs Alembic 1.2.')
    if command == ['ensure-version']:
        if compat.alembic.alembic_version() < (1, 7, 6):
            pytest.skip('ensure-version needs Alembic 1.7.6.')
    else:
        sqlite_accounts.python('upgrade', revision='one')
    before = snapshot(sqlite_accounts)
    with held(sqlite_accounts):
        result = sqlite_accounts.command_line(
            command_line, *(command + ['--wait', '0']))
        assert result.code == 1, result
        assert result.stderr.startswith(
            'Error: Another process is migrating this database')
        assert snapshot(sqlite_accounts) == before
        # Nobody is asked where there is no lock to take.
        result = sqlite_accounts.command_line(
            command_line, *(command + ['--no-lock']))
        assert result.code == 0, result
    assert snapshot(sqlite_accounts) != before


def snapshot(project):
    return (project.query('SELECT sql FROM sqlite_master'),
            project.query('SELECT version_num FROM alembic_version')
            if project.query("SELECT 1 FROM sqlite_master WHERE name = "
                             "'alembic_version'") else None)


def test_wait_seconds(sqlite_accounts):
    with held(sqlite_accounts):
        start = compat.python.monotonic()
        result = sqlite_accounts.manage('upgrade', '--wait', '0.3')
        assert compat.python.monotonic() - start >= 0.3
    assert result.code == 1
    assert result.output.count('Waiting up to 0.3 seconds') == 1
    assert '; waited 0.3 seconds. Run' in result.stderr


def test_the_default_is_said_to_migrate(tmpdir):
    project = make(tmpdir, None, wait=0.2)
    with held(project):
        with pytest.raises(LockTimeout) as caught:
            project.python('upgrade')
        assert 'waited 0.2 seconds' in str(caught.value)
        with pytest.raises(LockTimeout) as caught:
            project.python('upgrade', wait=0)
        assert 'waited' not in str(caught.value)


def test_waiting_from_python_prints_nothing(accounts, capfd):
    with held(accounts) as lock:
        with on_log('Waiting up to', lock.release) as records:
            accounts.python('upgrade', wait=120)
    assert_applied_once(accounts)
    assert [(record.name, record.levelname) for record in records] \
        == [('flask_migrate', 'INFO')]
    assert capfd.readouterr() == ('', '')


@with_a_command_line
def test_others_wait_and_then_have_nothing_to_do(accounts, command_line):
    processes.write(accounts)
    with held(accounts):
        waiting = processes.start(accounts, command_line, 'upgrade')
        waiting.says('Waiting up to 600 seconds')
        assert 'migrating this database ' + holder_of(accounts) \
            in waiting.output
        accounts.python('upgrade', no_lock=True)
    result = waiting.result()
    assert result.code == 0, result
    assert result.output.count('Another process is migrating') == 1
    assert result.stdout.endswith('Nothing to do: another process has '
                                  'brought the database to three.\n')
    assert_applied_once(accounts)


# ------------------------------------------------------ the holder is killed

def start_holder(project):
    """Start an upgrade that goes on as long as there is a file 'stay'."""
    stay, reached = [os.path.join(project.path, name)
                     for name in ('stay', 'reached')]
    write_chain(project, [CHAIN[0], (
        'two', "import os, time\nopen(%r, 'w').close()\n"
        "while os.path.exists(%r):\n    time.sleep(0.02)\n%s"
        % (reached, stay, CHAIN[1][1])), CHAIN[2]])
    processes.write(project)
    open(stay, 'w').close()
    holder = processes.start(project, 'manage', 'upgrade')
    processes.wait_for(lambda: os.path.exists(reached), what=holder)
    return holder


def test_a_holder_that_is_stopped_and_killed(accounts, tmpdir):
    holder = start_holder(accounts)

    holder.send(signal.SIGSTOP)
    with pytest.raises(LockTimeout) as caught:
        accounts.python('upgrade', wait=0.3)
    assert 'another process' in str(caught.value).lower()
    if accounts.engine().dialect.name == 'sqlite':
        assert '(process %d on ' % holder.popen.pid in str(caught.value)

    holder.send(signal.SIGKILL)
    assert holder.result().code == -signal.SIGKILL
    tmpdir.join('stay').remove()
    accounts.python('upgrade', wait=120)
    assert_applied_once(accounts)
    assert not tmpdir.join('database.db.migrate-lock').check()


def test_a_holder_that_goes_on_after_it_was_stopped(sqlite_accounts, tmpdir):
    holder = start_holder(sqlite_accounts)
    holder.send(signal.SIGSTOP)
    waiting = processes.start(sqlite_accounts, 'manage', 'upgrade')
    waiting.says('Waiting up to')
    tmpdir.join('stay').remove()
    holder.send(signal.SIGCONT)
    assert holder.result().code == 0
    assert 'another process has brought' in waiting.result().stdout
    assert_applied_once(sqlite_accounts)


@pytest.mark.parametrize('kind', ['postgresql', 'mariadb'])
def test_a_server_that_restarts_while_others_wait(tmpdir, kind, request):
    project = make(tmpdir, request.getfixturevalue(kind + '_url'))
    server = request.getfixturevalue(kind + '_server')
    restart = threading.Thread(target=server.restart)
    with held(project):
        with on_log('Waiting up to', restart.start):
            with pytest.raises(CommandError) as caught:
                project.python('upgrade', wait=600)
        restart.join()
    assert str(caught.value).startswith(
        'The database server ended the connection while this command waited '
        'for another process that is migrating the database: ')
    assert not isinstance(caught.value, LockTimeout)
    project.engine().dispose()
    project.python('upgrade')
    assert_applied_once(project)


# ----------------------------------------------------------------- lock files

def test_a_lock_file_that_cannot_be_written(sqlite_accounts, tmpdir):
    tmpdir.mkdir('database.db.migrate-lock')
    result = sqlite_accounts.manage('upgrade')
    assert result.code == 1
    assert "Can't write the lock file" in result.stderr
    assert 'remove it if no migration is running' in result.stderr
    assert '--no-lock' in result.stderr
    assert sqlite_accounts.tables() == []


@pytest.mark.parametrize('again', [False, True])
def test_a_lock_file_that_its_holder_removes(
        sqlite_accounts, monkeypatch, again):
    """Who opened the file before it was removed has locked nothing.

    :param again: whether a third one has made it again.
    """
    import fcntl
    real, removed = fcntl.flock, []

    def flock(file, how):
        real(file, how)
        if not removed:
            # As long as it is open its inode is not used again.
            removed.append(os.remove(lock.path))
            if again:
                open(lock.path, 'w').close()
    lock = lock_of(sqlite_accounts.engine())
    monkeypatch.setattr(fcntl, 'flock', flock)
    assert not lock.try_acquire()
    assert lock.try_acquire()
    assert os.path.exists(lock.path)
    lock.release()
    assert not os.path.exists(lock.path)


def test_a_child_of_a_migration_does_not_hold_the_lock_on(sqlite_accounts):
    import subprocess
    import sys
    with held(sqlite_accounts):
        child = subprocess.Popen(
            [sys.executable, '-c', 'import sys; sys.stdin.read()'],
            stdin=subprocess.PIPE)
    try:
        with held(sqlite_accounts):
            pass
    finally:
        child.communicate()


def test_a_database_in_memory_needs_no_lock(tmpdir):
    project = Project(tmpdir, 'sqlite://')
    assert lock_of(project.engine()) is None


def test_the_connection_of_a_lock_may_be_idle(postgresql_url, mariadb_url):
    from sqlalchemy import create_engine
    lock = lock_of(create_engine(mariadb_url))
    assert lock.own.rows('SELECT @@SESSION.wait_timeout') == ((2000000,),)
    lock.release()
    engine = create_engine(
        postgresql_url, connect_args={
            'options': '-c idle_session_timeout=2000'})
    lock = lock_of(engine)
    assert lock.try_acquire()
    other = dialects.OwnConnection(engine)
    number = other.one('SELECT pg_backend_pid()')
    # The server has ended the other one, and so would have ended this.
    processes.wait_for(lambda: not lock.own.rows(
        'SELECT 1 FROM pg_stat_activity WHERE pid = %d' % number))
    other.close()
    assert lock.holder() and not lock.is_lost()
    lock.release()
