"""``doctor``: the whole set-up examined, and what is found with its cure."""
from .examining import Setup, examine  # noqa: F401
