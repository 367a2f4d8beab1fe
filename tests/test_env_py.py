"""env.py files as applications wrote them: what they ask of the package.

Each is a text of its own, made of what was seen in public applications.
"""
import io
import logging
import os

from alembic.util import CommandError
import pytest

from flask_migrate import compat
from project import Project

ALEMBIC = compat.alembic.alembic_version()

#: The beginning of each file.
HEAD = u"""\
from alembic import context
from flask import current_app
ext = current_app.extensions['migrate']
config = context.config


def run(engine, **arguments):
    connection = engine.connect()
    try:
        context.configure(connection=connection, **arguments)
        with context.begin_transaction():
            context.run_migrations()
    finally:
        connection.close()


"""

SHAPES = dict(
    ext_metadata=u'run(ext.db.engine, target_metadata=ext.metadata)',
    db_metadata=u'run(ext.db.engine, target_metadata=ext.db.metadata)',
    get_engine=u'run(ext.db.get_engine(), target_metadata=ext.db.metadata)',
    get_engine_of_app=u'''
app = current_app._get_current_object()
run(ext.db.get_engine(app, None), target_metadata=ext.db.metadata)
''',
    get_engine_of_proxy=u'''
run(ext.db.get_engine(current_app), target_metadata=ext.db.metadata)
''',
    get_engine_bind=u'''
run(ext.db.get_engine(bind=None), target_metadata=ext.db.metadata)
''',
    get_engine_bind_key=u'''
run(ext.db.get_engine(bind_key=None), target_metadata=ext.db.metadata)
''',
    arguments=u'''
run(ext.db.engine, target_metadata=ext.db.metadata, **ext.configure_args)
''',
    arguments_twice=u'''
run(ext.db.engine, target_metadata=ext.db.metadata, compare_type=True,
    render_as_batch=True, **ext.configure_args)
''',
    arguments_get=u'''
assert ext.configure_args
run(ext.db.engine, target_metadata=ext.db.metadata,
    compare_type=ext.configure_args.get('compare_type', False))
''',
    arguments_assigned=u'''
def directives(context, revision, directives):
    if config.cmd_opts.autogenerate and directives[0].upgrade_ops.is_empty():
        directives[:] = []

assert 'process_revision_directives' not in ext.configure_args
ext.configure_args['process_revision_directives'] = directives
ext.configure_args['compare_type'] = False
run(ext.db.engine, target_metadata=ext.db.metadata, **ext.configure_args)
''',
    autogenerate=u'''
if getattr(config.cmd_opts, 'autogenerate', False):
    assert config.cmd_opts.autogenerate is True
assert config.cmd_opts.autogenerate in (True, False)
assert config.cmd_opts.x == []
run(ext.db.engine, target_metadata=ext.db.metadata)
''',
    engine_from_config=u'''
from sqlalchemy import engine_from_config, pool
config.set_main_option('sqlalchemy.url',
                       current_app.config['SQLALCHEMY_DATABASE_URI'])
run(engine_from_config(config.get_section(config.config_ini_section),
                       prefix='sqlalchemy.', poolclass=pool.NullPool),
    target_metadata=ext.db.metadata)
''',
    engine_of_text=u'''
from sqlalchemy import create_engine
config.set_main_option('sqlalchemy.url',
                       str(ext.db.engine.url).replace('%', '%%'))
run(create_engine(config.get_main_option('sqlalchemy.url')),
    target_metadata=ext.db.metadata)
''',
    engine_of_url=u'''
from sqlalchemy import create_engine
run(create_engine(ext.db.get_engine().url), target_metadata=ext.db.metadata)
''',
    configured_twice=u'''
context.configure(url=str(ext.db.engine.url), target_metadata=ext.metadata)
run(ext.db.engine, target_metadata=ext.metadata)
''',
    head_revision=u'''
assert context.get_head_revision() is None or context.get_head_revision()
run(ext.db.engine, target_metadata=ext.metadata,
    version_table='alembic_version')
''',
    imports_the_package=u'''
from flask_migrate import log
from flask_migrate import _get_config, alembic_version
run(ext.db.engine, target_metadata=ext.metadata)
''',
)


class EnvProject(Project):
    """A project with an env.py of its own and a User model."""

    def __init__(self, path, text, **settings):
        Project.__init__(self, path, **settings)
        self.model('User', name=self.db.Column(self.db.String(50)))
        self.python('init', multidb='binds' in settings)
        self.write_env_py(text)

    def write_env_py(self, text):
        path = os.path.join(self.directory, 'env.py')
        with io.open(path, 'w', encoding='utf-8') as file:
            file.write(HEAD + text)


@pytest.mark.filterwarnings('ignore::DeprecationWarning')
@pytest.mark.parametrize('name', sorted(SHAPES))
def test_shape(tmpdir, name):
    project = EnvProject(tmpdir, SHAPES[name], url='sqlite:///app.db')
    script = project.python('migrate')
    project.python('upgrade')
    assert project.tables() == ['user']
    assert project.version() == [script.revision]
    assert project.python('migrate') is None
    project.python('check')
    project.python('downgrade')
    assert project.tables() == []
    with pytest.raises(CommandError):
        project.python('check')


MULTIDB_SHAPES = dict(
    engines=u'''
databases = [(None, ext.db.engines[None]), ('b', ext.db.engines['b'])]
''',
    engines_get=u'''
databases = [(key, ext.db.engines.get(key)) for key in (None, 'b')]
''',
    get_engine_of_app=u'''
app = current_app._get_current_object()
databases = [(key, ext.db.get_engine(app, key)) for key in (None, 'b')]
''',
    get_engine_positional=u'''
databases = [(key, ext.db.get_engine(key)) for key in (None, 'b')]
''',
    get_engine_bind=u'''
databases = [(key, ext.db.get_engine(bind=key)) for key in (None, 'b')]
''',
    get_engine_bind_key=u'''
databases = [(key, ext.db.get_engine(bind_key=key)) for key in (None, 'b')]
''',
    section=u'''
from sqlalchemy import engine_from_config
config.set_main_option('sqlalchemy.url',
                       current_app.config['SQLALCHEMY_DATABASE_URI'])
for bind, value in current_app.config['SQLALCHEMY_BINDS'].items():
    config.set_section_option(
        bind, 'sqlalchemy.url',
        value['url'] if isinstance(value, dict) else value)
databases = [
    (None, engine_from_config(config.get_section('alembic'))),
    ('b', engine_from_config(config.get_section('b')))]
''',
)

#: The end of each file with several databases.
RUN_EACH = u'''

from sqlalchemy import MetaData


def metadata_of(bind):
    if hasattr(ext.db, 'metadatas'):
        return ext.db.metadatas[bind]
    metadata = MetaData()
    for table in ext.db.metadata.tables.values():
        if table.info.get('bind_key') == bind:
            getattr(table, 'to_metadata', table.tometadata)(metadata)
    return metadata


for bind, engine in databases:
    connection = engine.connect()
    transaction = connection.begin()
    context.configure(
        connection=connection, target_metadata=metadata_of(bind),
        upgrade_token='%s_upgrades' % (bind or ''),
        downgrade_token='%s_downgrades' % (bind or ''))
    context.run_migrations(engine_name=bind or '')
    transaction.commit()
    connection.close()
'''


@pytest.mark.filterwarnings('ignore::DeprecationWarning')
@pytest.mark.parametrize('as_dict', [False, True], ids=['text', 'dict'])
@pytest.mark.parametrize('name', sorted(MULTIDB_SHAPES))
def test_multidb_shape(tmpdir, name, as_dict):
    if as_dict and not _is_flask_sqlalchemy_3():
        pytest.skip('A bind as a dict needs Flask-SQLAlchemy 3.')
    bind = 'sqlite:///b.db'
    project = EnvProject(
        tmpdir, MULTIDB_SHAPES[name] + RUN_EACH, url='sqlite:///app.db',
        binds={'b': {'url': bind} if as_dict else bind})
    if 'engines' in name and not _is_flask_sqlalchemy_3():
        pytest.skip('db.engines needs Flask-SQLAlchemy 3.')
    project.model('Member', bind='b')
    script = project.python('migrate')
    project.python('upgrade')
    for bind, tables in ((None, ['user']), ('b', ['member'])):
        assert project.tables(bind) == tables
        assert project.version(bind) == [script.revision]
    assert project.python('migrate') is None
    project.python('check')
    project.python('downgrade')
    assert project.tables() == project.tables('b') == []


def _is_flask_sqlalchemy_3():
    import flask_sqlalchemy
    return hasattr(flask_sqlalchemy.SQLAlchemy, 'engines')


def test_bind_names(tmpdir):
    """db.bind_names, which Alchemical has, reaches env.py untouched."""
    project = EnvProject(tmpdir, u'''
assert ext.db.bind_names() == ['x']
run(ext.db.engine, target_metadata=ext.metadata)
''')
    project.db.bind_names = lambda: ['x']
    project.python('migrate')
    project.python('upgrade')
    assert project.tables() == ['user']


def test_engine_of_its_own(tmpdir):
    """A URL that is not the application's stays what env.py says."""
    url = 'sqlite:///' + str(tmpdir.join('other %.db'))
    project = EnvProject(tmpdir, u'''
from sqlalchemy import create_engine
config.set_main_option('sqlalchemy.url', %r)
run(create_engine(config.get_main_option('sqlalchemy.url')),
    target_metadata=ext.metadata)
''' % str(url.replace('%', '%%')))
    script = project.python('migrate')
    project.python('upgrade')
    assert project.tables() == []
    assert tmpdir.join('other %.db').check()
    assert [each.revision for each in project.python('current')] == \
        [script.revision]


STAMP = u"""
connection = ext.db.engine.connect()
transaction = connection.begin()
context.configure(connection=connection, target_metadata=ext.metadata)
if current_app.config.get('STAMP'):
    ext.db.metadata.create_all(connection)
    context.get_context().stamp(context.script, context.get_head_revision())
%s
transaction.commit()
connection.close()
"""


@pytest.mark.parametrize('otherwise', [
    u'else:\n    context.run_migrations()',
    u'with context.begin_transaction():\n    context.run_migrations()',
], ids=['or migrations', 'and migrations'])
def test_stamp_inside_env_py(tmpdir, otherwise):
    """A new database gets its tables at once, as some applications do."""
    if ALEMBIC < (1, 0):
        pytest.skip('Alembic before 1.0 stamps no empty database there.')
    project = EnvProject(tmpdir, STAMP % otherwise)
    script = project.python('migrate')
    project.app.config['STAMP'] = True
    project.python('upgrade')
    assert project.version() == [script.revision]
    assert project.tables() == ['user']


INIS = {
    'no logging': u'[alembic]\n',
    'root without handlers': u'''
[alembic]
[loggers]
keys = root
[handlers]
keys =
[formatters]
keys =
[logger_root]
level = WARN
handlers =
''',
    'broken logging': u'[alembic]\n[loggers]\nkeys = root\n',
}


@pytest.mark.parametrize('ini', sorted(INIS))
def test_ini(tmpdir, command_line, ini):
    """Whatever the ini file says of logging, the user sees the progress."""
    project = EnvProject(tmpdir, u'''
from logging.config import fileConfig
fileConfig(config.config_file_name)
run(ext.db.engine, target_metadata=ext.metadata)
''')
    with io.open(os.path.join(project.directory, 'alembic.ini'), 'w') as file:
        file.write(INIS[ini])
    logger = logging.getLogger('test_env_py.application')
    result = project.command_line(command_line, 'migrate')
    assert result.code == 0, result
    assert "Detected added table 'user'" in result.stderr
    result = project.command_line(command_line, 'upgrade')
    assert result.code == 0, result
    assert 'Running upgrade' in result.stderr
    assert project.tables() == ['user']
    assert not logger.disabled
