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
        CommandError.__init__(self, compat.python.native(message))

    @property
    def code(self):
        """What ``SystemExit`` has where nobody catches it.

        Not an attribute: errors of drivers have one that cannot be set.
        """
        return exit_code(self.args[0])

    def name_group(self, name):
        """Let the hints speak of commands under another name than 'db'."""
        self.args = (re.sub(r"'db (?=[a-z])",
                            "'%s " % compat.python.native(name),
                            self.args[0]),)

    def add(self, lines):
        """Say more: lines, which are indented."""
        self.args = ('\n  '.join([str(self)] + list(lines)),)

    def __reduce__(self):
        """Let it be pickled: Celery and process pools do that.

        What it cannot take along, such as a driver's own error or the class
        that a revision has made, stays behind.
        """
        kind = type(self).__dict__.get('of_two')
        ours, other = kind or (type(self), None)
        state = dict((name, value) for name, value in self.__dict__.items()
                     if compat.python.can_be_pickled(value))
        return _restored, (
            ours, other if compat.python.can_be_pickled(other) else None,
            self.args, state)

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


class Mistyped(MigrateError):
    """The answers are wrong in themselves, whatever the database has.

    The command lines end with 2, as for all that is mistyped.
    """


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
    if not _become(failure, kind):
        return failure
    for name, value in getattr(cause, '__dict__', {}).items():
        failure.__dict__.setdefault(name, value)
    return failure


def _become(failure, kind):
    """Make an error one of a second kind; return whether that is possible."""
    ours = type(failure)
    try:
        failure.__class__ = type(ours.__name__, (ours, kind), {
            '__module__': ours.__module__, 'of_two': (ours, kind)})
    except Exception:       # SystemExit and OSError, say, share no layout
        return False
    return True


def _restored(ours, other, args, state):
    """The error that was pickled."""
    error = ours.__new__(ours)
    error.args = args
    error.__dict__.update(state)
    if other is not None:
        _become(error, other)
    return error
