"""Modules and files of packages, and whether there are any."""
from __future__ import absolute_import

import os
import sys
import types

from .python import PY2, native


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


def builtin_names():
    """The names that every module has without defining them."""
    return set(dir(sys.modules[map.__module__]))


#: Names that Python 2 has and Python 3 has not, and what to write.
PYTHON_2_NAMES = {} if PY2 else {
    'unicode': 'str', 'basestring': 'str', 'long': 'int', 'xrange': 'range',
    'raw_input': 'input', 'unichr': 'chr', 'reduce': 'functools.reduce',
    'cmp': 'a comparison', 'file': 'open', 'execfile': 'exec',
    'reload': 'importlib.reload', 'buffer': 'memoryview'}
