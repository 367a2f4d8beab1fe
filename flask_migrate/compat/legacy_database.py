"""The application's db as env.py files of all times use it."""
from __future__ import absolute_import

from flask import current_app

from . import flask_sqlalchemy


class LegacyDatabase(object):
    """The user's db, which accepts every ``get_engine`` there ever was."""

    def __init__(self, db, all_tables=False):
        self._db = db
        self._all_tables = all_tables

    def __getattr__(self, name):
        if name == '_db':       # while copy makes another one
            raise AttributeError(name)
        return getattr(self._db, name)

    def get_engine(self, app=None, bind=None, bind_key=None):
        # get_engine(app, bind) is Flask-SQLAlchemy 2, get_engine(bind_key) 3.
        if app is not None and not hasattr(app, 'extensions'):
            app, bind = None, app
        return flask_sqlalchemy.engine_of(
            app or current_app._get_current_object(), self._db,
            bind or bind_key or None)

    @property
    def metadata(self):
        if self._all_tables:
            return _AllTables(self._db)
        return self._db.metadata

    @property
    def metadatas(self):
        # Flask-SQLAlchemy 3 has no metadata for a bind without models.
        return _Metadatas(self._db)


def users_own(db):
    """The user's db, be it in a :class:`LegacyDatabase` or not."""
    return db._db if isinstance(db, LegacyDatabase) else db


class _AllTables(object):
    """The tables of every bind, in what is otherwise ``db.metadata``.

    Several may have the same name, which a MetaData does not allow.
    """

    def __init__(self, db):
        self._metadata = db.metadata
        self.sorted_tables = flask_sqlalchemy.all_tables(db)
        self.tables = {}
        for table in self.sorted_tables:
            key = table.key
            if key in self.tables:
                key = '%s of %s' % (key, table.info.get('bind_key'))
            self.tables[key] = table

    def __getattr__(self, name):
        if name == '_metadata':     # as above
            raise AttributeError(name)
        return getattr(self._metadata, name)


class _Metadatas(dict):
    def __init__(self, db):
        dict.__init__(self, db.metadatas)

    def __missing__(self, bind):
        from sqlalchemy import MetaData
        return MetaData()
