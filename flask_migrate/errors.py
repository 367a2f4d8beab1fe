"""Every failure as one clear sentence: what is wrong, and the next step."""
from contextlib import contextmanager
import sys
import traceback
import warnings

from alembic.util import CommandError

from . import _compat


class MigrateError(CommandError, SystemExit):
    """A command failed; the message says why and what to do.

    It is a SystemExit as well, since Flask-Migrate 2.2 to 4.1 ended with one
    and code that catches it must go on working.  Where nobody catches it,
    Python prints the message and exits with 1.

    .. versionadded:: 5.0.0
    """

    def __init__(self, message):
        message = _compat.native(message)
        CommandError.__init__(self, message)
        self.code = 'Error: %s' % message

    def __str__(self):
        return self.args[0]

    def __unicode__(self):
        return _compat.text(self.args[0])


class NoApplication(MigrateError, RuntimeError):
    """There is no application context."""


class DiffsDetected(MigrateError):
    """Database and models differ.

    :ivar diffs: the differences, as Alembic lists them.

    .. versionadded:: 5.0.0
    """

    def __init__(self, message, diffs):
        MigrateError.__init__(self, message)
        self.diffs = diffs


@contextmanager
def as_command_errors():
    """Turn what a command raises into a :class:`MigrateError`.

    Exceptions that nobody foresaw stay what they are.
    """
    try:
        with _broken_chain_is_an_error():
            yield
    except MigrateError:
        raise
    except Exception as error:
        if hasattr(error, 'diffs'):
            _compat.reraise(DiffsDetected(str(error), error.diffs), error)
        explained = explanation(error, sys.exc_info()[2])
        if explained is None:
            raise
        # For those who ask to see it.
        explained.traceback = traceback.format_exc()
        _compat.reraise(explained, error)


def explanation(error, tb):
    """The :class:`MigrateError` for an exception; None for an unknown one.

    :param tb: its traceback object.
    """
    from .explain import explain
    message = explain(error, tb)
    return message and _of_the_same_kind(message, error)


def _of_the_same_kind(message, cause):
    """A MigrateError that code which catches *cause* catches as well.

    Old code waits for its database with ``except OperationalError``.
    """
    kind = type(cause)
    if isinstance(cause, Warning) or kind is CommandError:
        return MigrateError(message)
    try:
        both = type(kind.__name__, (MigrateError, kind),
                    {'__module__': kind.__module__,
                     '__init__': MigrateError.__init__})
        error = both.__new__(both)
    except TypeError:       # SystemExit and OSError, say, share no layout
        return MigrateError(message)
    error.__dict__.update(cause.__dict__)
    error.__init__(message)
    return error


@contextmanager
def _broken_chain_is_an_error():
    """Stop where Alembic warns that revision files do not fit together.

    It goes on without the one file or the other, and changes the database.
    """
    with warnings.catch_warnings():
        for message in (r'Revision .* is present more than once',
                        r'Revision .* referenced from .* is not present'):
            warnings.filterwarnings('error', message, UserWarning)
        yield
