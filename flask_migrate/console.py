"""What a command line shows of a command, and how it ends.

From Python a command prints nothing and leaves logging alone; both command
lines run it as the call of a :class:`CommandLine`.
"""
from contextlib import contextmanager
from functools import wraps
import json
import os
import signal
import sys
import threading

from . import compat, logs
from .output import (
    OutputEnded, any_text, forget, forget_unread_errors)
from .run.call import PROGRESS, Call
from .run.interrupts import Signals


class CommandLine(Call):
    """A call whose progress somebody sees.

    :param format: 'text' or 'json', for what :meth:`show` prints.
    :param signals: the Signals that may have come.
    """

    interactive = True

    def __init__(self, format, signals, group=None):
        Call.__init__(self)
        self.format = format
        self.signals = signals
        self.group = group

    def failure_handlers(self):
        return [handler for handler in Call.failure_handlers(self)
                if not compat.logs.is_console(handler)]

    def write(self, text, end=u'\n'):
        sys.stdout.write(compat.python.native(text + end))
        sys.stdout.flush()

    def show(self, result):
        if self.format == 'json':
            self.write(compat.python.text(
                json.dumps(result.as_dict(), indent=2)))
        else:
            for line in result.lines():
                self.write(line)

    def log(self, text, *args):
        logs.show(PROGRESS, compat.python.text(text) % args)

    def say(self, text):
        logs.show('flask_migrate', text)

    def note(self, text):
        compat.streams.to_stderr(u'%s\n' % compat.python.text(text))

    warn = note

    def can_ask(self):
        return sys.stdin.isatty() and sys.stderr.isatty()

    def read_line(self, prompt):
        compat.streams.to_stderr(prompt)
        line = sys.stdin.readline()
        return compat.python.text(line) if line else None

    @contextmanager
    def status(self):
        yield

    def logging(self, ini):
        return _logging.used(lambda: logs.visible(ini))


class Shared(object):
    """Something of the process that command lines change while they run.

    Several may run in threads at once: the first changes it, and the last
    puts it back.
    """

    def __init__(self):
        self._mutex = threading.Lock()
        self._users = 0
        self._change = None

    @contextmanager
    def used(self, change):
        """Have it changed.

        :param change: gives a context manager that changes it.
        """
        with self._mutex:
            if not self._users:
                self._change = change()
                self._change.__enter__()
            self._users += 1
        try:
            yield
        finally:
            with self._mutex:
                self._users -= 1
                if not self._users:
                    self._change.__exit__(None, None, None)


_logging, _stdout = Shared(), Shared()


def run(operation, values, group=None):
    """Run an operation for a command line: it prints, and ends on errors.

    :param operation: the function.
    :param values: its arguments, with those of the command line itself.
    :param group: the name of the group that the command is in.
    """
    signals = None
    try:
        # All is inside: a signal may come at any moment.
        signals = Signals()
        with signals, _stdout.used(any_text):
            code = _perform(operation, dict(values), signals, group)
            sys.stdout.flush()
    except OutputEnded as end:
        code = _output_ended(end)
    except KeyboardInterrupt as error:
        report(getattr(error, 'report', 'Interrupted.'))
        code = signals and signals.code or 128 + signal.SIGINT
    finally:
        forget_unread_errors()
        if signals is not None:
            signals.close()
    if code:
        sys.exit(code)


def _perform(operation, values, signals, group):
    from alembic.util import CommandError
    from .errors import Mistyped
    debug = values.pop('show_traceback', False) \
        or os.environ.get('FLASK_DEBUG', '0').lower() not in (
            '0', '', 'false', 'no')
    wants_code = values.pop('exit_code', False)
    call = CommandLine(values.pop('format', 'text'), signals, group)
    try:
        result = operation.perform(call, **values)
    except CommandError as error:
        signals.check()
        if debug:
            sys.stderr.write(getattr(error, 'traceback', ''))
        report(error)
        return 2 if isinstance(error, Mistyped) else 1
    return result.exit_code if wants_code \
        else int(bool(getattr(result, 'error', None)))


def _output_ended(end):
    """Say so, where somebody may see it; return the exit code."""
    forget()
    if end.reason is None:
        return 141              # as shells count it: 128 + SIGPIPE
    report(u"Can't write the output: %s." % end.reason)
    return 1


def catch_errors(function):
    """Let a function's CommandError or RuntimeError end the process with 1.

    Flask-Migrate 2.2 to 4.1 had this decorator around their functions.

    :param function: any function.
    :return: the function that prints the error and exits.

    .. versionadded:: 2.2.0
    """
    @wraps(function)
    def wrapped(*args, **kwargs):
        from alembic.util import CommandError
        try:
            return function(*args, **kwargs)
        except (CommandError, RuntimeError) as error:
            report(error)
            sys.exit(1)
    return wrapped


def report(error):
    """Print a failed command's message on stderr."""
    compat.streams.to_stderr(u'Error: %s\n' % _text(error))


def did_you_mean(word, known):
    """The end of a message about a mistyped word, or ''."""
    found = near(word, known)
    return ", did you mean '%s'?" % found[0] if found else ''


def near(word, known):
    """The one of many words that is nearest to a mistyped one, in a list."""
    import difflib
    return difflib.get_close_matches(word, known, 1)


def _text(error):
    text = error
    if not isinstance(error, compat.python.string_types):
        text = str(error)
    if isinstance(text, bytes):
        text = text.decode('utf-8', 'replace')
    return text
