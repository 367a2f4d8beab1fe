from collections.abc import Callable, Iterable
from os import PathLike
from typing import Any, TypeVar

from alembic.config import Config as AlembicConfig
from flask import Flask

from .folder.config import Config

_Function = TypeVar(
    '_Function', bound=Callable[[Config], AlembicConfig | None])

SETTINGS: dict[str, Any]

class MigrateState:
    migrate: Migrate
    db: Any
    directory: str
    configure_args: dict[str, Any]

    def __init__(
        self, migrate: Migrate, db: Any, **configure_args: Any) -> None: ...

    @property
    def metadata(self) -> Any: ...
    @metadata.setter
    def metadata(self, metadata: Any) -> None: ...

class Migrate:
    command: str
    wait: float
    lock_timeout: float | None
    protect_tables: bool
    legacy_sql: bool
    wait_for_database: float
    pending_page: bool
    alembic_ctx_kwargs: dict[str, Any]
    configure_callbacks: list[Callable[[Config], AlembicConfig | None]]

    def __init__(
        self, app: Flask | None = None, db: Any = None,
        directory: str | PathLike[str] = 'migrations', command: str = 'db',
        compare_type: bool | Callable[..., bool | None] = True,
        render_as_batch: bool = True, *, wait: float = 600,
        lock_timeout: float | None = None, protect_tables: bool = True,
        legacy_sql: bool = True, wait_for_database: float = 0,
        **kwargs: Any) -> None: ...

    @property
    def db(self) -> Any: ...
    @db.setter
    def db(self, db: Any) -> None: ...
    @property
    def directory(self) -> str: ...
    @directory.setter
    def directory(self, directory: str | PathLike[str]) -> None: ...

    def init_app(
        self, app: Flask, db: Any = None,
        directory: str | PathLike[str] | None = None,
        command: str | None = None,
        compare_type: bool | Callable[..., bool | None] | None = None,
        render_as_batch: bool | None = None, *, wait: float = ...,
        lock_timeout: float | None = ..., protect_tables: bool = ...,
        legacy_sql: bool = ..., wait_for_database: float = ...,
        **kwargs: Any) -> None: ...

    def configure(self, function: _Function) -> _Function: ...
    def call_configure_callbacks(self, config: Config) -> Config: ...

    def get_config(
        self, directory: str | PathLike[str] | None = None,
        x_arg: str | Iterable[str] | None = None,
        opts: Iterable[str] | None = None) -> Config: ...
