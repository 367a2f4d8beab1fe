"""What Alembic does once per process, done for each thread.

Set up for good, by ``alembic_context.set_up()``, so that nothing is to be put
back.
"""
from __future__ import absolute_import

from contextlib import contextmanager
from functools import wraps
import os
import re
import sys
import threading

from ..modules import execute_file, new_module
from ..source import LOCK
from ..streams import Silence

_here = threading.local()
_unnamed = threading.Lock()


def set_up():
    """Let several threads load files, and be quiet, each by itself."""
    from alembic import util
    from alembic.config import Config
    util.template_to_file = _writer(util.template_to_file)
    if _loads_by_name(util.load_python_file):
        util.load_python_file = _loader(util.load_python_file)
    if not hasattr(Config, 'messaging_opts'):           # Alembic 1.11
        sys.modules[util.msg.__module__].sys = _Sys()


# --------------------------------------------------------------------- files

def _loads_by_name(load):
    """Whether files are loaded through ``sys.modules``, under one name.

    Two threads would execute their env.py files in one module, or wait for
    each other.  Alembic for Python 2.7 does that, up to 1.6.
    """
    around = sys.modules[load.__module__]
    return any('modules' in function.__code__.co_names
               or 'load_module' in function.__code__.co_names
               for function in (load, getattr(around, 'load_module_py', load)))


def _loader(load):
    """What stands in for ``load_python_file()``.

    :param load: that function, for compiled files without a source.
    """
    encoding_of = getattr(sys.modules[getattr(
        sys.modules[load.__module__], 'load_module_py', load).__module__],
        'parse_encoding', lambda file: None)

    def load_python_file(folder, filename):
        path = os.path.join(folder, filename)
        if not filename.endswith('.py') or not os.path.exists(path):
            with _unnamed:
                return load(folder, filename)
        name = re.sub(r'\W', '_', filename)
        module = new_module(name, path)
        with open(path, 'rb') as file:
            encoding = encoding_of(file)
        if encoding:
            module._alembic_source_encoding = encoding
        # Known by its name while it runs, as ever; to one thread at a time.
        if sys.modules.setdefault(name, module) is not module:
            execute_file(module, path)
            return module
        try:
            execute_file(module, path)
        finally:
            sys.modules.pop(name, None)
        return module
    return load_python_file


def _writer(write):
    """What stands in for ``template_to_file()``: files appear as a whole.

    Another thread may be reading the folder.
    """
    @wraps(write)
    def template_to_file(source, path, *args, **kwargs):
        part = '%s.part%d' % (path, os.getpid())
        try:
            with LOCK:
                write(source, part, *args, **kwargs)
            getattr(os, 'replace', os.rename)(part, str(path))
        except BaseException:
            if os.path.exists(part):
                os.remove(part)
            raise
    return template_to_file


# ------------------------------------------------------------- status lines

class _Sys(object):
    """What Alembic's messages find as ``sys``: ``stdout`` may be silent."""

    def __getattr__(self, name):
        if name == 'stdout' and getattr(_here, 'quiet', 0):
            return Silence()
        return getattr(sys, name)


@contextmanager
def quiet_status():
    """Keep Alembic's status lines out of ``sys.stdout``, in this thread.

    It can be told so (``quiet``) from 1.11 on.
    """
    _here.quiet = getattr(_here, 'quiet', 0) + 1
    try:
        yield
    finally:
        _here.quiet -= 1
