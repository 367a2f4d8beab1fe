"""Several databases, and other db objects than Flask-SQLAlchemy's."""
from collections import OrderedDict
import io
import os
import re

from alembic.util import CommandError
from flask import Flask
import pytest
import sqlalchemy

from flask_migrate import compat, LockLost, Migrate
import processes
from project import COMMAND_LINES, Project
from test_lock_trouble import locks_of_the_run

ALEMBIC = compat.alembic.alembic_version()


def ids(scripts):
    return [script.revision for script in scripts]


def text_of(script):
    with io.open(script.path, encoding='utf-8') as file:
        return file.read()


def function(script, name):
    """The lines of a function of a revision file, without comments."""
    body = re.search(r'^def %s\(.*?\):\n(.*?)(?=\n\S|\Z)' % name,
                     text_of(script), re.M | re.S).group(1)
    return [line.strip() for line in body.splitlines()
            if line.strip() and not line.strip().startswith('#')]


# Binds of Flask-SQLAlchemy ---------------------------------------------------

@pytest.fixture
def urls(request, tmpdir):
    """Makes the URLs of empty databases on a kind of server."""
    made = []

    def urls(kind, count):
        if kind == 'sqlite':
            return ['sqlite:///%s' % tmpdir.join('%d.db' % number)
                    for number in range(count)]
        server = request.getfixturevalue(kind + '_server')
        names = [server.create_database() for _ in range(count)]
        made.extend((server, name) for name in names)
        return [server.url(name) for name in names]
    yield urls
    for server, name in made:
        server.drop_database(name)


class BindProject(Project):
    """A project with one model in each database."""

    def __init__(self, path, urls, default=True, **settings):
        self.names = ([None] if default else []) + \
            ['users', 'my-db'][:len(urls) - default]
        binds = OrderedDict(zip(self.names, urls))
        Project.__init__(self, path, url=binds.pop(None, ''), binds=binds,
                         **settings)
        self.models = {}
        for name in self.names:
            self.models[name] = self.model(
                'Thing' + re.sub(r'\W', '_', name or ''), bind=name,
                name=self.db.Column(self.db.String(50)))

    def all_tables(self):
        return [self.tables(name) for name in self.names]

    def all_versions(self):
        return [self.version(name) for name in self.names]

    def dispose(self):
        for name in self.names:
            self.engine(name).dispose()


EVERY_TABLE = [['thing'], ['thingusers'], ['thingmy_db']]


@pytest.mark.parametrize('kind, which', [
    ('sqlite', COMMAND_LINES[0]), ('sqlite', COMMAND_LINES[-1]),
    ('postgresql', COMMAND_LINES[0]), ('mariadb', COMMAND_LINES[-1])])
def test_binds(tmpdir, urls, kind, which):
    project = BindProject(tmpdir, urls(kind, 3))

    def run(*args):
        result = project.command_line(which, *args)
        assert result.code == 0, result
        return result.output

    run('init', '--multidb')
    run('migrate', '-m', 'first')
    first = project.python('heads')[0]
    for name in ('_', '_users', '_my_db'):
        assert len(function(first, 'upgrade' + name)) > 1
        assert len(function(first, 'downgrade' + name)) == 1
    assert 'Nothing to do' not in run('upgrade')
    assert project.all_tables() == EVERY_TABLE
    assert project.all_versions() == [[first.revision]] * 3
    run('check')
    assert 'No changes in schema detected.' in run('migrate')
    assert len(project.scripts()) == 1

    # One bind changes.
    project.models['my-db'].extra = project.db.Column(project.db.Integer)
    assert project.command_line(which, 'check').code == 1
    run('migrate', '-m', 'second')
    second = project.python('heads')[0]
    assert function(second, 'upgrade_') == ['pass']
    assert function(second, 'downgrade_users') == ['pass']
    assert 'extra' in ''.join(function(second, 'upgrade_my_db'))
    run('upgrade')
    assert 'extra' in project.columns('thingmy_db', 'my-db')
    assert project.all_versions() == [[second.revision]] * 3
    run('check')
    run('downgrade')
    assert 'extra' not in project.columns('thingmy_db', 'my-db')
    run('downgrade', 'base')
    assert project.all_tables() == [[], [], []]
    assert project.all_versions() == [[], [], []]
    project.dispose()


def test_binds_without_a_default(tmpdir, urls, command_line):
    project = BindProject(tmpdir, urls('sqlite', 1), default=False)
    for args in (('init', '--multidb'), ('migrate',), ('upgrade',),
                 ('check',)):
        result = project.command_line(command_line, *args)
        assert result.code == 0, result
    assert 'def upgrade_users()' in text_of(project.python('heads')[0])
    assert 'def upgrade_()' not in text_of(project.python('heads')[0])
    result = project.command_line(command_line, 'migrate')
    assert 'No changes in schema detected.' in result.output
    assert len(project.scripts()) == 1
    assert project.tables('users') == ['thingusers']


@pytest.mark.parametrize('changed', ['users', 'my-db'])
def test_a_change_in_any_bind_is_found(tmpdir, urls, changed):
    project = BindProject(tmpdir, urls('sqlite', 3))
    project.python('init', multidb=True)
    project.python('migrate')
    project.python('upgrade')
    project.models[changed].extra = project.db.Column(project.db.Integer)
    with pytest.raises(CommandError):
        project.python('check')
    assert project.python('migrate') is not None


def test_bind_without_models(tmpdir):
    project = Project(tmpdir, binds={'empty': 'sqlite://'})
    project.model('Thing')
    project.python('init', multidb=True)
    script = project.python('migrate')
    assert function(script, 'upgrade_empty') == ['pass']
    project.python('upgrade')
    assert project.tables() == ['thing']


def test_same_table_in_two_binds(tmpdir, urls):
    one, two = urls('sqlite', 2)
    project = Project(tmpdir, url=one, binds={'b': two})
    if not hasattr(type(project.db), 'engines'):
        pytest.skip('One table name in two binds needs Flask-SQLAlchemy 3.')
    project.model('Thing')
    project.model('THING', bind='b', name=project.db.Column(
        project.db.String(9)))
    project.python('init', multidb=True)
    project.python('migrate')
    project.python('upgrade')
    assert project.tables() == project.tables('b') == ['thing']
    assert project.columns('thing', 'b') != project.columns('thing')


def test_sql_of_binds(tmpdir, urls):
    project = BindProject(tmpdir, urls('sqlite', 3))
    project.python('init', multidb=True)
    project.python('migrate')
    result = project.manage('upgrade', '--sql')
    assert result.code == 0, result
    parts = re.split('^-- Database: (.*)$', result.stdout, flags=re.M)
    assert parts[1::2] == ['default', 'users', 'my-db']
    for part, (table,) in zip(parts[2::2], EVERY_TABLE):
        assert re.findall(r'CREATE TABLE (thing\w*)', part) == [table]
        assert part.count('INSERT INTO alembic_version') == 1
    assert project.all_tables() == [[], [], []]


def test_bind_added_later(tmpdir, urls):
    """Its revisions of before have no function for it, and do nothing."""
    addresses = urls('sqlite', 2)
    before = BindProject(tmpdir, addresses[:1])
    before.python('init', multidb=True)
    before.python('migrate')
    before.python('upgrade')
    after = BindProject(tmpdir, addresses)
    after.python('upgrade')
    assert after.all_versions() == [ids(after.python('heads'))] * 2
    script = after.python('migrate')
    assert function(script, 'upgrade_') == ['pass']
    after.python('upgrade')
    assert after.all_tables() == EVERY_TABLE[:2]
    after.python('downgrade', revision='base')
    assert after.all_tables() == [[], []]


def test_failure_leaves_every_database_as_it_was(tmpdir, urls):
    project = BindProject(tmpdir, urls('sqlite', 2))
    project.python('init', multidb=True)
    script = project.python('migrate')
    text = text_of(script)
    position = text.index(u'def downgrade_users')
    with io.open(script.path, 'w', encoding='utf-8') as file:
        file.write(text[:position].rstrip()
                   + u'\n    raise ValueError("later")\n\n\n'
                   + text[position:])
    with pytest.raises(CommandError):
        project.python('upgrade')
    assert project.all_tables() == [[], []]


@pytest.mark.parametrize('which', COMMAND_LINES)
def test_multidb_forgotten(tmpdir, urls, which):
    project = BindProject(tmpdir, urls('sqlite', 3))
    lines = project.command_line(which, 'init').stdout.splitlines()
    line = [each for each in lines if '--multidb' in each]
    assert len(line) == 1 and '(users, my-db)' in line[0]
    lines = project.command_line(which, 'migrate').output.splitlines()
    line = [each for each in lines if '--multidb' in each]
    assert len(line) == 1 and '(users, my-db)' in line[0]
    script = project.python('heads')[0]
    assert re.findall(r"create_table\(\s*'(\w+)'", text_of(script)) == \
        ['thing']


def test_multidb_not_forgotten(tmpdir, urls, command_line):
    project = BindProject(tmpdir, urls('sqlite', 2))
    for args in (('init', '--multidb'), ('migrate',)):
        assert '--multidb' not in project.command_line(
            command_line, *args).output
    other = Project(tmpdir.mkdir('other'))
    for args in (('init',), ('migrate',)):
        assert '--multidb' not in other.command_line(
            command_line, *args).output


def two_phases(project):
    """Have env.py commit in two phases."""
    path = os.path.join(project.directory, 'env.py')
    with io.open(path, encoding='utf-8') as file:
        text = file.read()
    assert u'twophase=False' in text
    with io.open(path, 'w', encoding='utf-8') as file:
        file.write(text.replace(u'twophase=False', u'twophase=True'))


@pytest.mark.server
def test_two_phases(tmpdir, urls):
    project = BindProject(tmpdir, urls('postgresql', 2))
    project.python('init', multidb=True)
    two_phases(project)
    prepared = []
    from sqlalchemy import event
    for name in project.names:
        event.listen(project.engine(name), 'prepare_twophase',
                     lambda connection, xid: prepared.append(xid))
    script = project.python('migrate')
    prepared[:] = []
    project.python('upgrade')
    assert len(set(prepared)) >= 2
    assert project.all_tables() == EVERY_TABLE[:2]
    assert project.all_versions() == [[script.revision]] * 2
    project.python('check')
    project.python('downgrade')
    assert project.all_tables() == [[], []]
    # All or none: the second database fails, the first is as before.
    project.execute('CREATE TABLE thingusers (id INTEGER)', 'users')
    with pytest.raises(CommandError):
        project.python('upgrade')
    assert project.all_tables() == [[], ['thingusers']]
    assert project.all_versions() == [[], []]
    project.dispose()


@pytest.mark.server
@pytest.mark.once
@pytest.mark.parametrize('phase', ['revision', 'prepare', 'commit'])
def test_ctrl_c_in_two_phases(tmpdir, urls, monkeypatch, phase):
    """All or none; and nothing stays prepared, which nobody would end."""
    from sqlalchemy import event
    project = BindProject(tmpdir, urls('postgresql', 2))
    project.python('init', multidb=True)
    two_phases(project)
    script = project.python('migrate')
    engines = [project.engine(name) for name in project.names]

    def interrupt(connection, *args):
        if phase == 'prepare' or 'CREATE TABLE thing' in args[1]:
            raise KeyboardInterrupt
    if phase == 'commit':       # of the first, which has taken place
        real = engines[0].dialect.do_commit_twophase
        monkeypatch.setattr(
            engines[0].dialect, 'do_commit_twophase',
            lambda *args, **kwargs: interrupt(real(*args, **kwargs), 0,
                                              'CREATE TABLE thing'))
    else:
        event.listen(engines[1], {
            'prepare': 'prepare_twophase',
            'revision': 'before_cursor_execute'}[phase], interrupt)
    with pytest.raises(KeyboardInterrupt) as caught:
        project.python('upgrade')
    assert [engine.pool.checkedout() for engine in engines] == [0, 0]
    for name in project.names:
        processes.wait_for(lambda: project.query(
            'SELECT 1 FROM pg_stat_activity WHERE datname = '
            'current_database() AND xact_start IS NOT NULL '
            'AND pid <> pg_backend_pid()', name) == [])
        assert project.query('SELECT 1 FROM pg_prepared_xacts WHERE '
                             'database = current_database()', name) == []
    if phase == 'commit':
        assert project.all_tables() == EVERY_TABLE[:2]
        assert project.all_versions() == [[script.revision]] * 2
    else:
        assert project.all_tables() == [[], []]
    del caught
    project.dispose()


@pytest.mark.server
@pytest.mark.once
def test_a_lock_that_is_lost_before_two_phases(tmpdir, urls):
    """After the last statement, and before anything is promised."""
    from sqlalchemy import event
    project = BindProject(tmpdir, urls('postgresql', 2))
    project.python('init', multidb=True)
    two_phases(project)
    project.python('migrate')

    def lose(connection, cursor, statement, *args):
        if statement.startswith('INSERT INTO alembic_version'):
            for lock in locks_of_the_run():
                lock.own.close()
    event.listen(project.engine('users'), 'after_cursor_execute', lose)
    with pytest.raises(LockLost):
        project.python('upgrade')
    assert project.all_tables() == [[], []]
    project.dispose()


@pytest.mark.parametrize('kind', ['sqlite', 'mariadb'])
def test_no_two_phases(tmpdir, urls, command_line, kind):
    project = BindProject(tmpdir, urls(kind, 2))
    project.python('init', multidb=True)
    project.python('migrate')
    two_phases(project)
    result = project.command_line(command_line, 'upgrade')
    assert result.code == 1
    assert 'twophase=False' in result.stderr
    assert project.all_tables() == [[], []]
    project.dispose()


# Other db objects ------------------------------------------------------------

class OtherProject(Project):
    """A project with a db object that a test makes."""

    def __init__(self, path, db, config=None, **settings):
        self.path = str(path)
        self.directory = os.path.join(self.path, 'migrations')
        self.app = Flask('project', instance_path=os.path.join(
            self.path, 'instance'))
        self.app.root_path = self.path
        self.app.config.update(config or {})
        self.db = db
        if hasattr(db, 'init_app'):
            db.init_app(self.app)
        settings.setdefault('directory', self.directory)
        self.migrate = Migrate(self.app, db, **settings)

    def works(self, which, binds=(None,), multidb=False):
        """Take the databases through the commands of a command line."""
        def run(*args):
            result = self.command_line(which, *args)
            assert result.code == 0, result
            return result.output

        run('init', *['--multidb'] * multidb)
        run('migrate', '-m', 'first')
        run('upgrade')
        assert [self.tables(bind) for bind in binds] == \
            [['thing']] + [['thing_' + bind] for bind in binds[1:]]
        head = ids(self.python('heads'))
        assert len(head) == 1
        assert [self.version(bind) for bind in binds] == [head] * len(binds)
        assert ids(self.python('current')) == head
        run('check')
        assert 'No changes in schema detected.' in run('migrate')
        assert 'CREATE TABLE thing' in run('upgrade', '--sql')
        run('downgrade')
        assert [self.tables(bind) for bind in binds] == [[]] * len(binds)


def declarative_base():
    try:
        from sqlalchemy.orm import declarative_base
    except ImportError:                                # SQLAlchemy 1.3
        from sqlalchemy.ext.declarative import declarative_base
    return declarative_base()


def thing(base, name='thing', **attributes):
    return type('Thing_' + name, (base,), dict(
        attributes, __tablename__=name,
        id=sqlalchemy.Column(sqlalchemy.Integer, primary_key=True)))


class Plain(object):
    """The least that a db object must be."""

    def __init__(self, url):
        self.engine = sqlalchemy.create_engine(url)
        self.metadata = sqlalchemy.MetaData()
        sqlalchemy.Table('thing', self.metadata, sqlalchemy.Column(
            'id', sqlalchemy.Integer, primary_key=True))


def test_plain_object(tmpdir, command_line):
    db = Plain('sqlite:///%s' % tmpdir.join('plain.db'))
    OtherProject(tmpdir, db).works(command_line)
    assert tmpdir.join('plain.db').check()


def test_plain_object_with_several(tmpdir, command_line):
    """``engines`` and ``metadatas``: dicts by name, None for the default."""
    db = Plain('sqlite:///%s' % tmpdir.join('plain.db'))
    other = sqlalchemy.MetaData()
    sqlalchemy.Table('thing_b', other, sqlalchemy.Column(
        'id', sqlalchemy.Integer, primary_key=True))
    db.engines = {None: db.engine, 'b': sqlalchemy.create_engine(
        'sqlite:///%s' % tmpdir.join('b.db'))}
    db.metadatas = {None: db.metadata, 'b': other}
    OtherProject(tmpdir, db).works(command_line, [None, 'b'], multidb=True)


class ModelBase(object):
    """An object with an engine, and metadata at ``Model``."""


def test_metadata_of_model(tmpdir):
    db = ModelBase()
    db.engine = sqlalchemy.create_engine(
        'sqlite:///%s' % tmpdir.join('model.db'))
    db.Model = declarative_base()
    thing(db.Model)
    OtherProject(tmpdir, db).works('manage')


def test_declarative_base(tmpdir, command_line):
    """A base with only ``.metadata``: env.py makes the engine."""
    base = declarative_base()
    thing(base)
    url = 'sqlite:///%s' % tmpdir.join('base.db')
    project = OtherProject(tmpdir, base)
    project.python('init')
    with io.open(os.path.join(project.directory, 'env.py'), 'w') as file:
        file.write(u"""\
from alembic import context
from flask import current_app
from sqlalchemy import create_engine

metadata = current_app.extensions['migrate'].db.metadata
with create_engine(%r).connect() as connection:
    context.configure(connection=connection, target_metadata=metadata)
    with context.begin_transaction():
        context.run_migrations()
""" % str(url))
    engine = sqlalchemy.create_engine(url)
    for args in (('migrate',), ('upgrade',), ('check',)):
        result = project.command_line(command_line, *args)
        assert result.code == 0, result
    metadata = sqlalchemy.MetaData()
    metadata.reflect(bind=engine)
    assert sorted(metadata.tables) == ['alembic_version', 'thing']
    result = project.command_line(command_line, 'migrate')
    assert 'No changes in schema detected.' in result.output


def test_declarative_base_and_our_env_py(tmpdir, command_line):
    project = OtherProject(tmpdir, declarative_base())
    project.python('init')
    result = project.command_line(command_line, 'upgrade')
    assert result.code == 1
    assert "has no 'engine'" in result.stderr


def test_no_metadata(tmpdir, command_line):
    db = ModelBase()
    db.engine = sqlalchemy.create_engine('sqlite://')
    project = OtherProject(tmpdir, db)
    project.python('init')
    result = project.command_line(command_line, 'migrate')
    assert result.code == 1
    assert 'target_metadata=Model.metadata' in result.stderr
    assert project.scripts() == []


@pytest.fixture
def lite():
    return pytest.importorskip('flask_sqlalchemy_lite')


def test_flask_sqlalchemy_lite(tmpdir, command_line, lite):
    base = declarative_base()
    thing(base)
    project = OtherProject(
        tmpdir, lite.SQLAlchemy(), target_metadata=base.metadata,
        config={'SQLALCHEMY_ENGINES': {'default': 'sqlite:///lite.db'}})
    project.works(command_line)
    assert tmpdir.join('instance', 'lite.db').check()


def test_flask_sqlalchemy_lite_with_several(tmpdir, command_line, lite):
    bases = dict(default=declarative_base(), b=declarative_base())
    thing(bases['default'])
    thing(bases['b'], 'thing_b')
    project = OtherProject(
        tmpdir, lite.SQLAlchemy(),
        target_metadata=dict((name, base.metadata)
                             for name, base in bases.items()),
        config={'SQLALCHEMY_ENGINES': {'default': 'sqlite:///lite.db',
                                       'b': 'sqlite:///b.db'}})
    project.works(command_line, [None, 'b'], multidb=True)


@pytest.fixture
def alchemical():
    """Alchemical, and a new base class for its models."""
    pytest.importorskip('alchemical')
    from alchemical.core import BaseModel
    from alchemical.flask import Alchemical
    from sqlalchemy.orm import DeclarativeBase
    base = type('Model', (BaseModel, DeclarativeBase),
                {'__abstract__': True, '__metadatas__': {}})
    return Alchemical(model_class=base)


def test_alchemical(tmpdir, command_line, alchemical):
    thing(alchemical.Model)
    OtherProject(tmpdir, alchemical, config={
        'ALCHEMICAL_DATABASE_URL': 'sqlite:///%s' % tmpdir.join('a.db'),
    }).works(command_line)


def test_alchemical_with_several(tmpdir, command_line, alchemical):
    thing(alchemical.Model)
    thing(alchemical.Model, 'thing_b', __bind_key__='b')
    OtherProject(tmpdir, alchemical, config={
        'ALCHEMICAL_DATABASE_URL': 'sqlite:///%s' % tmpdir.join('a.db'),
        'ALCHEMICAL_BINDS': {'b': 'sqlite:///%s' % tmpdir.join('b.db')},
    }).works(command_line, [None, 'b'], multidb=True)
