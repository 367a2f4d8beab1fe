"""The file of a SQLite database that was left behind elsewhere."""
from collections import namedtuple
import os

from .. import compat
from ..compat.sqlite import error as sqlite_error, tables_in

#: A database that an application no longer looks at: its path, and the shell
#: command that moves it to where the application looks.
LeftBehind = namedtuple('LeftBehind', 'path move')


def left_behind(engine, places, names):
    """The :class:`LeftBehind` with the tables, where the engine has none.

    :param places: paths where it may be.
    :param names: of tables, one of which it must have.
    """
    own = engine.url.database
    if not own or own == ':memory:' or own.startswith('file:') \
            or _tables(own) != []:
        return None
    names = set(name.lower() for name in names)
    for path in places:
        if os.path.realpath(path) == os.path.realpath(own):
            continue
        if names & set(name.lower() for name in _tables(path) or ()):
            return LeftBehind(path, _move(path, own))
    return None


def _tables(path):
    """The names of a file's tables; None where it cannot be read."""
    if not os.path.exists(path):
        return []
    try:
        return tables_in(path)
    except (EnvironmentError, sqlite_error()):
        return None


def _move(path, own):
    # What has not been written back yet belongs to the database.
    return ' && '.join("mv '%s%s' '%s%s'" % (
        compat.python.native(path), end, compat.python.native(own), end)
        for end in ('-wal', '-journal', '') if os.path.exists(path + end))
