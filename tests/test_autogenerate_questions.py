"""``migrate``: how answers get there, and what is only shown."""
import os

import pytest

from flask_migrate import CommandError, compat
from flask_migrate.autogenerate.comparison import Comparison
from flask_migrate.console import CommandLine
from project import Project

needs_operations = pytest.mark.skipif(
    not compat.alembic.has_operations(), reason='needs Alembic 0.8')


def test_a_dry_run_writes_nothing(user_project, command_line):
    result = user_project.command_line(command_line, 'migrate', '--dry-run')
    assert result.code == 0, result
    assert 'def upgrade' in result.stdout and "'user'" in result.stdout
    assert user_project.scripts() == []
    os.chmod(user_project.versions, 0o500)
    try:
        text = user_project.python('migrate', dry_run=True)
    finally:
        os.chmod(user_project.versions, 0o700)
    assert "'user'" in text and user_project.scripts() == []
    user_project.python('migrate')
    user_project.python('upgrade')
    assert user_project.python('migrate', dry_run=True) is None


@needs_operations
@pytest.mark.parametrize('option, value', [
    ('--rename', 'user.name'), ('--rename', 'user.name:'),
    ('--fill', 'user.age')])
def test_an_answer_must_be_one(user_project, command_line, option, value):
    result = user_project.command_line(
        command_line, 'migrate', option, value)
    assert result.code == 2 and option + ' takes values such as' \
        in result.stderr
    assert user_project.scripts() == []


@pytest.fixture
def renamed(tmpdir):
    """A project with a renamed column, and one that is new."""
    def after(**columns):
        project = Project(tmpdir)
        project.model('User', **dict(
            (name, project.db.Column(getattr(project.db, type_)))
            for name, type_ in columns.items()))
        return project
    project = after(name='Text', age='Integer')
    project.python('init')
    project.python('migrate')
    project.python('upgrade')
    project.execute("INSERT INTO user (name) VALUES ('Ada')")
    return after(full_name='Text', age='Integer')


def refused(project, *options, **how):
    """What is said of the options of ``migrate``, when they are refused."""
    result = project.command_line(
        how.get('command_line', 'manage'), 'migrate', *options)
    assert result.code == how.get('code', 1), result
    assert len(project.scripts()) == 1
    # An older Alembic says that it writes what is taken away again.
    assert result.stdout == '' or not compat.alembic.has_operations()
    arguments = {}
    for option, value in zip(options[::2], options[1::2]):
        arguments.setdefault(option[2:], []).append(value)
    with pytest.raises(CommandError) as error:
        project.python('migrate', **arguments)
    assert 'Error: %s' % error.value == result.stderr.splitlines()[-1]
    assert str(error.value).endswith('. Nothing was written.')
    return str(error.value)[:-len('. Nothing was written.')]


@needs_operations
@pytest.mark.parametrize('option, value, wanted', [
    ('--rename', 'user.nmae:full_name', "--rename user.nmae:full_name: the "
     "database has no table or column 'user.nmae', the nearest "),
    ('--drop', 'user.nmae', "--drop user.nmae: the database has no table or "
     "column 'user.nmae', the nearest "),
    ('--rename', 'usr:account', "--rename usr:account: the database has no "
     "table or column 'usr', the nearest "),
    ('--rename', 'x:y', "--rename x:y: the database has no table or column "
     "'x'"),
    ('--drop', 'comment', "--drop comment: the database has no table or "
     "column 'comment'"),
    ('--rename', 'user.name:fullname', "--rename user.name:fullname: the "
     "models have no column 'fullname' in 'user', the nearest is "
     "'full_name'"),
    ('--rename', 'user.name:age', "--rename user.name:age: the column 'age' "
     "in 'user' is not new"),
    ('--rename', 'user.age:full_name', "--rename user.age:full_name: the "
     "models have the column 'age' still in 'user'"),
    ('--rename', 'user:account', "--rename user:account: the models have "
     "the table 'user' still"),
    ('--fill', 'user.fulname=x', "--fill user.fulname: the models have no "
     "column 'user.fulname', the nearest ")])
def test_an_address_must_be_there(renamed, option, value, wanted):
    said = refused(renamed, option, value)
    assert said.startswith(wanted), said
    if wanted.endswith('nearest '):
        near = {'usr': 'user', 'user.fulname': 'user.full_name'}.get(
            value.replace('=', ':').split(':')[0], 'user.name')
        assert "'%s'" % near in said[len(wanted):]
    else:
        assert said == wanted


@needs_operations
def test_a_new_table_must_be_there(renamed):
    project = Project(renamed.path)
    project.model('Account', name=project.db.Column(project.db.Text))
    assert refused(project, '--rename', 'user:acount') == \
        "--rename user:acount: the models have no table 'acount', " \
        "the nearest is 'account'"
    # The names of a table that is renamed: the old for the old, else the new.
    assert refused(
        project, '--rename', 'user:account', '--drop', 'account.age') == \
        "--drop account.age: the database has no table or column " \
        "'account.age', it is 'user.age' there"
    assert refused(
        project, '--rename', 'user:account', '--fill', 'user.name=x') == \
        "--fill user.name: the models have no column 'user.name', " \
        "it is 'account.name' there"


@needs_operations
def test_a_mistyped_address_is_told_before_anybody_is_asked(
        renamed, monkeypatch):
    monkeypatch.setattr(CommandLine, 'can_ask', lambda call: True)
    monkeypatch.setattr(CommandLine, 'read_line',
                        lambda call, prompt: pytest.fail(prompt))
    refused(renamed, '--rename', 'user.nmae:full_name')


@needs_operations
@pytest.mark.parametrize('options, first, second', [
    (['--rename', 'x.a:b', '--drop', 'x.a'], '--rename x.a:b', '--drop x.a'),
    (['--drop', 'x', '--rename', 'x:y'], '--rename x:y', '--drop x'),
    (['--rename', 'x:z', '--rename', 'y:z'], '--rename x:z', '--rename y:z'),
    (['--rename', 'x.a:c', '--rename', 'x.b:c'],
     '--rename x.a:c', '--rename x.b:c'),
    (['--rename', 'x.a:b', '--rename', 'x.a:c'],
     '--rename x.a:b', '--rename x.a:c'),
    (['--fill', 'x.a=1', '--fill', 'x.a=2'],
     '--fill x.a=1', '--fill x.a=2')])
def test_answers_that_contradict_each_other(
        renamed, monkeypatch, command_line, options, first, second):
    monkeypatch.setattr(Comparison, 'prepare', lambda *args: pytest.fail(
        'it is compared'))
    assert refused(
        renamed, *options, code=2, command_line=command_line) == \
        '%s and %s contradict each other: give one of them' % (first, second)


@needs_operations
def test_a_rename_in_python_that_contradicts(renamed):
    for answers in ({'rename': {'user.name': 'full_name'},
                     'drop': 'user.name'},
                    {'rename': {'user.name': 'x', 'user.age': 'x'}},
                    {'rename': {'user.name': 'name'}}):
        with pytest.raises(CommandError) as error:
            renamed.python('migrate', **answers)
        assert 'contradict' in str(error.value) \
            or 'the same name' in str(error.value)
    assert len(renamed.scripts()) == 1
    # The same twice is none, nor is a name in two tables.
    renamed.python('migrate', rename=['user.name:full_name'] * 2)


@needs_operations
def test_two_addresses_of_one_column(tmpdir):
    binds = {'second': 'sqlite:///' + str(tmpdir.join('second.db'))}
    project = Project(tmpdir, binds=binds)
    project.db.Table('log', project.db.metadata, project.db.Column(
        'id', project.db.Integer, primary_key=True))
    project.python('init', multidb=True)
    project.python('migrate')
    project.python('upgrade')
    assert refused(project, '--rename', 'default:log.id:x',
                   '--drop', 'log.id') == \
        '--rename default:log.id and --drop log.id are both about ' \
        'default:log.id: give one of them'
    assert refused(project, '--drop', 'secnd:log.id') == \
        "--drop secnd:log.id: the database has no table or column " \
        "'secnd:log.id', the nearest is 'default:log.id'"


def test_an_answer_to_no_question_is_refused(user_project):
    user_project.python('migrate')
    user_project.python('upgrade')
    assert refused(user_project, '--drop', 'user.name').startswith(
        '--drop user.name fits nothing')
    if compat.alembic.has_operations():
        assert refused(user_project, '--fill', 'user.name=x').startswith(
            '--fill user.name fits nothing')
