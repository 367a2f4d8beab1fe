"""What depends on the version of Python."""
import errno
import inspect
import io
import os
import signal
import sys
import time
import traceback
import types

try:
    import builtins  # noqa: F401
except ImportError:     # Python 2.7
    import __builtin__ as builtins  # noqa: F401

PY2 = sys.version_info[0] == 2

if PY2:
    text_type = unicode  # noqa: F821
    string_types = (basestring,)  # noqa: F821
else:
    text_type = str
    string_types = (str,)


def native(text):
    """Return *text* as the ``str`` of this Python.

    Python 2.7 wants bytes for docstrings, argparse and stderr.
    """
    if PY2 and isinstance(text, text_type):
        return text.encode('utf-8')
    return text


def literal(text):
    """Text as Python source that means the same in 2.7 and 3."""
    if PY2 and isinstance(text, text_type) and all(
            ord(letter) < 128 for letter in text):
        text = text.encode('ascii')
    return repr(text)


def safe_path():
    """Whether Python leaves the script's folder out (``-P``, 3.11)."""
    return getattr(sys.flags, 'safe_path', False)


def script_file(path):
    """What ``__file__`` is in a script that is run (absolute from 3.9)."""
    return os.path.abspath(path) if sys.version_info >= (3, 9) else path


class TextStream(object):
    """A stream of Python 2.7, without an encoding, that takes any text."""

    encoding = 'utf-8'

    def __init__(self, stream):
        self._stream = stream

    def __getattr__(self, name):
        return getattr(self._stream, name)

    def write(self, text):
        self._stream.write(native(text))


class Silence(io.StringIO):
    """A stdout for commands that are called from Python."""

    encoding = 'utf-8'      # Alembic of Python 2.7 asks

    def write(self, text):
        return len(text)


def text_stream(stream):
    """*stream*, able to print what Alembic prints.

    In Python 2.7 a pipe has no encoding: it takes ASCII, or bytes.
    """
    if PY2 and not getattr(stream, 'encoding', None):
        return TextStream(stream)
    return stream


def text(value):
    """Any value, an exception too, as text."""
    if isinstance(value, bytes):
        return value.decode('utf-8', 'replace')
    try:
        return text_type(value)
    except UnicodeError:        # an exception of 2.7 with bytes in it
        return str(value).decode('utf-8', 'replace')


def path_text(path):
    """A path, text or an object of ``pathlib``, as ``str``."""
    return native(path) if isinstance(path, string_types) else str(path)


def importable(name):
    """Whether a module can be imported."""
    try:
        __import__(name)
    except ImportError:
        return False
    return True


def argument_names(function):
    """The names of a function's parameters, in order.

    Python 2.7 has no ``getfullargspec``; Python 3.11 has no ``getargspec``.
    """
    return code_arguments(function.__code__)


def code_arguments(code):
    """The names of the parameters of a function's code."""
    return code.co_varnames[:code.co_argcount
                            + getattr(code, 'co_kwonlyargcount', 0)]


def argument_defaults(function):
    """The defaults of a function's parameters, by name."""
    spec = getattr(inspect, 'getfullargspec',
                   getattr(inspect, 'getargspec', None))(function)
    values = spec.defaults or ()
    return dict(zip(spec.args[len(spec.args) - len(values):], values))


def lazy_module(name, load):
    """Let ``module.attribute`` call ``load(attribute)`` when it is missing.

    Python 3.7 has module ``__getattr__`` (PEP 562); before it, the module is
    given a class (3.5+) or replaced by an object of one (2.7).
    """
    if sys.version_info >= (3, 7):
        return
    module = sys.modules[name]

    class LazyModule(types.ModuleType):
        def __getattr__(self, attribute):
            return load(attribute)

    try:
        module.__class__ = LazyModule
    except TypeError:
        replacement = LazyModule(name, module.__doc__)
        replacement.__dict__.update(module.__dict__)
        # Python 2.7 empties the globals of a module nobody refers to.
        replacement.__dict__['_replaced_module'] = module
        sys.modules[name] = replacement


def new_module(name, path):
    """A module for a file that is not executed yet."""
    if PY2:
        module = types.ModuleType(name)
        module.__file__ = path
        return module
    from importlib import util
    return util.module_from_spec(util.spec_from_file_location(name, path))


def execute_file(module, path):
    """Execute a file in its module."""
    with open(path, 'rb') as file:
        code = compile(file.read(), path, 'exec', dont_inherit=True)
    exec(code, module.__dict__)


def reraise(error, cause):
    """Raise *error* because of *cause*, which is being handled.

    ``raise ... from`` is Python 3, as are tracebacks that exceptions carry.
    """
    error.__cause__ = cause
    error.traceback = traceback.format_exc()
    raise error


def error_text(error):
    """The message of an exception as ``str``, in any encoding."""
    try:
        return native(text_type(error))
    except UnicodeError:
        return str(error)


def sqlite_error():
    import sqlite3
    return sqlite3.Error


def hide_first_parameter(wrapper, function):
    """Let help() and inspect show *function* without its first parameter.

    Python 2.7 has no signatures: it shows ``*args, **kwargs``.
    """
    wrapper.__dict__.pop('__wrapped__', None)
    if hasattr(inspect, 'signature'):
        signature = inspect.signature(function)
        wrapper.__signature__ = signature.replace(
            parameters=list(signature.parameters.values())[1:])


def monotonic():
    """Seconds on a clock that nobody sets (``time`` has it from 3.3 on)."""
    if hasattr(time, 'monotonic'):
        return time.monotonic()
    return os.times()[4] or time.time()     # Windows has no such time


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


def same_function(one, other):
    """Whether two are the same function of a class (2.7: unbound methods)."""
    return getattr(one, '__func__', one) is getattr(other, '__func__', other)
