"""Commands in threads of one process end as if run one after another."""
import ast
import io
import logging
import os
import sys
import threading
import warnings

from alembic.util import CommandError
import pytest

import flask_migrate
from flask_migrate import LockTimeout, compat, console, logs
from flask_migrate.run import naming
from project import Project

#: Seconds until a thread that waits in vain gives up.
PATIENCE = 60

AT_WORK = "from flask import current_app\ncurrent_app.config['AT_WORK']()\n"


class Thread(object):
    """Calls a function in a thread."""

    def __init__(self, function, *args, **kwargs):
        self.value = self.error = None
        self._thread = threading.Thread(
            target=self._run, args=[function, args, kwargs])
        self._thread.daemon = True
        self._thread.start()

    def _run(self, function, args, kwargs):
        try:
            self.value = function(*args, **kwargs)
        except BaseException as error:
            self.error = error

    def ended(self):
        return not self._thread.is_alive()

    def result(self, patience=PATIENCE):
        self._thread.join(patience)
        assert self.ended(), 'it does not end'
        if self.error is not None:
            raise self.error
        return self.value


class Meeting(object):
    """Threads wait until all have come (a Barrier is Python 3)."""

    def __init__(self, number):
        self.missing = number
        self._mutex = threading.Lock()
        self._all = threading.Event()

    def __call__(self):
        with self._mutex:
            self.missing -= 1
            if not self.missing:
                self._all.set()
        assert self._all.wait(PATIENCE), '%d have not come' % self.missing


class Gate(object):
    """A revision stops at it.

    :ivar reached: is set when a revision has come.
    :ivar open: the revision goes on when it is set.
    """

    def __init__(self):
        self.reached, self.open = threading.Event(), threading.Event()

    def __call__(self):
        self.reached.set()
        assert self.open.wait(PATIENCE), 'nobody has opened it'

    def wait(self):
        assert self.reached.wait(PATIENCE), 'nobody has come'


def make(path, url, name='one', at_work=None, **settings):
    """A project with a revision that makes a table, and stops then."""
    project = Project(path, url, **settings)
    project.app.config['AT_WORK'] = at_work
    project.python('init')
    project.write_revision(
        'a' + name, "op.create_table(%r, sa.Column('id', sa.Integer))\n%s"
        % ('t' + name, AT_WORK), "op.drop_table(%r)" % ('t' + name))
    return project


def state_of_the_process():
    """What commands must leave as it was.

    The filter that names databases is there for good.
    """
    loggers = [logging.getLogger()] + [
        logging.getLogger(name) for name in ('alembic', 'flask_migrate')
        + logs.NOISY]
    return (sys.stdout, sys.stderr, list(warnings.filters),
            [(logger.level, logger.handlers[:], [
                each for each in logger.filters if each is not naming._NAME],
              logger.propagate, logger.disabled) for logger in loggers])


# ------------------------------------------------------------------ overlap

def test_four_upgrades_at_once(tmpdir, postgresql_url, mariadb_url):
    meeting, projects = Meeting(4), []
    for number, url in enumerate([None, None, postgresql_url, mariadb_url]):
        projects.append(make(tmpdir.mkdir('project%d' % number), url,
                             'n%d' % number, meeting))
    before = state_of_the_process()
    states = [dict(vars(project.app.extensions['migrate']))
              for project in projects]
    threads = [Thread(project.python, 'upgrade') for project in projects]
    for thread in threads:
        thread.result()
    for number, project in enumerate(projects):
        assert project.tables() == ['tn%d' % number]
        assert project.version() == ['an%d' % number]
        assert len(project.python('current')) == 1
        assert vars(project.app.extensions['migrate']) == states[number]
    assert state_of_the_process() == before


def test_context_and_op_answer_per_thread(tmpdir):
    from alembic import context, op
    projects = [make(tmpdir.mkdir('project%d' % number), None,
                     'n%d' % number, Gate()) for number in range(2)]
    gates = [project.app.config['AT_WORK'] for project in projects]
    threads, seen = [], []
    for number, project in enumerate(projects):
        project.write_revision(
            'b%d' % number, "from alembic import context, op\n%s"
            "current_app.config['SEEN'].append((op.get_bind().engine.url."
            "database, op.get_context(), context.config))" % AT_WORK,
            down='an%d' % number)
        project.app.config['SEEN'] = seen
        threads.append(Thread(project.python, 'upgrade'))
        gates[number].wait()
    # Here nothing runs.
    assert not hasattr(context, 'config')
    with pytest.raises(NameError):
        op.get_bind()
    for number in 1, 0:
        gates[number].open.set()
        threads[number].result()
    assert [path for path, _, _ in seen] == [
        projects[number].engine().url.database for number in (1, 0)]
    assert seen[0][1] is not seen[1][1]
    assert seen[0][2] is not seen[1][2]


def test_looking_waits_for_no_migration(tmpdir, database_url):
    gate = Gate()
    project = make(tmpdir, database_url, at_work=gate)
    upgrading = Thread(project.python, 'upgrade')
    gate.wait()
    try:
        assert Thread(project.python, 'current').result() == []
        assert [each.revision for each in Thread(
            project.python, 'heads').result()] == ['aone']
        marks = compat.alembic.alembic_version() >= (0, 9, 9)
        assert len(Thread(project.python, 'history', **(
            {'indicate_current': True} if marks else {})).result()) == 1
        assert len(Thread(project.python, 'upgrade',
                          dry_run=True).result()) == 1
        status, = Thread(project.python, 'status').result().databases
        assert [each.revision for each in status.pending] == ['aone']
        assert not upgrading.ended()
    finally:
        gate.open.set()
    upgrading.result()
    assert len(project.python('current')) == 1


#: A statement that holds a table, and how a session is seen to wait for it.
HELD = {
    'postgresql': ('LOCK TABLE held', "SELECT 1 FROM pg_stat_activity WHERE "
                   "wait_event_type = 'Lock' AND query LIKE 'ALTER%'"),
    'mysql': ('SELECT * FROM held', "SELECT 1 FROM information_schema."
              "processlist WHERE state LIKE 'Waiting for%' AND info LIKE "
              "'ALTER%'")}


@pytest.mark.parametrize('kind', ['postgresql', 'mariadb'])
def test_looking_while_a_migration_waits_in_a_statement(
        tmpdir, kind, request):
    from sqlalchemy import text
    project = make(tmpdir, request.getfixturevalue(kind + '_url'),
                   at_work=lambda: None)
    project.python('upgrade')
    project.execute('CREATE TABLE held (a int)')
    project.write_revision(
        'two', "op.add_column('held', sa.Column('b', sa.Integer))",
        down='aone')
    hold, waits = HELD[project.engine().dialect.name]
    connection = project.engine().connect()
    try:
        transaction = connection.begin()
        connection.execute(text(hold))
        upgrading = Thread(project.python, 'upgrade')
        until(lambda: project.query(waits))
        current = Thread(project.python, 'current').result()
        assert [each.revision for each in current] == ['aone']
        with pytest.raises(LockTimeout):
            Thread(project.python, 'upgrade', wait=0).result()
        assert not upgrading.ended()
        transaction.rollback()
    finally:
        connection.close()
    upgrading.result()
    assert project.version() == ['two']


def until(condition):
    """Wait for what a server does: nobody tells when it has."""
    event, deadline = threading.Event(), \
        compat.python.monotonic() + PATIENCE
    while not condition():
        assert compat.python.monotonic() < deadline
        event.wait(0.15)    # read more often, MariaDB's list stays the same


def test_wait_is_honoured(tmpdir, database_url):
    gate = Gate()
    project = make(tmpdir, database_url, at_work=gate)
    first = Thread(project.python, 'upgrade')
    gate.wait()
    try:
        for command in 'upgrade', 'stamp':
            with pytest.raises(LockTimeout):
                Thread(project.python, command, wait=0).result()
        waiting = Waiting()
        second = Thread(project.python, 'upgrade', wait=PATIENCE)
        waiting.wait()
        assert not first.ended() and not second.ended()
    finally:
        gate.open.set()
    first.result()
    second.result()
    assert project.tables() == ['tone']
    assert project.version() == ['aone']


class Waiting(logging.Handler):
    """Hears that a command waits for another one."""

    def __init__(self):
        logging.Handler.__init__(self)
        self._heard = threading.Event()
        self.logger = logging.getLogger('flask_migrate')
        self.level_before = self.logger.level
        self.logger.setLevel(logging.INFO)
        self.logger.addHandler(self)

    def emit(self, record):
        if 'Waiting up to' in record.getMessage():
            self._heard.set()

    def wait(self):
        try:
            assert self._heard.wait(PATIENCE), 'nobody waits'
        finally:
            self.logger.removeHandler(self)
            self.logger.setLevel(self.level_before)


# ----------------------------------------------- what belongs to the process

def test_an_applications_state_while_others_run(tmpdir):
    gate = Gate()
    project = make(tmpdir, None, at_work=gate)
    state = project.app.extensions['migrate']
    db, arguments = state.db, dict(state.configure_args)
    running = Thread(project.python, 'upgrade')
    gate.wait()
    # Another thread sees it as ever, may change it, and runs commands.
    assert state.db is db and state.configure_args == arguments
    project.python('current')
    other = object()
    project.migrate.db = other
    assert state.db is other
    project.migrate.db = db
    state.metadata = metadata = object()
    gate.open.set()
    running.result()
    assert state.db is db and state.metadata is metadata
    assert state.configure_args == arguments


def test_command_lines_that_overlap(tmpdir):
    """The first one to come is the first one to go."""
    gates = Gate(), Gate()
    projects = [make(tmpdir.mkdir(name), None, name, gate)
                for name, gate in zip('ab', gates)]
    before = state_of_the_process()

    def upgrade(project):
        with project.app.app_context():
            console.run(flask_migrate.upgrade, {})
    threads = []
    for project, gate in zip(projects, gates):
        threads.append(Thread(upgrade, project))
        gate.wait()
    assert state_of_the_process() != before
    for thread, gate in zip(threads, gates):
        gate.open.set()
        thread.result()
    assert state_of_the_process() == before
    assert [project.tables() for project in projects] == [['ta'], ['tb']]


@pytest.mark.once
def test_warnings_while_two_databases_are_adopted(tmpdir, monkeypatch):
    import sqlalchemy
    from flask_migrate.adoption import baseline
    gates, entered = [Gate(), Gate()], []

    def reflect(self, **arguments):
        gate = gates[len(entered)]
        entered.append(gate)
        gate()
    monkeypatch.setattr(sqlalchemy.MetaData, 'reflect', reflect)
    monkeypatch.setattr(baseline, '_operations_of', lambda tables: [])
    before = list(warnings.filters)
    first = Thread(baseline.reflected_tables, None, [])
    gates[0].wait()
    second = Thread(baseline.reflected_tables, None, [])
    # The second one does not come, or this finds out that it may.
    gates[1].reached.wait(0.3)
    gates[0].open.set()
    first.result()
    gates[1].wait()
    gates[1].open.set()
    second.result()
    assert warnings.filters == before


def test_revisions_that_are_written_at_once_print_nothing(tmpdir, capsys):
    """Alembic before 1.11 has to be kept from writing to sys.stdout."""
    gates = Gate(), Gate()
    projects = [make(tmpdir.mkdir(name), None) for name in 'ab']
    threads = []
    for project in projects:
        os.remove(os.path.join(project.versions, 'aone_.py'))
    before = state_of_the_process()
    for project, gate in zip(projects, gates):
        project.app.extensions['migrate'].configure_args[
            'process_revision_directives'] = lambda *args, **kwargs: gate()
        thread = Thread(project.python, 'revision', message='one',
                        autogenerate=True)
        threads.append(thread)
        if compat.alembic.alembic_version() >= (0, 8):
            gate.wait()
    for thread, gate in zip(threads, gates):
        gate.open.set()
        thread.result()
    assert state_of_the_process() == before
    assert capsys.readouterr() == ('', '')


def test_revisions_that_are_written_at_once_follow_each_other(project):
    project.python('init')
    threads = [Thread(project.python, 'revision', message='n%d' % number)
               for number in range(5)]
    for thread in threads:
        thread.result()
    assert len(project.scripts()) == 5
    assert len(project.python('heads')) == 1
    assert len(project.python('history')) == 5


@pytest.mark.parametrize('event', ['before_cursor_execute', 'checkin'])
def test_a_listener_that_another_thread_is_in(
        tmpdir, event, postgresql_url, monkeypatch):
    """A list that is gone through must not change meanwhile."""
    from sqlalchemy import event as events, text
    project = make(tmpdir, postgresql_url, at_work=lambda: None)
    engine, gate = project.engine(), Gate()
    used = threading.local()

    def listener(*args):
        if getattr(used, 'here', False):
            gate()

    def work():
        used.here = True
        connection = engine.connect()
        try:
            return connection.execute(text('SELECT 1')).scalar()
        finally:
            connection.close()
    target = engine.pool if event == 'checkin' else engine
    events.listen(target, event, listener)
    working = Thread(work)
    gate.wait()
    try:
        project.python('upgrade')
    finally:
        gate.open.set()
    assert working.result() == 1
    assert project.version() == ['aone']


# --------------------------------------------------- one connection for all

def test_a_database_in_memory_has_one_connection(tmpdir):
    gate = Gate()
    project = make(tmpdir, 'sqlite://', at_work=gate)
    if not compat.sqlalchemy.shares_connection(project.engine()):
        pytest.skip('Each thread has a database of its own here.')
    first = Thread(project.python, 'upgrade')
    gate.wait()
    try:
        with pytest.raises(LockTimeout) as caught:
            Thread(project.python, 'upgrade', wait=0).result()
        assert str(caught.value).startswith(
            'Another thread is migrating this database. Run ')
        looking = [Thread(project.python, 'current') for _ in range(3)]
        waiting = Waiting()
        second = Thread(project.python, 'upgrade')
        waiting.wait()
        assert not any(each.ended() for each in looking + [first, second])
    finally:
        gate.open.set()
    first.result()
    second.result()
    assert [len(each.result()) for each in looking] == [1] * 3
    assert project.tables() == ['tone']
    assert project.version() == ['aone']


def test_looking_in_memory_makes_no_migration_fail(tmpdir):
    project = make(tmpdir, 'sqlite://', at_work=lambda: None)
    if not compat.sqlalchemy.shares_connection(project.engine()):
        pytest.skip('Each thread has a database of its own here.')
    gate = Gate()
    with open(os.path.join(project.directory, 'env.py'), 'a') as file:
        file.write("\nfrom flask import current_app\n"
                   "current_app.config['LOOKED']()\n")
    project.app.config['LOOKED'] = gate
    looking = Thread(project.python, 'current')
    gate.wait()
    upgrading = Thread(project.python, 'upgrade', wait=0)
    gate.open.set()
    upgrading.result()
    assert looking.result() == []
    assert project.version() == ['aone']


@pytest.mark.once
def test_a_nested_command_is_refused(tmpdir):
    project = make(tmpdir, None, at_work=lambda: flask_migrate.current())
    with pytest.raises(CommandError) as caught:
        project.python('upgrade')
    assert 'one environment at a time' in str(caught.value)
    assert project.tables() == []


# ------------------------------------------------------------------- source

def test_source_becomes_a_tree_in_one_thread_at_a_time(tmpdir, monkeypatch):
    project = make(tmpdir, None, at_work=lambda: None)
    project.python('upgrade')
    with io.open(os.path.join(project.directory, 'script.py.mako'), 'a',
                 encoding='utf-8') as file:
        file.write(u'\n# ${__import__("flask_migrate.compat.source", {}, {}, '
                   u'["LOCK"]).LOCK.locked()}\n')
    seen = []

    class Recording(object):
        @staticmethod
        def parse(*args):
            seen.append(compat.source.LOCK.locked())
            return ast.parse(*args)
    monkeypatch.setattr(compat.source, 'ast', Recording)
    project.python('migrate', message='more', allow_drop_all=True)
    assert seen and all(seen)
    assert not compat.source.LOCK.locked()
    written = [name for name in os.listdir(project.versions)
               if name.endswith('_more.py')]
    with io.open(os.path.join(project.versions, written[0]),
                 encoding='utf-8') as file:
        assert file.read().endswith(u'# True\n')
