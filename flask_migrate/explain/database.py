"""What is wrong with a database, or with the URL that names it."""
import os
import re

from .. import compat
from ..compat.python import text

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
    from sqlalchemy.engine.url import URL
    if not any(os.sep + 'sqlalchemy' + os.sep in frame.f_code.co_filename
               for frame in facts.frames):
        return None
    url = facts.known(URL)
    module = re.search(r"No module named '?([\w.]+)", facts.message)
    if url is None or not module:
        return None
    name = module.group(1).split('.')[0]
    message = "The database driver '%s', which the URL %s asks for, is not " \
        "installed. Install it: pip install %s" % (
            name, shown(url), PACKAGES.get(name, name))
    if url.drivername == 'postgresql' and name != 'psycopg2' \
            and compat.python.importable('psycopg2'):
        message += "\n  Or write 'postgresql+psycopg2://' in %s to use " \
            "psycopg2, which is installed." % SETTING
    return message


def shown(url):
    """A URL without its password and its options."""
    masked = compat.sqlalchemy.url_text(url, hide_password=True)
    return text(masked).partition('?')[0]


def explain_database(facts):
    """An error that a driver reported."""
    from sqlalchemy.engine import Connection, Engine
    if not _is_of_a_driver(facts.error):
        return None
    known = facts.known((Connection, Engine))
    if known is None:
        return None
    engine = known.engine
    words = _words(getattr(facts.error, 'orig', facts.error), engine.url)
    for pattern, function in REPORTS:
        match = re.search(pattern, words, re.I)
        if match:
            return function(engine.url, words, *match.groups())
    message = 'The database %s reported: %s' % (shown(engine.url), words)
    statement = getattr(facts.error, 'statement', None)
    if statement:
        message += '\n  Statement: %s' % ' '.join(text(statement).split())
    return message


def _is_of_a_driver(error):
    """Whether a driver raised an error: by PEP 249's names, all have them.

    SQLAlchemy's errors around those have the same names.
    """
    return any(kind.__name__ in ('DatabaseError', 'InterfaceError',
                                 'DBAPIError')
               for kind in type(error).__mro__)


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
    if password and password not in shown(url):
        said = said.replace(password, '***')
    return said


def _down(url, words):
    return "Can't connect to the database %s: %s.\n  Is the server running, " \
        "and are host and port in %s right?" % (shown(url), words, SETTING)


def _login(url, words):
    return "The database %s refused the login: %s.\n  Check user and " \
        "password in %s." % (shown(url), words, SETTING)


def _no_database(url, words, name):
    return "There is no database '%s' on the server (%s). Create it first, " \
        "or correct %s." % (name, shown(url), SETTING)


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
        "right, or use another user in %s." % (shown(url), words, SETTING)


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
