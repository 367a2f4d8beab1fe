from logging import Logger
from os import PathLike

from alembic import command as command
from alembic.config import Config as _Config
from flask import current_app as current_app

from .adoption.doctor.findings import (
    Diagnosis as Diagnosis, Finding as Finding)
from .commands import (
    adopt as adopt, branches as branches, check as check, current as current, doctor as doctor,
    downgrade as downgrade, edit as edit, ensure_version as ensure_version,
    heads as heads, history as history, init as init,
    list_templates as list_templates, merge as merge, migrate as migrate,
    revision as revision, show as show, stamp as stamp, status as status,
    upgrade as upgrade)
from .errors import (
    CommandError as CommandError, DiffsDetected as DiffsDetected,
    ForeignKeyViolation as ForeignKeyViolation, LockLost as LockLost,
    LockTimeout as LockTimeout, MigrateError as MigrateError,
    MigrationFailed as MigrationFailed, NoApplication as NoApplication)
from .console import catch_errors as catch_errors
from .extension import Migrate as Migrate, MigrateState as _State
from .folder.config import Config as Config
from .run.progress import Progress as Progress
from .run.status import (
    DatabaseStatus as DatabaseStatus, RevisionStatus as RevisionStatus,
    Status as Status)
from .script import Manager as Manager, MigrateCommand as MigrateCommand

__version__: str
__all__ = [
    'Migrate', 'MigrateCommand', 'Manager', 'Config', 'CommandError',
    'MigrateError', 'MigrationFailed', 'LockTimeout', 'LockLost',
    'ForeignKeyViolation', 'DiffsDetected', 'NoApplication',
    'Status', 'DatabaseStatus', 'RevisionStatus', 'Diagnosis', 'Finding',
    'adopt', 'branches', 'check', 'current', 'doctor', 'downgrade', 'edit',
    'ensure_version',
    'heads', 'history', 'init', 'list_templates', 'merge', 'migrate',
    'revision', 'show', 'stamp', 'status', 'upgrade', 'Progress']

AlembicConfig = _Config
_MigrateConfig = _State
log: Logger
ERRORS: tuple[str, ...]
RESULTS: tuple[str, ...]
FOUND: tuple[str, ...]
COMMANDS: tuple[str, ...]
alembic_version: tuple[int, ...]

def __dir__() -> list[str]: ...
def _get_config(directory: str | PathLike[str]) -> Config: ...
