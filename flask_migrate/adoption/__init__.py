"""Old databases come in: a baseline that describes one as it is."""
from .adopting import adopt  # noqa: F401
