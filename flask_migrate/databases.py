"""The application's databases, as its db object gives them."""
from collections import namedtuple

from . import compat
from .errors import MigrateError
from .compat.env_py import configured_urls
from .compat.legacy_database import users_own

#: One database: its bind key (None: the default one), engine and tables.
Database = namedtuple('Database', 'name engine metadata')


def application_databases(app, db, multidb=False):
    """Return the databases of an application.

    :param app: the application.
    :param db: the db object that ``Migrate`` was given.
    :param multidb: whether ``SQLALCHEMY_BINDS`` are wanted too, in the order
        of the configuration, after the default database if there is one.
    :return: a list of :class:`Database`.
    """
    return [Database(name, engine,
                     compat.flask_sqlalchemy.metadata_of(app, db, name))
            for name, engine in application_engines(app, db, multidb)]


def application_engines(app, db, multidb=False):
    """The same without tables: a list of pairs, bind key and engine."""
    if not compat.flask_sqlalchemy.has_engine(users_own(db)):
        raise MigrateError(
            "The db that Migrate was given has no 'engine'. Give Migrate an "
            "object with 'engine' and 'metadata', or make the engine in "
            "env.py.")
    names = database_names(app, db) if multidb else [None]
    return [(name, compat.async_engines.sync_engine(
             compat.flask_sqlalchemy.engine_of(app, db, name)))
            for name in names]


def database_names(app, db):
    """The bind keys of all databases; None is the default one, and first."""
    default = [None] if compat.flask_sqlalchemy.has_default(app, db) else []
    return default + compat.flask_sqlalchemy.bind_keys(app, db)


def engines_of_one_connection(app, db):
    """The engines whose only connection all threads share.

    None is made that cannot be such a one: its driver may be missing.
    """
    found = []
    try:
        urls = dict(configured_urls(app))
        names = database_names(app, db)
    except Exception:
        return found        # env.py may have engines of its own
    for name in names:
        url = urls.get(name)
        if url and not compat.python.text(url).startswith(u'sqlite'):
            continue
        try:
            engine = compat.async_engines.sync_engine(
                compat.flask_sqlalchemy.engine_of(app, db, name))
        except Exception:
            continue
        if compat.sqlalchemy.shares_connection(engine) \
                and engine not in found:
            found.append(engine)
    return found


def name_of(app, db, engine):
    """What the database of an engine is called, where there are several.

    :return: the bind key, 'default', or '' for an engine of env.py's own.
    """
    for name in database_names(app, db):
        try:
            if compat.async_engines.sync_engine(
                    compat.flask_sqlalchemy.engine_of(
                        app, db, name)) is engine:
                return name or 'default'
        except Exception:
            continue        # it cannot be made
    return ''


def forgotten_names(app, db):
    """The bind keys that have models, in a folder of one database."""
    return [name for name in compat.flask_sqlalchemy.bind_keys(app, db)
            if compat.flask_sqlalchemy.metadata_of(app, db, name).tables]


def shown_url(url):
    """A URL without its password, and without what options may hold."""
    masked = compat.sqlalchemy.url_text(url, hide_password=True)
    return compat.python.text(masked).partition('?')[0]
