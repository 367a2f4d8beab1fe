from collections.abc import Callable, Iterable, Mapping
from os import PathLike
from typing import TypeAlias

from alembic.script import Script

from ..adoption.doctor.findings import Diagnosis as Diagnosis
from ..run.progress import Progress as Progress
from ..run.status import Status as Status

_Path: TypeAlias = str | PathLike[str]
_Several: TypeAlias = str | Iterable[str]

def list_templates(
    directory: _Path | None = None, x_arg: _Several | None = None,
) -> list[tuple[str, str]]: ...

def init(
    directory: _Path | None = None, multidb: bool = False,
    template: str | None = None, package: bool = False,
    x_arg: _Several | None = None,
) -> None: ...

def revision(
    directory: _Path | None = None, message: str | None = None,
    autogenerate: bool = False, sql: bool = False, head: str = 'head',
    splice: bool = False, branch_label: str | None = None,
    version_path: str | None = None, rev_id: str | None = None,
    depends_on: _Several | None = None, x_arg: _Several | None = None,
    new_database: bool = False, wait_for_database: float | None = None,
) -> Script | list[Script] | None: ...

def migrate(
    directory: _Path | None = None, message: str | None = None,
    sql: bool = False, head: str = 'head', splice: bool = False,
    branch_label: str | None = None, version_path: str | None = None,
    rev_id: str | None = None, x_arg: _Several | None = None,
    depends_on: _Several | None = None,
    rename: Mapping[str, str | Mapping[str, str]] | _Several | None = None,
    drop: _Several | None = None,
    fill: Mapping[str, object] | _Several | None = None,
    allow_drop_all: bool = False, dry_run: bool = False,
    new_database: bool = False, wait_for_database: float | None = None,
) -> Script | list[Script] | str | list[str] | None: ...

def edit(
    directory: _Path | None = None, revision: str = 'current',
    x_arg: _Several | None = None,
    wait_for_database: float | None = None,
) -> None: ...

def merge(
    directory: _Path | None = None, revisions: _Several = '',
    message: str | None = None, branch_label: str | None = None,
    rev_id: str | None = None, splice: bool = False,
    x_arg: _Several | None = None,
) -> Script | None: ...

def upgrade(
    directory: _Path | None = None, revision: str = 'head',
    sql: bool = False, tag: str | None = None, x_arg: _Several | None = None,
    wait: float | None = None, no_lock: bool = False,
    lock_timeout: float | None = None, allow_newer: bool = False,
    dry_run: bool = False, backup: _Path | None = None,
    progress: Callable[[Progress], object] | bool | None = None,
    new_database: bool = False, wait_for_database: float | None = None,
) -> list[str] | None: ...

def downgrade(
    directory: _Path | None = None, revision: str = '-1', sql: bool = False,
    tag: str | None = None, x_arg: _Several | None = None,
    wait: float | None = None, no_lock: bool = False,
    lock_timeout: float | None = None, dry_run: bool = False,
    backup: _Path | None = None,
    progress: Callable[[Progress], object] | bool | None = None,
    wait_for_database: float | None = None,
) -> list[str] | None: ...

def stamp(
    directory: _Path | None = None, revision: _Several = 'head',
    sql: bool = False, tag: str | None = None, purge: bool = False,
    x_arg: _Several | None = None, wait: float | None = None,
    no_lock: bool = False, lock_timeout: float | None = None,
    new_database: bool = False, wait_for_database: float | None = None,
) -> None: ...

def show(
    directory: _Path | None = None, revision: str = 'head',
    x_arg: _Several | None = None,
    wait_for_database: float | None = None,
) -> list[Script]: ...

def history(
    directory: _Path | None = None, rev_range: str | None = None,
    verbose: bool = False, indicate_current: bool = False,
    x_arg: _Several | None = None,
    wait_for_database: float | None = None,
) -> list[Script]: ...

def heads(
    directory: _Path | None = None, verbose: bool = False,
    resolve_dependencies: bool = False, x_arg: _Several | None = None,
) -> list[Script]: ...

def branches(
    directory: _Path | None = None, verbose: bool = False,
    x_arg: _Several | None = None,
) -> list[Script]: ...

def current(
    directory: _Path | None = None, verbose: bool = False,
    head_only: bool = False, check_heads: bool = False,
    x_arg: _Several | None = None,
    wait_for_database: float | None = None,
) -> list[Script]: ...

def check(
    directory: _Path | None = None, x_arg: _Several | None = None,
    wait_for_database: float | None = None,
) -> None: ...

def ensure_version(
    directory: _Path | None = None, sql: bool = False,
    x_arg: _Several | None = None, wait: float | None = None,
    no_lock: bool = False,
    wait_for_database: float | None = None,
) -> None: ...

def status(
    directory: _Path | None = None, models: bool = False,
    x_arg: _Several | None = None,
    wait_for_database: float | None = None,
) -> Status: ...

def doctor(
    directory: _Path | None = None, fix: bool = False,
    find_revision: bool = False, x_arg: _Several | None = None,
) -> Diagnosis: ...

def adopt(
    directory: _Path | None = None, from_models: bool = False,
    incomplete: bool = False, repository: _Path | None = None,
    dry_run: bool = False, x_arg: _Several | None = None,
    wait_for_database: float | None = None,
) -> Script | str: ...
