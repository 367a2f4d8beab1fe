from typing import Any

def run_migrations(
    multidb: bool = False, twophase: bool = False, **arguments: Any,
) -> None: ...

def function_suffixes() -> list[tuple[str, str]]: ...
