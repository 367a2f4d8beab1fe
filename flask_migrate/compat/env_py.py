"""What env.py files already in users' repositories rely on.

Flask-Migrate has shipped 32 different env.py texts since 2013, and projects
keep the one they were made with.  Nothing here may be removed.
"""
from __future__ import absolute_import

import ast
from functools import wraps
import io
import os
import re
import threading

from flask import current_app, has_app_context

from . import flask_sqlalchemy, python, source, sqlalchemy
from .legacy_database import LegacyDatabase


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
    for engine in _copied_from(app, db, value):
        return sqlalchemy.exact_url_text(engine.url).replace('%', '%%')
    return value


def _copied_from(app, db, value):
    """The application's engines whose URL a text is a copy of."""
    found = []
    for name, configured in configured_urls(app):
        try:
            engine = flask_sqlalchemy.engine_of(app, db, name)
        except Exception:
            continue
        url = engine.url
        copies = [configured, str(url), sqlalchemy.url_text(url),
                  sqlalchemy.url_text(url, hide_password=True)]
        if value in copies or value.replace('%%', '%') in copies:
            found.append(engine)
    return found


def give_engines_in_memory():
    """Let env.py's ``engine_from_config()`` give the application's, for good.

    Another engine for a copied ``sqlite://`` is another database, which is
    thrown away.
    """
    import sqlalchemy as package
    real = package.engine_from_config

    @wraps(real)
    def engine_from_config(configuration, prefix='sqlalchemy.', **kwargs):
        views = getattr(_here, 'views', ())
        url = configuration.get(prefix + 'url')
        if views and views[-1][1] is not None and url:
            app = current_app._get_current_object()
            found = _copied_from(app, views[-1][0].db, url)
            if len(found) == 1 and sqlalchemy.has_one_connection(found[0]):
                return found[0]
        return real(configuration, prefix, **kwargs)
    package.engine_from_config = engine_from_config


def configured_urls(app):
    """Pairs of bind key and URL, as the application's configuration has it."""
    yield None, app.config.get('SQLALCHEMY_DATABASE_URI')
    for name, value in (app.config.get('SQLALCHEMY_BINDS') or {}).items():
        # Flask-SQLAlchemy 3 takes a dict of engine options with a 'url'.
        yield name, value.get('url') if isinstance(value, dict) else value


class View(object):
    """``app.extensions['migrate']`` as one env.py sees it.

    ``configure_args`` is a copy, as env.py files since 4.0.5 write a function
    of one command into it; and it lacks what the file itself passes beside
    ``**configure_args``, which would be given twice.
    """

    def __init__(self, db, configure_args, env_py):
        passed, text = _read(env_py)
        # env.py files of multi-database projects up to 3.1 pick the tables
        # of a bind themselves.
        self.text = text
        picks = 'metadatas' not in text and _PICKS.search(text)
        self.db = LegacyDatabase(db, all_tables=bool(picks))
        self.configure_args = dict(
            (name, value) for name, value in configure_args.items()
            if name not in passed)


_here = threading.local()


def enter(config):
    """An environment begins in this thread: its env.py has a view.

    :param config: Alembic's Config; one that is not of this package has no
        ``run``.
    """
    state = None
    if hasattr(config, 'run') and has_app_context():
        state = current_app.extensions.get('migrate')
    view = getattr(state, 'view', None) and state.view(
        env_py(config.get_main_option('script_location')))
    ini = config.config_file_name if hasattr(config, 'run') else None
    _here.__dict__.setdefault('views', []).append((state, view, ini))


def leave():
    """The environment has ended."""
    _here.views.pop()


def view_of(state):
    """The View that this thread has of a ``MigrateState``, or None."""
    for owner, view, _ in reversed(getattr(_here, 'views', ())):
        if owner is state:
            return view
    return None


def leave_logging_alone():
    """Take ``fileConfig()`` away from env.py, for good.

    It disables all existing loggers, drops the root handlers and sets the
    level of root: the application's own logging, and pytest's ``caplog``,
    do not survive that.  In a command line the ini file has been applied
    already; from Python it has no effect.
    """
    import logging.config
    real = logging.config.fileConfig

    @wraps(real)
    def fileConfig(fname, *args, **kwargs):
        views = getattr(_here, 'views', ())
        ini = views[-1][2] if views else None
        if ini is None or not isinstance(fname, python.string_types) \
                or os.path.abspath(fname) != os.path.abspath(ini):
            return real(fname, *args, **kwargs)
    logging.config.fileConfig = fileConfig


#: ``table.info.get('bind_key')``, ``table.info['bind_key']``
_PICKS = re.compile(r"""\binfo\b[.\w]*[(\[]\s*['"]bind_key""")


def _read(env_py):
    """The keywords that a file gives beside ``**arguments``; its text."""
    try:
        with io.open(env_py, encoding='utf-8') as file:
            text = file.read()
        tree = source.parse(python.native(text))
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


def text_of(config):
    """The text of the env.py of a Config."""
    return _read(env_py(config.get_main_option('script_location')))[1]


def keywords(config):
    """The names of all arguments that the env.py of a Config gives."""
    text = re.sub(r'#.*', '', text_of(config))
    return set(re.findall(r'\b(\w+)\s*=(?!=)', text))


def has_several_databases(config):
    """Whether the env.py of a Config is made for several databases."""
    return re.search(r'\b(upgrade_token\s*=(?!=)|multidb\s*=\s*True)',
                     text_of(config)) is not None


#: What an env.py has that goes to other databases than the application's, or
#: to several schemas.
_OWN_DATABASES = re.compile(
    r'\b(create_(async_)?engine\(|search_path\b|schema_translate_map\b|'
    r'version_table_schema\s*=(?!=))')


def may_have_more(config):
    """Whether the env.py of a Config may have databases of its own."""
    text = re.sub(r'#.*', '', text_of(config))
    try:
        tree = source.parse(python.native(text))
    except (SyntaxError, ValueError):
        return False
    return _OWN_DATABASES.search(text) is not None or any(
        _configures(each) for each in ast.walk(tree)
        if isinstance(each, (ast.For, ast.While)))


def _configures(tree):
    return any(isinstance(each, ast.Call) and getattr(
        each.func, 'attr', None) == 'configure' for each in ast.walk(tree))


def env_py(directory):
    return os.path.join(directory, 'env.py')
