"""What the command lines say of themselves."""
import pytest

from flask_migrate.commands import OPERATIONS, ORDER, command_name
from flask_migrate.script import Manager, MigrateCommand, Option
from project import COMMAND_LINES

#: Flask-Script 0.5 and 0.6 have -h themselves, and usage lines of their own.
OF_OLD = not hasattr(Manager, 'help_args')

COMMANDS = [[]] + [[command_name(OPERATIONS[name])] for name in ORDER]


@pytest.fixture(autouse=True)
def columns(monkeypatch):
    monkeypatch.setenv('COLUMNS', '80')


@pytest.mark.parametrize('flag', ['-h', '--help'])
@pytest.mark.parametrize('words', COMMANDS, ids=' '.join)
def test_help(project, command_line, words, flag):
    if command_line == 'manage' and OF_OLD:
        pytest.skip('Flask-Script 2 can do that.')
    result = project.command_line(command_line, *(words + [flag]))
    assert result.code == 0, result
    assert result.stderr == ''
    lines = result.stdout.splitlines()
    assert [line for line in lines if len(line) > 80] == []
    start = {'manage': 'usage: manage.py db', 'flask': 'Usage: flask db'}
    assert lines[0].startswith(' '.join([start[command_line]] + words))


@pytest.mark.parametrize('words, option, near', [
    (['upgrade', '--nolock'], '--nolock', '--no-lock'),
    (['history', '--verbos=1'], '--verbos', '--verbose'),
    (['upgrade', '--xyzzy'], '--xyzzy', None),
    (['stamp', '--xyzzy', 'head'], '--xyzzy', None)])
def test_a_mistyped_option(user_project, command_line, words, option, near):
    result = user_project.command_line(command_line, *words)
    assert result.code == 2, result
    if near is None:
        assert option in result.stderr
        assert 'did you mean' not in result.stderr.lower()
    elif command_line == 'manage' and option != '--verbos':
        assert "no such option '%s', did you mean '%s'?" % (option, near) \
            in result.stderr
    else:
        assert near in result.stderr


def test_an_argument_too_many(user_project, command_line):
    result = user_project.command_line(command_line, 'upgrade', 'a', 'b7')
    assert result.code == 2, result
    assert 'b7' in result.stderr


@pytest.mark.parametrize('command, words', [
    ('upgrade', ["'head'", "'heads'", "'+1'", '@head', 'identifier']),
    ('downgrade', ["'base'", "'-1'", 'from:to', 'identifier']),
    ('stamp', ["'head'", "'base'", 'identifier']),
    ('show', ["'current'", "'head'", 'identifier']),
    ('edit', ["'current'", "'head'", 'identifier']),
    ('merge', ['all heads', 'identifier']),
    ('history', ["'base'", "'current'", 'identifier'])])
def test_what_a_revision_may_be(project, command_line, command, words):
    result = project.command_line(command_line, command, '--help')
    text = ' '.join(result.stdout.split())
    for word in words:
        assert word in text


@pytest.mark.skipif('flask' not in COMMAND_LINES, reason='needs click')
def test_h_of_an_application_s_own_command(project):
    import click
    from flask_migrate.cli import db

    @db.command('own')
    @click.option('-h', '--host')
    def own(host):
        click.echo('host ' + host)
    try:
        result = project.flask('own', '-h', 'here')
    finally:
        del db.commands['own']
    assert result.stdout == 'host here\n'


@pytest.mark.skipif(OF_OLD, reason='Flask-Script 2 can do that.')
def test_h_of_an_option_that_an_application_adds(user_project):
    command = MigrateCommand._commands['check']
    option, seen = Option('-h', '--host', dest='host'), []
    run = command.run
    command.option_list.append(option)
    command.run = lambda host=None, **kwargs: seen.append(host)
    try:
        result = user_project.manage('check', '-h', 'here')
    finally:
        command.option_list.remove(option)
        command.run = run
    assert result.code == 0, result
    assert seen == ['here']
