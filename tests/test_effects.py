"""After any failure the message and the database agree.

Each revision here fails after it has ended its transaction in some way, or
has not.  What the message lists is executed on a copy, which must then be as
the database is.
"""
import io
import os
import pickle
import signal
import threading

import pytest
from sqlalchemy import event

from flask_migrate import (
    DiffsDetected, LockTimeout, MigrationFailed, compat, dialects, errors)
from flask_migrate.dialects import masking
from flask_migrate.errors import MigrateError
import processes
from project import Project
from variants import slow

UPDATE = "op.execute('UPDATE t SET a = a * 100')\n"
FAIL = "op.execute('INSERT INTO nowhere VALUES (1)')\n"
BLOCK = "with op.get_context().autocommit_block():\n" \
    "    op.execute('INSERT INTO t VALUES (9)')\n"
START = ['CREATE TABLE t (a int)', 'INSERT INTO t VALUES (5)',
         'CREATE TABLE d (a int)', 'INSERT INTO d VALUES (1)',
         'INSERT INTO d VALUES (1)',
         'CREATE TABLE words (word varchar(20))']
SERVERS = ['postgresql', 'mariadb']
ALL = ['sqlite'] + SERVERS

needs_blocks = pytest.mark.skipif(
    compat.alembic.alembic_version() < (1, 2),
    reason='Alembic has autocommit_block() from 1.2 on.')

#: Name, kinds of databases, and what the revision does.  The message lists
#: exactly what is permanent.
CERTAIN = [
    ('before', ALL, UPDATE + FAIL),
    ('ddl that exists', ALL, UPDATE + "op.execute('ALTER TABLE t ADD a int')"),
    ('ddl that lacks', ALL, UPDATE + "op.execute('DROP TABLE nowhere')"),
    ('ddl that is wrong', ALL, UPDATE + "op.execute('ALTERX TABLE t')"),
    ('ddl, then more', ALL, UPDATE + "op.execute('CREATE TABLE u (a int)')\n"
     + UPDATE + FAIL),
    ('commit', ALL, UPDATE + "op.execute('COMMIT')\n" + FAIL),
    ('commit, then more', ALL, UPDATE + "op.execute('/* now */ COMMIT')\n"
     + "op.execute('INSERT INTO t VALUES (9)')\n" + FAIL),
    ('rollback, then more', ALL, UPDATE + "op.execute('ROLLBACK')\n"
     + "op.execute('INSERT INTO t VALUES (9)')\n" + FAIL),
    ('exception', ALL, UPDATE + "raise RuntimeError('broken')"),
    ('comment', ['mariadb'], UPDATE + "op.execute('# now\\nALTER TABLE "
     "nowhere ADD b int')"),
    ('comment that ends', ['mariadb'], UPDATE + "op.execute('# now\\nALTER "
     "TABLE t ADD b int')\n" + FAIL),
    ('semicolons in a text', ['mariadb'], UPDATE + 'op.execute("INSERT INTO '
     "words VALUES ('; ALTER')" + '")\n' + FAIL),
    ('commit that is defined', ['postgresql'], UPDATE + "op.execute('CREATE "
     "PROCEDURE p() LANGUAGE plpgsql AS $$ BEGIN COMMIT; END $$')\n" + FAIL),
]
#: Statements that change something although they look as if they read.
READS = [
    ('set statement', ['mariadb'], "op.execute('SET STATEMENT "
     "max_statement_time=60 FOR UPDATE t SET a = a * 100')\n"
     "op.execute('CREATE TABLE u (a int)')\n" + FAIL),
    ('comment that runs', ['mariadb'], UPDATE + "op.execute('/*!40000 ALTER "
     "TABLE t ADD b int */')\n" + FAIL),
    ('function', ['mariadb'], "op.execute('SELECT f(1)')\n"
     "op.execute('CREATE TABLE u (a int)')\n" + FAIL),
    ('function', ['postgresql'], "op.execute('SELECT f(1)')\n"
     "op.execute('COMMIT')\n" + FAIL),
    ('function alone', SERVERS, "op.execute('SELECT f(1)')\n" + FAIL),
    ('select into', ['postgresql'], "op.execute('SELECT a INTO u FROM t')\n"
     "op.execute('COMMIT')\n" + FAIL),
    ('explained', ['postgresql'], "op.execute('EXPLAIN ANALYZE UPDATE t SET "
     "a = a * 100')\nop.execute('COMMIT')\n" + FAIL),
    ('read', ALL, "op.execute('SELECT count(*), max(a) FROM t')\n"
     "op.execute('COMMIT')\n" + FAIL),
]
BLOCKS = [
    ('in a block', ALL, UPDATE + BLOCK + '    ' + FAIL),
    ('behind a block', ALL, UPDATE + BLOCK + UPDATE + FAIL),
    ('exception behind a block', ALL, UPDATE + BLOCK + UPDATE
     + "raise RuntimeError('broken')"),
]
ROLLED_BACK = [
    ('insert or rollback', ['sqlite'], UPDATE + "op.execute('CREATE UNIQUE "
     "INDEX i ON t (a)')\ntry:\n    op.execute('INSERT OR ROLLBACK INTO t "
     "VALUES (500)')\nexcept sa.exc.IntegrityError:\n    pass\n"
     "op.execute('INSERT INTO t VALUES (9)')\n" + FAIL),
]
#: A COMMIT that fails, or comes after an error, is a ROLLBACK.
NO_COMMITS = [
    ('commit after an error', ['postgresql'], UPDATE + "try:\n    " + FAIL
     + "except Exception:\n    pass\nop.execute('COMMIT')\n" + FAIL),
    ('commit that fails', ['postgresql'], UPDATE + "op.execute('CREATE TABLE "
     "c (id int PRIMARY KEY, r int REFERENCES c DEFERRABLE INITIALLY "
     "DEFERRED)')\nop.execute('INSERT INTO c VALUES (1, 9)')\n"
     "try:\n    op.execute('COMMIT')\nexcept Exception:\n    pass\n"
     "op.execute('INSERT INTO t VALUES (9)')\n" + FAIL),
]
#: As functions of the application do, of which the file says nothing.
RAW = "raw = getattr(op.get_bind(), 'connec' 'tion')\n" \
    "cursor = getattr(raw, 'cur' 'sor')()\n"
#: Here nobody can know all: the message does not claim that all is as before.
UNCERTAIN = [
    ('commit of the driver', ALL, "connection = op.get_bind().connection\n"
     "connection.cursor().execute('UPDATE t SET a = a * 100')\n"
     "connection.commit()\n" + FAIL),
    ('script', ['sqlite'], "op.get_bind().connection.executescript('UPDATE t "
     "SET a = a * 100; INSERT INTO nowhere VALUES (1)')"),
    ('script, then more', ['sqlite'], UPDATE + "op.get_bind().connection."
     "executescript('UPDATE t SET a = a + 1')\n" + FAIL),
    # As a function of the application does, of which the file says nothing.
    ('unseen commit', SERVERS, UPDATE + "getattr(op.get_bind(), 'connec' "
     "'tion').commit()\n" + FAIL),
    ('unseen commit, then more', SERVERS, UPDATE + "getattr(op.get_bind(), "
     "'connec' 'tion').commit()\n" + UPDATE + FAIL),
    ('unseen update and commit', SERVERS, "raw = getattr(op.get_bind(), "
     "'connec' 'tion')\nraw.cursor().execute('UPDATE t SET a = a * 100')\n"
     "raw.commit()\n" + FAIL),
    ('unseen commit, then a cursor', SERVERS, UPDATE + RAW
     + "raw.commit()\ncursor.execute('SELECT 1')\n" + FAIL),
    ('unseen text, then a cursor', SERVERS, RAW + "cursor.execute('UPDATE t "
     "SET a = a * 100')\ncursor.execute('COMMIT')\n"
     "cursor.execute('SELECT 1')\n" + FAIL),
    ('unseen ddl that fails', ['mariadb'], UPDATE + RAW + "try:\n"
     "    cursor.execute('ALTER TABLE nowhere ADD a int')\n"
     "except Exception:\n    pass\n" + FAIL),
    ('unseen connection', SERVERS,
     "engine = op.get_bind().engine\nwith engine.connect() as other:\n"
     "    transaction = other.begin()\n"
     "    other.execute(sa.text('INSERT INTO d VALUES (5)'))\n"
     "    transaction.commit()\n" + FAIL),
    ('several', ['postgresql'], "op.execute('UPDATE t SET a = a * 100; "
     "COMMIT; INSERT INTO nowhere VALUES (1)')"),
    ('several, then more', ['postgresql'], "op.execute('UPDATE t SET a = a * "
     "100; COMMIT; BEGIN; UPDATE t SET a = a + 1')\n" + FAIL),
    ('another connection', SERVERS,
     "with op.get_bind().engine.connect() as other:\n"
     "    transaction = other.begin()\n"
     "    other.execute(sa.text('INSERT INTO d VALUES (5)'))\n"
     "    transaction.commit()\n" + FAIL),
    ('procedure', ['mariadb'], UPDATE + "op.execute('CALL p()')\n" + FAIL),
    ('compound', ['mariadb'], "op.execute('BEGIN NOT ATOMIC UPDATE t SET a = "
     "a * 100; END')\nop.execute('CREATE TABLE u (a int)')\n" + FAIL),
    ('compound alone', ['mariadb'], "op.execute('BEGIN NOT ATOMIC UPDATE t "
     "SET a = a * 100; END')\n" + FAIL),
]


def each(cases):
    """The cases, one for each kind of database."""
    return [pytest.param(kind, body, id='%s-%s' % (name, kind))
            for name, kinds, body in cases for kind in kinds]


def make(request, tmpdir, kind, body=None):
    """A project at its first revision; *body* is pending."""
    url = None if kind == 'sqlite' else \
        request.getfixturevalue(kind + '_url')
    project = Project(tmpdir, url)
    project.python('init')
    project.write_revision('one', '\n'.join(
        'op.execute(%r)' % statement for statement in START))
    project.python('upgrade')
    if kind == 'mariadb':
        project.execute('CREATE PROCEDURE p() COMMIT')
        project.execute('CREATE FUNCTION f(x int) RETURNS int BEGIN INSERT '
                        'INTO t VALUES (x); RETURN x; END')
    if kind == 'postgresql':
        project.execute('CREATE FUNCTION f(x int) RETURNS void AS $$ INSERT '
                        'INTO t VALUES (x) $$ LANGUAGE sql')
    if body is not None:
        project.write_revision('two', body, down='one')
    return project


def state(project):
    return [(name, sorted(project.query('SELECT * FROM ' + name)))
            for name in project.tables()]


def fail(project):
    with pytest.raises(MigrationFailed) as caught:
        project.python('upgrade')
    assert project.version() == ['one']
    return caught.value


@pytest.mark.parametrize('kind, body', each(
    CERTAIN + READS + NO_COMMITS) + [
    pytest.param(*case.values, id=case.id, marks=needs_blocks)
    for case in each(BLOCKS)] + [
    pytest.param(*case.values, id=case.id, marks=pytest.mark.skipif(
        compat.python.PY2, reason='Its sqlite3 does not say.'))
    for case in each(ROLLED_BACK)])
def test_what_is_listed_is_what_took_effect(request, tmpdir, kind, body):
    project = make(request, tmpdir, kind, body)
    before = state(project)
    error = fail(project)
    after, message = state(project), str(error)
    assert ('The database is at one, as before.' in message) \
        == (after == before)
    assert ('took effect:' in message) == (after != before)
    assert 'may be' not in message
    listed = [line[4:] for line in message.splitlines()
              if line.startswith('    ')]
    assert listed == error.took_effect
    for name in project.tables():
        project.execute('DROP TABLE ' + name)
    for statement in START + listed:
        project.execute(statement)
    assert state(project) == after


#: SQLAlchemy 0.8 says nothing of a rollback without a transaction of its own.
UNSEEN = [
    ('unseen commit, then an exception', SERVERS, UPDATE
     + "getattr(op.get_bind(), 'connec' 'tion').commit()\n"
     "raise RuntimeError('broken')"),
]


@pytest.mark.parametrize('kind, body', each(UNCERTAIN) + [
    pytest.param(*case.values, id=case.id, marks=pytest.mark.skipif(
        compat.alembic.alembic_version() < (0, 7), reason='old SQLAlchemy'))
    for case in each(UNSEEN)])
def test_where_nobody_knows_nothing_is_claimed(request, tmpdir, kind, body):
    message = str(fail(make(request, tmpdir, kind, body)))
    assert 'as before' not in message
    assert 'may be' in message


PROCEDURES = [
    ('do', ['postgresql'], "with op.get_context().autocommit_block():\n"
     "    op.execute('DO $$ BEGIN UPDATE t SET a = a * 100; COMMIT; INSERT "
     "INTO nowhere VALUES (1); END $$')"),
    ('call', ['postgresql'], "op.execute('CREATE PROCEDURE p() LANGUAGE "
     "plpgsql AS $$ BEGIN UPDATE t SET a = a * 100; COMMIT; INSERT INTO "
     "nowhere VALUES (1); END $$')\n"
     "with op.get_context().autocommit_block():\n    op.execute('CALL p()')"),
]


@needs_blocks
@pytest.mark.parametrize('kind, body', each(PROCEDURES))
def test_a_procedure_that_fails_after_its_commit(request, tmpdir, kind, body):
    message = str(fail(make(request, tmpdir, kind, body)))
    assert 'as before' not in message
    assert 'may be' in message


EARLIER = "Revisions before have ended their transaction"


@needs_blocks
@pytest.mark.parametrize('kind', ['sqlite', 'postgresql'])
def test_what_an_earlier_revision_has_committed(request, tmpdir, kind):
    """It is run again, as its entry in the version table is rolled back."""
    project = make(request, tmpdir, kind, BLOCK + UPDATE)
    project.write_revision('three', FAIL, down='two')
    message = str(fail(project))
    assert project.query('SELECT a FROM t ORDER BY a') == [(5,), (9,)]
    assert EARLIER in message
    assert '    INSERT INTO t VALUES (9)\n' in message
    assert 'UPDATE' not in message
    assert 'as before' not in message
    # What comes later commits that entry as well.
    project.write_revision('three', BLOCK + FAIL, down='two')
    with pytest.raises(MigrationFailed) as caught:
        project.python('upgrade')
    assert project.version() == ['two']
    assert EARLIER not in str(caught.value)


@needs_blocks
@pytest.mark.parametrize('kind', ['sqlite', 'postgresql'])
def test_what_was_committed_before_a_commit_that_fails(
        request, tmpdir, kind):
    project = make(request, tmpdir, kind, (
        "op.execute('CREATE TABLE c (id int PRIMARY KEY, r int REFERENCES c "
        "DEFERRABLE INITIALLY DEFERRED)')\n") + BLOCK)
    if kind == 'sqlite':
        event.listen(project.engine(), 'connect', lambda connection, record:
                     connection.execute('PRAGMA foreign_keys=ON'))
        project.engine().dispose()
    project.write_revision('three', "op.execute('INSERT INTO c VALUES (1, "
                           "9)')", down='two')
    with pytest.raises(MigrateError) as caught:
        project.python('upgrade')
    assert project.version() == ['one']
    message = str(caught.value)
    assert EARLIER in message
    assert 'INSERT INTO t VALUES (9)' in message
    assert 'as before' not in message


def test_the_database_whose_commit_fails_is_named(tmpdir, postgresql_url):
    """Although env.py has configured another one after it."""
    project = Project(tmpdir, postgresql_url, binds={
        'users': 'sqlite:///%s' % tmpdir.join('users.db')})
    project.python('init', multidb=True)
    project.write_revision('one', (
        "op.execute('CREATE TABLE c (id int PRIMARY KEY, r int REFERENCES c "
        "DEFERRABLE INITIALLY DEFERRED)')\n"
        "op.execute('INSERT INTO c VALUES (1, 9)')"))
    with pytest.raises(MigrateError) as caught:
        project.python('upgrade')
    first = str(caught.value).splitlines()[0]
    assert 'violates foreign key' in first
    assert 'postgresql' in first
    assert 'users.db' not in first


@needs_blocks
@pytest.mark.parametrize('kind', ['sqlite', 'postgresql'])
def test_nothing_earlier_where_env_py_fails(request, tmpdir, kind):
    project = make(request, tmpdir, kind, BLOCK)
    path = os.path.join(project.directory, 'env.py')
    with io.open(path, 'a') as file:
        file.write(u"\nraise RuntimeError('afterwards')\n")
    with pytest.raises(MigrateError) as caught:
        project.python('upgrade')
    assert project.version() == ['two']
    assert 'is now at two' in str(caught.value)
    assert EARLIER not in str(caught.value)


@pytest.mark.server
def test_an_earlier_commit_past_sqlalchemy(request, tmpdir):
    project = make(request, tmpdir, 'postgresql', UPDATE + RAW
                   + "raw.commit()\ncursor.execute('SELECT 1')\n")
    project.write_revision('three', FAIL, down='two')
    message = str(fail(project))
    assert project.query('SELECT a FROM t') == [(500,)]
    assert 'as before' not in message
    assert 'What revisions before did past their connection may be' in message


@pytest.mark.server
def test_several_statements_in_one_text(request, tmpdir):
    project = make(request, tmpdir, 'mariadb', "op.execute('UPDATE t SET a = "
                   "a * 100; COMMIT; UPDATE t SET a = a + 1')\n" + FAIL)
    config = project.app.config
    url = config['SQLALCHEMY_DATABASE_URI']
    project = Project(tmpdir, url + '?client_flag=65536')
    message = str(fail(project))
    assert 'as before' not in message
    assert 'may be' in message
    assert 'The rest was rolled back' not in message


@pytest.mark.server
def test_what_no_rollback_takes_back(request, tmpdir):
    project = make(request, tmpdir, 'postgresql', UPDATE
                   + "op.execute(\"SELECT setval('s', 77)\")\n" + FAIL)
    project.execute('CREATE SEQUENCE s')
    error = fail(project)
    assert project.query('SELECT last_value FROM s') == [(77,)]
    assert project.query('SELECT a FROM t') == [(5,)]
    assert "No rollback takes this back: SELECT setval('s', 77)" in str(error)
    assert 'as before' not in str(error)
    assert error.took_effect == []


@pytest.mark.server
@pytest.mark.parametrize('kind', SERVERS)
def test_reading_on_another_connection_is_harmless(request, tmpdir, kind):
    message = str(fail(make(
        request, tmpdir, kind, UPDATE + "engine = op.get_bind().engine\n"
        "with engine.connect() as other:\n"
        "    other.execute(sa.text('SELECT * FROM d'))\n" + FAIL)))
    assert 'as before' in message
    assert 'may be' not in message


@pytest.mark.server
def test_a_failure_that_was_caught(request, tmpdir):
    """DDL commits also where it fails, and the error is gone."""
    error = fail(make(request, tmpdir, 'mariadb', UPDATE + (
        "try:\n    op.execute('ALTER TABLE t ADD a int')\n"
        "except Exception:\n    pass\n") + FAIL))
    assert error.took_effect == ['UPDATE t SET a = a * 100']


@pytest.mark.server
@needs_blocks
def test_an_index_that_is_not_valid(request, tmpdir):
    project = make(request, tmpdir, 'postgresql', (
        "with op.get_context().autocommit_block():\n"
        "    op.execute('CREATE UNIQUE INDEX CONCURRENTLY \"An index\" "
        "ON d (a)')"))
    message = str(fail(project))
    assert 'The index "An index" is left behind, and is not valid. Before ' \
        'the next run: DROP INDEX "An index"' in message
    assert 'as before' not in message
    project.execute('DROP INDEX "An index"')
    assert 'is left behind' in str(fail(project))


@pytest.mark.server
def test_a_commit_that_fails(request, tmpdir):
    """What is looked at by COMMIT only is not said to have taken effect."""
    project = make(request, tmpdir, 'postgresql', (
        "op.execute('CREATE TABLE p (a int PRIMARY KEY)')\n"
        "op.execute('CREATE TABLE c (a int REFERENCES p DEFERRABLE "
        "INITIALLY DEFERRED)')\n"
        "op.execute('INSERT INTO c VALUES (7)')\n"))
    before = state(project)
    with pytest.raises(Exception) as caught:
        project.python('upgrade')
    assert 'took effect' not in str(caught.value)
    assert state(project) == before
    assert project.version() == ['one']


@needs_blocks
def test_foreign_keys_that_are_violated_behind_a_block(tmpdir):
    """COMMIT refuses the rest; what the block has committed is named."""
    from sqlalchemy import event
    project = Project(tmpdir)
    event.listen(project.engine(), 'connect', lambda connection, record:
                 connection.execute('PRAGMA foreign_keys=ON'))
    project.python('init')
    project.write_revision('one', (
        "op.execute('CREATE TABLE p (a int PRIMARY KEY)')\n"
        "op.execute('CREATE TABLE c (a int REFERENCES p (a))')\n"
        "op.execute('CREATE TABLE gone (a int)')"))
    project.python('upgrade')
    project.write_revision('two', (
        "with op.get_context().autocommit_block():\n"
        "    op.execute('INSERT INTO p VALUES (1)')\n"
        "op.drop_table('gone')\nop.execute('INSERT INTO c VALUES (99)')"),
        down='one')
    with pytest.raises(errors.MigrateError) as caught:
        project.python('upgrade')
    message = str(caught.value)
    assert 'Foreign keys would be violated' in message
    assert 'othing was committed' not in message
    assert state(project) == [('c', []), ('gone', []), ('p', [(1,)])]
    assert 'DROP TABLE' not in message.partition('took effect')[2]
    assert project.version() == ['one']


# ----------------------------------------------------- schemas, earlier runs

TENANTS = u'''
from alembic import context
from flask import current_app
from sqlalchemy import text

db = current_app.extensions['migrate'].db
for tenant in 'first', 'second':
    with db.engine.connect() as connection:
        transaction = connection.begin()
        connection.execute(text('SET search_path TO ' + tenant))
        transaction.commit()
        context.configure(connection=connection)
        with context.begin_transaction():
            context.run_migrations()
'''


def of_tenants(tmpdir, url):
    project = Project(tmpdir, url)
    project.python('init')
    with io.open(os.path.join(project.directory, 'env.py'), 'w') as file:
        file.write(TENANTS)
    for tenant in 'first', 'second':
        project.execute('CREATE SCHEMA ' + tenant)
    return project


def test_each_tenant_is_where_the_message_says(tmpdir, postgresql_url):
    project = of_tenants(tmpdir, postgresql_url)
    project.write_revision('one', "op.execute('CREATE TABLE t (a int)')")
    project.python('upgrade')
    project.execute('CREATE TABLE second.u (a int)')
    project.write_revision('two', "op.execute('CREATE TABLE u (a int)')",
                           down='one')
    with pytest.raises(MigrationFailed) as caught:
        project.python('upgrade')
    message = str(caught.value)
    assert 'The database (first) is now at two: ' in message
    assert 'The database (second) is at one, as before' in message
    for tenant, version in ('first', 'two'), ('second', 'one'):
        assert project.query('SELECT version_num FROM %s.alembic_version'
                             % tenant) == [(version,)]


@needs_blocks
def test_what_one_tenant_has_committed(tmpdir, postgresql_url):
    """That of the first is recorded, with all its revisions."""
    project = of_tenants(tmpdir, postgresql_url)
    for tenant in 'first', 'second':
        project.execute('CREATE TABLE %s.t (a int)' % tenant)
    project.execute('CREATE TABLE second.u (a int)')
    project.write_revision('one', BLOCK)
    project.write_revision('two', "op.execute('CREATE TABLE u (a int)')",
                           down='one')
    with pytest.raises(MigrationFailed) as caught:
        project.python('upgrade')
    message = str(caught.value)
    assert message.count('INSERT INTO t VALUES (9)') == 1
    assert 'The database (first) is now at two: ' in message
    assert 'The database (second) is at base, but for what is ' in message


@slow                       # the server takes its time to notice
@pytest.mark.server
def test_after_a_run_that_was_killed(request, tmpdir):
    reached = os.path.join(str(tmpdir), 'reached')
    project = make(request, tmpdir, 'mariadb', (
        "op.execute('CREATE TABLE u (a int)')\n"
        "open(%r, 'w').close()\n"
        "op.execute('DO SLEEP(3000)')" % reached))
    processes.write(project)
    process = processes.start(project, 'manage', 'upgrade')
    processes.wait_for(lambda: os.path.exists(reached), what=process)
    process.send(signal.SIGKILL)
    process.result()
    with pytest.raises(MigrationFailed) as caught:
        project.python('upgrade', wait=120)
    message = str(caught.value)
    assert "Table 'u' already exists" in message
    assert 'No statement of this revision took effect' in message
    assert 'Perhaps an earlier run has done this already' in message


@pytest.mark.server
def test_a_server_that_ends_the_connection(request, tmpdir):
    """What it was executing has or has not taken effect."""
    project = make(request, tmpdir, 'mariadb', UPDATE + (
        "from test_effects import kill_soon\n"
        "kill_soon(op.get_bind())\n"
        "op.execute('ALTER TABLE d ADD COLUMN b int')"))
    message = str(fail(project))
    assert 'It is not known whether this took effect, as no answer came: ' \
        'ALTER TABLE d ADD COLUMN b' in message
    assert 'as before' not in message


@pytest.mark.server
@pytest.mark.parametrize('kind, ask, end', [
    ('postgresql', 'SELECT pg_backend_pid()',
     'SELECT pg_terminate_backend(%d)'),
    ('mariadb', 'SELECT CONNECTION_ID()', 'KILL %d')])
def test_a_connection_that_has_ended(request, tmpdir, kind, ask, end):
    """The statement that found it out is named, and what it said."""
    message = str(fail(make(request, tmpdir, kind, (
        "bind = op.get_bind()\nengine = bind.engine\n"
        "number = bind.execute(sa.text(%r)).scalar()\n"
        "with engine.connect() as other:\n"
        "    other.execute(sa.text(%r %% number))\n" % (ask, end)) + UPDATE)))
    assert 'Statement: UPDATE t' in message
    assert 'PendingRollbackError' not in message
    assert 'The database is at one' in message


def kill_soon(connection):
    """Let the server end a Connection, when it waits to ALTER a table."""
    number = compat.sqlalchemy.server_process(connection)
    other = dialects.OwnConnection(connection.engine)
    other.execute('SELECT * FROM d')        # in a transaction

    def kill():
        processes.wait_for(lambda: other.execute(
            "SELECT 1 FROM information_schema.processlist WHERE id = %d AND "
            "state LIKE 'Waiting for%%'" % number))
        other.execute('KILL %d' % number)
        other.close()
    threading.Thread(target=kill).start()


# --------------------------------------------------------- length and secrets

def test_a_long_statement_is_cut(tmpdir):
    project = Project(tmpdir)
    project.python('init')
    project.write_revision('one', "op.execute('INSERT INTO nowhere VALUES "
                           "(1) /* ' + 'x' * 2000000 + ' */')")
    with pytest.raises(MigrationFailed) as caught:
        project.python('upgrade')
    assert len(str(caught.value)) < 5000
    assert len(caught.value.statement) > 2000000


@pytest.mark.server
def test_many_statements_are_cut(request, tmpdir):
    project = make(request, tmpdir, 'mariadb', (
        "for i in range(300):\n    op.execute('INSERT INTO t VALUES (1)')\n"
        "op.execute('CREATE TABLE u (a int)')\n" + FAIL))
    error = fail(project)
    assert len(str(error).splitlines()) < 40
    assert 'and 281 more' in str(error)
    assert len(error.took_effect) == 301


@pytest.mark.server
def test_passwords_are_masked(request, tmpdir):
    for kind in SERVERS:
        name = "'u'@'%%'" if kind == 'mariadb' else 'u'
        word = 'IDENTIFIED BY' if kind == 'mariadb' else 'PASSWORD'
        project = make(request, tmpdir.mkdir(kind), kind, (
            'op.execute("ALTER USER %s %s \'sesame\'")' % (name, word)))
        assert 'sesame' not in str(fail(project))
        project.write_revision('two', (
            'raise RuntimeError("cannot reach postgresql://u:sesame@h/d")'),
            down='one')
        message = str(fail(project))
        assert 'sesame' not in message and '://u:***@h/d' in message


@pytest.mark.once
@pytest.mark.parametrize('column, shown', [
    ('password', False), ('name', True)])
def test_parameters_that_may_be_passwords(tmpdir, column, shown):
    project = make(None, tmpdir, 'sqlite', (
        "op.get_bind().execute(sa.text('INSERT INTO nowhere (%s) "
        "VALUES (:it)'), {'it': 'hunter2'})" % column))
    assert ('hunter2' in str(fail(project))) == shown


@pytest.mark.parametrize('text, shown', [
    (u"ALTER USER u PASSWORD 'ab c'", u"ALTER USER u PASSWORD '***'"),
    (u'mysql://u:s%40@h:1/d', u'mysql://u:***@h:1/d'),
    (u'http://h:80/a@b', u'http://h:80/a@b'),
])
def test_what_is_masked(text, shown):
    assert masking.without_secrets(text) == shown


# ----------------------------------------------------- errors of other people

class ReadOnly(Exception):
    """As those of pymongo."""

    @property
    def code(self):
        return 11000


def test_an_error_whose_code_cannot_be_set(tmpdir):
    project = Project(tmpdir)
    project.python('init')
    project.write_revision('one', (
        "from test_effects import ReadOnly\nraise ReadOnly('of pymongo')"))
    with pytest.raises(ReadOnly) as caught:
        project.python('upgrade')
    assert isinstance(caught.value, MigrationFailed)
    assert 'ReadOnly: of pymongo' in str(caught.value)
    assert str(caught.value.code).startswith('Error: Revision one')


def test_a_proxy_among_the_globals_of_env_py(tmpdir):
    project = Project(tmpdir)
    project.python('init')
    path = os.path.join(project.directory, 'env.py')
    with io.open(path) as file:
        text = file.read()
    with io.open(path, 'w') as file:
        file.write(u'from flask import g, request, session\n' + text)
    project.write_revision('one', "raise RuntimeError('the real one')")
    with pytest.raises(RuntimeError) as caught:
        project.python('upgrade')
    assert 'the real one' in str(caught.value)


def pickled(error):
    again = pickle.loads(pickle.dumps(error, 2))
    assert type(again).__name__ == type(error).__name__
    assert str(again) == str(error)
    return again


@pytest.mark.server
def test_every_error_can_be_pickled(request, tmpdir):
    project = make(request, tmpdir, 'postgresql', UPDATE + FAIL)
    error = fail(project)
    again = pickled(error)
    assert isinstance(again, MigrationFailed)
    from sqlalchemy.exc import DBAPIError
    assert isinstance(error, DBAPIError)
    assert isinstance(again, DBAPIError)
    for name in ('revision', 'path', 'line', 'direction', 'statement',
                 'took_effect', 'code'):
        assert getattr(again, name) == getattr(error, name)
    assert pickled(again).revision == 'two'
    project.write_revision('two', (
        "class Own(Exception):\n    pass\nraise Own('of the revision')"),
        down='one')
    again = pickled(fail(project))
    assert isinstance(again, MigrationFailed) and again.revision == 'two'
    assert pickled(DiffsDetected('They differ.', [('add', 1)])).diffs == [
        ('add', 1)]
    for kind in (LockTimeout, errors.LockLost, errors.ForeignKeyViolation,
                 errors.MigrateError, errors.NoApplication):
        assert type(pickled(kind(u'In vain.'))) is kind
