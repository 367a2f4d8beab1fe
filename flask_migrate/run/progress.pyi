from typing import NamedTuple

from sqlalchemy.engine import Engine

class Progress(NamedTuple):
    number: int
    total: int
    description: str
    seconds: float
    engine: Engine
    database: str
