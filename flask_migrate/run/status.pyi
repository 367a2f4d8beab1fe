from collections.abc import Iterable, Iterator
from typing import Any

class RevisionStatus:
    revision: str
    message: str
    date: str | None
    path: str
    applied: bool

    def __init__(self, file: Any, applied: bool) -> None: ...
    def as_dict(self) -> dict[str, Any]: ...

class DatabaseStatus:
    name: str
    url: str
    current: list[str]
    revisions: list[RevisionStatus]
    unknown: list[str]
    differences: list[str] | None
    error: str | None

    def __init__(
        self, name: str, url: str, current: Iterable[str] = (),
        files: Iterable[Any] = (), error: str | None = None) -> None: ...
    @property
    def pending(self) -> list[RevisionStatus]: ...
    @property
    def is_current(self) -> bool: ...
    def as_dict(self) -> dict[str, Any]: ...

class Status:
    databases: list[DatabaseStatus]
    heads: list[str]
    error: str | None
    @property
    def pending(self) -> list[str]: ...
    @property
    def unknown(self) -> list[str]: ...
    @property
    def is_current(self) -> bool: ...
    @property
    def exit_code(self) -> int: ...
    def as_dict(self) -> dict[str, Any]: ...
    def lines(self) -> Iterator[str]: ...
