# -*- coding: utf-8 -*-
"""Every failure: one clear line, nothing written, no traceback.

Each case prepares a project and returns the words that the message must
have; it names an operation with its arguments, which runs in each command
line and from Python.
"""
from __future__ import unicode_literals

import ast
import errno
import io
import os
import shutil
import socket
import sqlite3
import subprocess
import sys
import textwrap

from flask import Flask
from flask_sqlalchemy import SQLAlchemy
import pytest
from sqlalchemy import create_engine, MetaData
from sqlalchemy.exc import OperationalError

import flask_migrate
from flask_migrate import compat, Migrate
from flask_migrate.errors import MigrateError
from project import captured, COMMAND_LINES, Project

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))

#: The revisions of the project; the database is at the second.
CHAIN = ('aaaa1111', 'bbbb2222', 'cccc3333', 'cccc4444')

CASES = []


def case(operation, *marks, **arguments):
    """Register a case."""
    def register(prepare):
        CASES.append(pytest.param(prepare, operation, arguments, marks=marks,
                                  id=str(prepare.__name__)))
        return prepare
    return register


needs_branches = pytest.mark.skipif(
    not compat.alembic.has_branches(), reason='Alembic 0.6 has no branches.')


# Running an operation that fails ---------------------------------------------

def words_of(operation, arguments):
    """What follows ``db`` in a command line."""
    words, positional = [operation.replace('_', '-')], []
    for name, value in sorted(arguments.items()):
        if name in ('revision', 'revisions'):
            positional += value if isinstance(value, list) else [value]
        else:
            words.append('--' + name.replace('_', '-'))
            if value is not True:
                words.append(value)
    return words + positional


def failure(project, interface, operation, **arguments):
    """Run an operation that fails; return the text of its message."""
    if interface == 'python':
        error = []

        def call():
            with pytest.raises(MigrateError) as caught:
                project.python(operation, **arguments)
            error.append(caught.value)
        printed = captured(call)
        assert printed.output == ''
        message = 'Error: ' + compat.python.text(error[0])
        # What Python prints where nobody catches it, with exit code 1.
        assert compat.python.text(error[0].code) == message
    else:
        result = project.command_line(
            interface, *words_of(operation, arguments))
        assert result.code == 1, result
        message = result.stderr.rstrip('\n')
        assert 'Error' not in result.stdout
    assert 'Traceback' not in message
    lines = message.splitlines()
    assert [line for line in lines if line.startswith('Error: ')] \
        == lines[:1] and len(lines) <= 3, message
    return message


def snapshot(project):
    """All files of a project with their contents, but for compiled ones."""
    found = {}
    for folder, _, names in os.walk(project.path):
        if '__pycache__' in folder:
            continue
        found[folder] = None
        for name in names:
            if not name.endswith('.pyc'):
                with open(os.path.join(folder, name), 'rb') as file:
                    found[os.path.join(folder, name)] = file.read()
    return found


def write(path, text):
    with io.open(path, 'w', encoding='utf-8') as file:
        file.write(textwrap.dedent(text))


class Lazy(object):
    """A db that makes its engine when a command asks for it.

    Flask-SQLAlchemy 3 makes it with the application.
    """

    metadata = MetaData()

    def __init__(self, url, **settings):
        self.url, self.settings = url, settings

    @property
    def engine(self):
        return create_engine(self.url, **self.settings)


def use(project, url, **settings):
    """Let a project have a database of another URL."""
    Migrate(project.app, Lazy(url, **settings), directory=project.directory)


@pytest.fixture(params=COMMAND_LINES + ['python'])
def interface(request):
    return request.param


@pytest.fixture(scope='module')
def prepared(tmpdir_factory):
    """A project whose database is at the second of four revisions."""
    project = Project(tmpdir_factory.mktemp('prepared'))
    project.python('init')
    down = None
    for revision in CHAIN:
        project.write_revision(
            revision, "op.create_table('t_%s', sa.Column('id', sa.Integer()))"
            % revision, "op.drop_table('t_%s')" % revision, down=down)
        down = revision
    project.python('upgrade', revision=CHAIN[1])
    assert project.version() == [CHAIN[1]]
    return project


@pytest.fixture
def project(prepared, tmpdir):
    """A copy of it."""
    path = str(tmpdir.join('project'))
    shutil.copytree(prepared.path, path, ignore=shutil.ignore_patterns(
        '__pycache__', '*.pyc', 'instance'))
    return Project(path)


@pytest.fixture
def elsewhere(project, monkeypatch, tmpdir):
    """Work in another folder, and return to this one."""
    monkeypatch.chdir(str(tmpdir))


# The application -------------------------------------------------------------

@case('upgrade')
def never_bound(project):
    project.app = Flask('bare')
    return ["application 'bare'", 'Migrate(app, db)']


@case('current')
def bound_without_db(project):
    project.app = Flask('bare')
    Migrate(project.app)
    return ["no db for the application 'bare'", 'Migrate(app, db)']


# The migrations folder -------------------------------------------------------

@case('upgrade')
def no_folder(project):
    shutil.rmtree(project.directory)
    return ['no migrations folder', project.directory, "'db init'"]


@case('upgrade', directory='nowhere')
def no_relative_folder(project):
    return ["no migrations folder 'nowhere' in " + os.getcwd(), "'db init'"]


@case('upgrade', directory='migrations')
def another_working_directory(project):
    return [os.getcwd(), os.path.join(project.path, 'migrations'),
            'Run the command in ' + project.path]


@case('upgrade')
def a_file_for_a_folder(project):
    shutil.rmtree(project.directory)
    write(project.directory, '')
    return ['is a file']


def without(name):
    def prepare(project):
        os.remove(os.path.join(project.directory, name))
        return [project.directory, 'has no ' + name, 'version control']
    prepare.__name__ = str('without_' + name)
    return prepare


for _name in ('alembic.ini', 'env.py', 'script.py.mako'):
    case('upgrade')(without(_name))


@case('upgrade')
def alembic_ini_of_no_use(project):
    write(os.path.join(project.directory, 'alembic.ini'), 'nonsense')
    return ['alembic.ini', 'no section headers']


@case('init')
def init_twice(project):
    return [project.directory, 'not empty', 'nothing was written']


@case('init', template='none-such')
def unknown_template(project):
    shutil.rmtree(project.directory)
    return ["no template 'none-such'", 'flask, flask-multidb']


@case('init', template='./none-such')
def no_template_folder(project):
    shutil.rmtree(project.directory)
    return ["no template './none-such'"]


@case('init')
def a_file_above_the_folder(project):
    shutil.rmtree(project.directory)
    write(os.path.join(project.path, 'file'), '')
    project.directory = os.path.join(project.path, 'file', 'migrations')
    Migrate(project.app, project.db, directory=project.directory)
    return ["Can't write", project.directory, 'file in its way']


@case('revision', pytest.mark.skipif(
    not os.path.isdir('/sys/kernel'),
    reason='no folder in which not even root may write'), message='x')
def unwritable_versions(project):
    shutil.rmtree(project.versions)
    os.symlink('/sys/kernel', project.versions)
    return ["Can't use", 'versions', 'ermission']


@case('revision', message='x')
def a_file_for_versions(project):
    shutil.rmtree(project.versions)
    write(project.versions, '')
    return ["Can't make the folder", 'versions']


def test_init_without_permission(project, interface, monkeypatch):
    shutil.rmtree(project.directory)

    def mkdir(path, *args):
        raise OSError(errno.EACCES, 'Permission denied', path)
    before = snapshot(project)
    monkeypatch.setattr(os, 'mkdir', mkdir)
    message = failure(project, interface, 'init')
    monkeypatch.undo()
    assert "Can't write" in message and 'Permission denied' in message
    assert snapshot(project) == before


def test_missing_versions_folder_is_made(project, interface):
    shutil.rmtree(project.versions)
    project.execute('DELETE FROM alembic_version')
    if interface == 'python':
        project.python('upgrade')
    else:
        assert project.command_line(interface, 'upgrade').code == 0
    assert os.listdir(project.versions) == []


# The database ----------------------------------------------------------------

def closed_port():
    """A port of this machine where nobody listens."""
    probe = socket.socket()
    probe.bind(('127.0.0.1', 0))
    port = probe.getsockname()[1]
    probe.close()
    return port


def needs(module):
    return pytest.mark.skipif(not compat.modules.importable(module),
                              reason=module + ' is not installed.')


@case('upgrade', needs('psycopg2'))
def postgresql_is_down(project):
    port = closed_port()
    use(project, 'postgresql+psycopg2://me:sec%%ret@127.0.0.1:%d/app' % port)
    return ["Can't connect", 'postgresql+psycopg2://me:***@127.0.0.1:%d/app'
            % port, 'refused', 'server running']


@case('upgrade', needs('pymysql'))
def mariadb_is_down(project):
    port = closed_port()
    use(project, 'mysql+pymysql://me:secret@127.0.0.1:%d/app' % port)
    return ["Can't connect", 'mysql+pymysql://me:***@127.0.0.1:%d/app' % port,
            'server running']


@case('current')
def no_folder_of_sqlite(project):
    use(project, 'sqlite:////none/such/app.db')
    return ['no folder /none/such', 'app.db', "mkdir -p '/none/such'"]


@case('current')
def sqlite_is_a_folder(project):
    use(project, 'sqlite:///' + project.path)
    return [project.path + ' is a folder']


@case('upgrade')
def no_sqlite_database(project):
    path = os.path.join(project.path, 'app.db')
    write(path, 'nonsense ' * 1000)
    return [path, 'not a SQLite database']


@case('upgrade')
def read_only_file(project):
    path = os.path.join(project.path, 'app.db')

    def connect():
        # As a file is whose permissions say so, for root as well.
        connection = sqlite3.connect(path)
        connection.execute('PRAGMA query_only = 1')
        return connection
    use(project, 'sqlite:///' + path, creator=connect)
    return [path, 'read-only', 'permissions']


def test_postgres_url(project, interface):
    use(project, 'postgres://me:secret@127.0.0.1/app')
    try:
        Lazy('postgres://').engine
    except ImportError:
        pytest.skip('This SQLAlchemy reads postgres:// URLs.')
    except Exception:
        pass
    else:
        pytest.skip('This SQLAlchemy reads postgres:// URLs.')
    message = failure(project, interface, 'upgrade')
    assert "'postgres://'" in message and "'postgresql://'" in message
    assert 'SQLALCHEMY_DATABASE_URI' in message


@case('upgrade')
def unknown_kind_of_database(project):
    use(project, 'nosuchdb://me:secret@127.0.0.1/app')
    return ["'nosuchdb://'", 'SQLALCHEMY_DATABASE_URI']


@case('upgrade')
def no_url(project):
    use(project, 'me:secret@127.0.0.1')
    return ['SQLALCHEMY_DATABASE_URI', 'not a database URL']


@case('upgrade')
def no_driver(project):
    use(project, 'oracle+cx_oracle://me:secret@127.0.0.1/app')
    return ["driver 'cx_Oracle'", 'SQLALCHEMY_DATABASE_URI',
            'pip install cx_Oracle']


@case('upgrade')
def no_driver_of_a_configured_url(project):
    url = 'oracle+cx_oracle://me:secret@127.0.0.1/app'
    use(project, url)
    project.app.config['SQLALCHEMY_DATABASE_URI'] = url
    return ["driver 'cx_Oracle'", 'oracle+cx_oracle://me:***@127.0.0.1/app',
            'pip install cx_Oracle']


def test_default_driver_is_another_one(project, interface):
    """SQLAlchemy 2.1 reads ``postgresql://`` as psycopg (3)."""
    use(project, 'postgresql://me:secret@127.0.0.1/app')
    try:
        Lazy('postgresql://').engine
    except ImportError:
        pass
    else:
        pytest.skip('The driver of postgresql:// is installed.')
    message = failure(project, interface, 'upgrade')
    assert "driver 'psycopg" in message and 'pip install' in message
    if compat.modules.importable('psycopg2'):
        assert "'postgresql+psycopg2://'" in message


@pytest.fixture(params=['postgresql', 'mariadb'])
def server(request):
    return request.getfixturevalue(request.param + '_server')


def test_wrong_password(server, project, interface):
    database = server.create_database()
    try:
        url = server.url(database, password='wr%ng')
        use(project, url)
        before = snapshot(project)
        message = failure(project, interface, 'upgrade')
        assert 'refused the login' in message
        assert 'SQLALCHEMY_DATABASE_URI' in message
        assert 'wr%ng' not in message and 'wr%25ng' not in message
        assert ':***@127.0.0.1:%d/%s' % (server.port, database) in message
        assert snapshot(project) == before
    finally:
        server.drop_database(database)


def test_missing_database(server, project, interface):
    use(project, server.url('nosuch'))
    message = failure(project, interface, 'upgrade')
    assert "no database 'nosuch'" in message and server.password not in message


def test_waiting_for_a_database(project):
    """``except OperationalError`` around ``upgrade()`` goes on working."""
    use(project, 'sqlite:////none/such/app.db')
    for kind in (OperationalError, flask_migrate.CommandError, SystemExit):
        with pytest.raises(kind) as caught:
            project.python('upgrade')
    assert 'unable to open' in str(caught.value.orig)
    assert 'no folder' in str(caught.value)
    assert isinstance(caught.value.__cause__, OperationalError)


# Revisions -------------------------------------------------------------------

@case('upgrade', revision='zzzz')
def unknown_revision(project):
    return ["no revision 'zzzz'", project.versions, "'db history'"]


@case('upgrade', revision='bbbb2223')
def mistyped_revision(project):
    return ["no revision 'bbbb2223'", "Did you mean 'bbbb2222'?"]


@case('downgrade', revision='zzzz')
def unknown_revision_down(project):
    return ["no revision 'zzzz'"]


@case('show', needs_branches, revision='zzzz')
def unknown_revision_to_show(project):
    return ["no revision 'zzzz'"]


@case('stamp', revision='zzzz')
def unknown_revision_to_stamp(project):
    return ["no revision 'zzzz'"]


@case('history', rev_range='zzzz:')
def unknown_revision_in_a_range(project):
    return ["no revision 'zzzz'"]


@case('revision', needs_branches, message='x', head='zzzz')
def unknown_head(project):
    return ["no revision 'zzzz'"]


@case('merge', needs_branches, revisions=['zzzz', 'cccc4444'])
def unknown_revision_to_merge(project):
    return ["no revision 'zzzz'"]


@case('upgrade', revision='cccc')
def ambiguous_prefix(project):
    return ["'cccc' may be any of cccc3333, cccc4444"]


def gone(operation, **arguments):
    def prepare(project):
        project.execute("UPDATE alembic_version SET version_num = 'dddd5555'")
        return ["The database is at revision 'dddd5555'", project.versions,
                'rolled back', 'restore it from version control',
                "git log --all --oneline --name-status -S'dddd5555'",
                ' there: ', '; the newest file: ',
                'db doctor --find-revision', 'db stamp --purge REVISION',
                "'db adopt' begins anew"]
    prepare.__name__ = str('database_is_ahead_for_' + operation)
    case(operation, **arguments)(prepare)


gone('upgrade')
gone('downgrade')
gone('current')


def test_stamp_where_the_database_is_ahead(project, interface):
    project.execute("UPDATE alembic_version SET version_num = 'dddd5555'")
    before = snapshot(project)
    if compat.alembic.alembic_version() < (0, 7):
        pytest.skip('Alembic 0.6 stamps whatever is recorded.')
    message = failure(project, interface, 'stamp')
    assert "at revision 'dddd5555'" in message
    assert snapshot(project) == before


def broken(prepare):
    """Register a broken chain for what reads all files."""
    for operation, arguments in (
            ('upgrade', {}), ('heads', {}), ('revision', {'message': 'x'})):
        def each(project, prepare=prepare):
            return prepare(project)
        each.__name__ = str('%s_for_%s' % (prepare.__name__, operation))
        case(operation, **arguments)(each)


@broken
def a_missing_file(project):
    os.remove(os.path.join(project.versions, 'cccc3333_.py'))
    return ['cccc4444_.py', "'cccc3333'", 'missing', 'version control']


@broken
def duplicate_ids(project):
    shutil.copy(os.path.join(project.versions, 'cccc4444_.py'),
                os.path.join(project.versions, 'copy.py'))
    return ['cccc4444', 'cccc4444_.py and copy.py', 'Delete']


@broken
def a_cycle(project):
    project.write_revision('bbbb2222', down='cccc4444')
    return ['circle', 'bbbb2222 (bbbb2222_.py)', 'cccc4444', 'cccc3333',
            'down_revision']


@broken
def a_circle_of_all(project):
    project.write_revision('aaaa1111', down='cccc4444')
    return ['circle', 'aaaa1111', 'bbbb2222']


@case('revision', message='x', rev_id='bbbb2222')
def a_taken_identifier(project):
    return ['bbbb2222', 'bbbb2222_.py', '--rev-id']


def with_two_heads(project):
    project.write_revision('eeee5555', down='aaaa1111')
    return ['2 heads', 'cccc4444 (cccc4444_.py)', 'eeee5555 (eeee5555_.py)'] \
        + (["'db merge heads'"] if compat.alembic.has_branches() else ['0.7'])


@case('upgrade')
def several_heads_for_upgrade(project):
    return with_two_heads(project) + (
        ["'db upgrade heads'"] if compat.alembic.has_branches() else [])


@case('revision', message='x')
def several_heads_for_revision(project):
    return with_two_heads(project)


@case('migrate', message='x')
def several_heads_for_migrate(project):
    return with_two_heads(project)


@case('stamp')
def several_heads_for_stamp(project):
    return with_two_heads(project)


@case('migrate')
def not_up_to_date(project):
    return ['not up to date: it is at bbbb2222',
            '2 revisions are pending: cccc3333 (revision cccc3333), cccc4444',
            "'db upgrade'"]


@case('check')
def not_up_to_date_for_check(project):
    return ['not up to date', 'cccc3333', "'db upgrade'"]


@case('check')
def never_upgraded_for_check(project):
    project.execute('DELETE FROM alembic_version')
    return ['it is at base', '4 revisions are pending: aaaa1111']


@case('current', pytest.mark.skipif(
    compat.alembic.alembic_version() < (1, 17, 1),
    reason='This Alembic has no --check-heads.'), check_heads=True)
def not_at_head(project):
    return ['it is at bbbb2222', '2 revisions are pending', "'db upgrade'"]


@case('downgrade', revision='-1')
def downgrade_at_base(project):
    project.execute('DELETE FROM alembic_version')
    return ['Nothing to downgrade', 'base']


@case('downgrade', revision='-3')
def downgrade_below_base(project):
    return ["Can't downgrade by 3", 'only 2 applied', "'db downgrade base'"]


@case('upgrade', revision='+1')
def upgrade_at_head(project):
    project.python('upgrade')
    return ['Nothing to upgrade', 'cccc4444']


@case('upgrade', revision='+3')
def upgrade_beyond_head(project):
    return ["Can't upgrade by 3", 'only 2 pending', 'cccc4444',
            "'db upgrade head'"]


@case('downgrade', revision='cccc3333')
def downgrade_upwards(project):
    return ["Can't downgrade to 'cccc3333'", 'bbbb2222', "'db history'"]


@case('upgrade', revision='aaaa1111:cccc3333')
def a_range_without_sql(project):
    return ["'from:to'", '--sql']


# What Python cannot execute --------------------------------------------------

def in_script(project, text):
    path = os.path.join(project.versions, 'cccc3333_.py')
    with io.open(path, 'a') as file:
        file.write(text)
    return path


@case('upgrade')
def a_syntax_error(project):
    in_script(project, 'op.execute(]\n')
    return ['versions', 'cccc3333_.py, line 16', 'SyntaxError']


@broken
def conflict_markers(project):
    in_script(project, '<<<<<<< HEAD\nx = 1\n=======\nx = 2\n>>>>>>> b\n')
    return ['cccc3333_.py, line 16', 'merge-conflict markers']


@case('upgrade')
def a_failing_import(project):
    in_script(project, 'from none_such import x\n')
    return ['cccc3333_.py, line 16', 'Error', 'none_such', 'Install']


@case('upgrade')
def a_wrong_name(project):
    in_script(project, 'none_such.x\n')
    return ['cccc3333_.py, line 16', "NameError: name 'none_such'"]


def in_env_py(project, text):
    path = os.path.join(project.directory, 'env.py')
    with io.open(path, encoding='utf-8') as file:
        lines = file.read().count('\n')
    with io.open(path, 'a') as file:
        file.write(text)
    return 'env.py, line %d' % (lines + 1)


@case('upgrade')
def a_syntax_error_in_env_py(project):
    return [in_env_py(project, 'x = ]\n'), 'SyntaxError']


@case('upgrade')
def conflict_markers_in_env_py(project):
    return [in_env_py(project, '<<<<<<< HEAD\n=======\n>>>>>>> b\n'),
            'merge-conflict markers']


@case('current')
def a_failing_import_in_env_py(project):
    write(os.path.join(project.directory, 'env.py'), 'import none_such\n')
    return ['env.py, line 1', 'none_such', 'Install']


@case('current')
def a_wrong_name_in_env_py(project):
    write(os.path.join(project.directory, 'env.py'), '\nnone_such.x\n')
    return ['env.py, line 2', "NameError: name 'none_such'"]


@pytest.mark.parametrize('prepare, operation, arguments', CASES)
def test_message(prepare, operation, arguments, project, elsewhere,
                 interface):
    words = prepare(project)
    before = snapshot(project)
    message = failure(project, interface, operation, **arguments)
    for word in words:
        assert word in message
    assert 'secret' not in message and 'sec%ret' not in message
    assert snapshot(project) == before


def test_an_old_alembic(project, interface, monkeypatch):
    from alembic import __version__, command

    def stamp(config, revision, sql=False, tag=None):
        """As before Alembic 1.2."""
    monkeypatch.setattr(command, 'stamp', stamp)
    before = snapshot(project)
    assert failure(project, interface, 'stamp', purge=True).startswith(
        'Error: --purge needs Alembic 1.2 or newer; this is ' + __version__)
    assert snapshot(project) == before


def test_a_mistyped_command(project, command_line):
    result = project.command_line(command_line, 'upgrad')
    assert result.code == 2
    assert "did you mean 'upgrade'?" in result.stderr.lower()
    assert 'Traceback' not in result.stderr


def test_a_bug_is_not_hidden(project):
    @project.migrate.configure
    def configure(config):
        return 1 / 0

    with pytest.raises(ZeroDivisionError):
        project.python('upgrade')


def test_a_clash_in_the_application_is_not_hidden(project):
    """A KeyError of the application is none of a broken chain."""
    @project.migrate.configure
    def configure(config):
        return {}['x']

    with pytest.raises(KeyError):
        project.python('upgrade')


def test_messages_with_names_of_folders(tmpdir, interface):
    path = os.path.join(str(tmpdir), compat.python.native('50% caf\xe9'))
    os.mkdir(path)
    project = Project(path, url='sqlite:///' + str(tmpdir.join('app.db')))
    failure(project, interface, 'upgrade')
    project.python('init')
    failure(project, interface, 'init')
    failure(project, interface, 'upgrade', revision='none')
    write(os.path.join(project.versions, str('a.py')), 'none_such')
    assert 'a.py, line 1' in failure(project, interface, 'upgrade')
    os.remove(os.path.join(project.directory, str('env.py')))
    assert 'has no env.py' in failure(project, interface, 'upgrade')


# What must work --------------------------------------------------------------

@pytest.mark.parametrize('name', [
    'a b', '50%', '%(here)s', 'caf\xe9', "it's", 'a+b&c#d'])
def test_names_of_folders(tmpdir, name, interface):
    path = os.path.join(str(tmpdir), compat.python.native(name))
    os.mkdir(path)
    project = Project(path, url='sqlite:///' + str(tmpdir.join('app.db')))
    project.model(str('User'))

    def command(*words, **arguments):
        if interface == 'python':
            project.python(words[0], **arguments)
        else:
            result = project.command_line(
                interface, *words_of(words[0], arguments))
            assert result.code == 0, result
    command('init')
    command('migrate', message='x')
    command('upgrade')
    assert project.tables() == ['user']
    assert len(project.scripts()) == 1
    # Alembic of Python 2.7 cannot print a path with an accent there.
    if compat.alembic.has_branches() \
            and not (compat.python.PY2 and name == 'caf\xe9'):
        command('history', verbose=True)
    for operation in ('current', 'history', 'check', 'heads', 'downgrade'):
        command(operation)
    assert project.tables() == []


MESSAGES = [
    'it\'s "quoted"', '"""', 'a """triple""" b', 'ends with "', '"', 'a/b\\c',
    'C:\\users\\new', 'back\\', '\\', '\\"', 'ends in \\"', '\\\\"', '\\"""',
    '\\u12 \\N{x} \\x', 'caf\xe9', 'two\nlines', '100% ${x} <%y%> ## z',
    '', ' ', '-']


@pytest.mark.parametrize('message', MESSAGES)
def test_messages_of_revisions(project, interface, message):
    if interface == 'python':
        script = project.python('revision', message=message)
        assert script.path
    else:
        result = project.command_line(
            interface, 'revision', '--message=' + message)
        assert result.code == 0, result
    name, = set(project.scripts()) - set('%s_.py' % each for each in CHAIN)
    with open(os.path.join(project.versions, name), 'rb') as file:
        doc = ast.get_docstring(ast.parse(file.read()), clean=False) or ''
    expected = message.strip() or 'empty message'
    if compat.python.PY2 and isinstance(doc, bytes):
        # Alembic 0.6 writes ASCII: '\\xe9' stands there.
        doc = doc.decode(
            'utf-8' if compat.alembic.has_branches() else 'latin-1')
    assert doc.split('\n\nRevision ID')[0].strip() in (
        expected, message.strip())
    project.python('upgrade')
    assert project.version() == [name.split('_')[0]]


# Before there is an application ----------------------------------------------

def script(folder, *command, **environment):
    """Run a Python script, or module, in a process of its own."""
    settings = dict((name, value) for name, value in os.environ.items()
                    if not name.startswith('FLASK_'))
    settings['PYTHONPATH'] = os.pathsep.join(
        [ROOT] + settings.get('PYTHONPATH', '').split(os.pathsep))
    settings['PYTHONIOENCODING'] = 'utf-8'
    settings.update((str(name), str(value))
                    for name, value in environment.items())
    process = subprocess.Popen(
        [sys.executable] + list(command), cwd=str(folder), env=settings,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    stdout, stderr = process.communicate()
    return process.returncode, stderr.decode('utf-8')


APPLICATION = '''\
    from flask import Flask
    from flask_sqlalchemy import SQLAlchemy
    from flask_migrate import Migrate
    import none_such
'''

needs_flask_cli = pytest.mark.skipif(
    'flask' not in COMMAND_LINES, reason='This Flask has no command line.')


def test_application_that_cannot_be_imported_by_manage_py(tmpdir):
    write(str(tmpdir.join('app.py')), APPLICATION)
    write(str(tmpdir.join('manage.py')), '''\
        from app import app
    ''')
    code, stderr = script(tmpdir, 'manage.py', 'db', 'upgrade')
    assert code == 1
    assert stderr.count('Traceback') == 1 and 'none_such' in stderr
    assert tmpdir.join('migrations').check() is False


@needs_flask_cli
def test_application_that_cannot_be_imported_by_flask(tmpdir):
    write(str(tmpdir.join('app.py')), APPLICATION)
    code, stderr = script(tmpdir, '-m', 'flask', 'db', 'upgrade',
                          FLASK_APP='app.py')
    assert code == 1
    assert stderr.count('Traceback') == 1, stderr
    assert stderr.count("none_such\n    ^") == 0
    assert 'none_such' in stderr and 'No such command' not in stderr


@needs_flask_cli
def test_no_application(tmpdir):
    code, stderr = script(tmpdir, '-m', 'flask', 'db', 'upgrade')
    assert code == 1
    assert stderr.startswith('Error: ') and 'FLASK_APP' in stderr
    assert len(stderr.splitlines()) <= 3
    assert 'Traceback' not in stderr and 'No such command' not in stderr


def through_flask(make):
    """``flask db upgrade`` for an application factory, in this process."""
    from flask.cli import FlaskGroup, ScriptInfo
    group = FlaskGroup(create_app=lambda *_: make())
    return captured(group.main, ['db', 'current'], 'flask',
                    obj=ScriptInfo(create_app=lambda *_: make()))


@needs_flask_cli
@pytest.mark.parametrize('url, words', [
    ('oracle+cx_oracle://me:secret@127.0.0.1/app', "driver 'cx_Oracle'"),
    ('nosuchdb://me:secret@127.0.0.1/app', "'nosuchdb://'"),
    ('me:secret', 'not a database URL')])
def test_configuration_that_the_application_cannot_start_with(
        project, url, words):
    """Flask-SQLAlchemy 3 makes the engines with the application, 2 later."""
    def make():
        app = Flask('project')
        app.config['SQLALCHEMY_DATABASE_URI'] = url
        app.config['SQLALCHEMY_TRACK_MODIFICATIONS'] = False
        Migrate(app, SQLAlchemy(app), directory=project.directory)
        return app
    result = through_flask(make)
    assert result.code == 1, result
    assert result.stderr.startswith('Error: ') and words in result.stderr
    assert len(result.stderr.splitlines()) <= 3
    assert 'Traceback' not in result.output
    assert 'secret' not in result.output


@needs_flask_cli
def test_application_without_a_database(project):
    def make():
        app = Flask('project')
        db = SQLAlchemy()
        if not hasattr(SQLAlchemy, 'engines'):
            pytest.skip('Flask-SQLAlchemy 2 makes up a database.')
        Migrate(app, db, directory=project.directory)
        db.init_app(app)
        return app
    result = through_flask(make)
    assert result.code == 1, result
    assert result.stderr == (
        'Error: The application names no database. Set '
        'SQLALCHEMY_DATABASE_URI (or SQLALCHEMY_BINDS) in its '
        'configuration.\n')


def test_a_file_without_a_revision(project, command_line):
    with open(os.path.join(project.versions, 'zz.py'), 'w') as file:
        file.write('x = 1\n')
    result = project.command_line(command_line, 'upgrade')
    assert result.code == 1
    assert 'zz.py' in result.stderr and 'no revision file' in result.stderr
    assert 'Traceback' not in result.stderr
