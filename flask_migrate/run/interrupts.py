"""Ctrl-C and SIGTERM end a command, and what a server executes for it.

A driver written in C notices a signal when the server has answered, which
may take an hour.  So a thread waits for the signal, and lets the server stop
what it executes: the driver then returns, with an error, and Python comes to
what the signal is meant to do.
"""
from contextlib import contextmanager
import os
import signal
import threading

from .. import compat

#: Seconds from one try to stop a statement to the next: the first may have
#: come before the statement.
AGAIN = 0.5

#: Seconds that one thread gives the other.
PATIENCE = 5.0


class Signals(object):
    """SIGINT and SIGTERM end the body of ``with`` with KeyboardInterrupt.

    Only in the main thread, and only the signals that nobody else handles.
    What a handler raises does not always arrive: a driver makes an error of
    its own of it, a finalizer drops it.  So it is raised again at the end.

    :ivar signal: the number of the first signal, or None.
    :ivar work: what is to be stopped, as :meth:`during` has it, or None.
    :ivar again: whether the signal has to be sent again.
    """

    signal = work = None
    over = late = again = False

    def __init__(self):
        self.handled = threading.Event()
        self.cancelled = threading.Event()
        self.listener = _Listener(self)
        self.before = []
        self.put_back_hook = None

    @property
    def code(self):
        """As shells count a process that was ended by the signal."""
        return self.signal and 128 + self.signal

    def __enter__(self):
        self.before = _take(self._handle)
        if self.before:
            self.put_back_hook = compat.signals.drop_unraisable(self._dropped)
            self.listener.start([number for number, _ in self.before])
        return self

    def __exit__(self, kind, error, traceback):
        self.over = True
        self.handled.set()
        if self.signal is not None and (
                kind is None or issubclass(kind, Exception)):
            raise KeyboardInterrupt

    def close(self):
        """Leave the signals to others again; till then they have no effect."""
        self.listener.stop()
        if self.put_back_hook is not None:
            self.put_back_hook()
        while self.before:
            signal.signal(*self.before.pop())

    def _dropped(self, error):
        return self.signal is not None \
            and isinstance(error, KeyboardInterrupt)

    def _handle(self, number, frame):
        if self.over:
            return
        first = self.signal is None
        if first:
            self.signal = number
        if self.listener.listens and compat.signals.in_finalizer(frame):
            self.again = True       # what is raised there is dropped
            return
        if first:
            if self.late:
                self.handled.set()
                return
            if not self.listener.listens:
                self.stop()
            elif self.work is not None and self.work.executes(frame):
                # It will return, and say what became of the statement.
                return
            else:
                # What is reported next is to be what remains.
                self.handled.set()
                self.cancelled.wait(PATIENCE)
        self.handled.set()
        raise KeyboardInterrupt

    def stop(self):
        """Let a server stop what it executes; never raises."""
        work = self.work
        try:
            if work is not None:
                work.stop()
        except Exception:
            pass                # the server is gone

    @contextmanager
    def during(self, work):
        """Stop *work* at a signal, as long as the body runs.

        :param work: has ``stop()``, which lets a server stop what it
            executes, called from another thread, perhaps several times; and
            ``executes(frame)``, whether a frame is inside what returns when
            the server stops.
        """
        self.work = work
        try:
            yield self
        except Exception:
            self.check()
            raise
        finally:
            self.work = None

    @contextmanager
    def noting(self):
        """Let the first signal be noted only, as long as the body runs."""
        self.late = True
        try:
            yield
        finally:
            self.late = False

    def check(self):
        """Raise KeyboardInterrupt, if a signal has come."""
        if self.signal is not None:
            self.handled.set()
            raise KeyboardInterrupt


def _take(handle):
    """Set a handler where nobody has; return what was there, by signal."""
    before = []
    for number, default in ((signal.SIGINT, signal.default_int_handler),
                            (signal.SIGTERM, signal.SIG_DFL)):
        if signal.getsignal(number) != default:
            continue
        try:
            signal.signal(number, handle)
        except ValueError:      # not the main thread
            break
        before.append((number, default))
    return before


class _Listener(object):
    """The thread that waits for a signal."""

    def __init__(self, state):
        self.state = state
        self.listens = False

    def start(self, numbers):
        if not compat.signals.signals_can_wake(numbers):
            return
        self.numbers = numbers
        self.reading, self.writing = compat.signals.signal_pipe()
        self.before = signal.set_wakeup_fd(self.writing)
        self.thread = threading.Thread(target=self._listen)
        self.thread.daemon = True
        self.thread.start()
        self.listens = True

    def stop(self):
        if not self.listens:
            return
        signal.set_wakeup_fd(self.before)
        os.write(self.writing, b'\xff')
        self.thread.join(PATIENCE)
        if not self.thread.is_alive():
            os.close(self.reading)
            os.close(self.writing)
        self.listens = False

    def _listen(self):
        while True:
            data = compat.signals.read_patiently(self.reading)
            if data in (b'\xff', b''):
                return
            if self.before != -1:
                compat.signals.write_ready(self.before, data)
            number = compat.signals.signal_number(data, signal.SIGINT)
            if number in self.numbers:
                self._stop(number)

    def _stop(self, number):
        """Stop what is executed, until the main thread has noticed."""
        state, start = self.state, compat.python.monotonic()
        try:
            while True:
                state.stop()
                if state.handled.wait(AGAIN):
                    return
                passed = compat.python.monotonic() - start >= PATIENCE
                if state.again or passed and state.signal is not None:
                    # What was to return does not.
                    state.again = False
                    os.kill(os.getpid(), state.signal or number)
                elif passed and state.work is None:
                    # A driver waits for a server, and nothing is changed.
                    compat.signals.end_process(
                        b'Error: Interrupted.\n', 128 + number)
        finally:
            state.cancelled.set()
