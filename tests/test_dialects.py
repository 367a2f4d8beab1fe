# -*- coding: utf-8 -*-
"""What each kind of database can do, asked of real servers."""
from contextlib import contextmanager
import os
import signal
import subprocess
import sys
import threading

from alembic.migration import MigrationContext
import pytest
import sqlalchemy
from sqlalchemy import text

from flask_migrate import compat, dialects
from flask_migrate.dialects import locks as waiting, masking, mysql_commits
from flask_migrate.errors import MigrateError
from flask_migrate.run import interrupts as run_interrupts, watching
from flask_migrate.run.interrupts import Signals
from variants import some

CHECKOUT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))


@pytest.fixture
def engines():
    """Makes engines, and disposes of them."""
    made = []

    def engine(url, **options):
        made.append(sqlalchemy.create_engine(url, **options))
        return made[-1]
    yield engine
    for each in made:
        each.dispose()


@pytest.fixture
def postgresql(engines, postgresql_url):
    return engines(postgresql_url)


@pytest.fixture
def mariadb(engines, mariadb_url):
    return engines(mariadb_url)


@pytest.fixture(params=['postgresql', 'mariadb'])
def engine(request):
    """The engine of a new database on each kind of server."""
    return request.getfixturevalue(request.param)


@pytest.fixture
def locks():
    """Makes locks, and releases them."""
    made = []

    def lock(engine):
        made.append(dialects.of(engine).lock(engine))
        return made[-1]
    yield lock
    for each in made:
        each.release()


@pytest.fixture
def run(engine):
    return runner(engine)


def runner(engine):
    """Executes statements on connections of their own, at once."""
    def run(*statements):
        own = dialects.OwnConnection(engine)
        try:
            for statement in statements:
                rows = own.rows(statement)
            return rows
        finally:
            own.close()
    return run


def in_thread(function, *args):
    """Call a function in a thread; return what waits for its outcome."""
    outcome = []

    def call():
        try:
            outcome.append(function(*args))
        except Exception as error:
            outcome.append(error)
    thread = threading.Thread(target=call)
    thread.daemon = True
    thread.start()

    def result():
        thread.join(120)
        assert outcome, 'it does not end'
        return outcome[0]
    return result


def until(condition):
    """Wait for what another session does: nobody tells when it has."""
    event, deadline = threading.Event(), compat.python.monotonic() + 120
    while not condition():
        assert compat.python.monotonic() < deadline
        event.wait(0.15)    # read more often, MariaDB's list stays the same


# ---------------------------------------------------------------------- all

class Held(waiting.Lock):
    """A lock that is free after some tries."""

    def __init__(self, tries):
        self.tries = tries

    def try_acquire(self):
        self.tries -= 1
        return self.tries < 0

    def holder(self):
        return u'process 1'


def test_waiting_for_a_lock(monkeypatch):
    monkeypatch.setattr(waiting.time, 'sleep', lambda seconds: None)
    # Somebody sets the clock; this is not the one.
    monkeypatch.setattr(waiting.time, 'time', lambda: 1 / 0)
    said = []
    waiting.wait_for(Held(3), 600, say=said.append)
    assert said == [
        'Another process is migrating this database (process 1). Waiting up '
        'to 600 seconds for it ...']
    said = []
    waiting.wait_for(Held(0), 0, say=said.append)
    assert said == []


def test_waiting_for_a_lock_in_vain(monkeypatch):
    with pytest.raises(waiting.LockTimeout) as caught:
        waiting.wait_for(Held(9), 0)
    assert str(caught.value) == (
        'Another process is migrating this database (process 1). Run the '
        'command again later, or wait longer with --wait SECONDS. --no-lock '
        'goes ahead at once: only where you are sure that nothing migrates '
        'this database.')
    with pytest.raises(waiting.LockTimeout) as caught:
        waiting.wait_for(Held(9), 5, deadline=compat.python.monotonic() - 1)
    assert '; waited 5 seconds' in str(caught.value)


@pytest.mark.parametrize('query, shown', [
    ("ALTER USER a PASSWORD 'sec''ret'", "ALTER USER a PASSWORD '***'"),
    ("ALTER USER a PASSWORD E'sec\\'ret' b",
     "ALTER USER a PASSWORD E'***' b"),
    ("ALTER USER a PASSWORD 'secret", "ALTER USER a PASSWORD '***'"),
    ("SET PASSWORD FOR a = PASSWORD('secret')",
     "SET PASSWORD FOR a = PASSWORD('***')"),
    ("CREATE USER a IDENTIFIED BY \"secret\"",
     "CREATE USER a IDENTIFIED BY '***'"),
    ("CREATE USER a IDENTIFIED VIA x USING 'secret'", None),
    ("CONNECTION 'host=a password=secret'", None),
    (u"SELECT 'é'\n  FROM t", "SELECT 'é' FROM t"),
    ('x' * 3000, 'x' * masking.SHOWN + ' ...'),
])
def test_queries_of_others_are_short_and_masked(query, shown):
    masked = masking.masked(query)
    assert 'sec' not in masked
    if shown is not None:
        assert masked == shown


def test_an_unknown_kind_can_do_nothing():
    class Bind(object):
        class dialect(object):
            name = 'oracle'
    dialect = dialects.of(Bind)
    assert dialect.lock(None) is None
    assert not dialect.rolls_back_ddl and not dialect.two_phase
    assert dialect.obstacles(None, 1) == {}
    with pytest.raises(MigrateError):
        dialect.check_backup(None, None, 1)


def test_backup_names_the_tool(engine):
    with pytest.raises(MigrateError) as caught:
        dialects.of(engine).check_backup(engine, '', 1)
    assert 'dump' in str(caught.value)


# -------------------------------------------------------------------- locks

def test_a_lock_is_free_at_once(engine, locks, monkeypatch):
    """A server notices later that its connection has been closed."""
    lock = locks(engine)
    assert lock.try_acquire()
    own, close = lock.own, lock.own.close
    monkeypatch.setattr(own, 'close', lambda: None)
    lock.release()
    assert locks(engine).try_acquire()
    close()


def test_a_lock_where_the_application_begins_at_connect(postgresql, locks):
    """As many do to set a search_path; the driver begins a transaction."""
    @sqlalchemy.event.listens_for(postgresql, 'connect')
    def begin(raw, record):
        raw.cursor().execute('SELECT 1')
    lock = locks(postgresql)
    assert lock.try_acquire()
    assert not lock.is_lost()


def test_one_at_a_time(engine, locks):
    first, second = locks(engine), locks(engine)
    assert first.key == second.key
    assert first.try_acquire()
    assert not second.try_acquire()
    assert 'user flask from 127.0.0.1' in second.holder()
    assert not first.is_lost() and second.is_lost()
    first.release()
    assert second.try_acquire() and first.is_lost()
    first.release()         # again


def test_a_lock_that_is_lost(engine, locks, run):
    lock = locks(engine)
    assert lock.try_acquire()
    number = lock.own.one({
        'postgresql': 'SELECT pg_backend_pid()',
        'mysql': 'SELECT CONNECTION_ID()'}[engine.dialect.name])
    run(dialects.of(engine).end % number)
    until(lock.is_lost)
    with pytest.raises(MigrateError) as caught:
        lock.own.held = None
        lock.try_acquire()
    assert 'cannot be taken' in str(caught.value)
    assert '--no-lock' in str(caught.value)
    assert lock.is_lost()


def test_questions_do_not_free_the_lock(engine, locks):
    lock, other = locks(engine), locks(engine)
    assert lock.try_acquire()
    for sql in ('SELECT 1', 'SELECT nothing', 'no SQL'):
        try:
            lock.own.rows(sql)
        except Exception:
            assert sql != 'SELECT 1'
        assert not lock.is_lost() and not other.try_acquire()


@pytest.mark.parametrize('kind', ['postgresql', 'mariadb'])
def test_no_room_for_a_second_connection(request, engines, locks, kind):
    url = request.getfixturevalue(kind + '_url')
    server = request.getfixturevalue(kind + '_server')
    database = url.rsplit('/', 1)[1]
    name = 'one' + database[:10]
    engine = engines(server.create_user(name, 'secret', database))
    server.execute({
        'postgresql': 'ALTER ROLE %s CONNECTION LIMIT 1' % name,
        'mariadb': "GRANT USAGE ON *.* TO '%s'@'%%' WITH "
                   "MAX_USER_CONNECTIONS 1" % name}[kind])
    with engine.connect():
        with pytest.raises(MigrateError) as caught:
            locks(engine)
    message = str(caught.value)
    assert 'needs a second connection' in message
    assert '--no-lock' in message and '\n' not in message
    assert 'secret' not in message and name in message


def test_no_right_to_lock(engines, locks, postgresql, postgresql_url,
                          postgresql_server):
    database = postgresql_url.rsplit('/', 1)[1]
    runner(postgresql)('REVOKE EXECUTE ON FUNCTION '
                       'pg_try_advisory_xact_lock(bigint) FROM PUBLIC')
    engine = engines(postgresql_server.create_user(
        'few' + database[:10], 'secret', database))
    lock = locks(engine)
    with pytest.raises(MigrateError) as caught:
        lock.try_acquire()
    assert 'permission denied' in str(caught.value)
    assert '--no-lock' in str(caught.value)


def test_a_url_without_a_database(engines, locks, mariadb, mariadb_url):
    without = engines(mariadb_url.rsplit('/', 1)[0] + '/')
    lock, other = locks(without), locks(mariadb)
    assert lock.key != other.key
    assert lock.try_acquire() and other.try_acquire()
    assert not locks(without).try_acquire()


# ------------------------------------------------ PostgreSQL's transaction

HARSH = ('-c default_transaction_isolation=serializable '
         '-c default_transaction_read_only=on '
         '-c idle_in_transaction_session_timeout=12345 '
         '-c statement_timeout=23456 -c lock_timeout=34567')


@pytest.mark.parametrize('options', [
    {}, {'isolation_level': 'AUTOCOMMIT'},
    {'isolation_level': 'REPEATABLE READ'},
    {'isolation_level': 'SERIALIZABLE'},
    {'connect_args': {'options': HARSH}},
    {'connect_args': {'options': HARSH}, 'isolation_level': 'AUTOCOMMIT'},
], ids=str)
def test_the_transaction_of_the_lock(
        engines, locks, postgresql, postgresql_url, options):
    run = runner(postgresql)
    run('CREATE TABLE t (a int)')
    engine = engines(postgresql_url, **options)
    try:
        engine.connect().close()
    except sqlalchemy.exc.ArgumentError:
        pytest.skip('SQLAlchemy 0.8.0 knows no AUTOCOMMIT.')
    lock = locks(engine)
    assert lock.try_acquire()
    for name, value in (
            ('transaction_isolation', 'read committed'),
            ('transaction_read_only', 'off'), ('statement_timeout', '0'),
            ('idle_in_transaction_session_timeout', '0'),
            ('lock_timeout', '0')):
        assert lock.own.one('SHOW ' + name) == value, name
    assert not locks(postgresql).try_acquire()
    assert lock.own.one('SELECT count(*) FROM t') == 0
    # Another session does not wait for it.
    concurrently(postgresql)


def test_questions_see_who_has_come_since(locks, postgresql):
    lock = locks(postgresql)
    assert lock.try_acquire()
    sql = 'SELECT count(*) FROM pg_stat_activity'
    # The statistics are read once in a transaction; in one savepoint, too.
    lock.own.execute(sql)
    own = dialects.OwnConnection(postgresql)
    try:
        assert lock.own.one(sql + ' WHERE pid = %d' % own.one(
            'SELECT pg_backend_pid()')) == 1
    finally:
        own.close()


def concurrently(engine):
    own = dialects.OwnConnection(engine)
    try:
        compat.sqlalchemy.raw_of(own.connection).autocommit = True
        own.execute("SET statement_timeout = '120s'")
        own.execute('CREATE INDEX CONCURRENTLY ON t (a)')
        return 'done'
    finally:
        own.close()


def index_that_waits(lock, postgresql):
    """Begin an index that waits for the end of the lock's transaction.

    :return: what waits for its outcome.
    """
    run = runner(postgresql)
    run('CREATE TABLE t (a int)')
    # For nobody else's transaction, such as that of who asks here.
    waits = ('SELECT 1 FROM pg_locks w JOIN pg_locks own ON own.virtualxid = '
             'w.virtualxid WHERE NOT w.granted AND own.granted AND own.pid = '
             '%d' % lock.own.one('SELECT pg_backend_pid()'))
    gate = dialects.OwnConnection(postgresql)
    try:
        gate.execute('SELECT pg_advisory_lock(77)')
        question = in_thread(
            lock.own.rows, 'SELECT pg_advisory_lock_shared(77)')
        until(lambda: run("SELECT 1 FROM pg_locks WHERE locktype = "
                          "'advisory' AND NOT granted"))
        index = in_thread(concurrently, postgresql)
        until(lambda: run(waits))
    finally:
        gate.close()
    assert not isinstance(question(), Exception)
    assert run(waits)
    return index


def test_an_index_that_waits_for_a_question(
        engines, locks, postgresql, postgresql_url, monkeypatch):
    lock, other = locks(engines(postgresql_url, connect_args={
        'options': '-c idle_in_transaction_session_timeout=54321'})), locks(
            postgresql)
    assert lock.try_acquire()
    index = index_that_waits(lock, postgresql)
    # Between the two transactions nobody else gets it.
    tried, again = [], lock.own._try_again
    monkeypatch.setattr(lock.own, '_try_again', lambda: (
        tried.append(other.try_acquire()), again()))
    dialects.of(postgresql).obstacles(lock.own, 1)
    assert tried == [False]
    assert index() == 'done'
    assert lock.own.one('SHOW idle_in_transaction_session_timeout') == '0'
    assert not lock.is_lost() and not other.try_acquire()
    lock.release()
    assert other.try_acquire()


def test_a_lock_that_somebody_gets_meanwhile_is_lost(
        locks, postgresql, monkeypatch):
    """Which can be before PostgreSQL 12, for a moment."""
    lock, other = locks(postgresql), locks(postgresql)
    assert lock.try_acquire()
    index = index_that_waits(lock, postgresql)
    got, begin = [], lock.own.begin
    monkeypatch.setattr(lock.own, '_can_chain', lambda: False)
    monkeypatch.setattr(lock.own, 'begin', lambda: (
        got.append(other.try_acquire()), begin()))
    try:
        dialects.of(postgresql).obstacles(lock.own, 1)
    except Exception:
        pass                        # nothing can be asked on it any more
    assert got == [True]
    assert lock.is_lost() and not other.is_lost()
    assert index() == 'done'


# ------------------------------------------------------------ the borrowed

def test_nobody_gets_a_borrowed_connection(engines, engine):
    engine = engines(engine.url, pool_size=1, max_overflow=0)
    dialect = dialects.of(engine)
    with engine.connect() as connection:
        borrowed = dialect.borrow(connection)
        assert borrowed.discarded and borrowed.clean
        number = dialect.session_number(connection)
        dialect.lock_timeout(connection, 1, borrowed)
    with engine.connect() as connection:
        assert dialect.session_number(connection) != number
    borrowed.give_back()


def test_the_number_of_a_session(engine, run, monkeypatch):
    """To ask for it begins no transaction; not every driver knows it."""
    dialect = dialects.of(engine)
    engine.connect().close()    # SQLAlchemy 1.2 asks much on the first one
    with engine.connect() as connection:
        number = dialect.session_number(connection)
        assert not compat.sqlalchemy.has_begun(connection)
        if engine.dialect.name == 'postgresql':
            assert run('SELECT state FROM pg_stat_activity WHERE pid = %d'
                       % number) == [('idle',)]
        monkeypatch.setattr(compat.sqlalchemy, 'server_process',
                            lambda connection: None)
        with connection.begin():
            assert dialect.session_number(connection) == number


SHOW = {'postgresql': ('SHOW lock_timeout', '2s', '0'),
        'mysql': ('SELECT @@SESSION.lock_wait_timeout', 2, 86400)}


@pytest.mark.parametrize('begun', [True, False])
@pytest.mark.parametrize('given', [True, False])
def test_a_lock_timeout(engine, run, given, begun):
    run('CREATE TABLE t (a int)')
    dialect = dialects.of(engine)
    sql, set_to, before = SHOW[engine.dialect.name]
    with engine.connect() as connection:
        transaction = begun and connection.begin()
        if begun:
            connection.execute(text('INSERT INTO t VALUES (1)'))
        borrowed = dialect.borrow(connection, given)
        dialect.lock_timeout(connection, 2, borrowed)
        ask = mysql_or_postgresql(connection)
        assert ask(sql) == set_to
        borrowed.give_back()
        if given:
            assert ask(sql) == before
        if begun:
            # Neither committed nor rolled back.
            assert run('SELECT count(*) FROM t')[0][0] == 0
            assert connection.execute(
                text('SELECT count(*) FROM t')).scalar() == 1
            transaction.rollback()
        elif not given:
            compat.sqlalchemy.raw_connection(connection).rollback()
            assert ask(sql) == set_to
    assert run('SELECT count(*) FROM t')[0][0] == 0


def mysql_or_postgresql(connection):
    def ask(sql):
        cursor = compat.sqlalchemy.raw_connection(connection).cursor()
        cursor.execute(sql)
        return cursor.fetchone()[0]
    return ask


def test_what_env_py_has_set_stays(postgresql):
    with postgresql.connect() as connection:
        connection.execute(text('CREATE SCHEMA tenant')) \
            if connection.in_transaction() else None
        connection.execute(text('SET search_path TO tenant'))
        dialect = dialects.of(connection)
        borrowed = dialect.borrow(connection)
        dialect.lock_timeout(connection, 2, borrowed)
        dialect.session_number(connection)
        borrowed.give_back()
        assert connection.execute(
            text('SHOW search_path')).scalar() == 'tenant'


@pytest.mark.parametrize('kind, level', [
    ('mariadb', 'REPEATABLE READ'), ('mariadb', 'READ COMMITTED'),
    ('postgresql', 'READ COMMITTED'), ('postgresql', 'REPEATABLE READ'),
    ('postgresql', 'SERIALIZABLE')])
@pytest.mark.parametrize('statement', [
    "UPDATE alembic_version SET version_num = 'r2'",
    "INSERT INTO alembic_version VALUES ('r2')",
    "DELETE FROM alembic_version", None])
def test_heads_as_they_are_now(request, engines, locks, kind, level,
                               statement):
    url = request.getfixturevalue(kind + '_url')
    engine = engines(url, isolation_level=level)
    run = runner(engine)
    run('CREATE TABLE alembic_version (version_num varchar(32))',
        "INSERT INTO alembic_version VALUES ('r1')")
    lock = locks(engine)
    assert lock.try_acquire()
    with engine.connect() as connection, connection.begin():
        context = MigrationContext.configure(connection)
        read = heads_of
        assert read(context) == ('r1',)
        if statement:
            run(statement)
        borrowed = dialects.of(engine).borrow(connection)
        fresh = borrowed.fresh_heads(context, read, lock.own)
        stale = kind == 'postgresql' and statement and level != \
            'READ COMMITTED'
        assert borrowed.stale == bool(stale)
        borrowed.give_back()
    assert sorted(fresh) == sorted(
        row[0] for row in run('SELECT version_num FROM alembic_version'))


def heads_of(context):
    return tuple(row[0] for row in context.connection.execute(
        text('SELECT version_num FROM alembic_version')))


def test_a_database_without_versions(engine, locks):
    lock = locks(engine)
    with engine.connect() as connection:
        context = MigrationContext.configure(connection)
        borrowed = dialects.of(engine).borrow(connection)
        assert borrowed.fresh_heads(
            context, lambda context: (), lock.own) == ()
        borrowed.give_back()


# --------------------------------------------------------------- obstacles

#: Two statements, of which the second waits for the first.
ROWS = ('UPDATE t SET a = 2', 'UPDATE t SET a = 3')
TABLES = {'postgresql': ('LOCK TABLE t', 'SELECT * FROM t'),
          'mysql': ('UPDATE t SET a = 2', 'ALTER TABLE t ADD COLUMN b int')}
WAITS = {'postgresql': "SELECT 1 FROM pg_locks WHERE NOT granted",
         'mysql': "SELECT 1 FROM information_schema.processlist p LEFT JOIN "
         "information_schema.innodb_trx t ON t.trx_mysql_thread_id = p.id "
         "WHERE t.trx_state = 'LOCK WAIT' OR p.state LIKE 'Waiting for%lock'"}


def statements_of(engine, tables):
    return TABLES[engine.dialect.name] if tables else ROWS


@pytest.fixture
def table(run):
    run('CREATE TABLE t (a int)')
    run('INSERT INTO t VALUES (1)')


@pytest.mark.parametrize('tables', [True, False])
def test_who_is_in_the_way(engine, run, locks, table, tables):
    first, second = statements_of(engine, tables)
    dialect, lock = dialects.of(engine), locks(engine)
    assert lock.try_acquire()
    with engine.connect() as blocker, engine.connect() as connection:
        with blocker.begin():
            blocker.execute(text(first))
            blocking = dialect.session_number(blocker)
            transaction = connection.begin()
            number = dialect.session_number(connection)
            waiting = in_thread(connection.execute, text(second))
            until(lambda: run(WAITS[engine.dialect.name]))
            found = dialect.obstacles(lock.own, number)
            assert list(found) == [blocking]
            assert 'The migration waits for a lock of ' in found[blocking]
            assert dialect.end % blocking in found[blocking]
            # And to end it, from another connection.
            dialect.cancel(engine, number)
            assert isinstance(waiting(), sqlalchemy.exc.DBAPIError)
            transaction.rollback()
    assert dialect.obstacles(lock.own, number) == {}
    assert not lock.is_lost()


@pytest.mark.parametrize('tables', [True, False])
def test_a_migration_that_waits_for_itself(
        engine, run, locks, table, tables):
    first, second = statements_of(engine, tables)
    dialect, lock = dialects.of(engine), locks(engine)
    lock.try_acquire()

    def revision(ready):
        with engine.connect() as connection, connection.begin():
            borrowed = dialect.borrow(connection)
            connection.execute(text(first))
            ready.append((borrowed, dialect.session_number(connection)))
            with engine.connect() as session, session.begin():
                session.execute(text(second))
    ready = []
    failed = in_thread(revision, ready)
    until(lambda: run(WAITS[engine.dialect.name]))
    (borrowed, number), = ready
    other = borrowed.elsewhere()
    found = dialect.obstacles(lock.own, number)
    assert 'through db.session' in found[other]
    # Another thread's session would not be cancelled.
    assert dialect.end_deadlock(lock.own, number, None) is None
    assert dialect.end_deadlock(lock.own, other, number) is None
    said = dialect.end_deadlock(lock.own, number, other)
    assert said.startswith('The migration waited for itself')
    assert isinstance(failed(), sqlalchemy.exc.DBAPIError)
    borrowed.give_back()


def test_another_threads_session_is_not_the_migrations(engine):
    with engine.connect() as connection:
        borrowed = dialects.of(engine).borrow(connection)

        def other():
            with engine.connect() as session:
                session.execute(text('SELECT 1'))
        in_thread(other)()
        assert borrowed.elsewhere() is None
        other()
        assert borrowed.elsewhere() is not None
        connection.execute(text('SELECT 1'))
        assert borrowed.elsewhere() is None
        borrowed.give_back()


class Run(object):
    """What a Watcher looks at."""

    watched = running = lock_timeout = None


def test_the_watcher_ends_what_would_never_end(
        engine, locks, table, monkeypatch):
    monkeypatch.setattr(watching, 'INTERVAL', 0.15)
    monkeypatch.setattr(watching, 'PATIENCE', 0.3)
    first, second = ROWS
    dialect, lock, run = dialects.of(engine), locks(engine), Run()
    lock.try_acquire()

    def revision():
        with engine.connect() as connection, connection.begin():
            borrowed = dialect.borrow(connection)
            connection.execute(text(first))
            run.watched = watching.Watched(
                dialect, engine, dialect.session_number(connection),
                borrowed, lock.own)
            try:
                with engine.connect() as session, session.begin():
                    session.execute(text(second))
            finally:
                borrowed.give_back()
    with watching.Watcher(run) as watcher:
        failed = in_thread(revision)
        assert isinstance(failed(), sqlalchemy.exc.DBAPIError)
        until(lambda: watcher.ended)
    assert watcher.ended.startswith('The migration waited for itself')
    assert watcher.seen == [watcher.ended]
    assert not lock.is_lost()


def test_a_run_takes_one_connection_more_than_its_own(
        engine, locks, run, table, monkeypatch):
    monkeypatch.setattr(watching, 'INTERVAL', 0.1)
    lock, looked, watched = locks(engine), [], Run()
    lock.try_acquire()
    dialect = dialects.of(engine)
    with engine.connect() as connection, connection.begin():
        connection.execute(text(ROWS[0]))
        watched.watched = watching.Watched(
            dialect, engine, dialect.session_number(connection), None,
            lock.own)
        ask = type(dialect).obstacles

        def obstacles(self, own, number):
            looked.append(own)
            return ask(self, own, number)
        monkeypatch.setattr(type(dialect), 'obstacles', obstacles)
        with watching.Watcher(watched):
            until(lambda: len(looked) > 2)
            # Those that have been closed may take a moment.
            until(lambda: run({
                'postgresql': 'SELECT count(*) FROM pg_stat_activity WHERE '
                'datname = current_database() AND pid <> pg_backend_pid() '
                "AND backend_type = 'client backend'",
                'mysql': 'SELECT COUNT(*) FROM information_schema.processlist'
                ' WHERE db = DATABASE() AND id <> CONNECTION_ID()',
            }[engine.dialect.name])[0][0] == 2)
    assert set(looked) == set([lock.own])


# --------------------------------------------------- what commits on MariaDB

COMMITTING = [
    'CREATE TABLE u (a int)', 'CREATE OR REPLACE TABLE t2 (a int)',
    'ALTER TABLE t2 ADD COLUMN b int', 'DROP TABLE t2',
    'DROP TABLE IF EXISTS nothing', 'RENAME TABLE t2 TO u',
    'TRUNCATE TABLE t2', 'CREATE INDEX i ON t2 (a)',
    'CREATE VIEW v AS SELECT 1', 'CREATE OR REPLACE VIEW v AS SELECT 1',
    'CREATE TEMPORARY TABLE u (a int)', 'DROP TEMPORARY TABLE IF EXISTS u',
    'CREATE OR REPLACE TEMPORARY TABLE u (a int)',
    'GRANT SELECT ON t2 TO CURRENT_USER', 'CREATE ROLE IF NOT EXISTS r',
    'FLUSH TABLES', 'FLUSH STATUS', 'FLUSH PRIVILEGES', 'RESET QUERY CACHE',
    'ANALYZE TABLE t2', 'OPTIMIZE TABLE t2', 'REPAIR TABLE t2',
    'CHECK TABLE t2', 'CHECKSUM TABLE t2', 'CACHE INDEX t2 IN nothing',
    'LOAD INDEX INTO CACHE t2', 'LOCK TABLES t WRITE',
    'UNLOCK TABLES', 'BEGIN', 'START TRANSACTION', 'COMMIT',
    'SET autocommit=1', 'SET SESSION autocommit = ON',
    'SET @@autocommit = 1', 'SET @@session.autocommit=1',
    'SET @a = 1, autocommit = 1', 'SET autocommit=0', 'SET @a = 1',
    "SET NAMES utf8mb4", 'SET ROLE NONE',
    'SET STATEMENT lock_wait_timeout = 5 FOR ALTER TABLE t2 ADD COLUMN b int',
    'SET STATEMENT lock_wait_timeout = 5 FOR UPDATE t2 SET a = 1',
    '/* a */ ALTER TABLE t2 ADD COLUMN b int',
    '/*!40000 ALTER TABLE t2 DISABLE KEYS */',
    '/*M!100000 ALTER TABLE t2 DISABLE KEYS */',
    '-- a\nALTER TABLE t2 ADD COLUMN b int', '# a\nDROP TABLE t2',
    'ALTER TABLE nothing ADD COLUMN b int', 'ALTER TABLE t2 ADD COLUMN a int',
    'CREATE TABLE t2 (a int)', 'DROP TABLE nothing', 'DROP INDEX n ON t2',
    'RENAME TABLE nothing TO u', 'TRUNCATE TABLE nothing',
    'ALTER TABLE t2 ADD COLUMN', 'CREATE TEMPORARY TABLE t2 (a nonsense)',
    'DROP TEMPORARY TABLE nothing', 'ALTER USER nobody IDENTIFIED BY ""',
    'DROP USER nobody', 'GRANT nothing TO nobody', 'REVOKE r FROM nobody',
    'SET PASSWORD FOR nobody = PASSWORD("")', 'INSTALL SONAME "nothing"',
    'UNINSTALL SONAME "nothing"', 'INSTALL PLUGIN a SONAME "nothing"',
    'CREATE SEQUENCE s', 'SELECT 1', 'SHOW TABLES', 'DESCRIBE t2',
    'EXPLAIN SELECT 1', 'ANALYZE FORMAT=JSON SELECT 1', 'ANALYZE SELECT 1',
    'SAVEPOINT s', 'HELP "a"', 'USE mysql', 'KILL QUERY 0', 'DO 1',
    'INSERT INTO t2 VALUES (1)', 'DELETE FROM nothing', 'HANDLER t2 OPEN',
    'REPLACE INTO t2 VALUES (1)', 'SHUTDOWN nonsense', 'CHANGE MASTER TO '
    'master_host="a"', 'STOP SLAVE', 'START SLAVE', 'RESET SLAVE',
    'CREATE EVENT e ON SCHEDULE EVERY 1 DAY DO SELECT 1', 'PURGE BINARY LOGS '
    'TO "a"', 'SIGNAL SQLSTATE "45000"', 'RESET MASTER', 'BINLOG "a"',
    'CREATE PROCEDURE p() SELECT 1', 'CREATE TRIGGER g BEFORE INSERT ON t2 '
    'FOR EACH ROW SET NEW.a = 1', 'CREATE FUNCTION f() RETURNS int RETURN 1',
    'CREATE DATABASE mysql', 'ALTER DATABASE COMMENT "a"', 'DROP VIEW nothing',
    'SET DEFAULT ROLE NONE', 'SET TRANSACTION ISOLATION LEVEL SERIALIZABLE',
    'SET GLOBAL autocommit = 1', "SELECT 'autocommit=1'",
    "SET @a = 'autocommit=1'", 'START ALL SLAVES', 'BACKUP STAGE START',
    'BACKUP LOCK t2', 'LOAD DATA INFILE "/nothing" INTO TABLE t2',
    'CREATE SERVER s FOREIGN DATA WRAPPER mysql OPTIONS (HOST "a")',
    'XA RECOVER', 'EXECUTE IMMEDIATE "ALTER TABLE t2 ADD COLUMN b int"',
    'CALL nothing()', 'ROLLBACK', 'LOCK TABLE nothing READ',
]


#: Of which nothing is claimed.
MAY = ('CALL', 'EXECUTE', 'XA', 'UNLOCK', 'CACHE', 'LOAD INDEX',
       'CHANGE', 'START SLAVE', 'START ALL', 'STOP')


@pytest.mark.once
@pytest.mark.parametrize('statement', some(COMMITTING, 4))
def test_what_commits(mariadb, statement):
    run = runner(mariadb)
    run('CREATE TABLE t (a int)', 'INSERT INTO t VALUES (1)',
        'CREATE TABLE t2 (a int)')
    own = dialects.OwnConnection(mariadb)
    error = None
    try:
        own.execute('UPDATE t SET a = 2')
        try:
            own.execute(statement)
        except Exception as failure:
            error = failure
        own.connection.rollback()
    finally:
        own.close()
    until(lambda: run(
        'SELECT COUNT(*) FROM information_schema.processlist '
        'WHERE id <> CONNECTION_ID() AND db = DATABASE()')[0][0] == 0)
    committed = run('SELECT a FROM t')[0][0] == 2
    said = dialects.of(mariadb).commits(statement, error)
    if statement.startswith(MAY):
        assert said is None
    else:
        assert said == committed, (statement, error)


def test_the_number_of_an_error():
    class Error(Exception):
        orig = None
    error = Error()
    error.orig = Exception(1064, 'syntax')
    assert mysql_commits.number_of(error) == 1064
    assert mysql_commits.number_of(Exception('a')) is None
    assert mysql_commits.commits('ALTER TABLE t', error) is False


def test_a_server_that_goes_on_for_a_killed_process(mariadb, locks):
    run, dialect = runner(mariadb), dialects.of(mariadb)
    lock = locks(mariadb)
    with mariadb.connect() as connection:
        borrowed = dialect.borrow(connection)
        borrowed.start_writing([])
        number = dialect.session_number(connection)
        waiting = in_thread(connection.execute, text('DO SLEEP(60)'))
        until(lambda: run("SELECT 1 FROM information_schema.processlist "
                          "WHERE info LIKE 'DO SLEEP%'"))
        assert not lock.try_acquire()
        assert 'connection %d,' % number in lock.holder()
        borrowed.cancel()
        waiting()
        assert lock.try_acquire()
        borrowed.give_back()


# ------------------------------------------------------------------ signals

SCRIPT = u'''
import sys
sys.path.insert(0, %(checkout)r)
import io
import sqlalchemy
from flask_migrate import dialects
from flask_migrate.run.interrupts import Signals
engine = sqlalchemy.create_engine(%(url)r)
connection = engine.connect()
transaction = connection.begin()
borrowed = dialects.of(engine).borrow(connection)
borrowed.stop = borrowed.cancel
signals = Signals()
# It may arrive inside an 'except' of the body.
try:
    with signals, signals.during(borrowed):
        cursor = connection.connection.cursor()
        if engine.dialect.name == 'postgresql':
            cursor.execute('CREATE TEMPORARY TABLE c (a int)')
            cursor.copy_expert('COPY c FROM STDIN', io.BytesIO(b'1'))
            connection.connection.lobject(0, 'w').close()
        cursor.execute(%(statement)r)
        signals.check()     # a SLEEP that is stopped is no error
        print('not interrupted')
except KeyboardInterrupt:
    print('interrupted %%s' %% signals.code)
signals.close()
try:
    transaction.rollback()
except Exception:
    pass
sys.stdout.flush()
'''

STATEMENTS = {
    'postgresql': ['SELECT pg_sleep(300)',
                   'ALTER TABLE t ADD COLUMN b float DEFAULT long()'],
    'mysql': ['DO SLEEP(300)',
              'ALTER TABLE t ADD COLUMN b int DEFAULT SLEEP(300)',
              'UPDATE t SET a = SLEEP(300)']}
ACTIVE = {
    'postgresql': "SELECT 1 FROM pg_stat_activity WHERE state = 'active' AND "
    "datname = current_database() AND (query LIKE 'SELECT pg_sleep%' OR "
    "query LIKE 'ALTER%')",
    'mysql': "SELECT 1 FROM information_schema.processlist WHERE "
    "state = 'User sleep' OR info LIKE 'ALTER%'"}


@pytest.mark.parametrize('number', [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize('which', [0, 1])
def test_a_signal_ends_a_statement(
        engine, run, tmpdir, table, number, which):
    name = engine.dialect.name
    if name == 'postgresql':
        run("CREATE FUNCTION long() RETURNS float LANGUAGE sql VOLATILE AS "
            "'SELECT 1.0::float FROM pg_sleep(300)'")
    script = tmpdir.join('script.py')
    statement = STATEMENTS[name][which * (2 if name == 'mysql' else 1)]
    script.write(SCRIPT % {
        'checkout': CHECKOUT, 'statement': statement,
        'url': compat.python.native(compat.sqlalchemy.url_text(engine.url))})
    # PyMySQL of 2013 has a warning for a SLEEP that is stopped.
    process = subprocess.Popen([sys.executable, '-W', 'ignore', str(script)],
                               stdout=subprocess.PIPE,
                               stderr=subprocess.STDOUT)
    try:
        until(lambda: process.poll() is not None or run(ACTIVE[name]))
        process.poll() is None and process.send_signal(number)
        output = process.communicate()[0].decode('utf-8')
    finally:
        process.poll() is None and process.kill()
    assert output.strip() == 'interrupted %d' % (128 + number), output
    assert not run(ACTIVE[name])


class Work(object):
    """What a signal is to stop."""

    def __init__(self, stop=lambda: None, executes=False):
        self.stop = stop
        self.executes = lambda frame: executes


@contextmanager
def interrupts(stop=lambda: None, executes=False):
    signals = Signals()
    try:
        with signals, signals.during(Work(stop, executes)):
            yield signals
    finally:
        signals.close()


def test_handlers_are_put_back():
    before = [signal.getsignal(number)
              for number in (signal.SIGINT, signal.SIGTERM)]
    cancelled, called = [], threading.Event()

    def cancel():
        cancelled.append(threading.current_thread())
        called.set()
    with pytest.raises(KeyboardInterrupt):
        with interrupts(cancel) as state:
            os.kill(os.getpid(), signal.SIGTERM)
            called.wait(30)
            raise ValueError('of the driver')
    assert state.signal == signal.SIGTERM and state.code == 143
    assert cancelled[0] is not threading.current_thread()
    assert before == [signal.getsignal(number)
                      for number in (signal.SIGINT, signal.SIGTERM)]
    assert signal.set_wakeup_fd(-1) == -1
    with pytest.raises(ValueError):
        with interrupts(cancel) as state:
            raise ValueError('not interrupted')
    assert state.signal is None and state.code is None


def test_handlers_of_others_stay():
    heard, called = [], threading.Event()
    before = signal.signal(signal.SIGTERM, lambda *args: heard.append(1))
    reading, writing = compat.signals.signal_pipe()
    wakeup = signal.set_wakeup_fd(writing)
    try:
        with interrupts(called.set) as state:
            os.kill(os.getpid(), signal.SIGTERM)
            until(lambda: heard)
        assert state.signal is None
        assert signal.set_wakeup_fd(wakeup) == writing
        if compat.signals.signals_can_wake([signal.SIGINT]):
            assert os.read(reading, 1)      # passed on
    finally:
        signal.signal(signal.SIGTERM, before)
        os.close(reading)
        os.close(writing)


def test_signals_are_left_alone_in_a_thread():
    def enter():
        before = signal.getsignal(signal.SIGINT)
        with interrupts() as state:
            return state.signal is None and \
                signal.getsignal(signal.SIGINT) is before
    assert in_thread(enter)() is True


def signal_now(number=signal.SIGINT):
    """Send this process a signal, which has come when this returns."""
    os.kill(os.getpid(), number)
    until(lambda: True)


def test_a_statement_that_returns_is_not_cut_off():
    """A handler that raises inside a driver would cut its connection."""
    after = []
    with pytest.raises(KeyboardInterrupt):
        with interrupts(executes=True) as state:
            signal_now()
            after.append('the driver returns')
            state.check()
    assert after and state.signal == signal.SIGINT


def test_a_statement_that_does_not_return_is(monkeypatch):
    if not compat.signals.signals_can_wake([signal.SIGINT, signal.SIGTERM]):
        pytest.skip('somebody else handles signals')
    monkeypatch.setattr(run_interrupts, 'PATIENCE', 0)
    monkeypatch.setattr(run_interrupts, 'AGAIN', 0.01)
    with pytest.raises(KeyboardInterrupt):
        with interrupts(executes=True):
            signal_now()
            threading.Event().wait(60)
            pytest.fail('it was not cut off')


def test_a_signal_that_gets_lost_is_raised_in_the_end():
    with pytest.raises(KeyboardInterrupt):
        with interrupts():
            try:
                signal_now()
            except KeyboardInterrupt:
                pass
    with pytest.raises(KeyboardInterrupt):
        with interrupts() as state:
            with state.noting():
                signal_now()


def test_a_signal_that_a_finalizer_drops_is_not_printed(capfd):
    class Dropping(object):
        def __del__(self):
            signal_now()
    with pytest.raises(KeyboardInterrupt):
        with interrupts():
            Dropping()
    if hasattr(sys, 'unraisablehook'):
        assert capfd.readouterr() == ('', '')


def test_signals_after_the_command_have_no_effect():
    signals = Signals()
    try:
        with signals:
            pass
        signal_now(signal.SIGTERM)
        assert signals.signal is None
    finally:
        signals.close()
