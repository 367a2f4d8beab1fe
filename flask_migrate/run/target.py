"""The revision that a command is to lead to, as it was given."""
import re

from .. import compat
from ..errors import MigrateError


def check_target(target, operation):
    """Refuse an empty revision, as of a shell variable that is not set.

    And steps in the wrong direction, which Alembic of 2015 takes for others.
    """
    for each in [target] if isinstance(target, compat.python.string_types) \
            else target:
        if not each.strip():
            raise MigrateError("The revision is empty. Name one, such as "
                               "'head'.")
        message = operation != 'stamp' and wrong_steps(each.strip(), operation)
        if message:
            raise MigrateError(message)


def wrong_steps(target, operation):
    """What is wrong with a number of steps; None for any other target."""
    if not re.match(r'[+-]\d+\Z', target):
        return None
    up = operation == 'upgrade'
    if not int(target):
        return "A step of 0 leads nowhere. Name a number of steps, such as " \
            "%s1, or a revision." % ('+' if up else '-')
    if up == (target[0] == '+'):
        return None
    return "'%s' does not lead %s: use 'db %s %s'." % (
        target, 'up' if up else 'down', 'downgrade' if up else 'upgrade',
        target)
