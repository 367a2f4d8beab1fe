"""What depends on versions of others, one file per other.

Each piece names what needs it, and goes when that version is dropped.
Nothing here imports the rest of the package, or raises errors of its own.
"""
from . import (  # noqa: F401
    alembic, alembic_context, async_drivers, async_engines, env_py,
    flask_script, flask_sqlalchemy, python, sqlalchemy, sqlite)
