"""``migrate``: tables of others, and models that nobody imported."""
import pytest
from sqlalchemy import event

from flask_migrate import CommandError, compat
from project import Project


def without_models(project, **settings):
    """The same project, as if no model was imported."""
    return Project(
        project.path, project.app.config['SQLALCHEMY_DATABASE_URI'],
        project.app.config.get('SQLALCHEMY_BINDS'), **settings)


def migrated(path, url=None, **settings):
    """A project with tables ``user`` and ``post``, made by a revision."""
    project = Project(path, url, **settings)
    project.model('User', name=project.db.Column(project.db.String(64)))
    project.model('Post', text=project.db.Column(project.db.String(64)))
    project.python('init')
    project.python('migrate')
    project.python('upgrade')
    return project


# Other people's tables -------------------------------------------------------

def test_tables_of_others_are_left_alone(
        tmpdir, some_database_url, command_line):
    project = migrated(tmpdir, some_database_url)
    for table in 'migrate_version', 'other_alembic_version':
        project.execute('CREATE TABLE %s (id INTEGER)' % table)
        project.execute('INSERT INTO %s (id) VALUES (1)' % table)
    scripts = project.scripts()
    result = project.command_line(command_line, 'migrate')
    assert result.code == 0, result
    assert project.scripts() == scripts
    assert result.stderr.count(
        'left alone: migrate_version, other_alembic_version ') == 1
    assert project.python('migrate') is None
    project.python('check')
    assert project.query('SELECT id FROM migrate_version') == [(1,)]


def test_a_table_of_this_project_is_dropped(tmpdir, database_url):
    project = migrated(tmpdir, database_url)
    project.execute('CREATE TABLE foreign_one (id INTEGER)')
    fewer = without_models(project)
    fewer.model('User', name=fewer.db.Column(fewer.db.String(64)))
    with pytest.raises(CommandError):
        fewer.python('check')
    fewer.python('migrate')
    fewer.python('upgrade')
    assert fewer.tables() == ['foreign_one', 'user']
    if not compat.alembic.has_operations():
        return      # Alembic of then writes no default that PostgreSQL reads
    fewer.python('downgrade')
    assert fewer.tables() == ['foreign_one', 'post', 'user']


@pytest.mark.parametrize('upgrade, created', [
    ("op.create_table('other', sa.Column('id', sa.Integer))", True),
    ("op.create_table(u'other', sa.Column('id', sa.Integer))", True),
    ("make()", True),
    ("op.create_table('before', sa.Column('id', sa.Integer))\n"
     "op.rename_table('before', 'other')", True),
    ("op.create_table(NAME, sa.Column('id', sa.Integer))", False),
    ("op.execute('CREATE TABLE other (id INTEGER)')", False),
    ("op.create_table('other', sa.Column('id', sa.Integer))\n"
     "op.drop_table('other')\n"
     "op.execute('CREATE TABLE other (id INTEGER)')", False),
])
def test_created_is_read_from_the_text(tmpdir, upgrade, created):
    project = migrated(tmpdir)
    project.write_revision(
        'aa', upgrade, down=project.version()[0], header=u"NAME = 'other'\n"
        u"\n\ndef make():\n"
        u"    op.create_table('other', sa.Column('id', sa.Integer))\n"
        u"\n\ndef never():\n    op.create_table('elsewhere')\n")
    project.python('upgrade')
    project.execute('CREATE TABLE elsewhere (id INTEGER)')
    result = project.manage('migrate', '-m', 'next')
    assert result.code == 0, result
    assert "left alone: elsewhere%s " % ('' if created else ', other') \
        in result.stderr
    project.python('upgrade')
    assert ('other' in project.tables()) != created
    assert 'elsewhere' in project.tables()


def test_drop_drops_a_table_of_others(tmpdir, some_database_url, command_line):
    project = migrated(tmpdir, some_database_url)
    project.execute('CREATE TABLE old (id INTEGER)')
    project.execute('CREATE TABLE older (id INTEGER)')
    result = project.command_line(command_line, 'migrate', '--drop', 'old')
    assert result.code == 0, result
    assert 'left alone: older ' in result.stderr
    project.python('upgrade')
    assert project.tables() == ['older', 'post', 'user']
    project.python('migrate', drop=['older'])
    project.python('upgrade')
    assert project.tables() == ['post', 'user']


def test_a_setting_restores_what_alembic_does(tmpdir):
    project = migrated(tmpdir)
    project.execute('CREATE TABLE other (id INTEGER)')
    project.migrate.protect_tables = False
    project.python('migrate')
    project.python('upgrade')
    assert project.tables() == ['post', 'user']


def test_the_filter_of_the_application_goes_on_filtering(tmpdir):
    asked = []

    def include_object(item, name, type_, reflected, compare_to):
        asked.append(name)
        return name != 'post'
    project = migrated(tmpdir)
    project.execute('CREATE TABLE other (id INTEGER)')
    fewer = without_models(project, include_object=include_object)
    fewer.model('User', name=fewer.db.Column(fewer.db.String(64)))
    result = fewer.manage('migrate')
    assert result.code == 0 and 'left alone: other ' in result.stderr
    assert 'post' in asked and len(fewer.scripts()) == 1


def test_schemas_that_the_models_do_not_use(tmpdir, postgresql_url):
    project = migrated(tmpdir, postgresql_url, include_schemas=True)
    project.execute('CREATE SCHEMA elsewhere')
    project.execute('CREATE TABLE elsewhere.other (id INTEGER)')
    result = project.manage('migrate')
    assert result.code == 0, result
    assert 'other' not in result.output and len(project.scripts()) == 1


def test_each_database_has_its_own_revisions(tmpdir):
    second = 'sqlite:///' + str(tmpdir.join('second.db'))
    project = Project(tmpdir, binds={'second': second})
    project.model('User')
    project.model('Log', bind='second')
    project.python('init', multidb=True)
    project.python('migrate')
    project.python('upgrade')
    # A table as others would name it, which a revision made elsewhere.
    project.execute('CREATE TABLE log (id INTEGER)')
    result = project.manage('migrate')
    assert result.code == 0, result
    assert 'left alone: default:log ' in result.stderr
    assert len(project.scripts()) == 1
    result = project.manage('migrate', '--drop', 'default:log')
    assert result.code == 0, result
    project.python('upgrade')
    assert (project.tables(), project.tables('second')) == (['user'], ['log'])


# Models that nobody imported -------------------------------------------------

def test_all_tables_are_not_dropped(tmpdir, some_database_url, command_line):
    project = without_models(migrated(tmpdir, some_database_url))
    tmpdir.join('models.py').write('')
    result = project.command_line(command_line, 'migrate')
    assert result.code == 1, result
    assert 'drop all tables of this project: post, user.' in result.stderr
    assert 'has 0 tables' in result.stderr
    assert 'models.py is not imported' in result.stderr
    assert '--allow-drop-all' in result.stderr
    assert len(project.scripts()) == 1 and result.stdout == ''
    with pytest.raises(CommandError):
        project.python('migrate')
    assert project.tables() == ['post', 'user']
    project.python('migrate', allow_drop_all=True)
    project.python('upgrade')
    assert project.tables() == []


def test_models_of_which_none_is_in_the_database(tmpdir):
    project = without_models(migrated(tmpdir))
    project.model('Elsewhere', day=project.db.Column(project.db.Date))
    with pytest.raises(CommandError) as error:
        project.python('migrate')
    assert 'has 1 table.' in str(error.value)
    assert len(project.scripts()) == 1


def test_the_binds_that_were_looked_at(tmpdir):
    second = 'sqlite:///' + str(tmpdir.join('second.db'))
    project = Project(tmpdir, binds={'second': second})
    project.model('User')
    project.model('Log', bind='second')
    project.python('init', multidb=True)
    project.python('migrate')
    project.python('upgrade')
    fewer = without_models(project)
    fewer.model('User')
    with pytest.raises(CommandError) as error:
        fewer.python('migrate')
    assert "in the database 'second': log" in str(error.value)
    assert "bind 'default' has 1 table" in str(error.value)
    assert "bind 'second' has 0 tables" in str(error.value)
    assert len(fewer.scripts()) == 1


def test_tables_that_create_all_has_made(tmpdir, command_line):
    project = Project(tmpdir)
    project.model('User')
    with project.app.app_context():
        project.db.create_all()
    project.python('init')
    result = project.command_line(command_line, 'migrate')
    assert result.code == 0, result
    assert 'no revision has made them' in result.stdout
    assert 'user' in result.stdout and "'adopt'" in result.stdout
    assert project.scripts() == []


# What it costs ---------------------------------------------------------------

@pytest.mark.skipif(not compat.alembic.has_operations(),
                    reason='Alembic before 0.8 has no operations')
def test_serial_columns_are_asked_for_at_once(tmpdir, postgresql_url):
    project = migrated(tmpdir, postgresql_url)
    statements = []

    def note(connection, cursor, statement, *arguments):
        statements.append(statement)
    event.listen(project.engine(), 'before_cursor_execute', note)
    assert project.python('migrate') is None
    asked = [each for each in statements
             if 'pg_depend' in each and "relkind" in each]
    assert len(asked) == 1


@pytest.mark.skipif(not compat.alembic.has_operations(),
                    reason='Alembic before 0.8 has no operations')
def test_a_serial_column_is_no_difference(tmpdir, postgresql_url):
    """Alembic says "Detected sequence named ..." of every one."""
    project = migrated(tmpdir, postgresql_url)
    result = project.manage('migrate')
    assert result.code == 0, result
    assert 'Detected' not in result.output, result


def test_a_serial_column_with_an_odd_name(tmpdir, postgresql_url):
    """Its sequence is written in quotes."""
    project = Project(tmpdir, postgresql_url)
    project.model('Odd', __tablename__='Odd Ones')
    for name in 'init', 'migrate', 'upgrade':
        project.python(name)
    scripts = project.scripts()
    project.python('migrate')
    assert project.scripts() == scripts


def test_tables_of_sqlite_itself(tmpdir):
    """SQLAlchemy before 2 lists them, and nobody could drop them."""
    project = Project(tmpdir)
    project.db.Table('item', project.db.metadata, project.db.Column(
        'id', project.db.Integer, primary_key=True), sqlite_autoincrement=True)
    project.python('init')
    project.python('migrate')
    project.python('upgrade')
    result = project.manage('migrate')
    assert result.code == 0
    assert 'No changes in schema detected.' in result.output
    assert 'sqlite_sequence' not in result.output


def test_tables_and_no_models(tmpdir, command_line):
    project = Project(tmpdir)
    project.execute('CREATE TABLE item (id INTEGER PRIMARY KEY)')
    project.python('init')
    result = project.command_line(command_line, 'migrate')
    assert result.code == 0 and project.scripts() == []
    for words in (
            'no revision has made them (db.create_all()?), but there are no '
            'models: target_metadata has 0 tables. Most likely', "'adopt'"):
        assert words in result.stdout
