"""What a ``progress`` callback is given."""
from collections import namedtuple

#: A revision that has been applied: its number among *total*, what it is in
#: words, how many seconds it took, the engine of its database, and that
#: database's name, which is '' where the application has no other.
Progress = namedtuple(
    'Progress', 'number total description seconds engine database')
