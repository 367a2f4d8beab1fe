"""What a ``progress`` callback is given."""
from collections import namedtuple

#: A revision that has been applied: its number among *total*, what it is in
#: words, how many seconds it took, and the engine of its database.
Progress = namedtuple('Progress', 'number total description seconds engine')
