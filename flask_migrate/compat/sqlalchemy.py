"""What depends on the version of SQLAlchemy, or of a driver."""
from __future__ import absolute_import

from contextlib import contextmanager
import copy

from . import sqlite
from .async_drivers import driver_connection, plain
from .python import text_type


def url_text(url, hide_password=False):
    """A database URL as text (SQLAlchemy 1.4+ masks it in ``str()``)."""
    if hasattr(url, 'render_as_string'):
        return url.render_as_string(hide_password=hide_password)
    if hide_password and url.password:
        # repr() does that from 0.9 on.
        url = type(url)(url.drivername, url.username, 'HIDDEN', url.host,
                        url.port, url.database)
        return text_type(url).replace(':HIDDEN@', ':***@')
    return text_type(url)


def exact_url_text(url):
    """A database URL as text that means the same URL again.

    SQLAlchemy 0.9 to 1.4 leave '%' in user and password as it is.
    """
    from sqlalchemy.engine.url import make_url
    if make_url(url_text(url)) == url:
        return url_text(url)
    escaped = dict(
        (name, text_type(getattr(url, name)).replace(u'%', u'%25'))
        for name in ('username', 'password') if getattr(url, name))
    if hasattr(url, 'set'):                         # SQLAlchemy 1.4
        return url_text(url.set(**escaped))
    url = copy.copy(url)
    for name, value in escaped.items():
        setattr(url, name, value)
    return url_text(url)


def with_database(url, name):
    """A URL for another database on the same server."""
    if hasattr(url, 'set'):                         # SQLAlchemy 1.4
        return url.set(database=name)
    url = copy.copy(url)
    url.database = name
    return url


def raw_connection(connection):
    """The DBAPI connection under a SQLAlchemy Connection (named in 1.4.24)."""
    return plain(raw_of(connection.connection))


def execution_options(connection):
    """The execution options of a Connection (public from 1.3)."""
    if hasattr(connection, 'get_execution_options'):
        return connection.get_execution_options()
    return connection._execution_options


def transaction_of(connection):
    """The transaction that SQLAlchemy 1.4+ has begun, perhaps by itself."""
    return getattr(connection, 'get_transaction', lambda: None)()


def commits_at_once(connection):
    """Whether each statement of a Connection is committed by itself.

    PyMySQL and MySQLdb have ``get_autocommit``, psycopg2 and psycopg an
    attribute (so has Python 3.12's sqlite3, where -1 is not True).
    """
    if not connection.in_transaction() or execution_options(
            connection).get('isolation_level') == 'AUTOCOMMIT':
        return True
    raw = raw_connection(connection)
    ask = getattr(raw, 'get_autocommit', None)
    return bool(ask()) if ask else getattr(raw, 'autocommit', None) is True


def server_process(connection):
    """The server's number of a connection's session; None if unknown.

    psycopg2 has ``get_backend_pid``, psycopg ``info``, MySQLdb and PyMySQL
    ``thread_id``, MySQL Connector ``connection_id``, asyncpg
    ``get_server_pid``.
    """
    return raw_server_process(raw_connection(connection))


def raw_server_process(raw):
    """The same of a DBAPI connection; it asks nothing of the server."""
    raw = driver_connection(raw)
    for name in ('get_backend_pid', 'get_server_pid', 'thread_id',
                 'connection_id'):
        found = getattr(raw, name, None)
        if found is not None:
            return found() if callable(found) else found
    return getattr(getattr(raw, 'info', None), 'backend_pid', None)


def has_begun(connection):
    """Whether a transaction is open, also one of the driver only.

    psycopg2 has ``get_transaction_status``, psycopg ``info``; PyMySQL and
    MySQLdb do not say.
    """
    return connection.in_transaction() or bool(has_open(connection))


def has_open(connection, ended=False):
    """Whether the driver has a transaction open; None: it does not say.

    sqlite3 has an attribute from Python 3.2 on; before, it is tried.

    :param ended: whether a statement has ended one.
    """
    raw = raw_connection(connection)
    ask = getattr(raw, 'get_transaction_status', None)
    if ask is not None:
        return ask() != 0
    info = getattr(raw, 'info', None)
    found = getattr(info, 'transaction_status', None)
    if found is not None:
        return found != 0
    if ended and connection.dialect.driver == 'pysqlite':
        return sqlite.in_transaction(raw)
    return getattr(raw, 'in_transaction', None)


def server_has_open(connection):
    """The same, as a server has said it last; PyMySQL keeps what it says."""
    try:
        status = getattr(raw_connection(connection), 'server_status', None)
        if isinstance(status, int):
            return bool(status & 1)     # SERVER_STATUS_IN_TRANS
        return has_open(connection)
    except Exception:
        return None                 # it is closed


def is_aborted(connection):
    """Whether an error has ended all but the name of a transaction.

    On PostgreSQL, where a COMMIT is then a ROLLBACK.
    """
    try:
        raw = raw_connection(connection)
        ask = getattr(raw, 'get_transaction_status', None)
        status = ask() if ask else raw.info.transaction_status
        return int(status) == 3         # TRANSACTION_STATUS_INERROR
    except Exception:
        return False


def is_inside(frame, raw):
    """Whether a frame is inside SQLAlchemy, or the driver of *raw*."""
    names = ('sqlalchemy', type(raw).__module__.partition('.')[0])
    while frame is not None:
        name = frame.f_globals.get('__name__', '').partition('.')[0]
        if name in names or name == 'alembic':
            # Revisions and env.py are called by Alembic.
            return name in names
        frame = frame.f_back
    return False


def is_mariadb(dialect):
    """Whether a MySQL dialect speaks to MariaDB; None: nobody has asked.

    SQLAlchemy has ``is_mariadb`` from 1.4 on.
    """
    if getattr(dialect, 'is_mariadb', False):
        return True
    version = getattr(dialect, 'server_version_info', None)
    return version and 'MariaDB' in version


def take_autocommit(raw):
    """Let a driver begin no transactions, if it can be told so.

    All drivers for PostgreSQL but the oldest can.
    """
    if not hasattr(raw, 'autocommit'):
        return False
    raw.autocommit = True
    return True


def raw_of(fairy):
    """The DBAPI connection that a pool has given (named in 1.4.24)."""
    return getattr(fairy, 'dbapi_connection', None) or fairy.connection


def has_one_connection(engine):
    """Whether a pool's connection cannot be replaced by another.

    A database in memory is gone with the connection.
    """
    from sqlalchemy import pool
    return isinstance(engine.pool, (pool.StaticPool,
                                    pool.SingletonThreadPool))


def shares_connection(engine):
    """Whether all threads have one and the same connection."""
    from sqlalchemy import pool
    return isinstance(engine.pool, pool.StaticPool)


def lacks_driver(url):
    """Whether the driver of a URL cannot be imported."""
    kind = url.get_dialect()
    try:
        if hasattr(kind, 'import_dbapi'):       # SQLAlchemy 2.0
            kind.import_dbapi()
        else:
            kind.dbapi()
    except ImportError:
        return True
    return False


def execute_as_it_is(connection, sql):
    """Execute SQL that has ``:`` and ``%`` of its own (``exec_driver_sql``
    is SQLAlchemy 1.4; a driver leaves ``%`` alone without parameters)."""
    cursor = raw_connection(connection).cursor()
    try:
        cursor.execute(sql)
    finally:
        cursor.close()


@contextmanager
def savepoint(connection):
    """Let a block fail without ending the transaction, if there is one."""
    if not has_begun(connection):
        yield
        return
    nested = connection.begin_nested()
    try:
        yield
    except BaseException:
        nested.rollback()
        raise
    nested.commit()
