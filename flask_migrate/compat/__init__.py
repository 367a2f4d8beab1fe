"""What depends on versions of others, one file per other.

Each piece names what needs it, and goes when that version is dropped.
Nothing here imports the rest of the package, or raises errors of its own.
The files are imported when they are asked for.
"""
from importlib import import_module

from . import python

FILES = ('alembic', 'alembic_context', 'async_drivers', 'async_engines',
         'env_py', 'file_locks', 'flask_app', 'flask_ext', 'flask_script',
         'flask_sqlalchemy', 'inspection', 'legacy_database', 'legacy_sql',
         'logs', 'modules', 'packages', 'raw_use', 'signals', 'signatures',
         'site_packages', 'source', 'sqlalchemy', 'sqlalchemy_events',
         'sqlite', 'streams', 'tables')


def __getattr__(name):
    if name not in FILES:
        raise AttributeError(name)
    return import_module(__name__ + '.' + name)


python.lazy_module(__name__, __getattr__)
