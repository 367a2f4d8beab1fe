"""What depends on the version of Python."""
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

#: Modules of the standard library whose functions give values for columns.
VALUE_MODULES = ('uuid', 'time', 'random') + (() if PY2 else ('secrets',))


def native(text):
    """Return *text* as the ``str`` of this Python.

    Python 2.7 wants bytes for docstrings, argparse and stderr.
    """
    if PY2 and isinstance(text, text_type):
        return text.encode('utf-8')
    return text


def _plain(text):
    """ASCII as 2.7's ``str``, which can stand beside paths in any encoding."""
    if PY2 and isinstance(text, text_type) and all(
            ord(letter) < 128 for letter in text):
        return text.encode('ascii')
    return text


def constants(code):
    """The plain values in a function's code, in their order.

    Small numbers are no constants any more from 3.14 on; ``dis`` has
    ``get_instructions()`` from 3.4 on.
    """
    import dis
    read = getattr(dis, 'get_instructions', None)
    found = [each.argval for each in read(code)
             if each.opname in ('LOAD_CONST', 'LOAD_SMALL_INT')] if read \
        else code.co_consts
    return [each for each in found
            if isinstance(each, (int, float, bytes, text_type))]


def literal(text):
    """Text as Python source that means the same in 2.7 and 3."""
    return repr(_plain(text))


def in_source(text, declares):
    """A text that can stand in a file of Python, and in its name.

    :param declares: whether the file is written in an encoding that it
        declares, which Python 2.7 wants.
    """
    if PY2 and not declares:
        text = text.encode('ascii', 'backslashreplace').decode('ascii')
    return _plain(text)


def safe_path():
    """Whether Python leaves the script's folder out (``-P``, 3.11)."""
    return getattr(sys.flags, 'safe_path', False)


def script_file(path):
    """What ``__file__`` is in a script that is run (absolute from 3.9)."""
    return os.path.abspath(path) if sys.version_info >= (3, 9) else path


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


def links_in(folder):
    """The names of a folder's symbolic links."""
    if hasattr(os, 'scandir'):      # 3.5; it asks the folder, not each file
        return [entry.name for entry in os.scandir(folder)
                if entry.is_symlink()]
    return [name for name in os.listdir(folder)
            if os.path.islink(os.path.join(folder, name))]


def shown_path(path):
    """A path that Alembic of Python 2.7 can put beside text."""
    if PY2 and isinstance(path, bytes) and any(ord(c) > 127 for c in path):
        return path.decode('utf-8', 'replace')
    return path


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


def monotonic():
    """Seconds on a clock that nobody sets (``time`` has it from 3.3 on)."""
    if hasattr(time, 'monotonic'):
        return time.monotonic()
    return os.times()[4] or time.time()     # Windows has no such time
