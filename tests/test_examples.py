"""The examples, the README and what a package holds."""
from __future__ import unicode_literals

import ast
import io
import os
import re
import shutil
import sqlite3
import sys
import tarfile
import zipfile

from flask_migrate.commands import OPERATIONS, ORDER, command_name
import pytest
from project import COMMAND_LINES
from reader import ROOT, Reader

pytestmark = pytest.mark.skipif(
    not os.path.isdir(os.path.join(ROOT, 'examples')),
    reason='there is no checkout around these tests')

GENERATED = shutil.ignore_patterns(
    '.git', '.tox', '.venv', 'venv', 'build', 'dist', '*.egg-info',
    '*.py[co]', '__pycache__', '.pytest_cache', '.hypothesis', '*.db')


def read(name):
    with io.open(os.path.join(ROOT, name), encoding='utf-8') as file:
        return file.read()


def example(name, tmpdir):
    """A copy of an example."""
    path = str(tmpdir.join(name))
    shutil.copytree(os.path.join(ROOT, 'examples', name), path,
                    ignore=GENERATED)
    return Reader(path)


def url(reader, name):
    path = os.path.join(reader.path, name)
    assert os.path.exists(path)
    return 'sqlite:///' + path


def check_drop_column():
    if sqlite3.sqlite_version_info < (3, 35):
        pytest.skip('SQLite %s has no DROP COLUMN' % sqlite3.sqlite_version)


# -------------------------------------------------------------- examples

def test_readmes_first_command(tmpdir):
    """As typed in a checkout; the package is installed already."""
    checkout = Reader(tmpdir)
    shutil.copytree(os.path.join(ROOT, 'examples'),
                    str(tmpdir.join('examples')), ignore=GENERATED)
    command = re.search(r'``pip install \. && python (.*?)``',
                        read('README.rst')).group(1)
    result = checkout.succeeds(checkout.process(
        sys.executable, *command.split()))
    assert 'Running upgrade' in result.stderr
    assert 'Add user table' in result.stderr
    quickstart = str(tmpdir.join('examples', 'quickstart'))
    assert checkout.tables('sqlite:///' + os.path.join(
        quickstart, 'app.db')) == ['user']


def test_quickstart(tmpdir):
    reader = example('quickstart', tmpdir)
    reader.manage('db', 'upgrade')
    database = url(reader, 'app.db')
    assert reader.tables(database) == ['user']
    # The application uses the same database.
    reader.sql(database, "INSERT INTO user (name) VALUES ('susan')")
    reader.write('ask.py', 'import manage\n'
                 'print(manage.app.test_client().get("/").data)\n')
    assert 'susan' in reader.succeeds(reader.python('ask.py')).stdout
    # The models are what the revisions make.
    result = reader.manage('db', 'check')
    assert 'No new upgrade operations detected' in result.stdout
    reader.manage('db', 'downgrade')
    assert reader.tables(database) == []


def test_quickstart_from_another_folder(tmpdir):
    example('quickstart', tmpdir)
    reader = Reader(tmpdir)
    reader.succeeds(reader.python(
        os.path.join('quickstart', 'manage.py'), 'db', 'upgrade'))
    assert tmpdir.join('quickstart', 'app.db').check()
    assert not tmpdir.join('app.db').check()


@pytest.mark.parametrize('which', COMMAND_LINES)
def test_blog(tmpdir, which):
    check_drop_column()
    reader = example('blog', tmpdir)
    reader.environment['FLASK_APP'] = 'wsgi.py'
    run = getattr(reader, which)
    run('db', 'upgrade', 'a17c95b3d860')
    database = url(reader, 'blog.db')
    reader.sql(database, "INSERT INTO post (title) VALUES ('One')")
    run('db', 'upgrade')
    assert reader.sql(database, 'SELECT title, read_count FROM post') == [
        ('One', 0)]
    assert 'e4f28d06c7b9' in run('db', 'current').stdout
    assert [message for message in (
        'Add read_count', 'Index posts by category', 'Add post table',
        'Add category table') if message not in run('db', 'history').stdout
    ] == []
    assert 'No new upgrade operations' in run('db', 'check').stdout
    reader.write('ask.py', 'from wsgi import app\n'
                 'found = app.test_client().get("/healthz")\n'
                 'print(found.status_code, found.data)\n')
    healthy = reader.succeeds(reader.python('ask.py')).stdout
    assert '200' in healthy and '"is_current"' in healthy
    run('db', 'downgrade')
    ill = reader.succeeds(reader.python('ask.py')).stdout
    assert '503' in ill and 'e4f28d06c7b9' in ill
    run('db', 'upgrade')
    reader.manage('add_post', 'Two')
    run('db', 'downgrade')
    assert reader.sql(database, 'SELECT * FROM post ORDER BY id') == [
        (1, 'One', None, None), (2, 'Two', None, None)]
    run('db', 'downgrade', 'base')
    assert reader.tables(database) == []


@pytest.mark.parametrize('which', COMMAND_LINES)
def test_multidb(tmpdir, which):
    reader = example('multidb', tmpdir)
    reader.environment['FLASK_APP'] = 'app.py'
    run = getattr(reader, which)
    run('db', 'upgrade', '+1')
    users, log = url(reader, 'users.db'), url(reader, 'log.db')
    assert (reader.tables(users), reader.tables(log)) == (['user'], [])
    run('db', 'upgrade')
    assert (reader.tables(users), reader.tables(log)) == (
        ['user'], ['event'])
    assert 'No new upgrade operations' in run('db', 'check').stdout
    run('db', 'downgrade', 'base')
    assert (reader.tables(users), reader.tables(log)) == ([], [])


@pytest.mark.parametrize('name', ['quickstart', 'blog', 'multidb'])
def test_examples_have_todays_folders(name):
    """A correction of a template reaches the examples."""
    template = 'flask-multidb' if name == 'multidb' else 'flask'
    for file in ('README', 'env.py', 'script.py.mako'):
        assert read('examples/%s/migrations/%s' % (name, file)) == read(
            'flask_migrate/templates/%s/%s' % (template, file))


# -------------------------------------------------------------- packages

def test_packages_hold_the_templates_and_stubs(tmpdir):
    setuptools = pytest.importorskip('setuptools')
    checkout = str(tmpdir.join('checkout'))
    shutil.copytree(ROOT, checkout, ignore=GENERATED)
    arguments = [sys.executable, 'setup.py', '-q', 'sdist', '-d',
                 str(tmpdir.join('dist'))]
    version = int(setuptools.__version__.split('.')[0])
    try:
        import wheel  # noqa: F401
    except ImportError:
        wheel = None
    builds_wheels = wheel is not None or version > 70
    if builds_wheels:
        arguments += ['bdist_wheel', '-d', str(tmpdir.join('dist'))]
    else:           # what a wheel would be made of
        arguments += ['build', '-b', str(tmpdir.join('build'))]
    reader = Reader(checkout)
    reader.succeeds(reader.process(*arguments))

    templates = []
    for folder, _, names in os.walk(os.path.join(ROOT, 'flask_migrate',
                                                 'templates')):
        templates += [os.path.relpath(os.path.join(folder, name), ROOT)
                      .replace(os.sep, '/') for name in names
                      if not name.endswith('.pyc')]
    assert len(templates) >= 8
    templates += ['flask_migrate/' + name for name in os.listdir(
        os.path.join(ROOT, 'flask_migrate'))
        if name.endswith(('.pyi', 'py.typed'))]
    assert 'flask_migrate/py.typed' in templates
    sdist, = [path for path in tmpdir.join('dist').listdir()
              if path.basename.endswith('.tar.gz')]
    with tarfile.open(str(sdist)) as archive:
        names = [name.partition('/')[2] for name in archive.getnames()]
    wanted = templates + [
        'README.rst', 'CHANGES.rst', 'LICENSE', 'tox.ini', 'setup.cfg',
        'examples/quickstart/manage.py',
        'examples/quickstart/migrations/script.py.mako',
        'tests/test_examples.py']
    assert [name for name in wanted if name not in names] == []

    if builds_wheels:
        built, = [path for path in tmpdir.join('dist').listdir()
                  if path.basename.endswith('.whl')]
        assert built.basename.endswith('-py2.py3-none-any.whl')
        with zipfile.ZipFile(str(built)) as archive:
            names = archive.namelist()
    else:
        library = str(tmpdir.join('build', 'lib'))
        names = [os.path.relpath(os.path.join(folder, name), library)
                 .replace(os.sep, '/')
                 for folder, _, files in os.walk(library) for name in files]
    assert [name for name in templates if name not in names] == []
    assert [name for name in names
            if name.startswith(('tests', 'examples'))] == []


# ---------------------------------------------------------------- README

@pytest.mark.parametrize('name', ['README.rst', 'CHANGES.rst'])
def test_rst_renders(name):
    core = pytest.importorskip('docutils.core')
    warnings = io.StringIO()
    core.publish_doctree(read(name), settings_overrides={
        'warning_stream': warnings, 'syntax_highlight': 'none',
        'report_level': 1})
    assert warnings.getvalue() == ''


def code_blocks():
    blocks = re.findall(r'^\.\. code-block:: python\n\n((?:    .*\n|\n)+)',
                        read('README.rst'), re.M)
    return [re.sub('^    ', '', block, flags=re.M) for block in blocks]


def test_readmes_python_parses():
    blocks = code_blocks()
    assert len(blocks) > 5
    for block in blocks:
        ast.parse(block.encode('utf-8'))


def as_printed(text, path):
    """What a command prints, without what differs from run to run."""
    text = re.sub(r'sqlite:///\S*app\.db', 'sqlite:///app.db',
                  text.replace(path + os.sep, '').replace(
                      os.path.realpath(path) + os.sep, ''))
    text = re.sub(r'\b[0-9a-f]{8,12}(?=_|\b)', 'ID', text)
    text = re.sub(r'\d\d\d\d-\d\d-\d\d \d\d:\d\d', 'DATE', text)
    text = text.replace('upgrade None ->', 'upgrade  ->')     # Alembic 0.6
    # Old releases of Alembic break lines in the middle of a word.
    return ''.join(re.sub(r'\d\.\ds', '0.0s', text).split())


@pytest.mark.parametrize('which', COMMAND_LINES)
def test_readmes_five_minutes(tmpdir, which):
    """The application that the README shows, and the commands below it."""
    name = {'manage': 'manage.py', 'flask': 'app.py'}[which]
    section = re.search(
        r'\nFive minutes with %s\n(.*?)\n\n\n(?=\S)' % {
            'manage': 'manage.py', 'flask': 'flask db'}[which],
        read('README.rst'), re.S).group(1)
    application, = [block for block in code_blocks()
                    if '    name = db.Column' in block
                    and ('manager.run()' in block) == (which == 'manage')]
    reader = Reader(tmpdir, FLASK_APP=name)
    reader.write(name, application)
    typed = re.findall(r'^    \$ (?:python manage\.py|flask) (db .*)\n'
                       r'((?:    [^$\n].*\n)*)', section, re.M)
    assert [command for command, _ in typed][:3] == [
        'db init', 'db migrate -m "Add user table"', 'db upgrade']
    for command, printed in typed:
        words = re.findall(r'"([^"]*)"|(\S+)', command)
        result = getattr(reader, which)(*[a or b for a, b in words])
        wanted = re.sub('^    ', '', printed, flags=re.M)
        if wanted:
            lines = [line for line in result.output.splitlines()
                     if '[alembic.autogenerate' not in line]
            assert as_printed('\n'.join(lines), reader.path) == as_printed(
                wanted, reader.path)
    database, = [str(path) for path in tmpdir.visit('app.db')]
    assert reader.tables('sqlite:///' + database) == ['user']


@pytest.mark.parametrize('name', ORDER)
def test_readme_has_every_command(name):
    """What there is to say of it, ``--help`` says."""
    section = read('README.rst').split('\nCommand reference\n')[1].split(
        '\nConfiguration\n')[0]
    assert '``%s``' % command_name(OPERATIONS[name]) in section


@pytest.mark.parametrize('name', ORDER)
def test_readme_has_every_function(name):
    section = read('README.rst').split('\nPython reference\n')[1].split(
        '\nUpgrading from Flask-Migrate\n')[0]
    assert '``%s``' % name in section


def test_readme_counts_the_stacks():
    readme = read('README.rst')
    tox = re.search(r'env_list =\n((?:    .*\n)+)', read('tox.ini')).group(1)
    assert ' on %d stacks ' % len(tox.split()) in readme
