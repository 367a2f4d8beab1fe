"""What failed, in the words of somebody who has to mend it at night.

Each room here has functions that take :class:`Facts` and return a message,
or None where they do not know the failure.  The first line says what is
wrong, the second what to do.
"""
from contextlib import contextmanager
import traceback

from .. import compat
from ..compat.python import text
from ..errors import DiffsDetected, MigrateError, of_the_same_kind
from ..run.call import Call


def _explanations():
    """The functions, in the order in which they are asked."""
    # A command that does not fail pays for none of them.
    from . import (
        chain, commands, configuration, database, files, importing)
    return (files.explain_file, importing.explain_importing,
            configuration.explain_configuration,
            database.explain_database, chain.explain_chain,
            commands.explain_steps,
            commands.explain_command, files.explain_access)


@contextmanager
def explained(call):
    """Turn what an operation raises into a :class:`MigrateError`.

    Exceptions that nobody foresaw stay what they are.

    :param call: the :class:`Call`.
    """
    try:
        with _told(call):
            yield
    except KeyboardInterrupt as error:
        # For the command lines.
        error.report = _interrupted(call)
        raise


@contextmanager
def _told(call):
    """Tell the application's log of a failure, and the group's real name."""
    try:
        with _as_migrate_error(call):
            yield
    except MigrateError as error:
        error.name_group(call.group_name())
        call.failed(error)
        raise
    except Exception as error:
        call.failed(''.join(traceback.format_exception_only(
            type(error), error)).strip())
        raise


@contextmanager
def _as_migrate_error(call):
    try:
        yield
    except MigrateError as error:
        if _failed_revision(call):
            compat.python.reraise(explain(error, call), error)
        error.add(_positions(call))
        raise
    except SystemExit as error:
        if _failed_revision(call):
            compat.python.reraise(explain(error, call), error)
        raise
    except Exception as error:
        if hasattr(error, 'diffs'):
            compat.python.reraise(DiffsDetected(str(error), error.diffs),
                                  error)
        explanation = explain(error, call)
        if explanation is None:
            raise
        # For those who ask to see it.
        explanation.traceback = traceback.format_exc()
        compat.python.reraise(explanation, error)


def explain(error, call=None):
    """The :class:`MigrateError` for an exception that is being handled.

    :param call: the :class:`Call` that failed, if there was one.
    :return: None for an exception that nobody foresaw.
    """
    call = call or Call()
    if _failed_revision(call):
        from . import revision
        return revision.failed(call.run.failure)
    from .facts import Facts
    facts = Facts(error, call)
    for function in _explanations():
        message = function(facts)
        if message:
            failure = MigrateError(message)
            failure.add(_positions(call))
            return of_the_same_kind(failure, error)
    return None


def beginning(error, traceback):
    """What is wrong before any command could run: its message, or None.

    :param traceback: where the error has passed.
    """
    from . import configuration, importing
    from .facts import Facts
    facts = Facts(error, Call(), traceback)
    return importing.explain_importing(facts) \
        or configuration.explain_configuration(facts)


def reason(error, call):
    """Why something that is being handled failed, where it is not raised."""
    message = explain(error, call)
    if message is None:
        message = u'%s: %s' % (type(error).__name__, text(error))
    return text(message)


def _failed_revision(call):
    """Whether it is a revision that failed."""
    failure = call.run and call.run.failure
    return failure is not None and failure.revision is not None


def _positions(call):
    """Where the databases are now, if a run has changed any."""
    failure = call.run and call.run.failure
    if not failure:
        return []
    from . import revision
    return revision.positions(failure)


def _interrupted(call):
    """What is said after Ctrl-C or SIGTERM."""
    failure = call.run and call.run.failure
    if failure is None:
        return 'Interrupted.'
    from . import revision
    return revision.interrupted(failure)
