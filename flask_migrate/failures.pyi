from collections.abc import Iterable

from .errors import MigrateError

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
