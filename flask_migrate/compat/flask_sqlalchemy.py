"""The db that ``Migrate`` was given: Flask-SQLAlchemy or one like it."""
from __future__ import absolute_import

import os

from .signatures import argument_names
from .tables import copy_table


def bind_keys(app, db):
    """The names of the databases beside the default one.

    Flask-SQLAlchemy keeps them in ``SQLALCHEMY_BINDS``, Alchemical offers
    ``bind_names``, Flask-SQLAlchemy-Lite names its engines ('default' is the
    one without a name).
    """
    binds = app.config.get('SQLALCHEMY_BINDS')
    if binds is not None:
        return [key for key in binds if key is not None]
    engines = _engines(db)
    names = getattr(db, 'bind_names', None)
    if names is not None:
        return [key for key in (names() if callable(names) else names)
                if key is not None]
    if engines is not None:
        return [key for key in engines if key not in (None, 'default')]
    return []


def _engines(db):
    """The engines by bind key, of a db that has them so, else None.

    ``db.engines`` is Flask-SQLAlchemy 3, -Lite, and Alchemical, which makes
    them when the first one is asked for.
    """
    engines = getattr(db, 'engines', db)
    if engines is None:
        db.get_engine()
        engines = db.engines
    return None if engines is db else engines


def has_engine(db):
    """Whether a db has an engine (a declarative base has none)."""
    for name in ('get_engine', 'engines', 'engine'):
        try:
            getattr(db, name)       # hasattr() of 2.7 hides every error
        except AttributeError:
            continue
        return True
    return False


def has_default(app, db):
    """Whether there is a database without a name.

    Flask-SQLAlchemy 3 has none where only ``SQLALCHEMY_BINDS`` is set; 2.x
    then makes one up in memory, which nobody migrates.
    """
    engines = _engines(db)
    if engines is not None:
        return None in engines or 'default' in engines
    return not app.config.get('SQLALCHEMY_BINDS') or app.config.get(
        'SQLALCHEMY_DATABASE_URI') not in (
            None, '', 'sqlite://', 'sqlite:///:memory:')


def engine_of(app, db, bind=None):
    """The application's own engine for a bind (None: the default one).

    Flask-SQLAlchemy 2 has ``get_engine(app, bind)``.
    """
    engines = _engines(db)
    if engines is not None:
        if bind is None and None not in engines:
            return db.engine
        return engines[bind]
    if bind is None:
        return db.engine
    if argument_names(db.get_engine)[1:2] == ('app',):
        return db.get_engine(app, bind)
    return db.get_engine(bind)


def metadata_of(app, db, bind=None):
    """The tables that belong to a bind (None: to the default one).

    Flask-SQLAlchemy 3 has ``db.metadatas`` with only those binds that have
    models; 2.x keeps all tables in one, marked with ``info['bind_key']``.
    """
    from sqlalchemy import MetaData
    metadatas = getattr(db, 'metadatas', None)
    if metadatas is not None:
        found = metadatas.get(bind)
        return MetaData() if found is None else found
    metadata = getattr(db, 'metadata', None)
    if metadata is None:
        metadata = getattr(getattr(db, 'Model', None), 'metadata', None)
    if metadata is None or not bind_keys(app, db):
        return metadata if bind is None else MetaData()
    own = MetaData(naming_convention=metadata.naming_convention) \
        if hasattr(metadata, 'naming_convention') else MetaData()
    for table in metadata.sorted_tables:
        if table.info.get('bind_key') == bind:
            copy_table(table, own)
    return own


def all_tables(db):
    """Every table of every bind, each marked with ``info['bind_key']``."""
    metadatas = getattr(db, 'metadatas', None)
    if metadatas is None:
        return list(db.metadata.sorted_tables)
    tables = []
    for bind, metadata in metadatas.items():
        for table in metadata.sorted_tables:
            if bind is not None:
                table.info.setdefault('bind_key', bind)
            tables.append(table)
    return tables


def table_names(app, db, bind=None):
    """The names of the tables that belong to a bind."""
    metadata = metadata_of(app, db, bind)
    return [table.name for table in metadata.tables.values()] \
        if metadata is not None else []


def sqlite_places(app, url):
    """Where releases of Flask-SQLAlchemy look for a relative SQLite URL.

    Before 3.0 that is the application's folder, from then on its instance
    folder: one beside the application, or, for a script that is started from
    another folder, one in that folder (``Flask.auto_find_instance_path``).

    :param url: as it is configured, or None.
    :return: a list of paths; empty for any other URL.
    """
    from sqlalchemy.engine.url import make_url
    try:
        url = make_url(url)
        path = url.database
        if not url.drivername.startswith('sqlite') or not path \
                or path.startswith((':memory:', 'file:')) \
                or os.path.isabs(path):
            return []
    except Exception:
        return []       # no URL at all; whoever connects says so
    return [os.path.join(folder, path)
            for folder in (app.root_path, app.instance_path,
                           os.path.join(app.root_path, 'instance'))]
