"""``flask db``: the click group, and how the ``flask`` command finds it."""
import copy
import io
import os
import re
import subprocess
import sys

import pytest

click = pytest.importorskip('click')
cli = pytest.importorskip('flask_migrate.cli')

from flask import Flask  # noqa: E402
from flask.cli import FlaskGroup, ScriptInfo  # noqa: E402
from flask_migrate import Migrate, compat  # noqa: E402
from flask_migrate.commands import OPERATIONS, command_name  # noqa: E402
from project import captured  # noqa: E402
from test_extension import environment  # noqa: E402

ALEMBIC = compat.alembic.alembic_version()


@pytest.fixture
def migrated(user_project):
    """A project with one revision, which is not applied yet."""
    user_project.python('migrate')
    return user_project


def flask(app, *args, **settings):
    """``flask ARGS`` for an application, or a function that makes it."""
    def create_app(*_):
        return app if isinstance(app, Flask) else app()
    group = settings.pop('group', None) or FlaskGroup(create_app=create_app)
    return captured(group.main, list(args), 'flask',
                    obj=ScriptInfo(create_app=create_app), **settings)


# The group ----------------------------------------------------------------

def test_help(project):
    result = project.flask('--help')
    assert result.code == 0, result
    assert result.stdout.startswith('Usage: flask db')
    assert 'Perform database migrations.' in result.stdout
    for name, command in cli.db.commands.items():
        assert name in result.stdout
    result = project.flask('upgrade', '--help')
    assert result.code == 0
    for flag in ('--directory', '--sql', '--tag', '--x-arg'):
        assert flag in result.stdout
    assert project.flask().output.count('list-templates') == 1


def test_a_mistyped_command(project):
    result = project.flask('upgarde')
    assert result.code == 2
    assert "No such command 'upgarde', did you mean 'upgrade'?" \
        in result.stderr
    result = project.flask('xyzzy')
    assert result.code == 2 and 'did you mean' not in result.stderr


def test_a_mistyped_option(migrated):
    assert migrated.flask('upgrade', '--sqll').code == 2
    assert migrated.flask('upgrade', '-q').code == 2
    assert migrated.flask('upgrade', 'head', 'more').code == 2
    assert migrated.tables() == []


def test_exit_codes(migrated):
    assert migrated.flask('upgrade').code == 0
    result = migrated.flask('upgrade', 'nosuch')
    assert result.code == 1
    assert result.stderr.startswith('Error: ')


def test_directory_and_x_arg_of_the_group(user_project, tmpdir):
    other = str(tmpdir.join('other'))
    path = str(tmpdir.join('x.txt'))

    def run(*args):
        result = user_project.flask(*args)
        assert result.code == 0, result
    run('-d', other, 'init')
    with io.open(os.path.join(other, 'env.py'), 'a') as file:
        file.write(u'import io\nfrom alembic import context\n'
                   u'with io.open(%r, "w") as file:\n'
                   u'    file.write(u",".join(context.get_x_argument()))\n'
                   % path)
    run('--directory', other, 'migrate')
    run('-d', other, '-x', 'a=1', '-x', 'b=2', 'upgrade', '-x', 'c=3')
    with io.open(path) as file:
        assert file.read() == 'a=1,b=2,c=3'
    assert user_project.tables() == ['user']
    assert user_project.scripts() == []
    # The command's own wins.
    run('-d', 'nowhere', 'downgrade', '-d', other)
    assert user_project.tables() == []


@pytest.mark.parametrize('name, value, args', [
    ('FLASK_DB_DIRECTORY', '{other}', ['upgrade']),
    ('FLASK_DB_UPGRADE_DIRECTORY', '{other}', ['upgrade']),
    ('FLASK_DB_UPGRADE_REVISION', 'head', ['-d', '{other}', 'upgrade'])])
def test_environment_variables(user_project, tmpdir, monkeypatch, name, value,
                               args):
    other = str(tmpdir.join('other'))
    user_project.python('init', other)
    user_project.python('migrate', other)
    monkeypatch.setenv(name, value.format(other=other))
    result = flask(user_project.app, 'db',
                   *[arg.format(other=other) for arg in args])
    assert result.code == 0, result
    assert user_project.tables() == ['user']


def test_more_environment_variables(migrated, tmpdir, monkeypatch):
    path = str(tmpdir.join('tag.txt'))
    with io.open(os.path.join(migrated.directory, 'env.py'), 'a') as file:
        file.write(u'import io\nfrom alembic import context\n'
                   u'with io.open(%r, "w") as file:\n'
                   u'    file.write(u"%%s %%s" %% (context.get_tag_argument(),'
                   u' ",".join(context.get_x_argument())))\n' % path)
    monkeypatch.setenv('FLASK_DB_UPGRADE_TAG', 'v1')
    monkeypatch.setenv('FLASK_DB_X_ARG', 'a=1 b=2')
    assert migrated.flask('upgrade').code == 0
    with io.open(path) as file:
        assert file.read() == 'v1 a=1,b=2'
    monkeypatch.setenv('FLASK_DB_DOWNGRADE_REVISION', '-1')
    assert migrated.flask('downgrade').code == 0
    assert migrated.tables() == []
    monkeypatch.setenv('FLASK_DB_UPGRADE_SQL', '1')
    assert 'CREATE TABLE' in migrated.flask('upgrade').stdout
    assert migrated.tables() == []


@pytest.mark.parametrize('words', [
    ['-r', '-1:'], ['-r-1:'], ['--rev-range=-1:'], ['--rev-range', '-1:']])
def test_a_negative_range(migrated, words):
    result = migrated.flask('history', *words)
    assert result.code != 2, result


def test_a_message_that_starts_with_a_dash(user_project):
    assert user_project.flask('migrate', '-m', '-1 is a number').code == 0
    name, = user_project.scripts()
    with io.open(os.path.join(user_project.versions, name)) as file:
        assert file.readlines()[1].strip() == '"""-1 is a number'


# Where it is found -----------------------------------------------------------

def test_renamed(tmpdir, user_project):
    project = user_project
    app = Flask('other')
    Migrate(app, project.db, command='migrations')
    assert app.cli.commands['migrations'] is cli.db
    assert 'db' not in app.cli.commands
    Migrate().init_app(app, project.db, command='again')
    assert app.cli.commands['again'] is cli.db
    project.migrate.init_app(project.app, command='migrations')
    project.python('migrate')
    assert flask(project.app, 'migrations', 'upgrade').code == 0
    assert project.tables() == ['user']


def test_commands_are_registered_again_elsewhere(migrated):
    @click.group()
    def main():
        pass
    for name, command in cli.db.commands.items():
        main.add_command(command, name)
    result = captured(main.main, ['upgrade'], 'main', obj=ScriptInfo(
        create_app=lambda *_: migrated.app))
    assert result.code == 0, result
    assert migrated.tables() == ['user']
    with migrated.app.app_context():    # an application's own with_appcontext
        assert captured(main.main, ['downgrade', '-1'], 'main').code == 0
    assert migrated.tables() == []


def test_the_group_in_a_group_of_ones_own(migrated):
    @click.group()
    def main():
        pass
    main.add_command(cli.db, 'database')
    result = captured(main.main, ['database', 'upgrade'], 'main',
                      obj=ScriptInfo(create_app=lambda *_: migrated.app))
    assert result.code == 0, result
    assert migrated.tables() == ['user']


@pytest.mark.parametrize('look', [
    lambda db: db.commands, lambda db: db.list_commands(click.Context(db)),
    lambda db: [name for name in cli.db.commands
                if db.get_command(click.Context(db), name)],
    lambda db: (db.command('more')(lambda: None), db.commands)[1],
    lambda db: (db.add_command(click.Command('edit')), db.commands)[1],
    lambda db: copy.copy(db).commands, lambda db: copy.deepcopy(db).commands])
def test_its_commands_are_complete_when_anybody_looks(look):
    group = cli.OperationGroup('db')
    assert not group._made
    assert set(look(group)) >= set(map(command_name, OPERATIONS.values()))
    assert group.commands is group.commands


def test_a_command_that_replaces_one_stays():
    group = cli.OperationGroup('db')
    group.add_command(click.Command('upgrade', help='Mine.'))
    assert group.commands['upgrade'].help == 'Mine.'
    del group.commands['check']
    assert 'check' not in group.commands
    assert isinstance(cli.db, click.Group)


def test_a_command_added_to_the_group(migrated):
    @cli.db.command()
    @click.argument('name')
    def seed(name):
        migrated.execute('INSERT INTO "user" (name) VALUES (\'%s\')' % name)
    try:
        assert migrated.flask('upgrade').code == 0
        result = migrated.flask('seed', 'me')
        assert result.code == 0, result
    finally:
        del cli.db.commands['seed']
    assert migrated.query('SELECT name FROM "user"') == [('me',)]


def test_a_manage_py_of_click(migrated):
    @click.group(cls=FlaskGroup, create_app=lambda *_: migrated.app)
    def main():
        """The commands of this application."""
    @main.command()
    def hello():
        click.echo('hello')
    assert captured(main.main, ['hello'], 'manage.py').stdout == 'hello\n'
    result = captured(main.main, ['db', 'upgrade'], 'manage.py')
    assert result.code == 0, result
    assert migrated.tables() == ['user']


def test_click_test_runner(migrated):
    runner = getattr(migrated.app, 'test_cli_runner', None)
    if runner is None:
        pytest.skip('needs test_cli_runner(), of Flask 1.0')
    result = runner().invoke(args=['db', 'upgrade'])
    assert result.exit_code == 0, result.output
    assert migrated.tables() == ['user']
    result = runner().invoke(args=['db', 'heads'])
    assert '(head)' in result.output


# Through the entry point -----------------------------------------------------

def group_with_entry_point(create_app, name='db'):
    """FlaskGroup as it is after it has loaded the entry points."""
    group = FlaskGroup(create_app=create_app)
    group.add_command(cli.entry_point, name)
    group._loaded_plugin_commands = True
    return group


def test_entry_point_is_declared():
    root = os.path.dirname(os.path.dirname(cli.__file__))
    setup_cfg = os.path.join(root, 'setup.cfg')
    if not os.path.exists(setup_cfg):
        pytest.skip('the installed package has no setup.cfg')
    with io.open(setup_cfg) as file:
        assert 'db = flask_migrate.cli:entry_point' in file.read()


def test_entry_point(migrated):
    create_app = lambda *_: migrated.app  # noqa: E731
    group = group_with_entry_point(create_app)
    result = flask(create_app, 'db', 'upgrade', group=group)
    assert result.code == 0, result
    assert migrated.tables() == ['user']
    result = flask(create_app, 'db', '--help', group=group)
    assert 'ensure-version' in result.stdout
    result = flask(create_app, '--help', group=group)
    assert 'Perform database migrations.' in result.stdout


def test_entry_point_for_an_application_that_registers_late(project):
    app = Flask('late')
    app.config.update(project.app.config)

    def create_app(*_):
        return app

    @app.cli.command()
    def unrelated():
        pass
    result = flask(create_app, 'db', 'upgrade',
                   group=group_with_entry_point(create_app))
    assert result.code == 1
    assert 'Migrate(app, db)' in result.stderr
    assert 'Traceback' not in result.output


def test_entry_point_leaves_the_db_group_of_others_alone(project):
    seen = []

    @project.app.cli.group('db')
    def own_db():
        """The database commands of this application."""
    @own_db.command()
    def seed():
        seen.append('seed')
    project.migrate.init_app(project.app, command='migrations')
    create_app = lambda *_: project.app  # noqa: E731
    group = group_with_entry_point(create_app)
    assert flask(create_app, 'db', 'seed', group=group).code == 0
    assert seen == ['seed']
    assert flask(create_app, 'migrations', 'heads', group=group).code == 1 \
        or os.path.exists(project.directory)


def test_entry_point_says_where_the_commands_are(tmpdir, project):
    app = Flask('renamed')
    Migrate(app, project.db, command='migrations')
    create_app = lambda *_: app  # noqa: E731
    result = flask(create_app, 'db', 'upgrade',
                   group=group_with_entry_point(create_app))
    assert result.code == 1
    assert "'flask migrations'" in result.stderr


def test_entry_point_shows_why_the_application_fails():
    def create_app(*_):
        raise ZeroDivisionError('in the application')
    result = flask(create_app, 'db', 'upgrade',
                   group=group_with_entry_point(create_app))
    assert result.code == 1
    assert result.output.count('Traceback') == 1
    assert 'ZeroDivisionError: in the application' in result.stderr


# The real flask command ------------------------------------------------------

APPLICATION = '''
from flask import Flask
from flask_sqlalchemy import SQLAlchemy
from flask_migrate import Migrate
db = SQLAlchemy()
migrate = Migrate(db=db)
class User(db.Model):
    id = db.Column(db.Integer, primary_key=True)
def create_app():
    app = Flask(__name__)
    app.config['SQLALCHEMY_DATABASE_URI'] = 'sqlite:///%s'
    app.config['SQLALCHEMY_TRACK_MODIFICATIONS'] = False
    db.init_app(app)
    migrate.init_app(app)
    return app
'''


def test_the_flask_command(tmpdir):
    """One process as users start it: init, with warnings as on any day."""
    tmpdir.join('wsgi.py').write(
        APPLICATION % tmpdir.join('app.db') + 'app = create_app()\n')
    process = subprocess.Popen(
        [sys.executable, '-m', 'flask', 'db', 'init'], cwd=str(tmpdir),
        env=dict(environment(), FLASK_APP='wsgi.py', LC_ALL='C.UTF-8',
                 LANG='C.UTF-8'),
        stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    out, err = [text.decode() for text in process.communicate()]
    assert process.returncode == 0, err
    assert 'Generating' in out and 'env.py ... done' in out
    assert tmpdir.join('migrations', 'env.py').check()


# Room for the application's own ---------------------------------------------

@pytest.fixture
def own_group(project):
    """A group like ours, to be changed, as the application's."""
    from flask_migrate import cli
    group = cli.OperationGroup('db', params=list(cli.db.params))
    project.app.cli.add_command(group, name='db')
    return group


@pytest.mark.parametrize('name', ['status', 'check', 'adopt', 'doctor'])
def test_a_command_of_the_applications_own(project, own_group, name):
    @own_group.command(name)
    @click.option('--host')
    def command(host):
        click.echo('mine ' + host)
    result = project.flask(name, '--host', 'a')
    assert (result.code, result.stdout) == (0, 'mine a\n'), result


def test_options_of_the_applications_own(project, own_group, recwarn):
    """Its flags are not ours any more."""
    project.model('User')
    project.python('init')
    project.python('migrate')
    seen = []
    command = own_group.commands['upgrade']
    ours = command.callback

    def upgrade(wait, dry_run, **values):
        seen.append((wait, dry_run))
        return ours(**values)
    command.callback = upgrade
    # '-d' is also that of --directory.
    command.params.append(click.Option(['--wait'], is_flag=True))
    command.params.append(click.Option(['-d', '--dry-run'], default='no'))
    result = project.flask('upgrade', '--wait', '-d', 'yes', '--directory',
                           project.directory)
    assert result.code == 0, result
    assert seen == [(True, 'yes')]
    assert project.tables() == ['user']
    assert not [each for each in recwarn.list
                if 'used more than once' in str(each.message)]
    assert len(re.findall(r'--wait\s', project.flask(
        'upgrade', '--help').output)) == 1
