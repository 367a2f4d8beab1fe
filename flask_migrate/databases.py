"""The application's databases, as its db object gives them."""
from collections import namedtuple

from . import _compat

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
    names = database_names(app, db) if multidb else [None]
    return [Database(name, _compat.engine_of(app, db, name),
                     _compat.metadata_of(app, db, name))
            for name in names]


def database_names(app, db):
    """The bind keys of all databases; None is the default one, and first."""
    default = [None] if _compat.has_default(app, db) else []
    return default + _compat.bind_keys(app, db)
