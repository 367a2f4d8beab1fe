"""Migrate, Config, and the operations as Python functions."""
import io
import logging
import os
import subprocess
import sys
import threading

from flask import Flask
import pytest

import flask_migrate
from flask_migrate import Config, Migrate, compat
from flask_migrate.errors import MigrateError
from flask_migrate.run import naming
from project import Project

ALEMBIC = compat.alembic.alembic_version()


@pytest.fixture
def migrated(user_project):
    """A project with one revision, which is not applied yet."""
    user_project.python('migrate', message='Add user')
    return user_project


def env_py(project, text):
    """Give a project an env.py of these lines."""
    with io.open(os.path.join(project.directory, 'env.py'), 'w') as file:
        file.write(u'from flask_migrate.environment import run_migrations\n'
                   + text)


# What Migrate says to the application --------------------------------------

def test_state(project):
    state = project.app.extensions['migrate']
    assert state.db is project.db
    assert state.metadata is project.db.metadata
    assert state.directory == project.directory
    assert state.migrate is project.migrate
    assert state.configure_args == {
        'compare_type': True, 'render_as_batch': True}
    state.directory = 'other'
    state.configure_args['include_schemas'] = True
    state.db = other = object()
    assert project.app.extensions['migrate'].db is other


def test_init_app_keeps_what_was_said_and_merges(project):
    app, migrate = Flask('other'), Migrate(
        db=project.db, directory='one', compare_type=False, version_table='v')
    migrate.init_app(app, include_schemas=True)
    assert app.extensions['migrate'].configure_args == {
        'compare_type': False, 'render_as_batch': True, 'version_table': 'v',
        'include_schemas': True}
    migrate.init_app(app, None, 'two', compare_type=True)
    state = app.extensions['migrate']
    assert (state.db, state.directory) == (project.db, 'two')
    assert state.configure_args['compare_type'] is True
    assert state.configure_args['include_schemas'] is True


def test_migrate_of_a_factory_waits_for_init_app(project):
    def create_app():
        app = Flask('made')
        migrate.init_app(app)
        return app
    migrate = Migrate(create_app, project.db)
    assert create_app().extensions['migrate'].db is project.db


def test_a_bare_declarative_base_will_do(project):
    class Base(object):
        metadata = project.db.metadata
    app = Flask('other')
    Migrate(app, Base)
    assert app.extensions['migrate'].metadata is project.db.metadata


def test_directory_may_be_a_path(tmpdir):
    class Path(object):         # pathlib is Python 3.4
        def __init__(self, text):
            self.text = text

        def __str__(self):
            return self.text

        __fspath__ = __str__
    project = Project(tmpdir, directory=Path(str(tmpdir.join('folder'))))
    assert project.app.extensions['migrate'].directory \
        == str(tmpdir.join('folder'))
    project.python('init')
    assert tmpdir.join('folder', 'env.py').check()
    other = Path(str(tmpdir.join('other')))
    project.python('init', other)
    project.python('revision', other, 'one')
    project.python('upgrade', other)
    assert len(project.version()) == 1


def test_pathlib(tmpdir):
    pathlib = pytest.importorskip('pathlib')
    project = Project(tmpdir, directory=pathlib.Path(str(tmpdir)) / 'm')
    project.python('init')
    assert tmpdir.join('m', 'env.py').check()


# Defaults ------------------------------------------------------------------

def migration_text(project):
    name, = project.scripts()[-1:]
    with io.open(os.path.join(project.versions, name),
                 encoding='utf-8') as file:
        return file.read()


@pytest.mark.skipif(ALEMBIC < (0, 8), reason='needs Alembic 0.8')
def test_compare_type_and_batch_are_on(migrated):
    migrated.python('upgrade')
    migrated.execute('DROP TABLE "user"')
    migrated.execute('CREATE TABLE "user" (id INTEGER NOT NULL PRIMARY KEY, '
                     'name VARCHAR(20))')
    migrated.python('migrate')
    assert len(migrated.scripts()) == 2
    text = ''.join(io.open(os.path.join(migrated.versions, name)).read()
                   for name in migrated.scripts())
    assert "with op.batch_alter_table('user'" in text
    assert 'length=128' in text


@pytest.mark.skipif(ALEMBIC < (0, 8), reason='needs Alembic 0.8')
@pytest.mark.parametrize('where', ['Migrate', 'init_app', 'env.py'])
def test_switched_off(tmpdir, where):
    project = Project(tmpdir, **(
        {'compare_type': False} if where == 'Migrate' else {}))
    if where == 'init_app':
        project.migrate.init_app(project.app, compare_type=False)
    project.model('User', name=project.db.Column(project.db.String(128)))
    project.python('init')
    if where == 'env.py':
        env_py(project, u'run_migrations(compare_type=False)\n')
    project.python('migrate')
    project.python('upgrade')
    project.execute('DROP TABLE "user"')
    project.execute('CREATE TABLE "user" (id INTEGER NOT NULL PRIMARY KEY, '
                    'name TEXT)')
    assert project.python('migrate') is None


@pytest.mark.parametrize('where', ['Migrate', 'env.py'])
def test_include_object(tmpdir, where):
    def include_object(object, name, type_, reflected, compare_to):
        return name != 'legacy'
    project = Project(tmpdir, **({'include_object': include_object}
                                 if where == 'Migrate' else {}))
    project.model('Legacy')
    project.model('User')
    project.python('init')
    if where == 'env.py':
        env_py(project, u'run_migrations(include_object=lambda object, name, '
               u'*rest: name != "legacy")\n')
    project.python('migrate')
    project.python('upgrade')
    assert project.tables() == ['user']


def test_version_table(tmpdir):
    project = Project(tmpdir, version_table='own_versions')
    project.python('init')
    project.python('revision', message='one')
    project.python('upgrade')
    assert len(project.query('SELECT * FROM own_versions')) == 1
    assert project.tables() == ['own_versions']


def test_env_py_wins_over_migrate(tmpdir):
    project = Project(tmpdir, version_table='one')
    project.python('init')
    env_py(project, u"run_migrations(version_table='two')\n")
    project.python('revision', message='one')
    project.python('upgrade')
    assert project.tables() == ['two']


# configure callbacks and Config ----------------------------------------------

def test_configure_callbacks_run_in_order_on_every_command(user_project):
    migrate, seen = user_project.migrate, []

    @migrate.configure
    def first(config):
        seen.append('first')
        config.set_main_option('note', 'from the first')
        return config

    @migrate.configure
    def second(config):
        seen.append(config.get_main_option('note'))
        return config
    assert migrate.configure_callbacks == [first, second]
    for name in ('migrate', 'upgrade', 'current', 'history', 'heads',
                 'branches', 'stamp', 'downgrade'):
        user_project.python(name)
        assert seen == ['first', 'from the first'], name
        del seen[:]
    user_project.python('init', user_project.path + '/other')
    assert seen == ['first', 'from the first']


def test_a_callback_sets_the_url(migrated, tmpdir):
    @migrated.migrate.configure
    def other_database(config):
        config.set_main_option('sqlalchemy.url',
                               'sqlite:///%s' % tmpdir.join('other.db'))
        return config
    env_py(migrated, u'''
from alembic import context
from sqlalchemy import create_engine
engine = create_engine(context.config.get_main_option('sqlalchemy.url'))
with engine.connect() as connection:
    context.configure(connection=connection)
    with context.begin_transaction():
        context.run_migrations()
''')
    migrated.python('upgrade')
    assert migrated.tables() == []
    assert tmpdir.join('other.db').check()


def test_config_without_a_file(migrated):
    from alembic.script import ScriptDirectory
    config = Config()
    config.set_main_option('script_location', migrated.directory)
    script = ScriptDirectory.from_config(config)
    assert len(list(script.walk_revisions())) == 1


def test_old_get_config(migrated):
    config = flask_migrate._get_config(migrated.directory)
    assert isinstance(config, Config)
    assert config.get_main_option('script_location') == migrated.directory
    assert config.config_file_name == os.path.join(migrated.directory,
                                                   'alembic.ini')


def test_get_config(migrated):
    with migrated.app.app_context():
        config = migrated.migrate.get_config(
            x_arg=['a=1', 'b=2'], opts=['autogenerate'])
        assert config.cmd_opts.x == ['a=1', 'b=2']
        assert config.cmd_opts.autogenerate is True
        config = migrated.migrate.get_config(None, 'a=1')
        assert config.cmd_opts.x == ['a=1']
        assert not config.cmd_opts.autogenerate
        config = migrated.migrate.get_config(migrated.directory)
        assert config.cmd_opts.x == []
    assert config.get_main_option('script_location') == migrated.directory


def test_the_directory_wins_over_script_location(migrated):
    ini = os.path.join(migrated.directory, 'alembic.ini')
    with io.open(ini) as file:
        text = file.read()
    with io.open(ini, 'w') as file:
        file.write(text.replace(
            u'[alembic]\n', u'[alembic]\nscript_location = elsewhere\n'))
    migrated.python('upgrade')
    assert migrated.tables() == ['user']


def test_percent_in_the_folder(tmpdir):
    project = Project(tmpdir, directory=str(tmpdir.join('100% sure')))
    project.model('User')
    project.python('init')
    project.python('migrate')
    project.python('upgrade')
    with project.app.app_context():
        config = project.migrate.get_config()
    assert config.get_main_option('script_location') \
        == str(tmpdir.join('100% sure'))
    assert project.tables() == ['user']


def test_config_prints_to_the_stdout_of_its_moment(capsys):
    Config().print_stdout('seen')
    assert 'seen' in capsys.readouterr()[0]


def test_alembic_commands_are_looked_up_when_called(migrated, monkeypatch):
    from alembic import command
    called = []
    for name in ('upgrade', 'history', 'current', 'stamp'):
        monkeypatch.setattr(command, name, lambda config, *args, **kwargs:
                            called.append(config))
        migrated.python(name)
        assert isinstance(called.pop(), Config)
    assert migrated.tables() == []


# What functions return and print --------------------------------------------

def test_what_is_returned(user_project):
    script = user_project.python('revision', message='one')
    assert script.revision in user_project.scripts()[0]
    assert user_project.python('upgrade') is None
    script = user_project.python('migrate', message='two')
    assert script.doc == 'two'
    assert user_project.python('upgrade', None, 'head') is None
    assert user_project.python('migrate') is None
    assert [each.revision for each in user_project.python('current')] \
        == user_project.version() == [script.revision]
    assert [each.doc for each in user_project.python('history')] \
        == ['two', 'one']
    assert [each.doc for each in user_project.python('heads')] == ['two']
    assert user_project.python('branches') == []
    assert user_project.python('stamp') is None
    assert user_project.python('downgrade') is None
    if ALEMBIC >= (0, 8):
        user_project.python('upgrade')
        assert user_project.python('check') is None
        user_project.model('Group')
        with pytest.raises(flask_migrate.CommandError) as error:
            user_project.python('check')
        assert error.value.diffs


def test_nothing_is_printed(user_project, capfd):
    for name, arguments in (
            ('list_templates', {}), ('migrate', {}), ('upgrade', {}),
            ('migrate', {}), ('current', {}), ('history', {}), ('heads', {}),
            ('branches', {}), ('stamp', {}), ('downgrade', {}),
            ('upgrade', {}), ('upgrade', {}), ('revision', {})):
        user_project.python(name, **arguments)
        assert capfd.readouterr() == ('', ''), name
    user_project.python('init', user_project.path + '/other')
    assert capfd.readouterr() == ('', '')
    for name in ('show', 'merge', 'check', 'ensure_version'):
        try:
            user_project.python(name)
        except flask_migrate.CommandError:
            pass        # an old Alembic; the models differ
        assert capfd.readouterr() == ('', ''), name


def logging_state():
    loggers = [logging.getLogger(name) for name in
               ('alembic', 'alembic.runtime.migration', 'sqlalchemy',
                'sqlalchemy.engine', 'flask_migrate', 'gunicorn.error',
                'werkzeug', 'project')] + [logging.getLogger()]
    # What names the databases stays on Alembic's loggers for good.
    return [(logger.name, logger.level, logger.handlers[:],
             [each for each in logger.filters
              if not isinstance(each, naming._Name)],
             logger.disabled, logger.propagate) for logger in loggers]


def test_logging_stays_as_it_is(user_project):
    before = logging_state()
    user_project.python('migrate')
    user_project.python('upgrade')
    user_project.python('current')
    assert logging_state() == before
    with pytest.raises(SystemExit):
        user_project.python('upgrade', revision='nosuch')
    assert logging_state() == before


def test_logging_after_a_command_line(user_project, command_line):
    before = logging_state()
    assert user_project.command_line(command_line, 'migrate').code == 0
    assert user_project.command_line(command_line, 'upgrade', 'no').code == 1
    assert logging_state() == before


# Errors ----------------------------------------------------------------------

@pytest.mark.parametrize('kind', ['CommandError', 'SystemExit'])
def test_errors_are_caught_as_either(migrated, kind):
    kind = SystemExit if kind == 'SystemExit' else flask_migrate.CommandError
    with pytest.raises(kind) as error:
        migrated.python('upgrade', revision='nosuch')
    assert isinstance(error.value, MigrateError)
    assert 'nosuch' in str(error.value)


def test_without_an_application_context(migrated):
    with pytest.raises(RuntimeError) as error:
        flask_migrate.upgrade(migrated.directory)
    assert isinstance(error.value, flask_migrate.CommandError)
    assert 'app_context' in str(error.value)


SCRIPT = '''
from flask import Flask
from flask_sqlalchemy import SQLAlchemy
import sys
import flask_migrate
assert 'flask_migrate' in sys.modules
app = Flask('project')
app.config['SQLALCHEMY_DATABASE_URI'] = 'sqlite://'
app.config['SQLALCHEMY_TRACK_MODIFICATIONS'] = False
db = SQLAlchemy(app)
flask_migrate.Migrate(app, db)
heavy = [name for name in sys.modules
         if name.split('.')[0] in ('alembic', 'mako', 'flask_script')]
assert not heavy, heavy
# Not what a command needs, and no click commands (2.7: None is nothing).
ours = set(name for name in sys.modules if sys.modules[name] is not None
           and name.startswith('flask_migrate.'))
ours -= set('flask_migrate.' + name for name in (
    'compat', 'compat.python', 'compat.flask_app', 'compat.flask_script',
    'extension', 'cli', 'entry_point', 'options', 'uncaught'))
assert not ours, ours
with app.app_context():
    flask_migrate.upgrade('no-such-folder')
print('not reached')
'''


def test_import_is_cheap_and_an_error_ends_a_program(tmpdir):
    process = subprocess.Popen(
        [sys.executable, '-c', SCRIPT], cwd=str(tmpdir),
        env=environment(), stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    out, err = [text.decode() for text in process.communicate()]
    assert process.returncode == 1
    assert out == ''
    lines = [line for line in err.splitlines() if line.startswith('Error')]
    assert lines and "'no-such-folder'" in lines[0], err
    assert 'Traceback' not in err


def environment():
    """The environment of a subprocess that imports what these tests do."""
    root = os.path.dirname(os.path.dirname(flask_migrate.__file__))
    return dict(os.environ, PYTHONPATH=os.pathsep.join(
        [root] + os.environ.get('PYTHONPATH', '').split(os.pathsep)))


# In one process --------------------------------------------------------------

def test_many_commands_in_one_process(user_project):
    user_project.python('migrate', message='one')
    user_project.python('upgrade')
    assert user_project.python('migrate') is None
    user_project.model('Group')
    user_project.python('migrate', message='two')
    user_project.python('upgrade')
    user_project.python('downgrade', revision='base')
    user_project.python('upgrade')
    assert user_project.tables() == ['group', 'user']
    assert len(user_project.scripts()) == 2


def two_projects(tmpdir):
    projects = []
    for name in ('One', 'Two'):
        project = Project(tmpdir.mkdir(name))
        project.model(name)
        project.python('init')
        projects.append(project)
    return projects


def test_two_applications_in_one_process(tmpdir):
    one, two = two_projects(tmpdir)
    one.python('migrate')
    two.python('migrate')
    two.python('upgrade')
    assert one.tables() == []
    one.python('upgrade')
    assert (one.tables(), two.tables()) == (['one'], ['two'])
    with one.app.app_context():
        two.python('downgrade')
        assert (one.tables(), two.tables()) == (['one'], [])
        assert len(flask_migrate.current()) == 1


def test_threads(tmpdir):
    projects = two_projects(tmpdir)
    failed = []

    def work(project):
        try:
            project.python('migrate')
            for _ in range(3):
                project.python('upgrade')
                assert len(project.python('current')) == 1
                project.python('downgrade')
            project.python('upgrade')
        except BaseException as error:
            failed.append(error)
    threads = [threading.Thread(target=work, args=[project])
               for project in projects]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failed == []
    assert [project.tables() for project in projects] == [['one'], ['two']]


def test_inside_a_request(migrated):
    @migrated.app.route('/upgrade')
    def upgrade():
        flask_migrate.upgrade(migrated.directory)
        return ','.join(each.doc for each in flask_migrate.current())
    answer = migrated.app.test_client().get('/upgrade')
    assert answer.data == b'Add user'
    assert migrated.tables() == ['user']


def test_another_working_directory(migrated, tmpdir, monkeypatch):
    monkeypatch.chdir(tmpdir.mkdir('elsewhere'))
    migrated.python('upgrade')
    assert migrated.tables() == ['user']


def test_folder_relative_to_the_working_directory(tmpdir, monkeypatch):
    monkeypatch.chdir(tmpdir)
    project = Project(tmpdir, directory='migrations')
    project.model('User')
    project.python('init')
    project.python('migrate')
    project.python('upgrade')
    assert project.tables() == ['user']
    assert tmpdir.join('migrations', 'env.py').check()
