"""``doctor``: the whole set-up examined, and what is found with its cure."""
from .examining import Setup, examine  # noqa: F401
from .fitting import find_revision  # noqa: F401
from .stock import fix, generations  # noqa: F401
