"""The stdout of a command line: it takes any text, and ends honestly."""
from contextlib import contextmanager
import errno
import os
import sys

from . import compat


class OutputEnded(BaseException):
    """What a command prints has no place to go any more.

    Neither Alembic nor an env.py may catch it: they would go on.

    :ivar reason: why; None where nobody reads it (``... | head``).
    """

    def __init__(self, error):
        BaseException.__init__(self, str(error))
        gone = error.errno in (errno.EPIPE, errno.ESHUTDOWN)
        self.reason = None if gone else compat.python.text(error.strerror)


class Output(object):
    """A stream that takes letters which its encoding has not.

    They are written as ``\\xe9``.  In Python 2.7 a pipe has no encoding: then
    it is UTF-8.

    :param stream: what it writes to.
    """

    def __init__(self, stream):
        self._stream = stream

    #: What others may write: Alembic asks, and puts '?' for other letters.
    encoding = 'utf-8'

    def __getattr__(self, name):
        return getattr(self._stream, name)

    def write(self, text):
        with _ending():
            return compat.streams.write(self._stream, text)

    def flush(self):
        with _ending():
            self._stream.flush()


@contextmanager
def _ending():
    try:
        yield
    except EnvironmentError as error:
        raise OutputEnded(error)


@contextmanager
def any_text():
    """Let ``sys.stdout`` be an :class:`Output`."""
    stdout, sys.stdout = sys.stdout, Output(sys.stdout)
    try:
        yield
    finally:
        sys.stdout = stdout


def forget():
    """Let Python end without trying once more to write to stdout."""
    if sys.stdout is sys.__stdout__:
        _lead_nowhere(sys.stdout)


def forget_unread_errors():
    """Let Python end likewise where nobody reads stderr any more.

    Python 3 would try again what could not be written, and exit with 120.
    """
    try:
        sys.stderr.flush()
    except (EnvironmentError, ValueError):
        if sys.stderr is sys.__stderr__:
            _lead_nowhere(sys.stderr)


def _lead_nowhere(stream):
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, stream.fileno())
    os.close(nowhere)
