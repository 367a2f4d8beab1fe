"""What depends on the version of Python."""
import inspect
import io
import os
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


def _encoded(text, encoding):
    """A text, or what is UTF-8 already, as bytes in an encoding."""
    if isinstance(text, bytes):
        try:
            text = text.decode('utf-8')
        except UnicodeError:
            return text
    return text.encode(encoding, 'backslashreplace')


def write(stream, text):
    """Write a text to a stream, whatever letters its encoding has.

    Python 2.7 takes bytes; a pipe has no encoding there.
    """
    encoding = getattr(stream, 'encoding', None) or 'utf-8'
    if PY2:
        return stream.write(_encoded(text, encoding))
    try:
        return stream.write(text)
    except UnicodeEncodeError:
        return stream.write(text.encode(encoding, 'backslashreplace')
                            .decode(encoding))


def to_stderr(text):
    """Print what is not the result of a command, where somebody sees it."""
    try:
        write(sys.stderr, text)
        sys.stderr.flush()
    except EnvironmentError:
        pass                    # nobody reads it


class Silence(io.StringIO):
    """A stdout for commands that are called from Python."""

    encoding = 'utf-8'      # Alembic of Python 2.7 asks

    def write(self, text):
        return len(text)


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


def shown_path(path):
    """A path that Alembic of Python 2.7 can put beside text."""
    if PY2 and isinstance(path, bytes) and any(ord(c) > 127 for c in path):
        return path.decode('utf-8', 'replace')
    return path


def unpacked(folder):
    """A folder of this package, or what stands for it while it is in a zip.

    That is there as long as the process.
    """
    if os.path.isdir(folder):
        return folder
    if folder not in _unpacked:
        import atexit
        import shutil
        import tempfile
        import zipfile
        archive = folder
        while not os.path.isfile(archive):
            archive = os.path.dirname(archive)
        inside = os.path.relpath(folder, archive).replace(os.sep, '/')
        copy = tempfile.mkdtemp()
        atexit.register(shutil.rmtree, copy, True)
        with zipfile.ZipFile(archive) as file:
            file.extractall(copy, [name for name in file.namelist()
                                   if name.startswith(inside + '/')])
        _unpacked[folder] = os.path.join(copy, inside)
    return _unpacked[folder]


_unpacked = {}


def importable(name):
    """Whether a module can be imported."""
    try:
        __import__(name)
    except ImportError:
        return False
    return True


def findable(name):
    """Whether there is a module; it is not imported, its package is."""
    import pkgutil
    return pkgutil.find_loader(name) is not None if PY2 \
        else _find_spec(name) is not None


def _find_spec(name):
    from importlib.util import find_spec
    try:
        return find_spec(name)
    except (ImportError, ValueError):
        return None


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
        module = types.ModuleType(native(name))
        module.__file__ = native(path)
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


def traceback_of(error):
    """The traceback of an exception (2.7: it has none)."""
    return getattr(error, '__traceback__', None)


def set_traceback(error, traceback):
    """Give an exception a traceback: 3.11 shows that one, and no other."""
    if not PY2:
        error.__traceback__ = traceback


def ini_error():
    """The errors of ConfigParser."""
    if PY2:     # there is a package 'configparser' for it too
        from ConfigParser import Error
    else:
        from configparser import Error
    return Error


def error_text(error):
    """The message of an exception as ``str``, in any encoding."""
    try:
        return native(text_type(error))
    except UnicodeError:
        return str(error)


def can_be_pickled(value):
    """Whether a value can be pickled, and read again."""
    import pickle
    try:
        pickle.loads(pickle.dumps(value, 2))
    except Exception:
        return False
    return True


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


def same_function(one, other):
    """Whether two are the same function of a class (2.7: unbound methods)."""
    return getattr(one, '__func__', one) is getattr(other, '__func__', other)


def builtin_names():
    """The names that every module has without defining them."""
    return set(dir(sys.modules[map.__module__]))


#: Names that Python 2 has and Python 3 has not, and what to write.
PYTHON_2_NAMES = {} if PY2 else {
    'unicode': 'str', 'basestring': 'str', 'long': 'int', 'xrange': 'range',
    'raw_input': 'input', 'unichr': 'chr', 'reduce': 'functools.reduce',
    'cmp': 'a comparison', 'file': 'open', 'execfile': 'exec',
    'reload': 'importlib.reload', 'buffer': 'memoryview'}
