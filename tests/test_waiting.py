"""Never in silence: Ctrl-C, a migration that waits, an older release."""
import io
import logging
import os
import re
import signal
import threading

import pytest

from flask_migrate import MigrationFailed, compat, dialects
from flask_migrate.run import watching
import processes
from test_locking import (
    CHAIN, held, make, on_log, with_a_command_line, write_chain)

#: A statement that takes an hour, and where a server shows it.
LONG = {
    'sqlite': ("WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 "
               "FROM n WHERE i < 30000000000) SELECT count(*) FROM n "
               "WHERE i > 1 OR reached()", None),
    'postgresql': ("SELECT pg_sleep(3000)",
                   "SELECT count(*) FROM pg_stat_activity WHERE "
                   "query LIKE '%pg_sleep(3000)%' AND state = 'active' "
                   "AND pid <> pg_backend_pid()"),
    'mysql': ("DO SLEEP(3000)",
              "SELECT count(*) FROM information_schema.processlist WHERE "
              "info LIKE '%SLEEP(3000)%' AND id <> CONNECTION_ID()"),
}


def kind_of(project):
    return project.engine().dialect.name


def column(name):
    return "op.add_column('account', sa.Column('%s', sa.Text))" % name


@pytest.fixture
def accounts(tmpdir, database_url):
    """A project on each kind of database, at its first revision."""
    project = make(tmpdir, database_url)
    project.python('upgrade', revision='one')
    return project


@pytest.fixture(params=['postgresql', 'mariadb'])
def on_server(request, tmpdir):
    """A project on each kind of server, at its first revision."""
    project = make(tmpdir, request.getfixturevalue(request.param + '_url'))
    project.python('upgrade', revision='one')
    return project


#: One entry for each look at who is in the way.
LOOKS = []


@pytest.fixture
def soon(monkeypatch):
    """A migration has less patience; each look is noted in LOOKS."""
    look = watching.Watcher._look

    def noting(self, watched):
        look(self, watched)
        LOOKS.append(self)
    monkeypatch.setattr(watching, 'INTERVAL', 0.15)
    monkeypatch.setattr(watching, 'PATIENCE', 0.3)
    monkeypatch.setattr(watching.Watcher, '_look', noting)
    del LOOKS[:]


def several_looks(number=3):
    """Wait until somebody has looked some times more."""
    before = len(LOOKS)
    processes.wait_for(lambda: len(LOOKS) >= before + number)


def execute(project, sql):
    """Execute one statement outside of any transaction."""
    own = dialects.OwnConnection(project.engine())
    try:
        return own.rows(sql)
    finally:
        own.close()


# ------------------------------------------------------------------- Ctrl-C

def interrupt(process, number=signal.SIGINT):
    """Press Ctrl-C; return how it ended.

    What it interrupts here would last an hour.
    """
    process.send(number)
    return process.result()


@with_a_command_line
def test_ctrl_c_in_the_middle_of_a_statement(accounts, command_line):
    statement, running = LONG[kind_of(accounts)]
    reached = os.path.join(accounts.path, 'reached')
    before = "op.execute('UPDATE account SET balance = 7')\n"
    if running:
        before += "open(%r, 'w').close()\n" % reached
    else:
        # Called in the middle of the statement; the revision is not to look
        # like one that works past SQLAlchemy.
        before += (
            "raw = getattr(op.get_bind(), 'connec' + 'tion')\n"
            "raw.create_function('reached', 0, "
            "lambda: open(%r, 'w').close())\n" % reached)
    write_chain(accounts, [CHAIN[0], (
        'two', before + 'op.execute("%s")' % statement), CHAIN[2]])
    processes.write(accounts)
    process = processes.start(accounts, command_line, 'upgrade')
    processes.wait_for(lambda: os.path.exists(reached), what=process)
    if running:
        processes.wait_for(lambda: execute(accounts, running)[0][0] == 1)
    result = interrupt(process)
    assert result.code == 130, result
    assert 'Traceback' not in result.output
    error = result.stderr[result.stderr.index('Error: '):].splitlines()
    assert error[0] == 'Error: Interrupted in revision two (upgrade).'
    if kind_of(accounts) == 'mysql':
        assert error[1].startswith(
            '  No statement of this revision took effect')
        assert len(error) == 3
    else:
        assert len(error) == 2
    assert error[-1] == '  The database is at one, as before.'
    if running:
        assert execute(accounts, running)[0][0] == 0
    assert accounts.version() == ['one']
    assert accounts.query('SELECT balance FROM account ORDER BY id') == [
        (1,), (5,)]
    write_chain(accounts)
    accounts.python('upgrade', wait=0)
    assert accounts.version() == ['three']


def test_ctrl_c_with_an_env_py_of_ones_own(on_server):
    from test_locking import OWN_ENV_PY
    with io.open(os.path.join(on_server.directory, 'env.py'), 'w') as file:
        file.write(OWN_ENV_PY)
    test_ctrl_c_in_the_middle_of_a_statement(on_server, 'manage')


@with_a_command_line
def test_ctrl_c_while_waiting_for_another_process(accounts, command_line):
    processes.write(accounts)
    with held(accounts):
        process = processes.start(accounts, command_line, 'upgrade')
        process.says('Waiting up to')
        result = interrupt(process)
    assert result.code == 130, result
    assert result.stderr.endswith('for it ...\nError: Interrupted.\n')
    assert accounts.version() == ['one']
    with held(accounts):        # the lock is free
        pass


def test_ctrl_c_while_waiting_for_a_table(on_server):
    """Also where there is no revision yet that is being run."""
    processes.write(on_server)
    other = on_server.engine().connect()
    try:
        transaction = other.begin()
        lock = 'LOCK TABLE alembic_version IN ACCESS EXCLUSIVE MODE' \
            if kind_of(on_server) == 'postgresql' \
            else 'LOCK TABLES alembic_version WRITE'
        compat.sqlalchemy.raw_connection(other).cursor().execute(lock)
        process = processes.start(on_server, 'manage', 'upgrade')
        waiting = "SELECT count(*) FROM pg_stat_activity WHERE " \
            "wait_event_type = 'Lock' AND datname = current_database()" \
            if kind_of(on_server) == 'postgresql' else \
            "SELECT count(*) FROM information_schema.processlist WHERE " \
            "state LIKE 'Waiting for%lock' AND db = DATABASE()"
        processes.wait_for(lambda: execute(on_server, waiting)[0][0] == 1,
                           what=process)
        result = interrupt(process)
        transaction.rollback()
    finally:
        other.invalidate()
        other.close()
    assert result.code == 130, result
    assert 'Traceback' not in result.output
    assert on_server.version() == ['one']


def test_from_python_it_is_a_keyboard_interrupt(accounts, capfd):
    write_chain(accounts, [CHAIN[0], (
        'two', CHAIN[1][1] + '\nraise KeyboardInterrupt')])
    handler = signal.getsignal(signal.SIGINT)
    with pytest.raises(KeyboardInterrupt):
        accounts.python('upgrade')
    assert accounts.version() == ['one']
    assert accounts.query('SELECT balance FROM account ORDER BY id') == [
        (1,), (5,)]
    assert capfd.readouterr() == ('', '')
    assert signal.getsignal(signal.SIGINT) is handler


def test_ctrl_c_that_is_lost_on_its_way(accounts):
    """An interrupt in a finalizer does not get any further by itself."""
    write_chain(accounts, [CHAIN[0], (
        'two', 'import os, signal\ntry:\n'
        '    os.kill(os.getpid(), signal.SIGINT)\n'
        '    import time\n    time.sleep(60)\nexcept KeyboardInterrupt:\n'
        '    pass\nop.execute(\'UPDATE account SET balance = 7\')'),
        CHAIN[2]])
    handler = signal.getsignal(signal.SIGINT)
    result = accounts.manage('upgrade')
    assert result.code == 130, result
    assert signal.getsignal(signal.SIGINT) is handler
    assert 'note' not in accounts.columns('account')


#: Ctrl-C that gets lost, as in a finalizer, or by an except that catches all.
LOST = """
import os, signal, time
try:
    os.kill(os.getpid(), signal.SIGINT)
    time.sleep(60)
except KeyboardInterrupt:
    pass
"""


def lose_ctrl_c(*args, **kwargs):
    exec(LOST, {})


def interrupted(project):
    """An upgrade that Ctrl-C ends; return what it says."""
    result = project.manage('upgrade')
    assert result.code == 130, result
    assert 'Traceback' not in result.output
    return result.stderr[result.stderr.index('Error: '):]


@pytest.mark.once
def test_after_a_lost_ctrl_c_no_statement_is_executed(tmpdir, mariadb_url):
    """Where DDL is permanent each one counts."""
    project = make(tmpdir, mariadb_url)
    project.python('upgrade', revision='one')
    write_chain(project, [CHAIN[0], (
        'two', LOST + "op.create_table('later', sa.Column('a', sa.Integer))"),
        CHAIN[2]])
    said = interrupted(project)
    assert said.startswith('Error: Interrupted in revision two (upgrade).')
    assert 'The database is at one, as before' in said
    assert project.tables() == ['account']


@pytest.mark.once
@pytest.mark.skipif(compat.alembic.alembic_version() < (0, 9, 3),
                    reason='on_version_apply came with Alembic 0.9.3.')
def test_after_a_lost_ctrl_c_no_revision_begins(tmpdir):
    """Its Python might send a mail before its first statement."""
    project = make(tmpdir, None, on_version_apply=lose_ctrl_c)
    begun = tmpdir.join('begun')
    write_chain(project, CHAIN[:1] + [
        ('two', "open(%r, 'w').close()" % str(begun))])
    said = interrupted(project)
    assert said.startswith('Error: Interrupted in revision one (upgrade).')
    assert not begun.check()
    assert project.tables() == []


#: An env.py in which Ctrl-C is lost, before or after its COMMIT.
LOSING = u'''
from alembic import context
from flask import current_app
from test_waiting import lose_ctrl_c
db = current_app.extensions['migrate'].db
connection = db.engine.connect()
context.configure(connection=connection, target_metadata=db.metadata)
with context.begin_transaction():
    context.run_migrations()
    %s
%s
connection.close()
'''


@pytest.mark.parametrize('before', [True, False])
def test_a_ctrl_c_that_is_lost_in_env_py(accounts, before):
    calls = u'lose_ctrl_c()', u''
    with io.open(os.path.join(accounts.directory, 'env.py'), 'w') as file:
        file.write(LOSING % (calls if before else calls[::-1]))
    write_chain(accounts, CHAIN[:2])
    os.remove(os.path.join(accounts.versions, 'three_.py'))
    said = interrupted(accounts).splitlines()
    # There each revision has a COMMIT of its own.
    if before and kind_of(accounts) != 'mysql':
        assert accounts.version() == ['one']
        assert accounts.query('SELECT balance FROM account ORDER BY id') == [
            (1,), (5,)]
        assert said == ['Error: Interrupted.', '  The database is at one, as '
                        'before: all of this run was rolled back.']
    else:
        assert accounts.version() == ['two']
        assert said == ['Error: Interrupted.', '  The database is now at two:'
                        ' what leads there has been applied.']


# -------------------------------------------------------- who is in the way

def alter(project, body=column('extra')):
    """Let the project have one pending revision, which alters the table."""
    write_chain(project, [CHAIN[0], ('two', body)])
    os.remove(os.path.join(project.versions, 'three_.py'))


class Session(object):
    """Another session, with a transaction that has used the table."""

    def __init__(self, project, sql='SELECT * FROM account'):
        self.connection = project.engine().connect()
        self.transaction = self.connection.begin()
        from sqlalchemy import text
        self.connection.execute(text(sql)).close()
        self.number = compat.sqlalchemy.server_process(self.connection)

    def end(self):
        if not self.connection.closed:
            self.connection.invalidate()        # it may have been ended
            self.connection.close()

    def __enter__(self):
        return self

    def __exit__(self, *error):
        self.end()


def end_as_told(project, record):
    """Do what a message says how to end a session."""
    sql = re.search('To end that session: (.*)$', record.getMessage())
    execute(project, sql.group(1))


def warnings_of(records):
    return [record.getMessage() for record in records
            if record.levelno == logging.WARNING]


def test_a_migration_that_waits_says_for_whom(on_server, soon):
    alter(on_server)
    with Session(on_server) as session:
        def end_later():
            if 'To end that session' in records[-1].getMessage():
                threading.Thread(target=end, args=[records[-1]]).start()

        def end(record):
            several_looks()     # a second message must not come
            end_as_told(on_server, record)
        with on_log('', end_later) as records:
            on_server.python('upgrade')
    assert on_server.version() == ['two']
    message, = warnings_of(records)
    assert message.startswith('The migration waits for a lock of ')
    if kind_of(on_server) == 'postgresql':
        assert re.search(
            'server process %d, user flask, idle in transaction, in a '
            r'transaction for 00:00:\d\d, query since \d\d:\d\d:\d\d: SELECT '
            r'\* FROM account\. To end that session: SELECT '
            r'pg_terminate_backend\(%d\)$' % (session.number, session.number),
            message)
    else:
        assert re.search(
            r'connection %d, user flask from \S+, in a transaction since '
            r'[\d-]+ [\d:]+, idle\. To end that session: KILL %d$'
            % (session.number, session.number), message)


def test_a_migration_that_waits_for_a_row(on_server, soon):
    alter(on_server, "op.execute('UPDATE account SET balance = 2')")
    with Session(on_server, 'SELECT * FROM account FOR UPDATE') as session:
        with Session(on_server, 'SELECT 1'):    # not in the way
            with on_log('To end', lambda: end_as_told(
                    on_server, records[-1])) as records:
                on_server.python('upgrade')
    message, = warnings_of(records)
    assert str(session.number) in message
    assert on_server.version() == ['two']


def test_a_command_line_says_it(tmpdir, postgresql_url):
    """After a few seconds of its own."""
    project = make(tmpdir, postgresql_url)
    project.python('upgrade', revision='one')
    alter(project)
    processes.write(project)
    with Session(project) as session:
        process = processes.start(project, 'manage', 'upgrade')
        process.says('To end that session: ')
        assert str(session.number) in process.output
        session.end()
        result = process.result()
        assert result.code == 0, result
        assert result.output.count('The migration waits') == 1


def test_a_migration_that_waits_for_its_own_db_session(on_server, soon):
    """db.session is on a second connection and waits for the first."""
    write_chain(on_server, [CHAIN[0], (
        'two', column('extra') + "\nop.get_bind().execute(sa.text("
        "'SELECT * FROM account FOR UPDATE')).close()\n"
        "db.session.execute(sa.text("
        "'UPDATE account SET balance = 4'))")])
    os.remove(os.path.join(on_server.versions, 'three_.py'))
    path = os.path.join(on_server.versions, 'two_.py')
    with io.open(path, encoding='utf-8') as file:
        text = file.read()
    with io.open(path, 'w', encoding='utf-8') as file:
        file.write(text.replace(u'def upgrade():', (
            u'def upgrade():\n    from flask import current_app\n'
            u"    db = current_app.extensions['migrate'].db"), 1))
    with pytest.raises(MigrationFailed) as caught:
        on_server.python('upgrade')
    assert 'The migration waited for itself' in str(caught.value)
    assert 'Session(bind=op.get_bind())' in str(caught.value)
    assert on_server.version() == ['one']


def test_a_user_who_may_not_see_others(tmpdir, soon, mariadb_server,
                                       mariadb_url):
    name = mariadb_url.rpartition('/')[2]
    url = mariadb_server.create_user('plain', 'secret', name)
    other = make(tmpdir.mkdir('other'), mariadb_url)
    other.python('upgrade', revision='one')
    project = make(tmpdir.mkdir('project'), url)
    alter(project)
    with Session(other) as session:
        with on_log('The migration waits', lambda: session.end()) as records:
            project.python('upgrade')
    message, = warnings_of(records)
    assert message == (
        'The migration waits: Waiting for table metadata lock. To see for '
        'whom, a user needs the right PROCESS')
    assert project.version() == ['two']


def test_a_migration_that_waits_for_nobody_is_quiet(on_server, soon):
    alter(on_server, "import test_waiting\ntest_waiting.several_looks()\n"
          + column('extra'))
    with on_log('') as records:
        on_server.python('upgrade')
    assert warnings_of(records) == []


@pytest.mark.once
def test_what_is_being_asked_when_a_statement_fails(on_server, monkeypatch):
    """The answer may say why: it is waited for."""
    from flask_migrate.dialects.server import ServerDialect
    monkeypatch.setattr(watching, 'INTERVAL', 0.05)
    asking, failed = threading.Event(), threading.Event()
    real = watching.Watcher.stop

    def obstacles(dialect, own, number):
        asking.set()
        assert failed.wait(60)
        return {1: 'Somebody is in the way'}

    def stop(self):
        failed.set()
        real(self)
    monkeypatch.setattr(ServerDialect, 'obstacles', obstacles)
    monkeypatch.setattr(watching.Watcher, 'stop', stop)
    on_server.app.config['ASKING'] = asking.wait
    alter(on_server, "from flask import current_app\n"
          "assert current_app.config['ASKING'](60)\n"
          "raise RuntimeError('lock wait timeout')")
    with pytest.raises(MigrationFailed) as caught:
        on_server.python('upgrade')
    assert '  Somebody is in the way\n' in str(caught.value)


# ------------------------------------------------------------- lock_timeout

def test_lock_timeout_names_who_is_in_the_way(on_server):
    alter(on_server)
    with Session(on_server) as session:
        # Long enough for a look, on a machine that has other things to do.
        on_server.migrate.lock_timeout = 4
        with pytest.raises(MigrationFailed) as caught:
            on_server.python('upgrade')
    message = str(caught.value)
    assert 'Revision two (revision two) failed in upgrade: ' in message
    assert 'The migration waits for a lock of ' in message
    assert str(session.number) in message
    assert 'user flask' in message
    assert 'in a transaction ' in message
    if kind_of(on_server) == 'postgresql':
        assert 'query since ' in message
    assert on_server.version() == ['one']
    on_server.python('upgrade', lock_timeout=60)
    assert on_server.version() == ['two']


def test_lock_timeout_of_a_command_line(on_server):
    alter(on_server)
    with Session(on_server):
        result = on_server.manage('upgrade', '--lock-timeout', '1')
    assert result.code == 1, result
    assert 'Revision two (revision two) failed in upgrade: ' in result.stderr
    assert on_server.version() == ['one']


def test_lock_timeout_is_put_back(on_server):
    show = 'SHOW lock_timeout' if kind_of(on_server) == 'postgresql' \
        else 'SELECT @@SESSION.lock_wait_timeout'
    before = on_server.query(show)
    body = "rows = op.get_bind().execute(sa.text('%s')).fetchall()\n" \
        "assert '3' in str(rows[0][0]), rows" % show
    alter(on_server, body)
    on_server.python('upgrade', lock_timeout=3)
    assert on_server.version() == ['two']
    # The pool has the migration's connection again.
    assert on_server.query(show) == before


def test_lock_timeout_does_not_concern_sqlite(tmpdir):
    project = make(tmpdir, None)
    project.python('upgrade', lock_timeout=1)
    assert project.version() == ['three']


# --------------------------------------------------------------- allow_newer

@pytest.fixture
def newer(tmpdir):
    """A project whose database a later release has migrated."""
    project = make(tmpdir, None)
    project.python('upgrade')
    os.remove(os.path.join(project.versions, 'three_.py'))
    return project


def test_an_older_release_says_that_it_is_older(newer, command_line):
    result = newer.command_line(command_line, 'upgrade')
    assert result.code == 1
    assert 'three' in result.stderr
    assert 'newer' in result.stderr
    assert '--allow-newer' in result.stderr


def test_an_older_release_may_start(newer, command_line):
    result = newer.command_line(command_line, 'upgrade', '--allow-newer')
    assert result.code == 0, result
    assert result.stdout == (
        'The database is at three, which this code does not know: it is '
        'newer. Nothing was done.\n')
    newer.python('upgrade', allow_newer=True)
    assert newer.version() == ['three']


def test_allow_newer_upgrades_what_is_older(tmpdir):
    project = make(tmpdir, None)
    project.python('upgrade', allow_newer=True)
    assert project.version() == ['three']


def test_a_newer_release_that_is_just_at_it(accounts):
    """The database becomes newer while an older release waits."""
    def newer():
        accounts.execute("UPDATE alembic_version SET version_num = 'four'")
        lock.release()
    with held(accounts) as lock:
        with on_log('Waiting up to', newer):
            accounts.python('upgrade', allow_newer=True, wait=120)
    assert accounts.version() == ['four']
    assert 'note' not in accounts.columns('account')
