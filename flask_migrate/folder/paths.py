"""Paths, as messages name them."""
import os

from ..compat.python import text


def relative(path):
    """A path as a user would write it."""
    try:
        found = os.path.relpath(path)
    except (EnvironmentError, ValueError):      # another drive of Windows
        return text(path)
    return text(path if found.startswith('..') else found)
