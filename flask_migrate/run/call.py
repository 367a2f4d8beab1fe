"""The record of one call of an operation.

It is made where the call comes in, travels down, and tells the explanations
on the way up what was going on.
"""
from contextlib import contextmanager
import logging

from .. import compat

log = logging.getLogger('flask_migrate')


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

    def __init__(self, operation='', arguments=None):
        self.operation = operation
        self.arguments = arguments or {}
        self.config = None
        self.run = None

    def write(self, text, end=u'\n'):
        """Print a line, where somebody sees it."""

    def show(self, result):
        """Print a result that has ``lines()`` and ``as_dict()``, likewise."""

    def log(self, text, *args):
        """Tell the progress of a run, likewise."""

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
