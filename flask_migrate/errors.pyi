from typing import Any

from alembic.util import CommandError

class MigrateError(CommandError, SystemExit):
    def __init__(self, message: str) -> None: ...

class NoApplication(MigrateError, RuntimeError): ...

class DiffsDetected(MigrateError):
    diffs: list[Any]

    def __init__(self, message: str, diffs: list[Any]) -> None: ...
