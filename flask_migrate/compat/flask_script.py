"""Make the real Flask-Script importable where it no longer is.

Flask-Script 2.0.6, the last, wants names that Flask 2.0 (``flask._compat``),
Flask 3.0 (``flask._request_ctx_stack``) and Python 3.11
(``inspect.getargspec``) took away, and stores a method under a name that
argparse uses itself since CPython 3.12.8 and 3.13.1.  The names exist only
while ``flask_script`` is being imported, and the rest is changed in
``flask_script`` alone: nothing stays behind in Flask, inspect or argparse.
"""
from __future__ import absolute_import

from contextlib import contextmanager
import inspect
import sys
import types

from . import python


def make_flask_script_importable():
    """Mend ``flask_script``, now or when somebody imports it.

    Does nothing on Python 2.7: all that runs there has the names.
    """
    if 'flask_script' in sys.modules:
        # None is how a test says that a module is not to be imported.
        if sys.modules['flask_script'] is not None:
            _mend(sys.modules['flask_script'])
    elif not python.PY2 and _Finder not in sys.meta_path:
        sys.meta_path.insert(0, _Finder)


class _Finder(object):
    """Finds ``flask_script`` only, and lets Python's finders do the rest.

    It stays: another thread may be going through the list of finders.
    """

    of_flask_migrate = True

    @classmethod
    def find_spec(cls, name, path=None, target=None):
        if name != 'flask_script':
            return None
        for finder in list(sys.meta_path):
            if getattr(finder, 'of_flask_migrate', False) \
                    or not hasattr(finder, 'find_spec'):
                continue
            spec = finder.find_spec(name, path, target)
            if spec is not None:
                return cls._mending(spec)
        return None

    @staticmethod
    def _mending(spec):
        if spec.loader is None:         # a folder of that name
            return spec
        execute = spec.loader.exec_module

        def exec_module(module):
            if module.__name__ != 'flask_script':
                return execute(module)      # a zip has one loader for all
            with _missing_flask_names():
                execute(module)
            _mend(module)
        spec.loader.exec_module = exec_module
        return spec


class _Top(object):
    # Shell()'s default context is dict(app=_request_ctx_stack.top.app).
    @property
    def app(self):
        from flask import current_app
        return current_app._get_current_object()


class _RequestCtxStack(object):
    top = _Top()


@contextmanager
def _missing_flask_names():
    import flask
    undo = []
    try:
        __import__('flask._compat')
    except ImportError:                             # gone in Flask 2.0
        compat = types.ModuleType('flask._compat')
        compat.text_type = str
        sys.modules['flask._compat'] = compat
        undo.append(lambda: sys.modules.pop('flask._compat', None))
    # vars(), as hasattr() warns on Flask 2.2 and 2.3.
    if '_request_ctx_stack' not in vars(flask):     # gone in Flask 3.0
        flask._request_ctx_stack = _RequestCtxStack()
        undo.append(lambda: delattr(flask, '_request_ctx_stack'))
    try:
        yield
    finally:
        for take_back in undo:
            take_back()


class _Inspect(object):
    """``inspect`` as flask_script sees it: with ``getargspec``."""

    def __getattr__(self, name):
        return getattr(inspect, name)

    @staticmethod
    def getargspec(function):
        return tuple(inspect.getfullargspec(function)[:4])


def _patch_argparser(self, parser):
    """As the method of Flask-Script's Manager, but for the clashing name."""
    parse = parser._parse_known_args

    def _parse_known_args(arg_strings, *args, **kwargs):
        if not arg_strings:
            parser.print_help()
            parser.exit(2)
        return parse(arg_strings, *args, **kwargs)

    parser._parse_known_args = _parse_known_args


def _mend(flask_script):
    if hasattr(inspect, 'getfullargspec'):          # Python 3
        # Flask-Script 0.6 has it in the package, 2.0 in commands.
        for name in ('flask_script', 'flask_script.commands'):
            module = sys.modules.get(name)
            if getattr(module, 'inspect', None) is inspect:
                module.inspect = _Inspect()
    if python.PY2 and hasattr(flask_script, 'text_type'):
        # It makes text of the arguments, which may be no ASCII.
        flask_script.text_type = python.text
    import argparse
    if hasattr(argparse.ArgumentParser, '_parse_known_args2') \
            and hasattr(flask_script.Manager, '_patch_argparser'):
        flask_script.Manager._patch_argparser = _patch_argparser


def names(flask_script, wanted):
    """Those of some names that this Flask-Script has, with their values."""
    return dict((name, getattr(flask_script, name)) for name in wanted
                if hasattr(flask_script, name))


def set_help(manager, text):
    """Give a Manager its help (0.5 has a usage line only).

    Set, not passed: ``usage=`` would destroy the usage line of each command.
    """
    if not hasattr(manager, 'description'):
        manager.usage = text
    manager.help = manager.description = text


def finder_of(name):
    """The finder for a module, where ``--enable`` is asked for it first.

    :param name: ``flask_script``, ``flask.ext`` or what is below it.
    :return: None where Python finds it by itself.
    """
    if name == 'flask_script':
        return None if python.PY2 else _Finder
    from . import flask_ext
    return flask_ext.Finder if flask_ext.make_importable() else None


def needs_help():
    """Whether Flask-Script cannot be imported by itself, or would not run."""
    import argparse
    import flask
    from .modules import findable
    if python.PY2:
        return False
    return not findable('flask._compat') \
        or '_request_ctx_stack' not in vars(flask) \
        or hasattr(argparse.ArgumentParser, '_parse_known_args2')


def is_enabled():
    """Whether this Python has read what ``--enable`` wrote."""
    return any(getattr(each, '__name__', '') == 'FlaskMigrateEnabled'
               for each in sys.meta_path)
