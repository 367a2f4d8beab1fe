"""Servers that are starting, as beside an application in containers."""
import re
import time

from .. import compat

# A host that has no name yet is one whose container has not started.
_ABSENT = re.compile(
    r"refused|Connect call failed|can't connect to|can't create a connection|"
    r'could not connect to server|No such file or directory|'
    r'could not translate host name|Name or service not known|'
    r'name resolution|getaddrinfo failed|nodename nor servname|'
    r'timed? ?out|timeout expired|No route to host|unreachable|'
    r'closed the connection unexpectedly|Connection reset by peer|'
    r'Lost connection to (MySQL )?server at|Unknown (MySQL )?server host',
    re.I)
_STARTING = re.compile(
    r'is starting up|not yet accepting connections|is shutting down|'
    r'in recovery mode|shutdown in progress', re.I)
#: What a server says that runs: it is no use to ask again.
_ANSWERS = re.compile(
    r'\bFATAL\b|Access denied|Unknown database|authentication|'
    r'does not exist|pg_hba', re.I)


def is_starting(error):
    """Whether a driver found no server, or one that is not ready yet.

    :param error: the driver's, or one of the operating system.
    """
    words = compat.python.error_text(error)
    if _STARTING.search(words):
        return True
    # Of several addresses one may be refused, and another one answer.
    return bool(_ABSENT.search(words)) and not _ANSWERS.search(words)


def wait_for_servers(engines, seconds, say):
    """As ``dialects.wait_for_servers``, given pairs of Dialect and engine."""
    deadline = compat.python.monotonic() + seconds
    for dialect, engine in engines:
        _wait_for(dialect, engine, seconds, deadline, say)


def _wait_for(dialect, engine, seconds, deadline, say):
    pause, said = 0.1, False
    while True:
        error = dialect.connection_error(engine)
        left = deadline - compat.python.monotonic()
        if error is None or left <= 0 or not dialect.is_starting(error):
            return
        if not said:
            said = True
            url = compat.sqlalchemy.url_text(engine.url, hide_password=True)
            say('Waiting up to %g seconds for the database server of %s ...'
                % (seconds, compat.python.native(url).partition('?')[0]))
        time.sleep(min(left, pause))
        pause = min(pause * 1.5, 1)
