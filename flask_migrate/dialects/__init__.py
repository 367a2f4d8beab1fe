"""What each kind of database can do: the only room that knows their names."""
import re

from .. import compat
from .base import Dialect
from .connections import Borrowed, OwnConnection  # noqa: F401
from .locks import Lock, wait_for  # noqa: F401
from . import starting
from .mysql import MySQL
from .postgresql import PostgreSQL
from .schema import NoScratch  # noqa: F401
from .sqlite import SQLite

_KINDS = {'sqlite': SQLite, 'postgresql': PostgreSQL, 'mysql': MySQL,
          'mariadb': MySQL}


def of(bind):
    """The :class:`Dialect` of an engine or a Connection.

    A kind that nobody has written a file for is one that can do nothing.

    :param bind: the engine or the Connection.
    """
    name = bind.dialect.name
    return _KINDS.get(name, Dialect)(name)


def wait_for_servers(engines, seconds, say):
    """Wait until the servers of engines take connections, or not longer.

    It never raises: whoever connects next gets the usual error.

    :param seconds: how long, for all of them together; 0: not at all.
    :param say: is called with a sentence, for each that is waited for.
    """
    if seconds:
        starting.wait_for_servers(
            [(of(engine), engine) for engine in engines], seconds, say)


def says_missing(error):
    """Whether a driver's error is that a table or a column is not there."""
    words = ' '.join(compat.python.text(error).split())
    return any(re.search(kind.missing, words)
               for kind in set(_KINDS.values()))
