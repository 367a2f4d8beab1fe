"""What each kind of database can do: the only room that knows their names."""
import re

from .. import compat
from .base import Dialect
from .connections import Borrowed, OwnConnection  # noqa: F401
from .locks import Lock, wait_for  # noqa: F401
from .schema import NoScratch  # noqa: F401


def of(bind):
    """The :class:`Dialect` of an engine or a Connection.

    A kind that nobody has written a file for is one that can do nothing.

    :param bind: the engine or the Connection.
    """
    name = bind.dialect.name
    return _kind(name)(name)


def _kind(name):
    """The class of a kind of database; only its files are imported."""
    if name == 'sqlite':
        from .sqlite import SQLite
        return SQLite
    if name == 'postgresql':
        from .postgresql import PostgreSQL
        return PostgreSQL
    if name in ('mysql', 'mariadb'):
        from .mysql import MySQL
        return MySQL
    return Dialect


def wait_for_servers(engines, seconds, say):
    """Wait until the servers of engines take connections, or not longer.

    It never raises: whoever connects next gets the usual error.

    :param seconds: how long, for all of them together; 0: not at all.
    :param say: is called with a sentence, for each that is waited for.
    """
    if seconds:
        from . import starting
        starting.wait_for_servers(
            [(of(engine), engine) for engine in engines], seconds, say)


def says_missing(error):
    """Whether a driver's error is that a table or a column is not there."""
    words = ' '.join(compat.python.text(error).split())
    return any(re.search(kind.missing, words)
               for kind in map(_kind, ('sqlite', 'postgresql', 'mysql')))
