from collections.abc import Iterable
from typing import Any

from alembic.util import CommandError as CommandError

class MigrateError(CommandError, SystemExit):
    def __init__(self, message: str) -> None: ...
    @property
    def code(self) -> int | str | None: ...  # type: ignore[override]
    def add(self, lines: Iterable[str]) -> None: ...

class NoApplication(MigrateError, RuntimeError): ...

class Mistyped(MigrateError): ...

class DiffsDetected(MigrateError):
    diffs: list[Any]

    def __init__(self, message: str, diffs: list[Any]) -> None: ...

class LockTimeout(MigrateError): ...

class LockLost(MigrateError): ...

class ForeignKeyViolation(MigrateError): ...

class MigrationFailed(MigrateError):
    revision: str | None
    path: str | None
    line: int | None
    direction: str | None
    statement: str | None
    took_effect: list[str]

    def __init__(
        self, message: str, revision: str | None = None,
        path: str | None = None, line: int | None = None,
        direction: str | None = None, statement: str | None = None,
        took_effect: Iterable[str] = ()) -> None: ...
