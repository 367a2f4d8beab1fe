"""What env.py files already in users' repositories rely on.

Flask-Migrate has shipped 32 different env.py texts since 2013, and projects
keep the one they were made with.  Nothing here may be removed.
"""
import ast
import io
import os
import re

from flask import current_app, has_app_context

from . import compat


def real_url(value):
    """What env.py wrote as ``sqlalchemy.url``, as the application means it.

    env.py files up to Flask-Migrate 3.1 copy the URL as text: the
    configured one (where ``sqlite:///app.db`` is relative to something
    else), or ``str(engine.url)`` (where SQLAlchemy 2 masks the password).
    Such a copy becomes the URL of the application's engine, escaped for
    ConfigParser.  Any other URL is the user's own and stays.
    """
    if not has_app_context() or 'migrate' not in current_app.extensions:
        return value
    app = current_app._get_current_object()
    db = getattr(app.extensions['migrate'], 'db', None)
    if db is None or value is None:
        return value
    for name, configured in _configured_urls(app):
        try:
            url = compat.flask_sqlalchemy.engine_of(app, db, name).url
        except Exception:
            continue
        copies = [configured, str(url), compat.sqlalchemy.url_text(url),
                  compat.sqlalchemy.url_text(url, hide_password=True)]
        if value in copies or value.replace('%%', '%') in copies:
            return compat.sqlalchemy.exact_url_text(url).replace('%', '%%')
    return value


def _configured_urls(app):
    """Pairs of bind key and URL, as the application's configuration has it."""
    yield None, app.config.get('SQLALCHEMY_DATABASE_URI')
    for name, value in (app.config.get('SQLALCHEMY_BINDS') or {}).items():
        # Flask-SQLAlchemy 3 takes a dict of engine options with a 'url'.
        yield name, value.get('url') if isinstance(value, dict) else value


class EnvironmentState(object):
    """``app.extensions['migrate']`` as env.py sees it during one command.

    ``configure_args`` is a copy, as env.py files since 4.0.5 write a function
    of one command into it; and it lacks what the file itself passes beside
    ``**configure_args``, which would be given twice.
    """

    def __init__(self, state, env_py):
        self._state = state
        self._passed, text = _read(env_py)
        # env.py files of multi-database projects up to 3.1 pick the tables
        # of a bind themselves.
        picks = 'metadatas' not in text and _PICKS.search(text)
        self.db = LegacyDatabase(state.db, all_tables=bool(picks))
        self.start_over()

    def start_over(self):
        """Forget what env.py has written; it is executed once more."""
        self.configure_args = dict(
            (name, value) for name, value in self._state.configure_args.items()
            if name not in self._passed)

    def __getattr__(self, name):
        return getattr(self._state, name)

    @property
    def metadata(self):
        own = self._state._metadata
        return self.db.metadata if own is None else own


#: ``table.info.get('bind_key')``, ``table.info['bind_key']``
_PICKS = re.compile(r"""\binfo\b[.\w]*[(\[]\s*['"]bind_key""")


def _read(env_py):
    """The keywords that a file gives beside ``**arguments``; its text."""
    try:
        with io.open(env_py, encoding='utf-8') as file:
            text = file.read()
        tree = ast.parse(compat.python.native(text))
    except (EnvironmentError, SyntaxError, ValueError):
        return set(), ''     # Alembic says what is wrong with the file
    passed = set()
    for call in ast.walk(tree):
        if isinstance(call, ast.Call):
            names = [keyword.arg for keyword in call.keywords]
            # Python 2.7 has **arguments apart, later ones among the keywords.
            if None in names or getattr(call, 'kwargs', None) is not None:
                passed.update(names)
    return passed, text


class LegacyDatabase(object):
    """The user's db, which accepts every ``get_engine`` there ever was."""

    def __init__(self, db, all_tables=False):
        self._db = db
        self._all_tables = all_tables

    def __getattr__(self, name):
        return getattr(self._db, name)

    def get_engine(self, app=None, bind=None, bind_key=None):
        # get_engine(app, bind) is Flask-SQLAlchemy 2, get_engine(bind_key) 3.
        if app is not None and not hasattr(app, 'extensions'):
            app, bind = None, app
        return compat.flask_sqlalchemy.engine_of(
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
        self.sorted_tables = compat.flask_sqlalchemy.all_tables(db)
        self.tables = {}
        for table in self.sorted_tables:
            key = table.key
            if key in self.tables:
                key = '%s of %s' % (key, table.info.get('bind_key'))
            self.tables[key] = table

    def __getattr__(self, name):
        return getattr(self._metadata, name)


class _Metadatas(dict):
    def __init__(self, db):
        dict.__init__(self, db.metadatas)

    def __missing__(self, bind):
        from sqlalchemy import MetaData
        return MetaData()


def env_py(directory):
    return os.path.join(directory, 'env.py')
