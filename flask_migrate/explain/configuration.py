"""What is wrong with the URL that names a database."""
import os
import re

from flask import current_app, has_app_context
from sqlalchemy.engine.url import make_url

from .. import compat
from ..databases import shown_url

#: How drivers are called where SQLAlchemy looks for them, and in the index.
PACKAGES = {'MySQLdb': 'mysqlclient', 'pymysql': 'PyMySQL',
            'psycopg': '"psycopg[binary]"', 'psycopg2': 'psycopg2-binary',
            'mysql': 'mysql-connector-python', 'oracledb': 'oracledb',
            'cx_Oracle': 'cx_Oracle', 'pyodbc': 'pyodbc',
            'asyncpg': 'asyncpg', 'pg8000': 'pg8000'}

SETTING = 'SQLALCHEMY_DATABASE_URI'


def explain_configuration(facts):
    """A database URL from which SQLAlchemy cannot make an engine."""
    from sqlalchemy import exc
    error = facts.error
    if isinstance(error, exc.ArgumentError):
        return _bad_url(facts)
    if isinstance(error, ImportError):
        return _no_driver(facts)
    if isinstance(error, RuntimeError) and SETTING in facts.message \
            and 'must be set' in facts.message:
        return "The application names no database. Set %s (or " \
            "SQLALCHEMY_BINDS) in its configuration." % SETTING
    return None


def _bad_url(facts):
    plugin = re.search(r"Can't load plugin: sqlalchemy.dialects:(\S+)",
                       facts.message)
    if plugin and plugin.group(1).split('.')[0] == 'postgres':
        return "The database URL begins with 'postgres://', which " \
            "SQLAlchemy no longer reads. Write 'postgresql://' in %s." \
            % SETTING
    if plugin:
        return "The database URL begins with '%s://', which SQLAlchemy " \
            "doesn't know. Correct %s, or install the package for that " \
            "database." % (plugin.group(1).replace('.', '+'), SETTING)
    if re.search(r'Could not parse (rfc1738|SQLAlchemy) URL', facts.message):
        # Not quoted: there may be a password in it.
        return "What %s holds is not a database URL. One looks like " \
            "postgresql://user:password@host/name or sqlite:///file.db." \
            % SETTING
    return None


def _no_driver(facts):
    """An ImportError that SQLAlchemy raised to load a driver."""
    if not any(os.sep + 'sqlalchemy' + os.sep in place[0]
               for place in facts.places):
        return None
    module = re.search(r"No module named '?([\w.]+)", facts.message)
    if not module:
        return None
    return no_driver(module.group(1).split('.')[0])


def no_driver(name):
    """What is said of a driver that cannot be imported.

    :param name: of the module.
    """
    url = _url_without_driver()
    if url is None:
        message = "The database driver '%s', which %s asks for, is not " \
            "installed. Install it: pip install %s" % (
                name, SETTING, PACKAGES.get(name, name))
    else:
        message = "The database driver '%s', which the URL %s asks for, is " \
            "not installed. Install it: pip install %s" % (
                name, shown_url(url), PACKAGES.get(name, name))
    if name == 'psycopg' and compat.modules.importable('psycopg2'):
        message += "\n  Or write 'postgresql+psycopg2://' in %s to use " \
            "psycopg2, which is installed." % SETTING
    return message


def _url_without_driver():
    """The configured URL whose driver cannot be imported, or None."""
    if not has_app_context():
        return None
    for name, value in compat.env_py.configured_urls(current_app):
        try:
            url = make_url(value)
            if compat.sqlalchemy.lacks_driver(url):
                return url
        except Exception:
            continue        # not a URL at all
    return None
