"""The kinds of errors."""
import re
import sys

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
        self.code = exit_code(message)

    def name_group(self, name):
        """Let the hints speak of commands under another name than 'db'."""
        self._say(re.sub(r"'db (?=[a-z])",
                         "'%s " % compat.python.native(name), self.args[0]))

    def _say(self, message):
        self.args = (message,)
        self.code = exit_code(message)

    def add(self, lines):
        """Say more: lines, which are indented."""
        self._say('\n  '.join([str(self)] + list(lines)))

    def __str__(self):
        return self.args[0]

    def __unicode__(self):
        return compat.python.text(self.args[0])


def exit_code(message):
    """What ``SystemExit.code`` of a failure is.

    Python prints a text, and ends with 1.  gunicorn starts a worker again
    that ends so while it loads the application, for ever; it gives up after
    3, which is its code for that.
    """
    if 'gunicorn.arbiter' in sys.modules:
        return 3
    return 'Error: %s' % message


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


class MigrationFailed(MigrateError):
    """A revision failed.

    :ivar revision: its identifier.
    :ivar path: its file.
    :ivar line: number of the line in the file, or None.
    :ivar direction: 'upgrade', 'downgrade' or 'stamp'.
    :ivar statement: the SQL statement that failed, or None.
    :ivar took_effect: the statements of the revision that cannot be rolled
        back.

    .. versionadded:: 5.0.0
    """

    def __init__(self, message, revision=None, path=None, line=None,
                 direction=None, statement=None, took_effect=()):
        MigrateError.__init__(self, message)
        self.revision = revision
        self.path = path
        self.line = line
        self.direction = direction
        self.statement = statement
        self.took_effect = list(took_effect)


class LockTimeout(MigrateError):
    """Another process was migrating the database for too long.

    .. versionadded:: 5.0.0
    """


class LockLost(MigrateError):
    """The connection that held the lock of a migration has died.

    .. versionadded:: 5.0.0
    """


class ForeignKeyViolation(MigrateError):
    """A migration left rows that point to no row.

    .. versionadded:: 5.0.0
    """


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
