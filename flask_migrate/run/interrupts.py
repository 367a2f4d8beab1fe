"""Ctrl-C and SIGTERM end what a database server executes.

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

#: Seconds that the main thread waits for the server to stop.
PATIENCE = 5.0


class Interrupted(object):
    """What has come.

    :ivar signal: the number of the first signal, or None.
    """

    signal = None

    def __init__(self):
        self.handled = threading.Event()
        self.cancelled = threading.Event()

    @property
    def code(self):
        """As shells count a process that was ended by the signal."""
        return self.signal and 128 + self.signal


@contextmanager
def interrupts(cancel):
    """Let SIGINT and SIGTERM end the body with KeyboardInterrupt.

    What a handler raises does not always arrive: a driver makes an error of
    its own of it, a finalizer drops it.  Only in the main thread, and only
    the signals that nobody else handles.

    :param cancel: lets the server stop what it executes; called from another
        thread, perhaps several times.
    :return: the :class:`Interrupted`.
    """
    state = Interrupted()
    listener = _Listener(state, cancel)

    def handle(number, frame):
        first = state.signal is None
        if first:
            state.signal = number
        state.handled.set()
        if first and listener.listens:
            # What is reported next is to be what remains.
            state.cancelled.wait(PATIENCE)
        elif first:
            cancel()
        raise KeyboardInterrupt

    before = _handle(handle)
    if before:
        listener.start()
    try:
        yield state
    except Exception:
        if state.signal is not None:
            raise KeyboardInterrupt
        raise
    finally:
        for number, handler in before:
            signal.signal(number, handler)
        listener.stop()


def _handle(handle):
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

    def __init__(self, state, cancel):
        self.state = state
        self.cancel = cancel
        self.listens = False

    def start(self):
        if not compat.python.signals_can_wake():
            return
        self.reading, self.writing = compat.python.signal_pipe()
        self.before = signal.set_wakeup_fd(self.writing)
        self.thread = threading.Thread(target=self._listen)
        self.thread.daemon = True
        self.thread.start()
        self.listens = True

    def stop(self):
        if not self.listens:
            return
        signal.set_wakeup_fd(self.before)
        self.state.handled.set()
        os.write(self.writing, b'\xff')
        self.thread.join(PATIENCE)
        if not self.thread.is_alive():
            os.close(self.reading)
            os.close(self.writing)
        self.listens = False

    def _listen(self):
        while True:
            data = os.read(self.reading, 1)
            if data in (b'\xff', b''):
                return
            if self.before != -1:
                compat.python.write_ready(self.before, data)
            if compat.python.is_signal(data, signal.SIGINT, signal.SIGTERM):
                self._cancel()

    def _cancel(self):
        try:
            while True:
                self._try()
                if self.state.handled.wait(AGAIN):
                    return
        finally:
            self.state.cancelled.set()

    def _try(self):
        try:
            self.cancel()
        except Exception:
            pass                # the server is gone
