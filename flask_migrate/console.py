"""What a command line shows of a command, and how it ends.

From Python a command prints nothing and leaves logging alone; both command
lines run it as the call of a :class:`CommandLine`.
"""
from contextlib import contextmanager
import json
import logging
import logging.config
import os
import signal
import sys
import threading

from . import compat
from .run.call import Call
from .run.interrupts import Signals

log = logging.getLogger('flask_migrate')

#: Where Alembic and this package log to.
LOGGERS = ('alembic', 'flask_migrate')

#: Alembic's loggers that speak of Alembic (the second is that of 0.6).
NOISY = ('alembic.runtime.migration', 'alembic.migration',
         'alembic.runtime.plugins')


class CommandLine(Call):
    """A call whose progress somebody sees.

    :param format: 'text' or 'json', for what :meth:`show` prints.
    :param signals: the Signals that may have come.
    """

    interactive = True

    def __init__(self, format, signals):
        Call.__init__(self)
        self.format = format
        self.signals = signals

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
        log.info(text, *args)

    def note(self, text):
        to_stderr(u'%s\n' % compat.python.text(text))

    warn = note

    def can_ask(self):
        return sys.stdin.isatty() and sys.stderr.isatty()

    def read_line(self, prompt):
        to_stderr(prompt)
        line = sys.stdin.readline()
        return compat.python.text(line) if line else None

    @contextmanager
    def status(self):
        yield

    def logging(self, ini):
        return _logging.used(lambda: _visible(ini))


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


def run(operation, values):
    """Run an operation for a command line: it prints, and ends on errors.

    :param operation: the function.
    :param values: its arguments, with those of the command line itself.
    """
    signals = None
    try:
        # All is inside: a signal may come at any moment.
        signals = Signals()
        with signals, _stdout.used(_any_text):
            code = _perform(operation, dict(values), signals)
    except KeyboardInterrupt as error:
        report(getattr(error, 'report', 'Interrupted.'))
        code = signals and signals.code or 128 + signal.SIGINT
    finally:
        if signals is not None:
            signals.close()
    if code:
        sys.exit(code)


def _perform(operation, values, signals):
    from alembic.util import CommandError
    debug = values.pop('show_traceback', False) \
        or os.environ.get('FLASK_DEBUG', '0').lower() not in (
            '0', '', 'false', 'no')
    wants_code = values.pop('exit_code', False)
    call = CommandLine(values.pop('format', 'text'), signals)
    try:
        result = operation.perform(call, **values)
    except CommandError as error:
        signals.check()
        if debug:
            sys.stderr.write(getattr(error, 'traceback', ''))
        report(error)
        return 1
    return result.exit_code if wants_code \
        else int(bool(getattr(result, 'error', None)))


@contextmanager
def _any_text():
    """Let ``sys.stdout`` take any text, which on Python 2.7 it may not."""
    stdout = sys.stdout
    stream = compat.python.text_stream(stdout)
    if stream is stdout:
        yield
        return
    sys.stdout = stream
    try:
        yield
    finally:
        sys.stdout = stdout


def report(error):
    """Print a failed command's message on stderr."""
    to_stderr(u'Error: %s\n' % _text(error))


def to_stderr(text):
    """Print what is not the result of a command."""
    try:
        sys.stderr.write(compat.python.native(text))
    except UnicodeError:        # a terminal that lacks the letters
        sys.stderr.write(text.encode('ascii', 'backslashreplace')
                         .decode('ascii'))
    sys.stderr.flush()


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


class _Noise(logging.Filter):
    """Hide what Alembic says of itself in every command."""

    # 'Running %s' comes from us, with a number and the time it took.
    starts = ('Context impl ', 'Will assume ', 'setting up autogenerate',
              'setup plugin ', 'Generating static SQL', 'Running ')

    def filter(self, record):
        return not str(record.msg).startswith(self.starts)


@contextmanager
def _visible(ini):
    """Show what Alembic logs on stderr, as alembic.ini says it.

    What the application has set up itself stays, and all is as it was
    afterwards.
    """
    root = logging.getLogger()
    before = [(logger, logger.level, logger.handlers[:], logger.propagate)
              for logger in [root] + list(root.manager.loggerDict.values())
              if isinstance(logger, logging.Logger)]
    _read_ini(ini, root)
    for logger in [logging.getLogger(name) for name in LOGGERS]:
        if logger.level == logging.NOTSET:
            logger.setLevel(logging.INFO)
        if not any(_is_seen(handler)
                   for handler in root.handlers + logger.handlers):
            logger.addHandler(_handler())
    noise = _Noise()
    for name in NOISY:
        logging.getLogger(name).addFilter(noise)
    try:
        yield
    finally:
        for name in NOISY:
            logging.getLogger(name).removeFilter(noise)
        for logger, level, handlers, propagate in before:
            logger.setLevel(level)
            logger.handlers[:] = handlers
            logger.propagate = propagate


def _read_ini(ini, root):
    """Set up logging as alembic.ini says, beside the application's own."""
    handlers, level = root.handlers[:], root.level
    try:
        logging.config.fileConfig(ini, disable_existing_loggers=False)
    except Exception:
        # No logging section, or a wrong one: the defaults will do.
        root.handlers[:], root.level = handlers, level
    if handlers:
        # The application set up logging itself.
        root.handlers[:] = handlers
        root.setLevel(level)


def _is_seen(handler):
    """Whether a handler writes progress where the user looks."""
    return getattr(handler, 'stream', None) in (sys.stderr, sys.stdout) \
        and handler.level <= logging.INFO


def _handler():
    handler = logging.StreamHandler()
    handler.setFormatter(logging.Formatter(
        '%(levelname)-5.5s [%(name)s] %(message)s'))
    return handler
