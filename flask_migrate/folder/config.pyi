from collections.abc import Iterable
from os import PathLike
from typing import Any

from alembic.config import Config as AlembicConfig

class Config(AlembicConfig):
    template_directory: str | None

    def __init__(
        self, *args: Any, template_directory: str | None = None,
        **kwargs: Any) -> None: ...

def read_config(
    directory: str | PathLike[str], x_arg: str | Iterable[str] | None = None,
    opts: Iterable[str] | None = None,
) -> Config: ...
