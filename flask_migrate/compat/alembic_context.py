"""Alembic's ``context`` and ``op``, one of each per thread.

Alembic has one ``_proxy`` in each of the two modules, whoever runs: two
threads that migrate at once reach each other's databases.  Set up for good,
so that nothing is to be put back; what is used of Alembic's private names
(``_install_proxy``, ``_remove_proxy``, ``_proxy``) has been there from 0.6 to
1.20.
"""
from __future__ import absolute_import

from contextlib import contextmanager
from functools import wraps
import sys
import threading

from . import env_py
from .alembic import environment_context, threads
from .python import lazy_module

_set_up = threading.Lock()
_proxies = {}


def current():
    """The EnvironmentContext that is active in this thread, or None."""
    proxy = _proxies.get('alembic.context')
    return proxy and proxy.top()


@contextmanager
def operations(migration_context):
    """Let ``op`` stand for operations in a database, in this thread."""
    from alembic.operations import Operations
    set_up()
    proxy = _proxies['alembic.op']
    depth = proxy.depth()
    proxy.push(Operations(migration_context))
    try:
        yield
    finally:
        proxy.pop_to(depth)


def set_up():
    """Let ``context`` and ``op`` answer per thread, and ask the runs."""
    with _set_up:
        if _proxies:
            return
        from alembic.operations import Operations
        kind = environment_context()
        for name, owner in (('alembic.context', kind),
                            ('alembic.op', Operations)):
            __import__(name)
            _proxies[name] = _Proxy(name, owner)
        _wrap(kind)
        threads.set_up()
        env_py.leave_logging_alone()
        env_py.give_engines_in_memory()


class _Proxy(object):
    """What a module's functions find as ``_proxy``.

    :param name: of the module.
    :param owner: class of what it stands for.
    """

    def __init__(self, name, owner):
        self.__dict__.update(_name=name, _here=threading.local(),
                             _module=sys.modules[name])
        module = self._module
        if hasattr(owner, '_install_proxy'):            # Alembic 0.8
            owner._install_proxy = lambda one: self.push(one)
            owner._remove_proxy = lambda one: self.pop()
        else:
            module._install_proxy = self.push
            module._remove_proxy = self.pop
        module._proxy = self
        # context.config and the like are no functions.
        module.__getattr__ = self._attribute
        lazy_module(name, self._attribute)
        parent, _, child = name.partition('.')
        setattr(sys.modules[parent], child, sys.modules[name])

    def top(self):
        """What this thread has established last, or None."""
        stack = getattr(self._here, 'stack', ())
        return stack[-1] if stack else None

    def push(self, one):
        self._here.__dict__.setdefault('stack', []).append(one)
        # Tests of applications set their own.
        self._module._proxy = self

    def pop(self):
        stack = getattr(self._here, 'stack', ())
        if stack:
            stack.pop()

    def depth(self):
        """How many there are in this thread."""
        return len(getattr(self._here, 'stack', ()))

    def pop_to(self, depth):
        """Remove all that came after: Alembic leaves ``op`` as it is where
        a revision fails."""
        del getattr(self._here, 'stack', [])[depth:]

    def _attribute(self, name):
        one = self.top()
        if one is None or name.startswith('_'):
            raise AttributeError("module '%s' has no attribute '%s'"
                                 % (self._name, name))
        return getattr(one, name)

    def __getattr__(self, name):
        one = self.top()
        if one is None:
            raise NameError(
                "'%s.%s' can be used only while Alembic runs, in the thread "
                "in which it runs." % (self._name, name))
        return getattr(one, name)


def _wrap(kind):
    """Let an EnvironmentContext ask the run on its Config."""
    configure, enter, leave = kind.configure, kind.__enter__, kind.__exit__

    # Alembic before 1.5 writes context.configure() anew, from the names in
    # this signature: 'self' is the one that it leaves out.
    @wraps(configure)
    def wrapped(self, *args, **kwargs):
        run = getattr(self.config, 'run', None)
        if run is None:
            return configure(self, *args, **kwargs)
        connection = args[0] if args else kwargs.pop('connection', None)
        return run.configure(configure, self, connection, args[1:], kwargs)

    def __enter__(self):
        env_py.enter(self.config)
        self.__dict__['_depth_of_op'] = _proxies['alembic.op'].depth()
        run = getattr(self.config, 'run', None)
        try:
            if run is not None:
                run.enter(self)
            return enter(self)
        except BaseException:
            env_py.leave()
            raise

    def __exit__(self, *args):
        env_py.leave()
        _proxies['alembic.op'].pop_to(self._depth_of_op)
        return leave(self, *args)
    wrapped.__dict__.pop('__wrapped__', None)
    kind.configure = wrapped
    kind.__enter__, kind.__exit__ = __enter__, __exit__
