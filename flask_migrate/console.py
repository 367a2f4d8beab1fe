"""The command line's side of a command: what it shows, and how it fails.

From Python a command prints nothing and leaves logging alone; both command
lines run it inside :func:`command_line`.
"""
from contextlib import contextmanager
import io
import logging
import logging.config
import os
import select
import signal
import sys
import threading

from . import compat

log = logging.getLogger('flask_migrate')

#: Whether a command line is running (one process has one).
_active = []

#: Where Alembic and this package log to.
LOGGERS = ('alembic', 'flask_migrate')

#: Alembic's loggers that speak of Alembic (the second is that of 0.6).
NOISY = ('alembic.runtime.migration', 'alembic.migration',
         'alembic.runtime.plugins')


def active():
    """Whether the running command belongs to a command line."""
    return bool(_active)


def run(operation, values):
    """Run an operation for a command line: it prints, and ends on errors.

    :param operation: the function.
    :param values: its arguments, with those of the command line itself.
    """
    from alembic.util import CommandError
    values = dict(values)
    debug = values.pop('show_traceback', False) \
        or os.environ.get('FLASK_DEBUG', '0').lower() not in (
            '0', '', 'false', 'no')
    _active.append(True)
    stdout, sys.stdout = sys.stdout, compat.python.text_stream(sys.stdout)
    try:
        operation(**values)
    except CommandError as error:
        if debug:
            sys.stderr.write(getattr(error, 'traceback', ''))
        report(error)
        sys.exit(1)
    except KeyboardInterrupt as error:
        report(getattr(error, 'report', 'Interrupted.'))
        sys.exit(130)       # as shells count a process ended by Ctrl-C
    finally:
        sys.stdout = stdout
        _active.pop()


def report(error):
    """Print a failed command's message on stderr."""
    message = u'Error: %s\n' % _text(error)
    try:
        sys.stderr.write(compat.python.native(message))
    except UnicodeError:        # a terminal that lacks the letters
        sys.stderr.write(message.encode('ascii', 'backslashreplace')
                         .decode('ascii'))
    sys.stderr.flush()


def _text(error):
    text = error
    if not isinstance(error, compat.python.string_types):
        text = str(error)
    if isinstance(text, bytes):
        text = text.decode('utf-8', 'replace')
    return text


class Quiet(io.StringIO):
    """A stdout for commands that are called from Python."""

    encoding = 'utf-8'      # Alembic of Python 2.7 asks

    def write(self, text):
        return len(text)


class _Noise(logging.Filter):
    """Hide what Alembic says of itself in every command."""

    # 'Running %s' comes from us, with a number and the time it took.
    starts = ('Context impl ', 'Will assume ', 'setting up autogenerate',
              'setup plugin ', 'Generating static SQL', 'Running ')

    def filter(self, record):
        return not str(record.msg).startswith(self.starts)


@contextmanager
def logging_of_env_py(ini):
    """Take ``fileConfig()`` away from env.py for the length of a command.

    It disables all existing loggers, drops the root handlers and sets the
    level of root: the application's own logging, and pytest's ``caplog``,
    do not survive that.  In a command line the ini file is applied once,
    beside what the application has set up; from Python not at all.

    :param ini: path of alembic.ini.
    """
    real = logging.config.fileConfig

    def file_config(fname, *args, **kwargs):
        if not isinstance(fname, compat.python.string_types) \
                or os.path.abspath(fname) != os.path.abspath(ini):
            return real(fname, *args, **kwargs)
    logging.config.fileConfig = file_config
    try:
        with _visible(ini, real) if active() else _untouched():
            yield
    finally:
        logging.config.fileConfig = real


@contextmanager
def _untouched():
    yield


@contextmanager
def _visible(ini, file_config):
    """Show what Alembic logs on stderr, as alembic.ini says it."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    own = [logging.getLogger(name) for name in LOGGERS]
    before = [(logger, logger.level, logger.handlers[:], logger.propagate)
              for logger in [root] + list(root.manager.loggerDict.values())
              if isinstance(logger, logging.Logger)]
    try:
        file_config(ini, disable_existing_loggers=False)
    except Exception:
        # No logging section, or a wrong one: the defaults below will do.
        root.handlers[:], root.level = handlers, level
    if handlers:
        # The application set up logging itself.
        root.handlers[:] = handlers
        root.setLevel(level)
    for logger in own:
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
        for logger, its_level, its_handlers, propagate in before:
            logger.setLevel(its_level)
            logger.handlers[:] = its_handlers
            logger.propagate = propagate


def _is_seen(handler):
    """Whether a handler writes progress where the user looks."""
    return getattr(handler, 'stream', None) in (sys.stderr, sys.stdout) \
        and handler.level <= logging.INFO


def _handler():
    handler = logging.StreamHandler()
    handler.setFormatter(logging.Formatter(
        '%(levelname)-5.5s [%(name)s] %(message)s'))
    return handler


def write(text, end=u'\n'):
    """Print a line of a command line's command."""
    if active():
        sys.stdout.write(compat.python.native(text + end))
        sys.stdout.flush()


@contextmanager
def status(config):
    """Keep Alembic's status lines out of a Python program's output.

    Alembic can be told so from 1.11 on (``quiet``); before, it writes to
    ``sys.stdout``.
    """
    if active() or compat.alembic.can_be_quiet():
        yield
        return
    stdout, sys.stdout = sys.stdout, Quiet()
    try:
        yield
    finally:
        sys.stdout = stdout


@contextmanager
def interrupts(stop):
    """Note each Ctrl-C of a command line, and end with KeyboardInterrupt.

    What it raises does not always arrive: SQLite and psycopg2 make an error
    of their own of it, a finalizer drops it.

    :param stop: is called at the first one.
    :return: a list that is not empty after Ctrl-C.
    """
    interrupted = []
    before = signal.getsignal(signal.SIGINT)
    if not active() or before is not signal.default_int_handler \
            or threading.current_thread().name != 'MainThread':
        yield interrupted
        return

    def handle(number, frame):
        interrupted.append(True)
        if len(interrupted) == 1:
            stop()
        raise KeyboardInterrupt
    signal.signal(signal.SIGINT, handle)
    try:
        yield interrupted
    except Exception:
        if interrupted:
            raise KeyboardInterrupt
        raise
    finally:
        signal.signal(signal.SIGINT, before)


def interruptible_postgresql(interrupted):
    """Let Ctrl-C stop a statement that PostgreSQL is executing.

    psycopg2 looks for signals only when the server has answered, unless it
    waits in Python.  Only in a command line: it concerns all connections of
    the process.

    :param interrupted: what :func:`interrupts` returned.
    :return: a function that undoes it.
    """
    extensions = sys.modules.get('psycopg2.extensions')
    if extensions is None or not active():
        return lambda: None

    def wait(connection):
        while True:
            try:
                state = connection.poll()
                if state == extensions.POLL_OK:
                    return
                ready = [connection.fileno()]
                select.select(ready if state == extensions.POLL_READ else [],
                              ready if state == extensions.POLL_WRITE else [],
                              [])
            except KeyboardInterrupt:
                if len(interrupted) > 1:    # the server does not answer
                    raise
                connection.cancel()     # the server then ends the statement

    before = extensions.get_wait_callback()
    extensions.set_wait_callback(wait)
    return lambda: extensions.set_wait_callback(before)
