"""Locks behind PgBouncer in transaction mode."""
import pytest
import sqlalchemy

from flask_migrate import dialects
from flask_migrate.errors import MigrateError
from servers import pgbouncer, pgbouncer_of     # noqa: F401
from variants import slow


def name_of(url):
    return url.rsplit('/', 1)[1]


@pytest.fixture
def engine(pgbouncer, postgresql_url):          # noqa: F811
    engine = sqlalchemy.create_engine(pgbouncer.url(name_of(postgresql_url)))
    yield engine
    engine.dispose()


def lock_of(engine):
    return dialects.of(engine).lock(engine)


def test_the_lock_of_a_session_does_not_hold(engine):
    # What the lock would be without a transaction: nobody else's.
    sql = 'SELECT pg_try_advisory_lock(1)'
    first, second = [dialects.OwnConnection(engine) for _ in range(2)]
    try:
        assert first.one(sql) and second.one(sql)
    finally:
        first.rows('SELECT pg_advisory_unlock_all()')
        first.close()
        second.close()


def test_the_lock_holds(engine):
    first, second = lock_of(engine), lock_of(engine)
    try:
        assert first.key == second.key
        assert first.try_acquire() and first.try_acquire()
        assert not second.try_acquire()
        assert 'server process' in second.holder()
        # What is asked, and an error, do not end it.
        assert first.own.one('SELECT 1') == 1
        with pytest.raises(Exception):
            first.own.rows('SELECT nothing')
        assert not first.is_lost() and not second.try_acquire()
        first.release()
        assert second.own.one("SELECT count(*) FROM pg_locks "
                              "WHERE locktype = 'advisory'") == 0
        assert first.is_lost() and second.try_acquire()
        assert not second.is_lost()
    finally:
        first.release()
        second.release()


def test_the_number_of_a_session_is_the_servers(engine):
    dialect = dialects.of(engine)
    with engine.connect() as connection:
        with connection.begin():
            number = dialect.session_number(connection)
            assert number == connection.execute(
                sqlalchemy.text('SELECT pg_backend_pid()')).scalar()


@slow
@pytest.mark.once
def test_a_pool_of_one_has_no_room_for_the_lock(
        postgresql_server, pgbouncer, postgresql_url):  # noqa: F811
    with pgbouncer_of(postgresql_server, 1, 5) as pooler:
        engine = sqlalchemy.create_engine(
            pooler.url(name_of(postgresql_url)))
        with engine.connect() as connection, connection.begin():
            connection.execute(sqlalchemy.text('SELECT 1'))
            with pytest.raises(MigrateError) as caught:
                lock_of(engine)
        engine.dispose()
    message = str(caught.value)
    assert 'needs a second connection' in message
    assert '--no-lock' in message and '\n' not in message
