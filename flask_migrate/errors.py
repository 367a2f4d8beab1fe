"""Every failure as one clear sentence: what is wrong, and the next step."""
from contextlib import contextmanager

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
    """Turn what a command raises into a :class:`MigrateError`."""
    try:
        yield
    except MigrateError:
        raise
    except CommandError as error:
        if hasattr(error, 'diffs'):
            _compat.reraise(DiffsDetected(str(error), error.diffs), error)
        _compat.reraise(MigrateError(str(error)), error)
