# -*- coding: utf-8 -*-
"""The words of progress, failures and hints, and the names that others use."""
from __future__ import unicode_literals

import copy
import io
import logging
import os
import subprocess
import sys
import zipfile

import pytest

import flask_migrate
from flask_migrate import compat
from flask_migrate.errors import (
    CommandError, MigrateError, MigrationFailed)
from project import COMMAND_LINES, Project

TABLE = "op.execute('CREATE TABLE %s (id INTEGER)')"


@pytest.fixture
def chain(project):
    """Three revisions, each of which makes a table."""
    project.python('init')
    for rev_id, down in (('a1', None), ('b2', 'a1'), ('c3', 'b2')):
        project.write_revision(rev_id, TABLE % rev_id,
                               "op.execute('DROP TABLE %s')" % rev_id, down)
    return project


def progress_in(output):
    return [line for line in output.splitlines() if 'Running upgrade' in line]


# Progress -------------------------------------------------------------------

def logging_section(loggers):
    """The end of an alembic.ini; *loggers* are triples for each."""
    return ('[loggers]\nkeys = %s\n\n[handlers]\nkeys = console\n\n'
            '[formatters]\nkeys = generic\n\n' % ','.join(
                each[0] for each in loggers)
            + ''.join('[logger_%s]\nlevel = %s\nhandlers = %s\nqualname = '
                      '%s\n\n' % (name, level, handlers, {
                          'root': ''}.get(name, name))
                      for name, level, handlers in loggers)
            + '[handler_console]\nclass = StreamHandler\n'
            'args = (sys.stderr,)\nlevel = NOTSET\nformatter = generic\n\n'
            '[formatter_generic]\nformat = %(levelname)s %(message)s\n')


@pytest.mark.parametrize('loggers', [
    [('root', 'WARN', 'console'), ('alembic', 'INFO', '')],
    [('root', 'WARN', 'console'), ('alembic', 'INFO', 'console')],
    [('root', 'WARN', ''), ('alembic', 'INFO', 'console')],
    [('root', 'WARN', ''), ('alembic', 'WARN', '')],
    [('root', 'INFO', 'console'), ('flask_migrate', 'INFO', 'console')],
    [('root', 'INFO', 'console'), ('alembic', 'INFO', 'console'),
     ('flask_migrate', 'INFO', 'console')],
    []])
def test_one_line_for_each_revision(
        chain, command_line, loggers, monkeypatch):
    # A machine may be so busy that a revision is reported as long.
    monkeypatch.setattr('flask_migrate.run.watching.LONG', float('inf'))
    path = os.path.join(chain.directory, 'alembic.ini')
    with io.open(path, encoding='utf-8') as file:
        text = file.read().partition('[loggers]')[0]
    with io.open(path, 'w', encoding='utf-8') as file:
        file.write(text + (logging_section(loggers) if loggers else ''))
    result = chain.command_line(command_line, 'upgrade')
    assert result.code == 0, result
    lines = progress_in(result.stderr)
    assert len(lines) == len(result.stderr.splitlines()) == 3, result
    assert ['[%d/3]' % number in line
            for number, line in enumerate(lines, 1)] == [True] * 3


def test_one_line_beside_the_logging_of_the_application(chain, command_line):
    root, stream = logging.getLogger(), io.StringIO()
    before = root.level
    console = logging.StreamHandler()
    other = logging.StreamHandler(stream)
    root.addHandler(console)
    root.addHandler(other)
    root.setLevel(logging.INFO)
    try:
        # In this process sys.stderr is another one meanwhile.
        console.stream = sys.__stderr__
        result = chain.command_line(command_line, 'upgrade')
    finally:
        root.removeHandler(console)
        root.removeHandler(other)
        root.setLevel(before)
    assert result.code == 0, result
    assert len(progress_in(stream.getvalue())) == 3


def test_only_the_first_sentence(project, command_line):
    project.python('init')
    path = project.write_revision('a1')
    with io.open(path, encoding='utf-8') as file:
        text = file.read()
    with io.open(path, 'w', encoding='utf-8') as file:
        file.write(text.replace(
            'revision a1', 'Add all\n  that is 3.5 of it. And why\nso.\n\n'
            'Revision ID: a1', 1))
    for words in (['upgrade', '--dry-run'], ['upgrade']):
        result = project.command_line(command_line, *words)
        assert 'a1, Add all that is 3.5 of it.' in result.output
        assert 'why' not in result.output
        assert len(result.output.strip().splitlines()) == 1


def test_progress_on_request(chain, capsys):
    assert chain.python('upgrade', progress=True) is None
    out, err = capsys.readouterr()
    assert out == ''
    lines = err.splitlines()
    assert [line.rpartition(' (')[0] for line in lines] == [
        'INFO  [alembic.runtime.migration] [%d/3] Running upgrade %s -> %s, '
        'revision %s' % (number, before, after, after)
        for number, before, after in (
            (1, '' if compat.alembic.has_branches() else 'None', 'a1'),
            (2, 'a1', 'b2'), (3, 'b2', 'c3'))]
    chain.python('upgrade', progress=True)
    out, err = capsys.readouterr()
    assert out == '' and err == 'Nothing to do: the database is at c3.\n'
    chain.python('downgrade')
    assert capsys.readouterr() == ('', '')


@pytest.mark.skipif(sys.version_info < (3, 7), reason='Alembic of old')
@pytest.mark.once
def test_alembics_plugins_are_not_in_the_log(chain):
    code = ('import logging; logging.basicConfig(level=logging.INFO)\n'
            'import flask_migrate\nfrom flask_migrate.folder import scripts')
    output = subprocess.check_output(
        [sys.executable, '-c', code], stderr=subprocess.STDOUT,
        cwd=os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
    assert output == b''


# Failures -------------------------------------------------------------------

class Kept(logging.Handler):
    def __init__(self):
        logging.Handler.__init__(self)
        self.messages = []

    def emit(self, record):
        self.messages.append(record.getMessage())


@pytest.mark.parametrize('name', ['application', 'root'])
def test_failures_reach_the_log(chain, interface, name):
    chain.write_revision('a1', '1 / 0', name='a1_.py')
    logger = logging.getLogger(
        '' if name == 'root' else getattr(chain.app, 'logger_name', None)
        or chain.app.name)
    kept = Kept()
    logger.addHandler(kept)
    try:
        interface(chain, 'upgrade')
        interface(chain, 'history', rev_range='none_such:')
    finally:
        logger.removeHandler(kept)
    failures = [text for text in kept.messages if 'failed' in text]
    assert len(failures) == 1, kept.messages
    assert failures[0].startswith('upgrade failed: Revision a1')


@pytest.fixture(params=['python'] + COMMAND_LINES)
def interface(request):
    def call(project, name, **arguments):
        if request.param != 'python':
            words = [name] + ['--%s=%s' % (key.replace('_', '-'), value)
                              for key, value in arguments.items()]
            result = project.command_line(request.param, *words)
            assert result.code == 1
            assert len([line for line in result.stderr.splitlines()
                        if line.startswith('Error: ')]) == 1
            return result.stderr
        with pytest.raises(CommandError) as caught:
            project.python(name, **arguments)
        return str(caught.value)
    return call


@pytest.mark.parametrize('code', ['', '0', '1', '"why"'])
def test_sys_exit_in_a_revision(chain, interface, code):
    chain.write_revision('b2', TABLE % 'b2' + '\nimport sys\nsys.exit(%s)'
                         % code, down='a1', name='b2_.py')
    message = interface(chain, 'upgrade')
    assert 'Revision b2' in message
    assert 'sys.exit(%s)' % code.replace('"', "'") in message.replace(
        "u'", "'")
    assert chain.tables() == []


def test_a_table_that_create_all_has_made(chain, interface):
    chain.execute('CREATE TABLE a1 (id INTEGER)')
    message = interface(chain, 'upgrade')
    assert 'create_all()' in message and "'db stamp head'" in message
    assert chain.tables() == ['a1'] and 'Traceback' not in message


@pytest.mark.parametrize('body', [
    "op.get_bind().execute(sa.text('SELECT 1')).fetchall()",
    "[row[0] for row in op.get_bind().execute(sa.text('SELECT 1'))]"])
def test_rows_with_sql(chain, command_line, body):
    chain.write_revision('a1', body, name='a1_.py')
    result = chain.command_line(command_line, 'upgrade', '--sql')
    assert result.code == 1, result
    assert 'run this revision without --sql' in result.stderr


@pytest.mark.parametrize('words, expected', [
    (['upgrade', '-1'], "use 'db downgrade -1'"),
    (['upgrade', '+9'], 'only 3 pending'),
    (['upgrade', '+0'], 'A step of 0'),
    (['downgrade', '+1'], "use 'db upgrade +1'"),
    (['history', '-r', '-9:'], 'there are 3'),
    (['history', '-r', ':-9'], 'there are 3'),
    (['upgrade', 'c3+1'], "'c3"), (['upgrade', 'head+1'], "'head")])
@pytest.mark.parametrize('at', ['base', 'c3'])
def test_steps_that_lead_nowhere(chain, command_line, words, expected, at):
    if at != 'base':
        chain.python('upgrade')
        expected = {'only 3 pending': 'at the newest revision'}.get(
            expected, expected)
    if compat.alembic.alembic_version() < (1, 6) and words[-1] in (
            '-9:', ':-9', 'c3+1', 'head+1'):
        pytest.skip('Alembic of old takes it for something else.')
    result = chain.command_line(command_line, *words)
    assert result.code == 1, result
    assert expected in result.stderr
    assert 'rolled back' not in result.stderr
    assert len(result.stderr.splitlines()) == 1


def test_steps_of_a_label(chain, command_line):
    if not compat.alembic.has_branches():
        pytest.skip('Labels need Alembic 0.7.')
    chain.write_revision('a1', TABLE % 'a1', name='a1_.py',
                         header="branch_labels = ('lab',)")
    result = chain.command_line(command_line, 'downgrade', 'lab@-1')
    assert result.code == 1
    assert 'Nothing to downgrade' in result.stderr


def test_what_points_into_the_sql_is_left_out(postgresql_url, tmpdir):
    project = Project(tmpdir, postgresql_url)
    project.python('init')
    project.write_revision('a1', "op.execute('SELEC 1')")
    with pytest.raises(MigrationFailed) as caught:
        project.python('upgrade')
    first = str(caught.value).splitlines()[0]
    assert 'syntax error' in first
    assert 'LINE 1' not in first and '^' not in first


# Hints ----------------------------------------------------------------------

def test_the_name_of_the_group_from_python_and_flask(tmpdir):
    project = Project(tmpdir, command='database')
    project.python('init')
    project.model(str('User'))
    project.write_revision('a1', TABLE % 'a1')
    with pytest.raises(MigrateError) as caught:
        project.python('check')
    assert "Run 'database upgrade' first" in str(caught.value)
    assert "Run 'database upgrade' first" in str(caught.value.code)


@pytest.mark.skipif('flask' not in COMMAND_LINES, reason='needs click')
def test_the_name_of_the_group_in_flask(tmpdir):
    from flask.cli import FlaskGroup, ScriptInfo
    from project import captured
    project = Project(tmpdir, command='database')
    project.python('init')
    project.write_revision('a1', TABLE % 'a1')
    group = FlaskGroup(create_app=lambda *_: project.app)
    result = captured(group.main, ['database', 'check'], 'flask',
                      obj=ScriptInfo(create_app=lambda *_: project.app))
    assert "Run 'database upgrade' first" in result.stderr


def test_the_name_of_the_group_in_manage_py(chain):
    from flask_migrate.script import Manager, MigrateCommand
    from project import run_manager
    manager = Manager(chain.app)
    if not hasattr(manager, 'set_defaults'):
        pytest.skip('Flask-Script 2 tells the name.')
    commands = copy.deepcopy(MigrateCommand)
    manager.add_command('schema', commands)
    result = run_manager(manager, 'schema', 'check')
    assert "Run 'schema upgrade' first" in result.stderr


# Before a command can run ---------------------------------------------------

APPLICATION = '''
import sys
sys.path[:0] = %r
from flask import Flask
from flask_sqlalchemy import SQLAlchemy
from flask_migrate import Migrate

app = Flask('application')
app.config['SQLALCHEMY_DATABASE_URI'] = %r
app.config['SQLALCHEMY_TRACK_MODIFICATIONS'] = False
db = SQLAlchemy(app)
Migrate(app, db)
with app.app_context():
    db.engine       # Flask-SQLAlchemy 3 makes it anyway
'''

MANAGE = '''
from application import app
from flask_migrate.script import Manager, MigrateCommand

manager = Manager(app)
manager.add_command('db', MigrateCommand)
manager.run()
'''

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))


def started(folder, *command):
    environment = dict(os.environ, FLASK_APP=str('application.py'))
    process = subprocess.Popen(
        [sys.executable] + [str(word) for word in command], cwd=str(folder),
        env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    output = process.communicate()[0].decode('utf-8')
    return process.returncode, output


@pytest.mark.parametrize('url, words', [
    ('oracle+cx_oracle://me:secret@127.0.0.1/app', "driver 'cx_Oracle'"),
    ('nosuchdb://me:secret@127.0.0.1/app', "'nosuchdb://'"),
    ('me:secret', 'not a database URL')])
def test_an_application_that_cannot_start(tmpdir, command_line, url, words):
    for name, text in (('application', APPLICATION % ([str(ROOT)], str(url))),
                       ('manage', MANAGE)):
        with io.open(str(tmpdir.join(name + '.py')), 'w') as file:
            file.write(text)
    program = ['manage.py'] if command_line == 'manage' else ['-m', 'flask']
    code, output = started(tmpdir, *(program + ['db', 'upgrade']))
    assert code == 1
    assert output.startswith('Error: ') and words in output, output
    assert 'Traceback' not in output and 'secret' not in output
    if command_line == 'manage':
        # What is no command of ours shows the traceback as well.
        code, output = started(tmpdir, 'manage.py', 'shell')
        assert code == 1 and output.startswith('Traceback')
        assert words in output.splitlines()[-1]


# Names that others use ------------------------------------------------------

@pytest.mark.skipif('flask' not in COMMAND_LINES, reason='needs click')
def test_commands_of_the_cli_module(chain):
    from flask_migrate import cli
    from flask_migrate.cli import init, migrate, upgrade
    assert upgrade is cli.db.commands['upgrade']
    assert (init.name, migrate.name) == ('init', 'migrate')
    with pytest.raises(AttributeError):
        cli.none_such


@pytest.mark.skipif('flask' not in COMMAND_LINES, reason='needs click')
def test_callback_of_a_command(chain):
    from flask_migrate.cli import db
    with chain.app.app_context():
        db.commands['upgrade'].callback(
            directory=None, sql=False, tag=None, x_arg=None, revision='b2')
        assert chain.version() == ['b2']
        db.commands['downgrade'].callback(x_arg=('a=1',))
        assert chain.version() == ['a1']


def test_names_of_the_package(chain):
    from alembic.config import Config
    from flask_migrate import AlembicConfig, _MigrateConfig, catch_errors
    assert AlembicConfig is Config
    assert isinstance(chain.app.extensions['migrate'], _MigrateConfig)
    other = _MigrateConfig(chain.migrate, chain.db, compare_type=False)
    assert other.directory == chain.directory
    assert other.configure_args == {'compare_type': False}
    assert other.metadata is chain.db.metadata

    @catch_errors
    def fails(error):
        raise error
    for error in (CommandError('one'), RuntimeError('two')):
        with pytest.raises(SystemExit) as caught:
            fails(error)
        assert caught.value.code == 1
    with pytest.raises(KeyError):
        fails(KeyError('three'))


def test_help_has_what_all_operations_take():
    for name in flask_migrate.COMMANDS:
        function = getattr(flask_migrate, name)
        if name != 'Progress':
            for parameter in ('directory', 'x_arg'):
                assert function.__doc__.count(
                    ':param %s:' % parameter) == 1, name


def test_edit_opens_what_the_database_is_at(chain, monkeypatch):
    if not compat.alembic.has_branches():
        pytest.skip('edit needs Alembic 0.8')
    chain.python('upgrade', revision='b2')
    editor = os.path.join(chain.path, 'editor.sh')
    with io.open(editor, 'w') as file:
        file.write('#!/bin/sh\nfor file; do :; done\n'
                   'echo "# edited" >> "$file"\n')
    os.chmod(editor, 0o755)
    monkeypatch.setenv(str('EDITOR'), str(editor))
    monkeypatch.delenv(str('VISUAL'), raising=False)
    chain.python('edit')
    with io.open(os.path.join(chain.versions, 'b2_.py')) as file:
        assert '# edited' in file.read()


# Where it runs --------------------------------------------------------------

def test_gunicorn_gives_up(chain, monkeypatch):
    """It starts a worker for ever that ends with another code than 3."""
    chain.write_revision('a1', '1 / 0', name='a1_.py')
    with pytest.raises(SystemExit) as caught:
        chain.python('upgrade')
    assert caught.value.code.startswith('Error: Revision a1')
    kept = Kept()
    monkeypatch.setitem(sys.modules, 'gunicorn.arbiter', object())
    logging.getLogger('gunicorn.error').addHandler(kept)
    try:
        with pytest.raises(SystemExit) as caught:
            chain.python('upgrade')
    finally:
        logging.getLogger('gunicorn.error').removeHandler(kept)
    assert caught.value.code == 3
    assert isinstance(caught.value, MigrationFailed)
    assert len(kept.messages) == 1 and 'Revision a1' in kept.messages[0]


@pytest.mark.once
def test_init_from_a_zip(tmpdir):
    archive = str(tmpdir.join('packages.zip'))
    with zipfile.ZipFile(archive, 'w') as file:
        for folder, _, names in os.walk(os.path.join(ROOT, 'flask_migrate')):
            for name in names:
                path = os.path.join(folder, name)
                if not name.endswith('.pyc'):
                    file.write(path, os.path.relpath(path, ROOT))
    for name, text in (
            ('application', APPLICATION % ([archive], str('sqlite://'))),
            ('manage', MANAGE)):
        with io.open(str(tmpdir.join(name + '.py')), 'w') as file:
            file.write(text)
    code, output = started(tmpdir, 'manage.py', 'db', 'init')
    assert code == 0, output
    assert sorted(name for name in os.listdir(str(tmpdir.join(
        'migrations'))) if not name.startswith('__')) == [
            'README', 'alembic.ini', 'env.py', 'script.py.mako', 'versions']


def test_a_copy_of_the_wrapped_db(chain):
    db = compat.legacy_database.LegacyDatabase(chain.db)
    assert copy.copy(db).metadata is chain.db.metadata
    assert copy.copy(db).get_engine is not None


def test_a_second_application_with_a_version_table_of_its_own(tmpdir):
    url = 'sqlite:///' + str(tmpdir.join('app.db'))
    first = Project(tmpdir.mkdir('one'), url)
    first.model(str('One'))
    second = Project(tmpdir.mkdir('two'), url, version_table='two_versions')
    second.model(str('Two'))
    for project in (first, second, first):
        if not os.path.isdir(project.versions):
            project.python('init')
        project.python('migrate', message='x')
        project.python('upgrade')
    assert first.tables() == ['one', 'two', 'two_versions']
    for project in (first, second):
        assert len(project.scripts()) == 1
