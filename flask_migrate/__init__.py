"""Alembic database migrations for any Flask application.

Only names live here.  What a web worker does not need is imported the first
time it is asked for: the operations, Alembic, Flask-Script.
"""
import logging

from flask import current_app  # noqa: F401  applications import it from here

from . import compat, uncaught
from .extension import Migrate, MigrateState as _MigrateConfig  # noqa: F401

__version__ = '5.0.0'

#: What ``status`` returns.
RESULTS = ('Status', 'DatabaseStatus', 'RevisionStatus')
#: What ``doctor`` returns.
FOUND = ('Diagnosis', 'Finding')

#: What a caller catches.
ERRORS = ('CommandError', 'MigrateError', 'MigrationFailed', 'LockTimeout',
          'LockLost', 'ForeignKeyViolation', 'DiffsDetected',
          'NoApplication')

#: What ``commands`` has for callers.
COMMANDS = ('adopt', 'branches', 'check', 'current', 'doctor', 'downgrade',
            'edit', 'ensure_version', 'heads', 'history', 'init',
            'list_templates', 'merge', 'migrate', 'revision', 'show',
            'stamp', 'status', 'upgrade', 'Progress')

__all__ = ['Migrate', 'MigrateCommand', 'Manager', 'Config']
__all__.extend(ERRORS + RESULTS + FOUND + COMMANDS)

log = logging.getLogger(__name__)

# Alembic names its own seven plugins there when it is imported.
logging.getLogger('alembic.runtime.plugins').setLevel(logging.WARNING)

uncaught.explain_uncaught()

# From here on ``import flask_script`` works on every Flask and Python.
compat.flask_script.make_flask_script_importable()


def _get_config(directory):
    """The configuration of a migrations folder (Flask-Migrate 0.1 to 1.x)."""
    from .folder.config import read_config
    return read_config(directory)


def __getattr__(name):
    """Import on first use what costs (PEP 562)."""
    if name in ('MigrateCommand', 'Manager'):
        from . import script
        value = getattr(script, name)
    elif name == 'Config':
        from .folder.config import Config as value
    elif name == 'AlembicConfig':
        from alembic.config import Config as value
    elif name == 'catch_errors':
        from .console import catch_errors as value
    elif name == 'command':
        from alembic import command as value
    elif name in COMMANDS:
        from . import commands
        value = getattr(commands, name)
    elif name in ERRORS:
        from . import errors
        value = getattr(errors, name)
    elif name in RESULTS:
        from .run import status as results
        value = getattr(results, name)
    elif name in FOUND:
        from .adoption.doctor import findings
        value = getattr(findings, name)
    elif name == 'alembic_version':
        value = compat.alembic.alembic_version()
    else:
        raise AttributeError(
            "module 'flask_migrate' has no attribute %r" % name)
    globals()[name] = value
    return value


def __dir__():
    """The names, those too that nobody has asked for."""
    return sorted(set(globals()).union(__all__))


compat.python.lazy_module(__name__, __getattr__)
