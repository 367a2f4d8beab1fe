"""What is wrong with a database, in the words of its driver."""
import os
import re

from sqlalchemy.exc import DBAPIError

from .. import compat
from ..compat.python import text
from ..databases import shown_url
from .configuration import SETTING
from .facts import short


def explain_database(facts):
    """An error that a driver reported."""
    engine = facts.engine()
    if engine is None or not _is_of_a_driver(facts.error, engine):
        return None
    words = _words(getattr(facts.error, 'orig', facts.error), engine.url)
    for pattern, function in REPORTS:
        match = re.search(pattern, words, re.I)
        if match:
            return function(engine.url, words, *match.groups())
    message = 'The database %s reported: %s' % (shown_url(engine.url), words)
    statement = getattr(facts.error, 'statement', None)
    if statement:
        message += '\n  Statement: %s' % short(text(statement))
    return message


def _is_of_a_driver(error, engine):
    """Whether a driver raised an error, or SQLAlchemy around one."""
    return isinstance(error, DBAPIError) \
        or isinstance(error, engine.dialect.dbapi.Error)


def _words(error, url):
    """What the driver said, on one line and without a password."""
    if isinstance(getattr(error, 'args', None), tuple) \
            and len(error.args) == 2 and isinstance(error.args[0], int):
        said = text(error.args[1])              # MySQL: (number, text)
    else:
        said = text(error)
    said = ' '.join(said.split()).rstrip('.')
    # psycopg2 asks on two further lines whether the server is running.
    said = re.sub(r' Is the server running .*?\?', '', said)
    password = text(url.password or '')
    if password and password not in shown_url(url):
        said = said.replace(password, '***')
    return said


def _down(url, words):
    return "Can't connect to the database %s: %s.\n  Is the server running, " \
        "and are host and port in %s right?" % (shown_url(url), words, SETTING)


def _login(url, words):
    return "The database %s refused the login: %s.\n  Check user and " \
        "password in %s." % (shown_url(url), words, SETTING)


def _no_database(url, words, name):
    return "There is no database '%s' on the server (%s). Create it first, " \
        "or correct %s." % (name, shown_url(url), SETTING)


def _sqlite_file(url, words):
    path = compat.python.native(url.database or '')
    folder = os.path.dirname(os.path.abspath(path))
    if not os.path.isdir(folder):
        return "There is no folder %s for the SQLite database %s. Make it: " \
            "mkdir -p '%s'" % (text(folder), text(os.path.basename(path)),
                               text(folder))
    if os.path.isdir(path):
        return "%s is a folder, not a SQLite database. Correct %s." % (
            text(path), SETTING)
    return "Can't open the SQLite database %s. Check the permissions of the " \
        "file and of its folder." % text(path)


def _read_only(url, words):
    return "The SQLite database %s is read-only. Check the permissions of " \
        "the file and of its folder." % text(url.database)


def _no_sqlite(url, words):
    return "%s is not a SQLite database. Correct %s, or restore the file " \
        "from a backup." % (text(url.database), SETTING)


def _locked(url, words):
    return "The SQLite database %s is locked: another program is writing " \
        "to it. Stop that, or repeat the command later." % text(url.database)


def _not_allowed(url, words):
    return "The user of the database %s may not do this: %s.\n  Grant the " \
        "right, or use another user in %s." % (shown_url(url), words, SETTING)


#: The words of SQLite, PostgreSQL, MySQL and MariaDB through their drivers.
REPORTS = (
    (r'unable to open database', _sqlite_file),
    (r'readonly database|read-only database', _read_only),
    (r'is not a database|file is encrypted', _no_sqlite),
    (r'database is locked|database table is locked', _locked),
    (r'database "(.*?)" does not exist|Unknown database \'(.*?)\'',
     lambda url, words, *names: _no_database(
         url, words, [name for name in names if name][0])),
    (r'password authentication failed|no password supplied|'
     r'Access denied for user .*\(using password|authentication failed|'
     r'role ".*" does not exist|no pg_hba.conf entry', _login),
    (r'permission denied|command denied to user|Access denied',
     _not_allowed),
    (r'refused|could not connect|can\'t connect|could not translate|'
     r'connection failed|timed? ?out|unreachable|not known|starting up|'
     r'No such file or directory', _down),
)
