"""Migrations folders of every release of Flask-Migrate, unmodified.

Each test name ends with the release that the folder is from; the folder is
built from its templates as its ``init`` did.
"""
import io
import logging
import os

from alembic.util import CommandError
from mako.template import Template
import pytest

from flask_migrate import compat
from project import Project
from releases import AIOFLASK, MULTIDB, SINGLE
from variants import some

pytestmark = pytest.mark.filterwarnings('ignore:Table.tometadata')

ALEMBIC = compat.alembic.alembic_version()

FOLDERS = [('flask', version) for version in SINGLE] + \
    [('flask-multidb', version) for version in MULTIDB]


#: They are tested in test_async.py.
ASYNC_FOLDERS = [(template, version) for version in AIOFLASK
                 for template in ('aioflask', 'aioflask-multidb')]


def test_there_are_44_texts(releases):
    folders = FOLDERS + ASYNC_FOLDERS
    texts = set(releases[version][template]['env.py']
                for template, version in folders)
    assert len(texts) == len(folders) == 44


@pytest.fixture(params=['%s-%s' % folder for folder in FOLDERS])
def folder(request, releases):
    """A template's name and files by name."""
    template, version = request.param.rsplit('-', 1)
    files = releases[version][template]
    if b'depends_on' in files['script.py.mako'] and ALEMBIC < (0, 8):
        pytest.skip('Its script.py.mako needs Alembic 0.8.')
    return template, files


@pytest.fixture
def elsewhere(tmpdir, monkeypatch):
    """The working directory, which is not the project's."""
    path = tmpdir.mkdir('elsewhere')
    monkeypatch.chdir(path)
    return path


class LegacyProject(Project):
    """A project whose SQLite URLs are relative and whose folder is old."""

    def __init__(self, path, folder, **settings):
        template, files = folder
        self.multidb = template == 'flask-multidb'
        self.binds = [None, 'users'] if self.multidb else [None]
        settings.setdefault('url', 'sqlite:///app.db')
        Project.__init__(
            self, path, binds={'users': settings.pop(
                'bind', 'sqlite:///users.db')} if self.multidb else None,
            **settings)
        for bind in self.binds:
            setattr(self, bind or 'default', self.model(
                'Thing' if bind is None else 'User', bind=bind,
                name=self.db.Column(self.db.String(50))))
        self.write_folder(files)

    def write_folder(self, files):
        """Write a migrations folder as a release's ``init`` did."""
        os.makedirs(self.versions)
        for name, content in files.items():
            if name.endswith('.mako') and name != 'script.py.mako':
                name = name[:-len('.mako')]
                content = Template(content.decode('utf-8')).render_unicode(
                    script_location=self.directory).encode('utf-8')
            with open(os.path.join(self.directory, name), 'wb') as file:
                file.write(content)

    def add_columns(self):
        for bind in self.binds:
            getattr(self, bind or 'default').extra = \
                self.db.Column(self.db.Integer)

    def contents(self):
        """What is in the migrations folder: bytes by path."""
        found = {}
        for path, _, names in os.walk(self.directory):
            if os.path.basename(path) == '__pycache__':
                continue
            for name in names:
                if not name.endswith('.pyc'):
                    with open(os.path.join(path, name), 'rb') as file:
                        found[os.path.join(path, name)] = file.read()
        return found

    def all_tables(self):
        return [name for bind in self.binds for name in self.tables(bind)]

    def all_columns(self):
        """The columns of each database's table, sorted."""
        return [sorted(self.columns(self.tables(bind)[0], bind))
                for bind in self.binds]

    def all_versions(self):
        return [self.version(bind) for bind in self.binds]


def ids(scripts):
    return [script.revision for script in scripts]


def test_every_command(tmpdir, folder, elsewhere, capsys):
    logger = logging.getLogger('test_legacy.application')
    loggers = (logger.disabled, logging.root.handlers[:], logging.root.level)
    project = LegacyProject(tmpdir, folder)
    python = project.python
    tables = ['thing', 'user'][:len(project.binds)]
    before = project.contents()

    assert python('heads') == python('current') == python('history') == []
    with pytest.raises(CommandError):
        python('check')
    first = python('migrate', message='first')
    assert ids(python('heads')) == [first.revision]
    before.update(project.contents())
    assert len(project.scripts()) == 1

    python('upgrade')
    assert project.all_tables() == tables
    assert project.all_versions() == [[first.revision]] * len(tables)
    assert ids(python('current')) == [first.revision]
    assert python('migrate', message='nothing') is None
    python('check')
    assert len(project.scripts()) == 1

    project.add_columns()
    with pytest.raises(CommandError):
        python('check')
    second = python('migrate', message='second')
    assert ids(python('history')) == [second.revision, first.revision]
    capsys.readouterr()
    python('upgrade', sql=True)
    sql = capsys.readouterr().out
    for name in elsewhere.listdir():
        assert project.multidb and name.ext == '.sql'
        sql += name.read()
        name.remove()
    for table in tables:
        assert 'CREATE TABLE %s ' % table in sql.replace('"', '')
    assert sql.count('ADD COLUMN extra INTEGER') == len(tables)
    assert project.all_versions() == [[first.revision]] * len(tables)

    python('upgrade')
    assert project.all_columns() == [['extra', 'id', 'name']] * len(tables)
    python('downgrade')
    assert project.all_columns() == [['id', 'name']] * len(tables)
    python('stamp')
    assert project.all_versions() == [[second.revision]] * len(tables)
    python('stamp', revision=first.revision)
    python('upgrade')
    python('check')
    python('downgrade', revision='base')
    assert project.all_tables() == []
    assert python('current') == []

    after = project.contents()
    assert dict((path, after[path]) for path in before) == before
    # Nothing went to a database of the working directory.
    assert elsewhere.listdir() == []
    assert (logger.disabled, logging.root.handlers[:],
            logging.root.level) == loggers


def test_arguments_of_migrate(tmpdir, folder, elsewhere):
    """Migrate(**kwargs) works beside what env.py passes itself."""
    seen = []

    def directives(context, revision, directives):
        seen.append('directives')

    def include_object(object, name, type_, reflected, compare_to):
        seen.append((type_, name))
        return name != 'extra'

    project = LegacyProject(
        tmpdir, folder, compare_type=True, render_as_batch=True,
        process_revision_directives=directives,
        include_object=include_object)
    project.python('migrate')
    project.python('upgrade')
    assert ('table', 'thing') in seen
    project.add_columns()
    assert project.python('migrate') is None
    assert ('column', 'extra') in seen
    assert len(project.scripts()) == 1
    if ALEMBIC >= (0, 8):
        assert 'directives' in seen
    project.default.__table__.c.name.type = project.db.Integer()
    script = project.python('migrate')
    with io.open(script.path, encoding='utf-8') as file:
        text = file.read()
    assert 'type_=sa.Integer()' in text
    assert ('op.batch_alter_table(' in text) == (ALEMBIC >= (0, 7))
    assert 'extra' not in text


#: What has a meaning of its own in URLs and in alembic.ini.
PASSWORD = 'a%40b@c/d:e%%f'


@pytest.fixture(scope='module')
def secret_urls(postgresql_server):
    """The URLs of two databases and a user with an awkward password."""
    databases = [postgresql_server.create_database() for _ in range(2)]
    yield [postgresql_server.create_user('legacy', PASSWORD, database)
           for database in databases]
    for database in databases:
        postgresql_server.drop_database(database)


@pytest.mark.parametrize(
    'folder', some(['%s-%s' % each for each in FOLDERS], 4), indirect=True)
def test_password(tmpdir, folder, elsewhere, secret_urls, capsys):
    project = LegacyProject(tmpdir, folder, url=secret_urls[0],
                            bind=secret_urls[1])
    first = project.python('migrate')
    project.python('upgrade')
    assert project.all_versions() == [[first.revision]] * len(project.binds)
    assert ids(project.python('current')) == [first.revision]
    assert project.python('migrate') is None
    capsys.readouterr()
    project.python('upgrade', sql=True)
    sql = capsys.readouterr().out + ''.join(
        path.read() for path in elsewhere.listdir())
    assert sql.count('id SERIAL NOT NULL') == len(project.binds)
    project.python('downgrade', revision='base')
    assert project.all_tables() == []
    for bind in project.binds:
        project.execute('DROP TABLE alembic_version', bind)
        project.engine(bind).dispose()
