"""What a run leaves of connections, settings, locks and files of others."""
import io
import os
import sqlite3

import pytest
from sqlalchemy import create_engine, event, text
from sqlalchemy.pool import QueuePool, StaticPool

from flask_migrate import MigrationFailed, compat, dialects
from flask_migrate.dialects import sqlite, sqlite_files
from flask_migrate.errors import MigrateError
from flask_migrate.run.journal import Journal
from project import Project
from test_once import (  # noqa: F401
    ENV_PY, GIVEN, chain, needs_attributes, needs_in_transaction,
    upgrade_given, write_env_py)
from test_sqlite import BATCH, FAMILY, family, needs_batch  # noqa: F401

#: Its statements are in a transaction that begins before configure(), as in
#: the env.py files of multi-database projects.
BEGINS = (ENV_PY % {'header': u'', 'before': u'', 'after': u''}).replace(
    u'try:', u'transaction = connection.begin()\ntry:').replace(
    u'    with context.begin_transaction():\n        context.run_migrations()',
    u'    context.run_migrations()\n    transaction.commit()')


def with_engine(tmpdir, engine):
    """A project whose db has this engine."""
    project = Project(tmpdir)
    project.migrate.db = type('Database', (object,), {
        'engine': engine, 'metadata': project.db.metadata})()
    project.python('init')
    return project


# ----------------------------------------------------- one connection for all

def settings(raw):
    return [raw.isolation_level, getattr(raw, 'autocommit', None)] + [
        raw.execute('PRAGMA ' + name).fetchone()
        for name in ('foreign_keys', 'legacy_alter_table')]


def with_family(tmpdir, engine):
    """A project with tables, and a batch operation on the referred one.

    Something in env.py takes the connection when its migrations are done.
    """
    project = with_engine(tmpdir, engine)
    project.write_revision('a1', FAMILY)
    project.write_revision('b2', BATCH, down='a1')
    write_env_py(project, content=(ENV_PY % {
        'header': u'', 'before': u'', 'after': u''}).replace(
            u'.get_engine()', u'.engine')
        + u'ext.db.engine.connect().close()\n')
    return project


@needs_batch
def test_the_only_connection_of_a_database_in_memory(tmpdir):
    engine = create_engine('sqlite://', poolclass=StaticPool,
                           connect_args={'check_same_thread': False})
    event.listen(engine, 'connect', lambda connection, record:
                 connection.execute('PRAGMA foreign_keys=ON'))
    connection = engine.connect()
    raw = compat.sqlalchemy.raw_connection(connection)
    connection.close()
    before = settings(raw)
    assert before[2] == (1,)
    project = with_family(tmpdir, engine)
    seen = []
    event.listen(engine, 'checkout', lambda one, *args: seen.append(
        settings(one)))
    for command in 'upgrade', 'current', 'upgrade':
        project.python(command)
        assert settings(raw) == before
    # Who gets the connection next gets it as it was.
    assert seen and all(each == before for each in seen)
    assert raw.execute('SELECT * FROM child').fetchall() == [(1, 1)]
    assert raw.execute('SELECT * FROM alembic_version').fetchall() == [
        ('b2',)]


@needs_batch
@pytest.mark.parametrize('listens', [True, False])
def test_a_connection_goes_back_to_no_pool(tmpdir, listens):
    """What the run has changed is on it, until it is closed."""
    engine = create_engine('sqlite:///' + str(tmpdir.join('app.db')),
                           poolclass=QueuePool, pool_size=1, max_overflow=0)
    event.listen(engine, 'connect', lambda connection, record:
                 connection.execute('PRAGMA foreign_keys=ON'))
    seen, returned = [], []
    event.listen(engine, 'checkout', lambda one, *args: seen.append(
        settings(one)))
    if listens:     # to what comes back, which is open still
        event.listen(engine, 'checkin', lambda one, record: returned.append(
            one and one.execute('SELECT 1').fetchone()))
    project = with_family(tmpdir, engine)
    project.python('upgrade')
    engine.connect().close()
    assert len(seen) > 2 and [each for each in seen if each != seen[0]] == []
    assert seen[0][2] == (1,)
    assert len(returned) == (len(seen) if listens else 0)


COPIES = u"""
from alembic import context
from sqlalchemy import engine_from_config, pool
from flask import current_app
config = context.config
config.set_main_option('sqlalchemy.url',
                       current_app.config['SQLALCHEMY_DATABASE_URI'])
engine = engine_from_config(config.get_section(config.config_ini_section),
                            prefix='sqlalchemy.', poolclass=pool.NullPool)
connection = engine.connect()
context.configure(connection=connection, target_metadata=None)
try:
    with context.begin_transaction():
        context.run_migrations()
finally:
    connection.close()
"""


def test_an_env_py_that_copies_the_url_of_a_database_in_memory(tmpdir):
    """It migrates the application's, not one of its own."""
    project = Project(tmpdir, 'sqlite://')
    project.python('init')
    write_env_py(project, content=COPIES)
    project.write_revision('a1', "op.execute('CREATE TABLE a1 (id INTEGER)')")
    with project.app.app_context():
        project.python('upgrade')
        assert project.tables() == ['a1']
        assert project.version() == ['a1']
        project.python('upgrade')
    # Outside env.py it makes an engine, as it says.
    from sqlalchemy import engine_from_config
    with project.app.app_context():
        engine = engine_from_config({'sqlalchemy.url': 'sqlite://'})
        assert engine is not project.engine()


def test_a_creator_that_always_gives_the_same_connection(tmpdir):
    """Nobody asks it for another one, to close it afterwards."""
    raw = sqlite3.connect(str(tmpdir.join('own.db')),
                          check_same_thread=False)
    engine = create_engine('sqlite://', creator=lambda: raw,
                           poolclass=StaticPool)
    project = with_engine(tmpdir, engine)
    project.write_revision('a1', "op.execute('CREATE TABLE t (id INTEGER)')")
    assert dialects.of(engine).lock(engine) is None
    project.python('upgrade')
    project.python('upgrade', wait=0)
    assert raw.execute('SELECT * FROM t').fetchall() == []
    # With the connection at hand its file is known.
    connection = engine.connect()
    assert sqlite_files.database_file(engine, connection) == str(
        tmpdir.join('own.db'))
    connection.close()
    assert raw.execute('SELECT 1').fetchone() == (1,)


def test_where_a_database_is_needs_no_connection_of_the_pool(tmpdir):
    """env.py has not returned the only one when a revision fails."""
    engine = create_engine(
        'sqlite:///' + str(tmpdir.join('app.db')), poolclass=QueuePool,
        pool_size=1, max_overflow=0, pool_timeout=0)
    project = with_engine(tmpdir, engine)
    write_env_py(project, content=(ENV_PY % {
        'header': u'', 'before': u'', 'after': u''}).replace(
            u'.get_engine()', u'.engine').replace(
            u'connection.close()',
            u"current_app.config['HELD'] = connection"))
    project.write_revision('a1', "op.execute('INSERT INTO nowhere VALUES "
                           "(1)')")
    with pytest.raises(MigrationFailed) as caught:
        project.python('upgrade')
    assert 'The database is at base, as before' in str(caught.value)
    held = project.app.config['HELD']
    assert not held.closed
    held.close()


# ------------------------------------------------------------- transactions

def test_a_transaction_that_begins_before_configure(chain):  # noqa: F811
    chain.write_revision(
        'd4', "op.execute('CREATE TABLE d4 (id INTEGER)')\n"
        "op.execute('INSERT INTO nowhere VALUES (1)')", down='c3')
    write_env_py(chain, content=BEGINS)
    with pytest.raises(MigrationFailed) as caught:
        chain.python('upgrade')
    assert caught.value.took_effect == []
    assert chain.tables() == []
    chain.write_revision('d4', "op.execute('CREATE TABLE d4 (id INTEGER)')",
                         down='c3')
    chain.python('upgrade')
    assert chain.version() == ['d4']


@needs_batch
def test_legacy_alter_table_is_off_again_at_once(family):  # noqa: F811
    """Also for what goes past SQLAlchemy."""
    family.write_revision(
        'b2', BATCH + "\nfairy = op.get_bind().connection\n"
        "raw = getattr(fairy, 'dbapi_connection', None) or fairy.connection\n"
        "found = raw.execute('PRAGMA legacy_alter_table').fetchall()\n"
        "assert found in ([(0,)], []), found\n"
        "raw.execute('ALTER TABLE parent RENAME TO elder')", down='a1')
    family.python('upgrade')
    if sqlite3.sqlite_version_info >= (3, 26):
        assert 'elder' in family.query(
            "SELECT sql FROM sqlite_master WHERE name = 'child'")[0][0]


# --------------------------------------------------------------------- locks

def test_what_cannot_be_put_back_holds_no_lock(
        chain, monkeypatch):  # noqa: F811
    given_back = []

    def borrow(self, connection, *args):
        borrowed = sqlite.SQLiteBorrowed(connection, *args)
        borrowed.on_return(lambda: given_back.append(borrowed))
        borrowed.on_return(lambda: 1 / 0)
        return borrowed
    monkeypatch.setattr(sqlite.SQLite, 'borrow', borrow)
    chain.python('upgrade')
    # What comes after the failing one is put back, and the lock released.
    assert given_back
    assert chain.version() == ['c3']
    lock = dialects.of(chain.engine()).lock(chain.engine())
    assert lock.try_acquire()
    lock.release()


# --------------------------------------------------------------------- looks

def test_looking_does_not_stamp(chain):  # noqa: F811
    """As env.py files do that stamp a new database."""
    write_env_py(chain, content=(ENV_PY % {
        'header': u'', 'before': u'', 'after': u''}).replace(
            u'    with context.begin_transaction',
            u'    context.get_context().stamp(context.script, "c3")\n'
            u'    with context.begin_transaction'))
    for command in 'current', 'history', 'check':
        try:
            chain.python(command)
        except MigrateError:
            assert command == 'check'
        path = os.path.join(chain.path, 'app.db')
        raw = sqlite3.connect(path)
        assert raw.execute('SELECT name FROM sqlite_master').fetchall() == []
        raw.close()


def test_dry_run_is_not_caught_by_env_py(chain, capsys):  # noqa: F811
    write_env_py(chain, content=(ENV_PY % {
        'header': u'', 'before': u'', 'after': u''}).replace(
            u'finally:', u"except Exception:\n    print('caught')\nfinally:"))
    assert len(chain.python('upgrade', dry_run=True)) == 3
    assert capsys.readouterr()[0] == ''
    assert chain.tables() == []


@pytest.mark.parametrize('hidden', [False, True])
def test_hidden_parameters_stay_hidden(tmpdir, hidden):
    try:
        engine = create_engine('sqlite:///' + str(tmpdir.join('app.db')),
                               hide_parameters=hidden)
    except TypeError:
        pytest.skip('hide_parameters came with SQLAlchemy 1.3.8')
    project = with_engine(tmpdir, engine)
    project.write_revision(
        'a1', "op.get_bind().execute(sa.text("
        "'INSERT INTO nowhere VALUES (:word)'), {'word': 'secret'})")
    with pytest.raises(MigrationFailed) as caught:
        project.python('upgrade')
    assert ('secret' in str(caught.value)) is not hidden
    assert 'INSERT INTO nowhere' in str(caught.value)


# --------------------------------------------------------------------- files

@pytest.mark.parametrize('error', [
    EnvironmentError(28, 'No space left on device'), KeyboardInterrupt()])
def test_half_a_backup_is_removed(chain, monkeypatch, error):  # noqa: F811
    chain.python('upgrade', revision='a1')

    def copy(engine, database, path):
        with io.open(path, 'w') as file:
            file.write(u'SQLite format 3')
        raise error
    monkeypatch.setattr(sqlite_files, '_copy', copy)
    before = sorted(os.listdir(chain.path))
    with pytest.raises((MigrateError, KeyboardInterrupt)):
        chain.python('upgrade', backup='')
    after = [name for name in os.listdir(chain.path)
             if not name.startswith('__pycache__')]
    assert sorted(after) == before
    assert chain.version() == ['a1']


# ------------------------------------------- what env.py does around its runs

#: It never closes its connection, nor ends its transaction.
OPEN = u'''
from alembic import context
from flask import current_app
ext = current_app.extensions['migrate']
connection = ext.db.engine.connect()
ext.kept = connection, connection.begin()
context.configure(connection=connection)
context.run_migrations()
'''


@needs_in_transaction
def test_the_lock_is_held_until_all_is_rolled_back(
        chain, monkeypatch):  # noqa: F811
    """Else the next process finds the database locked."""
    chain.write_revision(
        'd4', "op.execute('CREATE TABLE d4 (id INTEGER)')\n"
        "op.execute('INSERT INTO nowhere VALUES (1)')", down='c3')
    write_env_py(chain, content=OPEN)
    released, real = [], sqlite_files.FileLock.release

    def release(lock):
        other = sqlite3.connect(lock.path.replace('.migrate-lock', ''),
                                timeout=0)
        try:
            other.execute('BEGIN IMMEDIATE')
            released.append(other.execute(
                'SELECT name FROM sqlite_master').fetchall())
        finally:
            other.close()
        real(lock)
    monkeypatch.setattr(sqlite_files.FileLock, 'release', release)
    with pytest.raises(MigrationFailed) as caught:
        chain.python('upgrade')
    assert caught.value.took_effect == []
    assert released == [[]]


@needs_batch
def test_env_py_goes_on_with_the_applications_settings(family):  # noqa: F811
    """On the same connection, after its migrations."""
    family.write_revision('b2', BATCH, down='a1')
    write_env_py(family, header=u'from sqlalchemy import text', after=(
        u"with connection.begin() if not connection.in_transaction() "
        u"else connection.begin_nested():\n"
        u"    connection.execute(text('DELETE FROM parent'))\n"))
    family.python('upgrade')
    assert family.version() == ['b2']
    assert family.query('SELECT * FROM child') == []    # ON DELETE CASCADE


def test_each_run_on_one_connection_is_all_or_nothing(project):
    """Where env.py configures it again, for another version table."""
    project.python('init')
    write_env_py(project, content=(ENV_PY % {
        'header': u'', 'before': u'', 'after': u''}).replace(
            u'try:\n', u"for table in 'alembic_version', 'second':\n").replace(
            u'connection=connection,\n',
            u'connection=connection, version_table=table,\n').replace(
            u'finally:\n    ', u''))
    project.write_revision('a1', (
        "from sqlalchemy import text\n"
        "number = len(op.get_bind().execute(text(\"SELECT name FROM "
        "sqlite_master WHERE name LIKE 't_'\")).fetchall())\n"
        "op.execute('CREATE TABLE t%d (id INTEGER)' % number)\n"
        "if number:\n    op.execute('INSERT INTO nowhere VALUES (1)')"))
    with pytest.raises(MigrationFailed):
        project.python('upgrade')
    assert [name for name in project.tables() if name != 'second'] == ['t0']


@needs_attributes
def test_a_connection_of_the_caller_is_followed_no_more(
        chain, monkeypatch):  # noqa: F811
    write_env_py(chain, content=GIVEN)
    connection = chain.engine().connect()
    followed, real = [], Journal.close
    monkeypatch.setattr(Journal, 'close', lambda journal: (
        followed.append(journal), real(journal)))
    upgrade_given(chain, connection)
    transaction = connection.begin() if not connection.in_transaction() \
        else connection.begin_nested()
    connection.execute(text('INSERT INTO a1 VALUES (1)'))
    transaction.commit()
    connection.close()
    assert followed
    for journal in followed:
        assert not [sql for sql in journal.open + journal.permanent
                    if sql.startswith('INSERT INTO a1')]
