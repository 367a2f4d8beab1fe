"""``flask.ext.NAME``, which ended with Flask 1.0, as ``flask_NAME``."""
from __future__ import absolute_import

import pkgutil
import sys
import types


def make_importable():
    """Let ``flask.ext.NAME`` be ``flask_NAME``, as before Flask 1.0.

    :return: whether Flask has no ``flask.ext`` of its own.
    """
    if is_there():
        return False
    if Finder not in sys.meta_path:
        # First, or Python would find the submodules of a package again, and
        # import them twice.
        sys.meta_path.insert(0, Finder)
    return True


class Finder(object):
    """Finds ``flask.ext``, an empty package, and what is below it."""

    of_flask_migrate = True

    @classmethod
    def find_spec(cls, name, path=None, target=None):
        if not (name + '.').startswith('flask.ext.'):
            return None
        from importlib.machinery import ModuleSpec
        return ModuleSpec(name, cls, is_package=name == 'flask.ext')

    @classmethod
    def create_module(cls, spec):
        if spec.name == 'flask.ext':
            return None
        module = _extension(spec.name)
        spec.loader_state = module.__spec__
        return module

    @classmethod
    def exec_module(cls, module):
        # It has run already, under its own name, and keeps its own spec.
        if module.__spec__.name != 'flask.ext':
            module.__spec__ = module.__spec__.loader_state

    # The two methods that Python 2.7 asks for.

    @classmethod
    def find_module(cls, name, path=None):
        return cls if (name + '.').startswith('flask.ext.') else None

    @classmethod
    def load_module(cls, name):
        if name == 'flask.ext':
            module = types.ModuleType(name)
            module.__path__ = []
        else:
            module = _extension(name)
        sys.modules[name] = module
        return module


def _extension(name):
    """The module that ``flask.ext.NAME`` stands for."""
    real = 'flask_' + name[len('flask.ext.'):]
    try:
        __import__(real)
    except ImportError as error:
        # Python 3 knows which module is missing, 2.7 only says it.
        if getattr(error, 'name', None) == real \
                or str(error) == 'No module named ' + real:
            raise ImportError("No module named '%s' (%s)" % (name, real))
        raise
    return sys.modules[real]


def is_there():
    """Whether Flask has a ``flask.ext`` of its own."""
    import flask
    return 'ext' in [each[1] for each in pkgutil.iter_modules(flask.__path__)]
