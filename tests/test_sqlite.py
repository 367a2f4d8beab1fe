"""SQLite: transactions with DDL in them, foreign keys, backups."""
import os
import sqlite3
import subprocess
import sys

import pytest
from sqlalchemy import event

from flask_migrate import dialects
from flask_migrate.errors import MigrateError, MigrationFailed
from flask_migrate.compat.sqlalchemy import raw_connection
from project import Project

try:
    from alembic.operations import Operations
    HAS_BATCH = hasattr(Operations, 'batch_alter_table')
except ImportError:
    HAS_BATCH = False
needs_batch = pytest.mark.skipif(
    not HAS_BATCH, reason='batch operations need Alembic 0.7')

FAMILY = """op.create_table('parent', sa.Column('id', sa.Integer, \
primary_key=True), sa.Column('name', sa.String(20)))
op.create_table('child', sa.Column('id', sa.Integer, primary_key=True), \
sa.Column('parent_id', sa.Integer, sa.ForeignKey('parent.id', \
ondelete='CASCADE')))
op.execute("INSERT INTO parent (id, name) VALUES (1, 'one')")
op.execute("INSERT INTO child (id, parent_id) VALUES (1, 1)")
op.execute('CREATE VIEW names AS SELECT name FROM parent')
op.execute('CREATE TRIGGER touch AFTER UPDATE ON parent BEGIN '
           'UPDATE child SET parent_id = new.id; END')"""
BATCH = """with op.batch_alter_table('parent') as batch_op:
    batch_op.alter_column('name', existing_type=sa.String(20), \
type_=sa.String(40), nullable=False)"""


def turn_foreign_keys_on(project):
    event.listen(project.engine(), 'connect', lambda connection, record:
                 connection.execute('PRAGMA foreign_keys=ON'))


@pytest.fixture
def family(project):
    """A project at 'a1': parent and child rows, foreign keys on."""
    turn_foreign_keys_on(project)
    project.python('init')
    project.write_revision('a1', FAMILY)
    project.python('upgrade')
    return project


@needs_batch
def test_batch_keeps_child_rows_views_and_triggers(family):
    family.write_revision('b2', BATCH, down='a1')
    family.python('upgrade')
    assert family.query('SELECT * FROM child') == [(1, 1)]
    assert family.query('SELECT name FROM names') == [('one',)]
    assert family.query("SELECT count(*) FROM sqlite_master WHERE "
                        "type = 'trigger'") == [(1,)]
    # Foreign keys are on again for the application.
    family.execute('DELETE FROM parent')
    assert family.query('SELECT * FROM child') == []


def test_a_violated_foreign_key_fails_before_commit(family):
    family.write_revision(
        'b2', "op.execute('CREATE TABLE gone (id INTEGER)')\n"
        "op.drop_table('gone')\n"
        "op.execute('INSERT INTO child (id, parent_id) "
        "VALUES (2, 99)')", down='a1')
    with pytest.raises(MigrateError) as caught:
        family.python('upgrade')
    assert "'child' has rows that point to no row of 'parent'" \
        in str(caught.value)
    assert 'is at a1, as before' in str(caught.value)
    assert family.query('SELECT * FROM child') == [(1, 1)]
    assert family.version() == ['a1']


def test_old_violations_do_not_stand_in_the_way(family):
    raw = sqlite3.connect(os.path.join(family.path, 'app.db'))
    raw.execute('INSERT INTO child (id, parent_id) VALUES (2, 99)')
    raw.commit()
    raw.close()
    family.write_revision(
        'b2', "op.execute('CREATE TABLE gone (id INTEGER)')\n"
        "op.drop_table('gone')", down='a1')
    family.python('upgrade')
    assert family.version() == ['b2']


@needs_batch
def test_a_violation_that_was_mended_may_not_come_back(family):
    """Not even in the same run, where each revision has its transaction."""
    family.app.extensions['migrate'].configure_args[
        'transaction_per_migration'] = True
    raw = sqlite3.connect(os.path.join(family.path, 'app.db'))
    raw.execute('INSERT INTO child (id, parent_id) VALUES (2, 99)')
    raw.commit()
    raw.close()
    family.write_revision(
        'b2', "op.execute('CREATE TABLE gone (id INTEGER)')\n"
        "op.drop_table('gone')\n"
        "op.execute('DELETE FROM child WHERE id = 2')", down='a1')
    family.write_revision(
        'c3', "op.execute('INSERT INTO child (id, parent_id) VALUES (2, 99)')",
        down='b2')
    with pytest.raises(MigrateError) as caught:
        family.python('upgrade')
    assert "rows that point to no row" in str(caught.value)
    assert family.version() == ['b2']
    assert family.query('SELECT * FROM child') == [(1, 1)]


def test_autocommit_block(family):
    from alembic.operations import Operations  # noqa: F401
    from alembic.migration import MigrationContext
    if not hasattr(MigrationContext, 'autocommit_block'):
        pytest.skip('autocommit_block needs Alembic 1.2')
    family.write_revision(
        'b2', "with op.get_context().autocommit_block():\n"
        "    op.execute('VACUUM')\n"
        "op.execute('INSERT INTO nowhere VALUES (1)')", down='a1')
    with pytest.raises(MigrationFailed):
        family.python('upgrade')
    assert family.version() == ['a1']
    family.write_revision(
        'b2', "with op.get_context().autocommit_block():\n"
        "    op.execute('VACUUM')", down='a1')
    family.python('upgrade')
    assert family.version() == ['b2']


def test_a_bare_vacuum_is_told_where_to_go(family):
    family.write_revision('b2', "op.execute('VACUUM')", down='a1')
    with pytest.raises(MigrationFailed) as caught:
        family.python('upgrade')
    assert 'autocommit_block' in str(caught.value)


def test_connections_come_back_as_they_were(tmpdir):
    project = Project(tmpdir)
    seen = []

    def settings(raw):
        return [raw.isolation_level, getattr(raw, 'autocommit', None)] + [
            raw.execute('PRAGMA ' + name).fetchone()
            for name in ('foreign_keys', 'legacy_alter_table',
                         'busy_timeout')]

    connection = project.engine().connect()
    borrowed = dialects.of(connection).borrow(connection, given=True)
    raw = raw_connection(connection)
    assert raw.isolation_level is None
    borrowed.give_back()
    seen = settings(raw_connection(connection))
    connection.close()
    fresh = sqlite3.connect(os.path.join(project.path, 'app.db'))
    assert seen[:4] == settings(fresh)[:4]
    fresh.close()


def test_transaction_per_migration(project):
    project.app.extensions['migrate'].configure_args[
        'transaction_per_migration'] = True
    from alembic.migration import MigrationContext
    if not hasattr(MigrationContext, 'begin_transaction'):
        pytest.skip('transaction_per_migration needs Alembic 0.7')
    project.python('init')
    project.write_revision('a1', FAMILY)
    project.write_revision(
        'b2', "op.execute('CREATE TABLE half (id INTEGER)')\n"
        "op.execute('INSERT INTO nowhere VALUES (1)')", down='a1')
    with pytest.raises(MigrationFailed) as caught:
        project.python('upgrade')
    assert project.version() == ['a1']
    assert project.tables() == ['child', 'parent']
    assert 'now at a1' in str(caught.value)


def test_several_databases_fail_together(tmpdir):
    project = Project(
        tmpdir, binds={'users': 'sqlite:///' + str(tmpdir.join('users.db'))})
    project.python('init', multidb=True)
    with open(os.path.join(project.versions, 'a1_.py'), 'w') as file:
        file.write(
            'from alembic import op\n'
            "revision = 'a1'\n"
            'down_revision = None\n\n\n'
            'def upgrade(engine_name):\n'
            "    op.execute('CREATE TABLE made (id INTEGER)')\n"
            "    if engine_name == 'users':\n"
            "        op.execute('INSERT INTO nowhere VALUES (1)')\n\n\n"
            'def downgrade(engine_name):\n'
            '    pass\n')
    with pytest.raises(MigrationFailed) as caught:
        project.python('upgrade')
    assert project.tables() == [] and project.tables('users') == []
    message = str(caught.value)
    assert "database 'default' is at base, as before" in message
    assert "database 'users' is at base, as before" in message


@pytest.mark.parametrize('path', ['', 'copy.db'])
def test_backup(family, path, command_line):
    family.write_revision('b2', "op.execute('DROP VIEW names')\n"
                          "op.execute('DELETE FROM child')", down='a1')
    arguments = ['upgrade', '--backup']
    if path:
        path = os.path.join(family.path, path)
        arguments = ['upgrade', '--backup=' + path]
        if family.command_line(command_line, *arguments).code:
            raise AssertionError('the first backup failed')
        family.python('downgrade')
        family.write_revision('b2', 'pass', down='a1', name='b2_.py')
        result = family.command_line(command_line, *arguments)
        assert result.code == 1
        assert 'already exists' in result.stderr
        assert family.version() == ['a1']
    else:
        result = family.command_line(command_line, *arguments)
        assert result.code == 0, result
        path, = [os.path.join(family.path, name)
                 for name in os.listdir(family.path) if 'backup' in name]
        assert path in result.stdout
    copy = sqlite3.connect(path)
    assert copy.execute('SELECT * FROM child').fetchall() == [(1, 1)]
    assert copy.execute('SELECT * FROM alembic_version').fetchall() \
        == [('a1',)]
    copy.close()


def test_backup_of_a_server_is_refused(postgresql_url, tmpdir):
    project = Project(tmpdir, postgresql_url)
    project.python('init')
    project.write_revision('a1', "op.execute('CREATE TABLE a (id INTEGER)')")
    with pytest.raises(MigrateError) as caught:
        project.python('upgrade', backup='')
    assert 'pg_dump' in str(caught.value)
    assert project.tables() == []


def test_a_thousand_rows_survive_kill_between_commits(family):
    """The journal that SIGKILL leaves is rolled back by the next reader."""
    family.write_revision(
        'b2', "import os, signal\n"
        "op.execute('DELETE FROM child')\n"
        "op.execute('CREATE TABLE filler (text VARCHAR)')\n"
        "for i in range(2000):\n"
        "    op.execute(\"INSERT INTO filler VALUES ('%s')\" % ('x' * 1000))"
        "\nos.kill(os.getpid(), signal.SIGKILL)", down='a1')
    family.engine().dispose()
    code = subprocess.call([sys.executable, '-c', (
        'import sys; sys.path.insert(0, %r)\n'
        'from project import Project\n'
        'Project(%r).python("upgrade")') % (
            os.path.dirname(os.path.abspath(__file__)), family.path)])
    assert code == -9
    assert family.query('SELECT * FROM child') == [(1, 1)]
    assert family.version() == ['a1']
    assert 'filler' not in family.tables()


def test_an_ordinary_rename_takes_references_along(family):
    """What batch mode needs must not apply to other statements."""
    if sqlite3.sqlite_version_info < (3, 26):
        pytest.skip('SQLite before 3.26 leaves references behind')
    family.write_revision('b2', "op.rename_table('parent', 'ancestor')",
                          down='a1')
    family.python('upgrade')
    assert family.version() == ['b2']
    assert family.query('SELECT name FROM names') == [('one',)]
    family.execute('DELETE FROM ancestor')      # cascades to child
    assert family.query('SELECT * FROM child') == []


def test_an_engine_that_begins_itself(project):
    """What SQLAlchemy's documentation says of SQLite and transactions."""
    engine = project.engine()

    def connect(connection, record):
        connection.isolation_level = None

    def begin(connection):
        getattr(connection, 'exec_driver_sql', connection.execute)('BEGIN')

    event.listen(engine, 'connect', connect)
    event.listen(engine, 'begin', begin)
    project.python('init')
    project.write_revision('a1', FAMILY)
    project.write_revision('b2', "op.execute('DROP TABLE child')\n1 / 0",
                           down='a1')
    project.python('upgrade', revision='a1')
    with pytest.raises(MigrationFailed):
        project.python('upgrade')
    assert project.version() == ['a1']
    assert project.query('SELECT * FROM child') == [(1, 1)]
    project.python('stamp', revision='b2')
    assert project.version() == ['b2']


def test_a_pool_with_one_connection(tmpdir):
    from sqlalchemy import create_engine
    from sqlalchemy.pool import QueuePool
    project = Project(tmpdir)
    engine = create_engine(
        'sqlite:///' + str(tmpdir.join('app.db')), poolclass=QueuePool,
        pool_size=1, max_overflow=0, pool_timeout=1)
    project.migrate.db = type('Database', (object,), {
        'engine': engine, 'metadata': project.db.metadata})()
    project.python('init')
    project.write_revision('a1', FAMILY)
    project.python('upgrade')
    assert project.version() == ['a1']


def test_one_connection_configured_twice(project):
    project.python('init')
    with open(os.path.join(project.directory, 'env.py'), 'w') as file:
        file.write(
            'from alembic import context\n'
            'from flask import current_app\n'
            "db = current_app.extensions['migrate'].db\n"
            'with db.engine.connect() as connection:\n'
            "    for table in ('first', 'second'):\n"
            '        context.configure(connection=connection,\n'
            '                          version_table=table)\n'
            '        with context.begin_transaction():\n'
            '            context.run_migrations()\n')
    project.write_revision(
        'a1', "op.execute('CREATE TABLE IF NOT EXISTS t (id INTEGER)')")
    project.python('upgrade')
    assert project.query('SELECT * FROM first') == [('a1',)]
    assert project.query('SELECT * FROM second') == [('a1',)]


def test_a_commit_that_fails_says_where_databases_stand(tmpdir):
    project = Project(
        tmpdir, binds={'users': 'sqlite:///' + str(tmpdir.join('users.db'))})
    event.listen(project.engine('users'), 'connect',
                 lambda connection, record:
                 connection.execute('PRAGMA foreign_keys=ON'))
    project.python('init', multidb=True)
    with open(os.path.join(project.versions, 'a1_.py'), 'w') as file:
        file.write(
            'from alembic import op\n'
            "revision = 'a1'\n"
            'down_revision = None\n\n\n'
            'def upgrade(engine_name):\n'
            "    op.execute('CREATE TABLE p (id INTEGER PRIMARY KEY)')\n"
            "    op.execute('CREATE TABLE c (p INTEGER REFERENCES p)')\n"
            "    op.execute('CREATE TABLE gone (id INTEGER)')\n"
            "    op.drop_table('gone')\n"
            "    op.execute('INSERT INTO c VALUES (1)')\n\n\n"
            'def downgrade(engine_name):\n'
            '    pass\n')
    with pytest.raises(MigrateError) as caught:
        project.python('upgrade')
    assert "database 'default' is now at a1" in str(caught.value)
    assert "database 'users' is at base, as before" in str(caught.value)
    assert project.tables('users') == []
