from typing import Any, Iterable, Iterator

LEVELS: tuple[str, ...]

class Finding:
    level: str
    text: str
    cure: str
    details: list[str]
    def __init__(
        self, level: str, words: str, cure: str = '',
        details: Iterable[str] = (),
    ) -> None: ...
    def as_dict(self) -> dict[str, Any]: ...

class Diagnosis:
    findings: list[Finding]
    @property
    def error(self) -> str | None: ...
    def as_dict(self) -> dict[str, Any]: ...
    def lines(self) -> Iterator[str]: ...
