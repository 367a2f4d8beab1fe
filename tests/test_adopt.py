"""Databases that were never migrated come in: adopt."""
import io
import os
import re
import sqlite3
import subprocess

import pytest

from flask_migrate import CommandError, compat, dialects
import adopted
import servers
from project import Project

pytestmark = pytest.mark.skipif(
    not compat.alembic.has_operations(),
    reason='Alembic before 0.8 has no operations as objects.')


def execute(project, statements):
    """Execute SQL as it is."""
    connection = project.engine().connect()
    try:
        transaction = connection.begin()
        for statement in statements:
            compat.sqlalchemy.execute_as_it_is(connection, statement)
        transaction.commit()
    finally:
        connection.close()


def looks(project):
    """All that is in a database but the version table, as we read it."""
    engine = project.engine()
    connection = engine.connect()
    try:
        found = dialects.of(engine).read_schema(connection).looks()
    finally:
        connection.close()
    found.pop(('table', 'alembic_version'), None)
    return found


def again(project, tmpdir, url):
    """Another application with the same folder and a new database."""
    return Project(tmpdir.mkdir('again'), url=url,
                   directory=project.directory)


def baseline(project):
    name, = project.scripts()
    with io.open(os.path.join(project.versions, name),
                 encoding='utf-8') as file:
        return file.read()


@pytest.fixture
def sqlite(tmpdir):
    project = Project(tmpdir)
    execute(project, [
        'CREATE TABLE "user" (id INTEGER NOT NULL, name VARCHAR(128), '
        'PRIMARY KEY (id))',
        'CREATE INDEX ix_user_name ON "user" (name)',
        "INSERT INTO user (name) VALUES ('susan')"])
    project.model('User', name=project.db.Column(
        project.db.String(128), index=True))
    return project


# The three kinds of databases, with all that they can have -------------------

def dump_sqlite(project):
    connection = sqlite3.connect(os.path.join(project.path, 'app.db'))
    found = connection.execute(
        "SELECT type, name, sql FROM sqlite_master WHERE sql IS NOT NULL AND "
        "name NOT LIKE 'alembic%' AND name NOT LIKE 'sqlite%' "
        "ORDER BY type, name").fetchall()
    connection.close()
    return found


def run_dump(*command, **settings):
    output = subprocess.check_output(command, **settings).decode('utf-8')
    return [line for line in output.splitlines()
            if not line.startswith(('\\restrict', '\\unrestrict'))]


def dump_postgresql(project):
    url = project.engine().url
    program = os.path.join(servers.postgresql_programs(), 'pg_dump')
    return run_dump(
        program, '--schema-only', '--no-owner', '-T', 'alembic_version',
        '-h', url.host, '-p', str(url.port), '-U', url.username, url.database,
        env=dict(os.environ, PGPASSWORD=url.password or ''))


@pytest.mark.once
def test_all_of_sqlite(tmpdir):
    if sqlite3.sqlite_version_info < (3, 31):
        pytest.skip('SQLite before 3.31 has no generated columns.')
    project = Project(tmpdir)
    execute(project, adopted.SQLITE)
    before = dump_sqlite(project)
    assert sum(row[0] == 'table' for row in before) >= 30
    project.python('adopt')
    assert dump_sqlite(project) == before
    other = again(project, tmpdir, None)
    other.python('upgrade')
    assert looks(other) == looks(project)
    own = dict((row[1], row[2]) for row in before)
    copy = dict((row[1], row[2]) for row in dump_sqlite(other))
    assert sorted(own) == sorted(copy)
    # Operations write the same tables with other spaces and quotes.
    by_operations = 'chain_|plain|types|ux_plain|earlier'
    assert [name for name in own if own[name] != copy[name]
            and not re.match(by_operations, name)] == []
    text = baseline(project)
    assert "op.create_table('chain_1'" in text
    assert "op.create_table('post'" not in text


@pytest.mark.once
def test_all_of_postgresql(tmpdir, postgresql_server):
    with servers.new_database(postgresql_server) as url, \
            servers.new_database(postgresql_server) as second:
        project = Project(tmpdir, url=url)
        execute(project, adopted.POSTGRESQL)
        before = dump_postgresql(project)
        project.python('adopt')
        assert dump_postgresql(project) == before
        other = again(project, tmpdir, second)
        other.python('upgrade')
        assert looks(other) == looks(project)
        copy = dump_postgresql(other)
        assert copy == before
        text = baseline(project)
        assert "op.create_table('chain_1'" in text
        assert "op.create_table('item'" not in text


@pytest.mark.once
def test_all_of_mariadb(tmpdir, mariadb_server):
    with servers.new_database(mariadb_server) as url, \
            servers.new_database(mariadb_server) as second:
        project = Project(tmpdir, url=url)
        execute(project, adopted.MARIADB)
        before = looks(project)
        project.python('adopt')
        assert looks(project) == before
        other = again(project, tmpdir, second)
        other.python('upgrade')
        assert looks(other) == before


# What a user does ------------------------------------------------------------

def test_one_command(sqlite, command_line):
    result = sqlite.command_line(command_line, 'adopt')
    assert result.code == 0, result
    assert sqlite.version() == [sqlite.python('heads')[0].revision]
    assert sqlite.query('SELECT name FROM user') == [('susan',)]
    assert 'The models are as the database.' in result.stdout
    text = baseline(sqlite)
    assert "op.create_table('user'" in text
    assert 'ix_user_name' in text
    assert sqlite.python('migrate') is None     # nothing is left to say
    assert sqlite.python('status').is_current


def test_the_baseline_makes_the_database(sqlite, tmpdir):
    script = sqlite.python('adopt')
    assert script.doc == 'Baseline'
    other = again(sqlite, tmpdir, None)
    other.python('upgrade')
    assert looks(other) == looks(sqlite)


def test_taking_it_back_is_refused(sqlite):
    sqlite.python('adopt')
    with pytest.raises(CommandError) as caught:
        sqlite.python('downgrade')
    assert 'taking it back would drop everything' in str(caught.value)
    assert sqlite.query('SELECT name FROM user') == [('susan',)]


def test_differences_are_said(sqlite, command_line):
    execute(sqlite, ['CREATE TABLE left_over (id INTEGER)'])
    result = sqlite.command_line(command_line, 'adopt')
    assert result.code == 0, result
    said = result.stdout.split('migrate will write this as the next revision')
    assert len(said) == 2 and 'left_over' in said[1]


def test_dry_run(sqlite, command_line):
    result = sqlite.command_line(command_line, 'adopt', '--dry-run')
    assert result.code == 0, result
    assert "op.create_table('user'" in result.stdout
    assert not os.path.exists(sqlite.directory)
    assert sqlite.query("SELECT * FROM sqlite_master "
                        "WHERE name = 'alembic_version'") == []
    assert sqlite.python('adopt', dry_run=True).startswith('# -*- coding')


def test_a_folder_that_is_there(sqlite):
    sqlite.python('init')
    sqlite.python('adopt')
    assert len(sqlite.scripts()) == 1


@pytest.mark.parametrize('number', [1, 3])
def test_revisions_that_are_there(sqlite, command_line, number):
    sqlite.python('init')
    for i in range(number):
        sqlite.write_revision('a%d' % i, down='a%d' % (i - 1) if i else None)
    before = sqlite.scripts()
    result = sqlite.command_line(command_line, 'adopt')
    assert result.code == 1
    assert 'so there is nothing to adopt' in result.stderr
    assert "'stamp " in result.stderr
    assert sqlite.scripts() == before


def test_a_revision_that_nobody_has_any_more(sqlite):
    """Adopted again: the record of it is replaced."""
    execute(sqlite, [
        'CREATE TABLE alembic_version (version_num VARCHAR(32) NOT NULL)',
        "INSERT INTO alembic_version VALUES ('gone')"])
    if not compat.alembic.alembic_version() >= (1, 2):
        pytest.skip('Alembic before 1.2 does not purge.')
    script = sqlite.python('adopt')
    assert sqlite.version() == [script.revision]


@pytest.mark.parametrize('folder', [True, False])
@pytest.mark.parametrize('error', [CommandError, KeyboardInterrupt])
def test_a_failing_stamp_leaves_nothing(sqlite, monkeypatch, error, folder):
    from flask_migrate.adoption import adopting

    def fail(*args, **kwargs):
        raise error('no room')
    monkeypatch.setattr(adopting, 'change', fail)
    if folder:
        sqlite.python('init')
    with pytest.raises(error):
        sqlite.python('adopt')
    assert os.path.exists(sqlite.directory) == folder
    assert not folder or sqlite.scripts() == []


def test_from_models(sqlite, command_line):
    execute(sqlite, ['ALTER TABLE user ADD COLUMN extra INTEGER'])
    result = sqlite.command_line(command_line, 'adopt', '--from-models')
    assert result.code == 0, result
    text = baseline(sqlite)
    assert "op.create_table('user'" in text and 'extra' not in text
    assert 'extra' in result.stdout     # the database differs


@pytest.mark.parametrize('options', [[], ['--from-models']])
def test_an_empty_database(sqlite, command_line, options):
    for table in sqlite.tables():
        sqlite.execute('DROP TABLE "%s"' % table)
    result = sqlite.command_line(command_line, 'adopt', *options)
    assert result.code == 1, result
    assert 'no tables' in result.stderr and "'migrate'" in result.stderr
    assert not os.path.exists(sqlite.directory)
    assert sqlite.tables() == []


def test_one_of_two_databases_is_empty(tmpdir):
    project = Project(tmpdir, binds={
        'reports': 'sqlite:///%s' % tmpdir.join('reports.db')})
    project.execute('CREATE TABLE one (id INTEGER PRIMARY KEY)')
    project.python('adopt')
    assert project.version() == project.version('reports') != []


def test_several_databases(tmpdir, command_line):
    project = Project(tmpdir, binds={
        'reports': 'sqlite:///%s' % tmpdir.join('reports.db')})
    project.execute('CREATE TABLE one (id INTEGER PRIMARY KEY)')
    project.execute('CREATE TABLE two (id INTEGER PRIMARY KEY)', 'reports')
    result = project.command_line(command_line, 'adopt')
    assert result.code == 0, result
    revision, = project.version()
    assert project.version('reports') == [revision]
    text = baseline(project)
    first, second = text.split('def upgrade_reports')
    assert "'one'" in first and "'two'" not in first
    assert "'two'" in second


# What is in the way ----------------------------------------------------------

@pytest.fixture
def on_postgresql(tmpdir, postgresql_url):
    return Project(tmpdir, url=postgresql_url)


@pytest.mark.once
def test_what_cannot_be_described(on_postgresql, command_line):
    execute(on_postgresql, [
        'CREATE TABLE one (id integer PRIMARY KEY)',
        "CREATE AGGREGATE total (integer) (sfunc = int4pl, stype = integer, "
        "initcond = '0')"])
    result = on_postgresql.command_line(command_line, 'adopt')
    assert result.code == 1
    assert 'aggregate total(integer)' in result.stderr
    assert '--incomplete' in result.stderr
    assert not os.path.exists(on_postgresql.directory)
    result = on_postgresql.command_line(command_line, 'adopt', '--incomplete')
    assert result.code == 0, result
    assert 'Left out: aggregate total(integer)' in result.stdout
    assert len(on_postgresql.version()) == 1


@pytest.mark.once
def test_a_user_who_may_not_make_databases(tmpdir, postgresql_server):
    """Then all is the database's own SQL, and that is said."""
    with servers.new_database(postgresql_server) as url:
        name = url.rpartition('/')[2]
        postgresql_server.create_user('modest', 'secret', name)
        try:
            project = Project(tmpdir, url=postgresql_server.url(
                name, 'modest', 'secret'))
            execute(project, ['CREATE TABLE one (id serial PRIMARY KEY)'])
            result = project.manage('adopt')
            assert result.code == 0, result
            assert 'Not checked: no scratch database can be made' \
                in result.stdout
            assert 'CREATE TABLE one' in baseline(project)
            assert len(project.version()) == 1
        finally:
            postgresql_server.drop_database(name)
            postgresql_server.drop_user('modest')


def test_no_scratch_database_is_left(tmpdir, database_url):
    project = Project(tmpdir, url=database_url)
    execute(project, ['CREATE TABLE one (id INTEGER PRIMARY KEY)'])
    before = set(databases(project))
    project.python('adopt')
    assert set(databases(project)) == before


def databases(project):
    kind = project.engine().dialect.name
    if kind == 'sqlite':
        return []
    return project.query(
        'SELECT datname FROM pg_database' if kind == 'postgresql'
        else 'SHOW DATABASES')


# sqlalchemy-migrate ----------------------------------------------------------

def under_control(project, version, latest, path='db_repository',
                  name='database repository'):
    """Make what sqlalchemy-migrate leaves behind."""
    folder = os.path.join(project.path, path)
    os.makedirs(os.path.join(folder, 'versions'))
    for number in range(1, latest + 1):
        with open(os.path.join(folder, 'versions',
                               '%03d_migration.py' % number), 'w'):
            pass
    execute(project, [
        'CREATE TABLE migrate_version (repository_id VARCHAR(250) NOT NULL, '
        'repository_path TEXT, version INTEGER, PRIMARY KEY (repository_id))',
        "INSERT INTO migrate_version VALUES ('%s', '%s', %d)" % (
            name, path, version)])
    return folder


def test_a_database_of_sqlalchemy_migrate(sqlite, command_line):
    under_control(sqlite, 7, 7)
    result = sqlite.command_line(command_line, 'adopt')
    assert result.code == 0, result
    text = baseline(sqlite)
    assert "At version 7 of sqlalchemy-migrate's repository 'database " \
        "repository' (db_repository)." in text
    assert "'migrate_version'" not in text
    assert sqlite.query('SELECT version FROM migrate_version') == [(7,)]


@pytest.mark.parametrize('version, latest, words', [
    (5, 7, "Bring it there first, with sqlalchemy-migrate: 'python "
     "db_upgrade.py'"),
    (8, 7, 'this code is older than the database')])
def test_another_version_than_the_latest(sqlite, command_line, version,
                                         latest, words):
    under_control(sqlite, version, latest)
    result = sqlite.command_line(command_line, 'adopt')
    assert result.code == 1
    assert words in result.stderr, result
    assert not os.path.exists(sqlite.directory)


@pytest.mark.parametrize('how', ['option', 'setting'])
def test_where_the_repository_is(sqlite, how):
    folder = under_control(sqlite, 2, 2, 'elsewhere/repo')
    execute(sqlite, ["UPDATE migrate_version SET repository_path = 'gone'"])
    with pytest.raises(CommandError) as caught:
        sqlite.python('adopt')
    assert '--repository PATH' in str(caught.value)
    if how == 'setting':
        sqlite.app.config['SQLALCHEMY_MIGRATE_REPO'] = folder
        sqlite.python('adopt')
    else:
        sqlite.python('adopt', repository=folder)
    assert len(sqlite.version()) == 1


def test_a_repository_that_is_none(sqlite):
    under_control(sqlite, 2, 2)
    with pytest.raises(CommandError) as caught:
        sqlite.python('adopt', repository=sqlite.path)
    assert "it has no folder 'versions'" in str(caught.value)


def test_a_repository_without_its_table(sqlite):
    with pytest.raises(CommandError) as caught:
        sqlite.python('adopt', repository=sqlite.path)
    assert 'no table migrate_version' in str(caught.value)
