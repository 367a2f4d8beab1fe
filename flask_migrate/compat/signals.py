"""What depends on Python where signals come."""
import errno
import os
import signal
import sys


def signals_can_wake(numbers):
    """Whether ``signal.set_wakeup_fd`` tells of signals, and of which.

    :param numbers: those that are waited for.

    Windows takes sockets only; Python before 3.3 does not write which signal
    came, so there must be no other that a program handles.
    """
    if os.name != 'posix':
        return False
    return sys.version_info >= (3, 3) or not any(
        callable(signal.getsignal(number))
        for number in range(1, signal.NSIG)
        if number not in numbers)


def signal_pipe():
    """The ends of a pipe; writing to it, also by a signal, never waits."""
    import fcntl
    ends = os.pipe()
    for end in ends:
        fcntl.fcntl(end, fcntl.F_SETFD, fcntl.FD_CLOEXEC)
    flags = fcntl.fcntl(ends[1], fcntl.F_GETFL)
    fcntl.fcntl(ends[1], fcntl.F_SETFL, flags | os.O_NONBLOCK)
    return ends


def read_patiently(descriptor):
    """A byte; Python before 3.5 gives up reading when a signal comes."""
    while True:
        try:
            return os.read(descriptor, 1)
        except EnvironmentError as error:
            if error.errno != errno.EINTR:
                raise


def in_finalizer(frame):
    """Whether a frame is inside what Python ignores exceptions of.

    That is ``__del__``, and what weak references call: here those of
    Python's own dictionaries and sets, and of SQLAlchemy's pool.
    """
    while frame is not None:
        name = frame.f_code.co_name
        if name in ('__del__', '_finalize_fairy') or name == 'remove' \
                and 'weakref' in frame.f_globals.get('__name__', ''):
            return True
        frame = frame.f_back
    return False


def drop_unraisable(drops):
    """Say nothing of some errors that finalizers raise (Python 3.8).

    :param drops: is called with the error; whether it is one of those.
    :return: a function that ends this, or None.
    """
    before = getattr(sys, 'unraisablehook', None)
    if before is None:
        return None

    def hook(unraisable):
        if not drops(unraisable.exc_value):
            before(unraisable)
    sys.unraisablehook = hook
    return lambda: setattr(sys, 'unraisablehook', before)


def end_process(message, code):
    """End this process at once, from any thread."""
    os.write(2, message)
    os._exit(code)


def signal_number(data, default):
    """The signal that has written a byte; *default* before Python 3.3."""
    return ord(data) if sys.version_info >= (3, 3) else default


def write_ready(descriptor, data):
    """Write to a descriptor that does not wait."""
    try:
        os.write(descriptor, data)
    except EnvironmentError:
        pass                    # full, or closed
