"""Databases that the application reaches through async drivers."""
import io
import os
import sqlite3
import threading

from flask import Flask
import pytest
import sqlalchemy as sa

from flask_migrate import Migrate, compat
from flask_migrate.compat import async_engines
from flask_migrate.dialects import OwnConnection
from test_legacy import ASYNC_FOLDERS, LegacyProject
from variants import SLOW

pytest.importorskip('greenlet', reason='Async engines need greenlet.')
pytest.importorskip('aiosqlite', reason='aiosqlite is not installed.')
pytest.importorskip('sqlalchemy.ext.asyncio',
                    reason='SQLAlchemy before 1.4 has no async engines.')
asyncio = pytest.importorskip('asyncio')
if not hasattr(asyncio, 'run'):
    pytest.skip('Async engines need Python 3.7.', allow_module_level=True)

#: Python 2.7, which skips these tests, has no such syntax.
coroutines = {'asyncio': asyncio}
exec('''
async def calling(function):
    task = asyncio.current_task()
    function()
    await asyncio.sleep(0)      # the loop goes on
    assert asyncio.current_task() is task

async def connected(engine, function):
    async with engine.connect() as connection:
        return await connection.run_sync(function)
''', coroutines)

#: The async driver of each kind of database.
DRIVERS = {'sqlite': 'sqlite+aiosqlite', 'postgresql': 'postgresql+asyncpg'}


class AsyncDatabase(object):
    """What Alchemical's db for async engines is to Migrate."""

    def __init__(self, urls, **options):
        from sqlalchemy.ext.asyncio import create_async_engine
        self.engines = dict((bind, create_async_engine(url, **options))
                            for bind, url in urls.items())
        self.metadatas = dict((bind, sa.MetaData()) for bind in urls)
        self.metadata = self.metadatas[None]
        for bind, metadata in self.metadatas.items():
            sa.Table('user' if bind else 'thing', metadata,
                     sa.Column('id', sa.Integer, primary_key=True),
                     sa.Column('name', sa.String(50)))

    def get_engine(self, bind=None):
        return self.engines[bind]

    def bind_names(self):
        return [bind for bind in self.engines if bind is not None]


class AsyncProject(LegacyProject):
    """A project whose databases have async engines.

    :param urls: database URLs by bind key, with ordinary drivers.
    """

    def __init__(self, path, urls, **options):
        self.path = str(path)
        self.directory = os.path.join(self.path, 'migrations')
        self.app = Flask('project')
        self.binds = list(urls)
        self.sync = dict((bind, sa.create_engine(url))
                         for bind, url in urls.items())
        self.db = AsyncDatabase(dict(
            (bind, url.replace(url.split(':')[0], DRIVERS[
                url.split(':')[0].split('+')[0]], 1))
            for bind, url in urls.items()), **options)
        self.migrate = Migrate(self.app, self.db, directory=self.directory)

    def engine(self, bind=None):
        return self.sync[bind]

    def add_columns(self):
        for metadata in self.db.metadatas.values():
            for table in metadata.tables.values():
                table.append_column(sa.Column('extra', sa.Integer))


def sqlite_urls(path, template):
    binds = [None, 'users'] if template.endswith('multidb') else [None]
    return dict((bind, 'sqlite:///%s/%s.db' % (path, bind)) for bind in binds)


def go_through_commands(project, elsewhere, capsys):
    python = project.python
    tables = ['thing', 'user'][:len(project.binds)]
    first = python('migrate', message='first')
    assert project.all_tables() == []
    python('upgrade')
    assert project.all_tables() == tables
    assert project.all_versions() == [[first.revision]] * len(tables)
    assert [script.revision for script in python('current')] == [
        first.revision]
    python('check')
    assert python('migrate', message='nothing') is None
    project.add_columns()
    second = python('migrate', message='second')
    capsys.readouterr()
    python('upgrade', sql=True)
    sql = capsys.readouterr().out + ''.join(
        path.read() for path in elsewhere.listdir())
    assert sql.count('ADD COLUMN extra INTEGER') == len(tables)
    python('upgrade')
    assert project.all_columns() == [['extra', 'id', 'name']] * len(tables)
    python('downgrade')
    assert project.all_columns() == [['id', 'name']] * len(tables)
    python('stamp')
    assert project.all_versions() == [[second.revision]] * len(tables)
    python('stamp', revision=first.revision)
    python('downgrade', revision='base')
    assert project.all_tables() == []


@pytest.fixture
def elsewhere(tmpdir, monkeypatch):
    """The working directory, which is not the project's."""
    path = tmpdir.mkdir('elsewhere')
    monkeypatch.chdir(path)
    return path


#: All in the slow mode, else the newest for one database.
FOLDERS = ASYNC_FOLDERS if SLOW else ASYNC_FOLDERS[-2:-1]


@pytest.fixture(params=['%s-%s' % folder for folder in FOLDERS])
def stock(request, releases):
    """A stock template's name and files."""
    template, version = request.param.rsplit('-', 1)
    return template, releases[version][template]


def test_stock_folder(tmpdir, stock, elsewhere, capsys):
    template, files = stock
    project = AsyncProject(tmpdir, sqlite_urls(tmpdir, template))
    project.write_folder(files)
    before = project.contents()
    go_through_commands(project, elsewhere, capsys)
    after = project.contents()
    assert dict((path, after[path]) for path in before) == before


def test_stock_folder_from_a_coroutine(tmpdir, stock):
    template, files = stock
    project = AsyncProject(tmpdir, sqlite_urls(tmpdir, template))
    project.write_folder(files)
    project.python('migrate')

    asyncio.run(coroutines['calling'](
        lambda: project.python('upgrade')))
    assert project.all_tables() == ['thing', 'user'][:len(project.binds)]


@pytest.fixture(params=['sqlite', 'postgresql'])
def urls(request, tmpdir):
    """The URLs of two databases, by bind key."""
    if request.param == 'sqlite':
        yield sqlite_urls(tmpdir, 'aioflask-multidb')
        return
    pytest.importorskip('asyncpg', reason='asyncpg is not installed.')
    server = request.getfixturevalue('postgresql_server')
    names = [server.create_database() for _ in range(2)]
    yield dict(zip([None, 'users'], [server.url(name) for name in names]))


@pytest.mark.parametrize('template', ['aioflask', 'aioflask-multidb'])
def test_own_template(tmpdir, urls, template, elsewhere, capsys):
    if template == 'aioflask':
        del urls['users']
    project = AsyncProject(tmpdir, urls)
    project.python('init', template=template)
    go_through_commands(project, elsewhere, capsys)


def test_from_run_sync(tmpdir):
    """A test suite's way: the connection's greenlet is there already."""
    project = AsyncProject(tmpdir, sqlite_urls(tmpdir, ''))
    project.python('init')
    project.python('migrate')

    asyncio.run(coroutines['connected'](
        project.db.engines[None], lambda _: project.python('upgrade')))
    assert project.tables() == ['thing']


def test_memory(tmpdir):
    """The only connection of a database in memory stays."""
    project = AsyncProject(tmpdir, {None: 'sqlite://'})
    project.python('init')
    project.write_revision('a1', "op.create_table('t', sa.Column('id', "
                           "sa.Integer))")
    project.python('upgrade')
    assert asyncio.run(coroutines['connected'](
        project.db.engines[None],
        lambda connection: sa.inspect(connection).get_table_names())) == [
            'alembic_version', 't']


@pytest.mark.parametrize('template', ['aioflask', 'aioflask-multidb'])
def test_failure_leaves_nothing(tmpdir, urls, template):
    project = AsyncProject(tmpdir, urls)
    project.python('init', template=template)
    body = u'''revision = %r
down_revision = %r
from alembic import op
def upgrade(engine_name=''):
    %s
def downgrade():
    pass
'''
    for values in (
            ('a1', None, 'pass'),
            ('a2', 'a1', "op.execute('CREATE TABLE half (id INTEGER)'); "
                         "op.execute('SELECT nonsense')")):
        name = os.path.join(project.versions, '%s_.py' % values[0])
        with io.open(name, 'w') as file:
            file.write(body % values)
        if values[0] == 'a1':
            project.python('upgrade')
    with pytest.raises(Exception) as failure:
        project.python('upgrade')
    assert 'is at a1, as before' in str(failure.value)
    assert project.all_tables() == []
    for bind in project.binds:      # nobody holds a lock
        project.execute('CREATE TABLE free (id INTEGER)', bind)


def test_plain_connection_outside_its_loop(tmpdir):
    engine = AsyncDatabase({None: 'sqlite+aiosqlite:///%s/a.db' % tmpdir}
                           ).engines[None]
    caller = async_engines.caller(engine)
    try:
        fairy = caller.call(engine.sync_engine.pool.connect)
        raw = compat.async_drivers.plain(compat.sqlalchemy.raw_of(fairy))
        raw.isolation_level = None
        raw.execute('BEGIN')
        assert raw.in_transaction
        assert raw.cursor().execute('SELECT 1').fetchall() == [(1,)]
        with pytest.raises(sqlite3.OperationalError):
            raw.execute('nonsense')
        raw.rollback()
        caller.call(fairy.invalidate)
        with pytest.raises(sqlite3.ProgrammingError):
            raw.rollback()
    finally:
        caller.close()


def test_caller_from_several_threads(tmpdir):
    engine = AsyncDatabase({None: 'sqlite+aiosqlite://'}).engines[None]
    caller = async_engines.caller(engine)
    found = []

    def ask():
        for _ in range(20):
            connection = caller.call(engine.sync_engine.connect)
            found.append(caller.call(
                lambda: connection.execute(sa.text('SELECT 1')).scalar()))
            caller.call(connection.close)
    threads = [threading.Thread(target=ask) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    caller.call(engine.sync_engine.dispose)
    caller.close()
    assert found == [1] * 80


@pytest.mark.once
@pytest.mark.parametrize('error', [KeyboardInterrupt, OSError])
def test_no_thread_stays_where_nobody_answers(monkeypatch, error):
    """Each try to reach a server that is starting would leave one."""
    def call(*args):
        raise error
    monkeypatch.setattr(async_engines.LoopThread, 'call', call)
    engine = AsyncDatabase({None: 'sqlite+aiosqlite://'}).engines[None]
    before = set(threading.enumerate())
    with pytest.raises(error):
        OwnConnection(engine.sync_engine)
    assert set(threading.enumerate()) <= before     # it has been joined


def test_ordinary_engines_get_no_loop(tmpdir):
    engine = sa.create_engine('sqlite://')
    assert not async_engines.is_async(engine)
    assert async_engines.sync_engine(engine) is engine
    assert isinstance(async_engines.caller(engine), async_engines.Direct)
    assert async_engines.run_in([engine], lambda: 'result') == 'result'
