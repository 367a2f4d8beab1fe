"""What is wrong with the files of the project."""
import linecache
import os
import re

from ..compat.python import text
from ..folder import revision_files
from ..folder.paths import relative
from .facts import on_one_line
from .legacy_sql import replacement


def explain_file(facts):
    """A revision file, or env.py, that Python cannot execute."""
    if facts.folder is None:
        return None
    path, line, running = _place(facts)
    if path is None or running:
        return None
    conflict = _conflict(path)
    if conflict:
        return '%s, line %d: merge-conflict markers. Resolve the conflict ' \
            'in this file, then repeat the command.' % (
                relative(path), conflict)
    kind = type(facts.error).__name__
    what = facts.error.msg if isinstance(facts.error, SyntaxError) \
        else facts.message
    message = '%s, line %s: %s: %s.' % (
        relative(path), line, kind, on_one_line(what).rstrip('.'))
    source = linecache.getline(path, line or 0).strip()
    if source:
        message += '\n  %s' % text(source)
    instead = replacement(facts.error)
    if instead:
        message += '\n'.join([''] + instead)
    elif isinstance(facts.error, ImportError):
        message += '\n  Install what the file imports, or correct the name.'
    return message


def _place(facts):
    """File and line in the migrations folder, and whether a step runs.

    For env.py only what happens in the file itself: whatever a command does
    with the database happens below it.
    """
    if isinstance(facts.error, SyntaxError) \
            and _inside(facts, facts.error.filename):
        return facts.error.filename, facts.error.lineno, False
    for i in reversed(range(len(facts.places))):
        path, line, function = facts.places[i][:3]
        if not _inside(facts, path):
            continue
        path = re.sub(r'\.py[co]$', '.py', path)
        if os.path.basename(path) != 'env.py':
            return path, line, function != '<module>'
        below = [place[0] for place in facts.places[i + 1:]]
        if not below or isinstance(facts.error, ImportError) and not any(
                'sqlalchemy' in name for name in below):
            return path, line, False
        return None, None, False
    return None, None, False


def _inside(facts, path):
    """Whether a path is in the migrations folder."""
    if not path or not path.endswith(('.py', '.pyc')):
        return False
    return any(
        os.path.realpath(path).startswith(os.path.realpath(folder) + os.sep)
        for folder in [facts.folder] + revision_files.folders(facts.config))


def _conflict(path):
    """The line where Git has left a conflict in a file, or None."""
    try:
        with open(path, 'rb') as file:
            for number, line in enumerate(file, 1):
                if line.startswith((b'<<<<<<< ', b'>>>>>>> ')):
                    return number
    except EnvironmentError:
        pass
    return None


def explain_access(facts):
    """A file of the project that cannot be read or written."""
    error = facts.error
    if not isinstance(error, EnvironmentError) or not facts.folder:
        return None
    path = error.filename
    if path is None or not os.path.abspath(path).startswith(
            os.path.abspath(facts.folder)):
        return None
    return "Can't use %s: %s. Check the permissions of the file and of its " \
        "folder." % (relative(path), text(error.strerror))
