"""Every failure as one clear sentence: what is wrong, and the next step."""
from contextlib import contextmanager
import sys
import traceback
import warnings

from alembic.util import CommandError

from . import compat


class MigrateError(CommandError, SystemExit):
    """A command failed; the message says why and what to do.

    It is a SystemExit as well, since Flask-Migrate 2.2 to 4.1 ended with one
    and code that catches it must go on working.  Where nobody catches it,
    Python prints the message and exits with 1.

    .. versionadded:: 5.0.0
    """

    def __init__(self, message):
        message = compat.python.native(message)
        CommandError.__init__(self, message)
        self.code = 'Error: %s' % message

    def __str__(self):
        return self.args[0]

    def __unicode__(self):
        return compat.python.text(self.args[0])


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
            compat.python.reraise(DiffsDetected(str(error), error.diffs),
                                  error)
        explained = explanation(error, sys.exc_info()[2])
        if explained is None:
            raise
        # For those who ask to see it.
        explained.traceback = traceback.format_exc()
        compat.python.reraise(explained, error)


def explanation(error, tb):
    """The :class:`MigrateError` for an exception; None for an unknown one.

    :param tb: its traceback object.
    """
    from .explain import explain
    message = explain(error, tb)
    return message and of_the_same_kind(MigrateError(message), error)


def of_the_same_kind(failure, cause):
    """Make *failure* one that code which catches *cause* catches as well.

    Old code waits for its database with ``except OperationalError``, or has
    revisions that raise an exception of its own.
    """
    kind = type(cause)
    if isinstance(cause, Warning) or not issubclass(kind, Exception) \
            or isinstance(failure, kind) or kind is CommandError:
        return failure
    code = failure.code
    try:
        failure.__class__ = type(
            type(failure).__name__, (type(failure), kind),
            {'__module__': type(failure).__module__})
    except TypeError:       # SystemExit and OSError, say, share no layout
        return failure
    for name, value in cause.__dict__.items():
        failure.__dict__.setdefault(name, value)
    failure.code = code     # SQLAlchemy's errors have a code of their own
    return failure


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
