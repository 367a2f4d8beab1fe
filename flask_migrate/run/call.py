"""The record of one call of an operation.

It is made where the call comes in, travels down, and tells the explanations
on the way up what was going on.
"""
from contextlib import contextmanager
import logging

from flask import current_app, has_app_context

from .. import compat

log = logging.getLogger('flask_migrate')

#: What the progress of a run is logged to: the logger that alembic.ini files
#: of all times set up.
PROGRESS = 'alembic.runtime.migration'

#: The operations whose failures the application's log is told of.
CHANGING = ('upgrade', 'downgrade', 'stamp', 'ensure_version')


class NoSignals(object):
    """Stands for ``interrupts.Signals``: a Python program has its own."""

    signal = None

    @contextmanager
    def during(self, work):
        yield self

    @contextmanager
    def noting(self):
        yield

    def check(self):
        """Nothing is noted."""


class Call(object):
    """One call of an operation, from Python: nothing is shown.

    ``console.CommandLine`` is the call of a command line.

    :ivar operation: name of the operation, '' outside one.
    :ivar arguments: its arguments by name.
    :ivar config: the :class:`flask_migrate.Config`; None before it is read.
    :ivar run: the :class:`Run` through env.py; None before there is one.
    """

    interactive = False     # whether somebody sees what is written
    format = 'text'         # what show() prints, if anything
    signals = NoSignals()   # those that have come, of a command line
    visible = False         # whether it is, on stderr
    group = None            # what the group of the command is called

    def __init__(self, operation='', arguments=None):
        self.operation = operation
        self.arguments = arguments or {}
        self.config = None
        self.run = None

    def group_name(self):
        """What the group of the commands is called, for hints."""
        if self.group is None and has_app_context():
            state = getattr(current_app, 'extensions', {}).get('migrate')
            return getattr(getattr(state, 'migrate', None), 'command', 'db')
        return self.group or 'db'

    def failed(self, message):
        """Tell the log of the application that databases were not migrated.

        Only what it has set up itself: Python, or a command line, tells the
        user.
        """
        handlers = self.failure_handlers()
        record = log.makeRecord(
            log.name, logging.ERROR, __file__, 0, u'%s failed: %s',
            (self.operation, compat.python.text(message)), None)
        compat.logs.handle(record, handlers)

    def failure_handlers(self):
        """The handlers of that log, and of gunicorn's.

        It says nothing of a worker that ends with 3, see ``exit_code()``.
        """
        found = logging.getLogger('gunicorn.error').handlers[:]
        if self.operation in CHANGING and has_app_context():
            found += compat.logs.application_handlers(
                current_app._get_current_object())
        return found

    def write(self, text, end=u'\n'):
        """Print a line, where somebody sees it."""
        if self.visible:
            compat.streams.to_stderr(compat.python.text(text) + end)

    def show(self, result):
        """Print a result that has ``lines()`` and ``as_dict()``, likewise."""

    def log(self, text, *args):
        """Tell the progress of a run, likewise."""
        if self.visible:
            compat.streams.to_stderr(u'INFO  [%s] %s\n' % (
                PROGRESS, compat.python.text(text) % args))

    def note(self, text):
        """Tell, beside the result, what somebody ought to know."""
        log.info('%s', text)

    def warn(self, text):
        """Tell what somebody ought to look at before going on."""
        log.warning('%s', text)

    def can_ask(self):
        """Whether somebody sits there who can be asked."""
        return False

    def read_line(self, prompt):
        """Ask, and return what was typed; None at the end of the input."""

    def say(self, text):
        """Log something that is not progress: who is waited for."""
        log.info('%s', text)
        if self.visible:
            compat.streams.to_stderr(u'INFO  [%s] %s\n' % (
                log.name, compat.python.text(text)))

    @contextmanager
    def status(self):
        """Keep Alembic's status lines out of a Python program's output.

        Alembic can be told so from 1.11 on (``quiet``); before, it writes
        to ``sys.stdout``.
        """
        with compat.alembic.quiet_status():
            yield

    @contextmanager
    def logging(self, ini):
        """Let what is logged be seen, likewise.

        :param ini: path of alembic.ini.
        """
        yield
