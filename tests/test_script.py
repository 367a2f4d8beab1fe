"""``python manage.py db``: managers of every shape."""
import copy
import subprocess
import sys

from flask import Flask
import pytest

from flask_migrate import Manager, MigrateCommand, compat, script
from flask_migrate.errors import MigrateError
from flask_migrate.script import Command, Option
from project import captured, run_manager
from test_extension import environment

#: Flask-Script 0.5 hands the rest of sys.argv from manager to manager.
OLDEST = not hasattr(Manager(), 'description')
#: Flask-Script before 2.0 has no default of its own for a sub-manager.
BEFORE_2 = not hasattr(Manager(), 'help_args')


@pytest.fixture
def migrated(user_project):
    """A project with one revision, which is not applied yet."""
    user_project.python('migrate')
    return user_project


@pytest.fixture
def commands():
    """A MigrateCommand of one's own, to be changed."""
    return copy.deepcopy(MigrateCommand)


def manager_with(app, name='db', command=MigrateCommand):
    manager = Manager(app)
    manager.add_command(name, command)
    return manager


# What MigrateCommand is ------------------------------------------------------

def test_it_is_a_real_manager():
    import flask_script
    assert isinstance(MigrateCommand, flask_script.Manager)
    assert Manager is flask_script.Manager
    assert script.Command is flask_script.Command
    assert MigrateCommand.help == 'Perform database migrations'
    assert 'About: ' + MigrateCommand.help + MigrateCommand.description
    assert isinstance(MigrateCommand._commands['upgrade'], Command)


@pytest.mark.parametrize('name', script.NAMES)
def test_names_of_flask_script(name):
    import flask_script
    assert getattr(script, name) is getattr(flask_script, name)


# Where it can be put ---------------------------------------------------------

@pytest.mark.parametrize('name', ['db', 'migrations', 'data-base'])
def test_under_any_name(migrated, name):
    result = run_manager(manager_with(migrated.app, name), name, 'upgrade')
    assert result.code == 0, result
    assert migrated.tables() == ['user']


def test_under_several_names(migrated):
    manager = manager_with(migrated.app)
    manager.add_command('database', MigrateCommand)
    assert run_manager(manager, 'database', 'upgrade').code == 0
    assert migrated.tables() == ['user']
    assert run_manager(manager, 'db', 'downgrade').code == 0
    assert migrated.tables() == []


def test_nested(migrated):
    outer = Manager(migrated.app, with_default_commands=False)
    middle = Manager(None if not OLDEST else migrated.app)
    middle.add_command('db', MigrateCommand)
    outer.add_command('admin', middle)
    assert run_manager(outer, 'admin', 'db', 'upgrade').code == 0
    assert migrated.tables() == ['user']


def test_deep_copied(migrated, commands):
    del commands._commands['downgrade']
    manager = manager_with(migrated.app, command=commands)
    assert run_manager(manager, 'db', 'upgrade').code == 0
    assert migrated.tables() == ['user']
    assert run_manager(manager, 'db', 'downgrade').code != 0
    assert 'downgrade' in MigrateCommand._commands
    assert migrated.tables() == ['user']


def test_its_commands_in_a_manager_of_ones_own(migrated):
    manager = Manager(migrated.app)
    manager.add_command('up', MigrateCommand._commands['upgrade'])
    assert run_manager(manager, 'up', 'head').code == 0
    assert migrated.tables() == ['user']


@pytest.mark.skipif(OLDEST, reason='handle() of Flask-Script 0.5 takes the '
                                   'rest from sys.argv')
def test_handle(migrated):
    manager = manager_with(migrated.app)
    if hasattr(manager, 'set_defaults'):
        assert captured(manager.handle, 'manage.py',
                        ['db', 'upgrade']).code == 0
    else:
        assert captured(manager.handle, './manage.py',
                        ['db', 'upgrade']).code == 0
    assert migrated.tables() == ['user']


def test_a_factory_with_an_option(migrated):
    def create_app(config=None):
        made.append(config)
        return migrated.app
    made = []
    manager = manager_with(create_app)
    manager.add_option('-c', '--config', dest='config', required=False)
    result = run_manager(manager, '-c', 'dev.cfg', 'db', 'upgrade') \
        if not OLDEST else run_manager(manager, 'db', 'upgrade')
    assert result.code == 0, result
    assert made == [None if OLDEST else 'dev.cfg']
    assert migrated.tables() == ['user']


@pytest.mark.skipif(OLDEST, reason='Flask-Script 0.5 takes -c for manage.py '
                                   'wherever it stands')
def test_our_c_is_not_in_the_way_of_that_of_manage_py(migrated):
    made = []
    manager = manager_with(
        lambda config=None: made.append(config) or migrated.app)
    manager.add_option('-c', '--config', dest='config', required=False)
    result = run_manager(manager, '-c', 'x', 'db', 'current', '-c')
    assert made == ['x']
    assert ('not up to date' in result.stderr) or (
        'needs Alembic 1.17.1' in result.stderr), result


def test_our_d_is_not_in_the_way_of_that_of_manage_py(migrated):
    # Flask-Script 0.6 dies of the -d of its own runserver already.
    manager = Manager(lambda **given: migrated.app,
                      with_default_commands=False)
    manager.add_command('db', MigrateCommand)
    manager.add_option('-d', '--debug', dest='debug', action='store_true',
                       default=False)
    result = run_manager(manager, 'db', 'upgrade')
    assert result.code == 0, result
    assert migrated.tables() == ['user']


# What applications do to it --------------------------------------------------

def test_a_command_of_the_application(migrated, commands):
    @commands.command
    def seed():
        """Fill the tables."""
        from flask import current_app
        migrated.execute('INSERT INTO "user" (name) VALUES (\'%s\')'
                         % current_app.name)

    manager = manager_with(migrated.app, command=commands)
    assert run_manager(manager, 'db', 'upgrade').code == 0
    assert run_manager(manager, 'db', 'seed').code == 0
    assert migrated.query('SELECT name FROM "user"') == [('project',)]


def test_a_new_command_by_option(migrated, commands):
    seen = []

    @commands.option('-n', '--name', dest='name', default='nobody')
    def greet(name):
        seen.append(name)

    manager = manager_with(migrated.app, command=commands)
    assert run_manager(manager, 'db', 'greet', '-n', 'me').code == 0
    assert seen == ['me']


def test_an_option_for_an_existing_command(migrated, commands):
    @commands.option('--to', dest='tag')
    def upgrade(tag):
        raise AssertionError('the function of the command stays')
    manager = manager_with(migrated.app, command=commands)
    result = run_manager(manager, 'db', 'upgrade', '--to', 'v1')
    assert result.code == 0, result
    assert migrated.tables() == ['user']


def test_deleted_and_replaced(migrated, commands):
    seen = []

    class Checked(Command):
        def run(self, **values):
            seen.append(values['revision'])
            commands.upgrade(**values)

    checked = Checked()
    original = commands._commands['upgrade']
    commands.upgrade = original.run
    checked.option_list = original.option_list
    checked.help_args = getattr(original, 'help_args', None)
    checked.__doc__ = original.__doc__
    commands._commands['upgrade'] = checked
    del commands._commands['stamp']
    manager = manager_with(migrated.app, command=commands)
    result = run_manager(manager, 'db', 'upgrade', 'head')
    assert result.code == 0, result
    assert seen == ['head']
    assert migrated.tables() == ['user']
    assert run_manager(manager, 'db', 'stamp').code != 0


def test_run_and_options_of_a_command_copied(migrated):
    original = MigrateCommand._commands['upgrade']
    command = Command()
    command.run = original.run
    command.option_list = original.option_list + [
        Option('--quick', action='store_true', default=False)]
    command.option_list.pop()
    command.__doc__ = original.__doc__
    manager = Manager(migrated.app)
    manager.add_command('deploy', command)
    assert run_manager(manager, 'deploy').code == 0
    assert migrated.tables() == ['user']


def test_a_command_of_manage_py_that_calls_ours(migrated):
    from flask_migrate import upgrade
    manager = manager_with(migrated.app)

    @manager.command
    def deploy():
        upgrade()
    result = run_manager(manager, 'deploy')
    assert result.code == 0, result
    assert result.output == ''
    assert migrated.tables() == ['user']


def test_an_error_in_a_command_of_manage_py(migrated):
    from flask_migrate import upgrade
    manager = manager_with(migrated.app)

    @manager.command
    def deploy():
        upgrade(revision='nosuch')
    result = run_manager(manager, 'deploy')
    assert result.code == 1
    assert 'nosuch' in result.stderr


@pytest.mark.skipif(compat.python.PY2, reason='Python 2.7 has no annotations')
def test_annotations(migrated):
    namespace = {'seen': []}
    exec('def greet(name: str = "nobody", *, loud: bool = False) -> None:\n'
         '    seen.append(name)\n', namespace)
    manager = Manager(migrated.app)
    manager.command(namespace['greet'])
    result = run_manager(manager, 'greet', '--name', 'me')
    assert result.code == 0, result
    assert namespace['seen'] == ['me']


# The command line itself -----------------------------------------------------

@pytest.mark.skipif(OLDEST, reason='Flask-Script 0.5 lists in another way')
def test_help(project):
    manager = manager_with(project.app)
    result = run_manager(manager, '--help')
    assert result.code == 0
    for word in ('shell', 'runserver', 'db', 'Perform database migrations'):
        assert word in result.stdout
    result = run_manager(manager, 'db', '--help')
    assert result.code == 0
    for name, command in MigrateCommand._commands.items():
        assert name in result.stdout
        assert command.__doc__.split()[0] in result.stdout
    assert '--directory' in result.stdout
    result = run_manager(manager, 'db', 'upgrade', '--help')
    assert result.code == 0
    for flag in ('--directory', '--sql', '--tag', '--x-arg'):
        assert flag in result.stdout


@pytest.mark.skipif(not OLDEST, reason='Flask-Script 0.5 only')
def test_help_of_flask_script_05(project):
    manager = manager_with(project.app)
    assert 'db         Perform database migrations' in manager.get_usage()
    result = run_manager(manager, 'db', 'upgrade', '--help')
    assert result.code == 0
    assert '--directory' in result.stdout


@pytest.mark.skipif(OLDEST, reason='Flask-Script 0.5 lists in another way')
def test_no_command_at_all(project):
    for words in ([], ['db']):
        result = run_manager(manager_with(project.app), *words)
        assert result.code == 2
        assert 'db' in result.output


@pytest.mark.skipif(OLDEST, reason='Flask-Script 0.5 says it in its own way')
def test_a_mistyped_command(project):
    result = run_manager(manager_with(project.app), 'db', 'upgarde')
    assert result.code == 2
    assert "no such command 'upgarde', did you mean 'upgrade'?" \
        in result.stderr
    result = run_manager(manager_with(project.app), 'db', 'xyzzy')
    assert result.code == 2
    assert "no such command 'xyzzy'" in result.stderr
    assert 'did you mean' not in result.stderr


def test_a_mistyped_option(migrated):
    result = run_manager(manager_with(migrated.app), 'db', 'upgrade', '--sqll')
    assert result.code == 2
    assert migrated.tables() == []


@pytest.mark.skipif(OLDEST, reason='Flask-Script 0.5 takes the first word '
                                   'for the command')
def test_options_before_the_command(user_project, tmpdir):
    other = str(tmpdir.join('other'))
    manager = manager_with(user_project.app)
    for words in (['-d', other, 'init'],
                  ['--directory=' + other, 'migrate'],
                  ['--directory', other, '-x', 'a=1', 'upgrade', '-x', 'b=2'],
                  ['upgrade', '-d', other]):
        result = run_manager(manager, 'db', *words)
        assert result.code == 0, result
    assert user_project.tables() == ['user']
    assert user_project.scripts() == []
    # They are not remembered for the next command.
    assert run_manager(manager, 'db', 'history').stdout.strip() == ''
    result = run_manager(manager, 'db', '-d', other, 'history')
    assert result.stdout.strip()


@pytest.mark.parametrize('words', [
    ['-r', '-1:'], ['-r-1:'], ['--rev-range=-1:'], ['--rev-range', '-1:']])
def test_a_negative_range(migrated, words):
    result = run_manager(manager_with(migrated.app), 'db', 'history', *words)
    assert result.code != 2, result
    assert 'usage' not in result.stderr.lower()


def test_exit_codes(migrated):
    manager = manager_with(migrated.app)
    assert run_manager(manager, 'db', 'upgrade').code == 0
    assert run_manager(manager, 'db', 'heads').code == 0
    result = run_manager(manager, 'db', 'upgrade', 'nosuch')
    assert result.code == 1
    assert result.stderr.startswith('Error: ')
    assert result.stdout == ''


def test_an_application_without_migrate(tmpdir):
    result = run_manager(manager_with(Flask('bare')), 'db', 'upgrade')
    assert result.code == 1
    assert "Migrate(app, db)" in result.stderr


def test_commands_run_in_a_request_context(migrated):
    from flask import has_request_context
    seen = []

    @migrated.migrate.configure
    def look(config):
        seen.append(has_request_context())
        return config
    assert run_manager(manager_with(migrated.app), 'db', 'upgrade').code == 0
    assert seen == [True]


# flask-script-ng -------------------------------------------------------------

def test_flask_script_ng_takes_our_manager(migrated):
    ng = pytest.importorskip('flask_script_ng')
    for manager in (ng.Manager(migrated.app),
                    ng.Manager(lambda: migrated.app)):
        manager.add_command('db', MigrateCommand)
        result = run_manager(manager, 'db', 'upgrade')
        assert result.code == 0, result
        assert migrated.tables() == ['user']
        result = run_manager(manager, 'db', 'downgrade', '-1')
        assert result.code == 0, result
        assert migrated.tables() == []
    result = run_manager(manager, 'db', '--help')
    assert result.code == 0 and 'ensure-version' in result.stdout


# Where Flask-Script is missing -----------------------------------------------

@pytest.mark.parametrize('use', [
    'Manager(None)', 'class Own(Manager):\n    pass',
    '@Manager.command\ndef seed():\n    pass',
    'Manager._commands', 'Manager.help = "x"'])
def test_what_is_missing_explains_itself(use):
    missing = script.Missing('ImportError: no flask_script')
    copy.deepcopy(missing)
    with pytest.raises(MigrateError) as error:
        exec(use, {'Manager': missing})
    assert str(error.value).startswith(
        "Flask-Script can't be imported (ImportError: no flask_script).")
    assert 'pip install Flask-Script' in str(error.value)
    assert 'flask db' in str(error.value)


WITHOUT = '''
import sys
sys.modules['flask_script'] = None      # as if it were not installed
from flask_migrate import Manager, Migrate, MigrateCommand, upgrade
from flask_migrate.script import Server, prompt_bool
print('imported')
manager = Manager(None)
print('not reached')
'''


def test_without_flask_script(tmpdir):
    process = subprocess.Popen(
        [sys.executable, '-W', 'ignore', '-c', WITHOUT],
        env=environment(), cwd=str(tmpdir), stdout=subprocess.PIPE,
        stderr=subprocess.PIPE)
    out, err = [text.decode() for text in process.communicate()]
    assert (process.returncode, out) == (1, 'imported\n'), err
    assert err.startswith("Error: Flask-Script can't be imported"), err
    assert 'Traceback' not in err


# Room for the application's own ---------------------------------------------

@pytest.fixture
def own_command():
    """A copy of MigrateCommand, to be changed."""
    import copy
    from flask_migrate.script import MigrateCommand
    return copy.deepcopy(MigrateCommand)


def run_own(project, command, *args):
    from flask_migrate.script import Manager
    manager = Manager(project.app)
    manager.add_command('db', command)
    return run_manager(manager, 'db', *args)


NEW_NAMES = ['status', 'check', 'adopt', 'doctor']


@pytest.mark.parametrize('name', NEW_NAMES)
def test_a_command_of_the_applications_own(project, own_command, name):
    def function():
        print('mine')
    function.__name__ = name
    own_command.command(function)
    assert run_own(project, own_command, name).stdout == 'mine\n'


@pytest.mark.parametrize('name', NEW_NAMES)
def test_a_command_of_its_own_with_options(project, own_command, name):
    """@option adds to a command that is there: it must not be ours."""
    def function(host, port):
        print('mine %s %s' % (host, port))
    function.__name__ = name
    for flag in ('port', 'host'):
        function = own_command.option('--' + flag, dest=flag)(function)
    result = run_own(project, own_command, name, '--host', 'a', '--port', 'b')
    assert (result.code, result.stdout) == (0, 'mine a b\n'), result
    result = run_own(project, own_command, name, '--help')
    assert '--host' in result.output and '--directory' not in \
        result.output.split('--host')[1]


def test_options_still_go_to_commands_of_old(user_project, own_command):
    """As with Flask-Migrate; its flags are not ours any more."""
    from flask_migrate.script import Option
    seen = []
    ours = own_command._commands['upgrade'].run

    def upgrade(wait, dry_run, who, message=None, **kwargs):
        seen.append((wait, dry_run, who, sorted(kwargs)[:1]))
        return ours(**kwargs)
    own_command._commands['upgrade'].run = upgrade
    options = own_command._commands['upgrade'].option_list
    # '-d' is also that of --directory.
    options.append(Option('--wait', dest='wait', action='store_true',
                          default=False))
    options.append(Option('-d', '--dry-run', dest='dry_run', default='no'))
    own_command.option('--who', dest='who', default='')(upgrade)
    user_project.python('migrate')
    result = run_own(user_project, own_command, 'upgrade', '--wait', '-d',
                     'yes', '--who', 'me', '--directory',
                     user_project.directory)
    assert result.code == 0, result
    assert [each[:3] for each in seen] == [(True, 'yes', 'me')]
    assert user_project.tables() == ['user']
