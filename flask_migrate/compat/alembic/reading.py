"""Reading the revision files of a folder, in another way than Alembic."""
from __future__ import absolute_import

from functools import partial
import os

from ..python import PY2, links_in
from ..signatures import same_function
from .versions import has_branches


def load_python_file(folder, filename):
    """Execute a file as Alembic does; return its module."""
    from alembic.util import load_python_file
    return load_python_file(folder, filename)


#: What Alembic says on a module of Python 2.7, to decode its docstring.
ENCODED = '_alembic_source_encoding'


def mark_encoding(module):
    """Let Alembic decode the docstring, where it is bytes."""
    if PY2:
        setattr(module, ENCODED, 'utf-8')


def version_folders(directory):
    """The folders of a ScriptDirectory's revision files that exist."""
    found = directory._version_locations \
        if getattr(directory, 'version_locations', None) \
        else [directory.versions]                           # Alembic 0.6
    return [path for path in found if os.path.isdir(path)]


def load_revisions(directory):
    """Let a ScriptDirectory read its files."""
    return directory.revision_map._revision_map


def read_scripts_by(make, check):
    """Let the folders of our Configs be read another way, for good.

    A file of which *make* gives no Script is left to Alembic, and so is a
    ScriptDirectory that reads its files itself.  Private is
    ``_load_revisions``, from 0.7 to 1.20.

    :param make: gives a Script for class, folder and file name, or None.
    :param check: gives the Scripts of a ScriptDirectory, if they are right.
    """
    from alembic.script import ScriptDirectory
    if not has_branches():
        return
    from_config = ScriptDirectory.from_config.__func__
    load = ScriptDirectory._load_revisions
    current = getattr(ScriptDirectory, 'get_all_current', None)     # 0.9

    def _from_config(cls, config):
        directory = from_config(cls, config)
        if hasattr(config, 'run') \
                and same_function(cls._load_revisions, load):
            kind = type(directory.revision_map)
            loaded, config.loaded = config.loaded, None
            directory.revision_map = loaded or kind(
                lambda: check(directory, _scripts(directory, make)))
            if current and same_function(cls.get_all_current, current):
                directory.get_all_current = partial(_all_current, directory)
        return directory
    ScriptDirectory.from_config = classmethod(_from_config)


def _all_current(directory, heads):
    """Stand in for ``ScriptDirectory.get_all_current()``.

    Its time grows with the square of the number of revisions.  Of a
    revision that has followers in a set with all ancestors, one follows
    directly.
    """
    found = set(directory.get_revisions(heads))
    found.update(directory.revision_map._get_ancestor_nodes(
        list(found), include_dependencies=True))
    names = set(each.revision for each in found)
    return set(each for each in found if not names.intersection(each.nextrev))


def _scripts(directory, make):
    """The Scripts of a ScriptDirectory, made by *make* where it can."""
    from alembic.script import Script
    files = revision_files(directory)
    if files is None:
        return list(directory._load_revisions())
    scripts = [make(Script, folder, name)
               or _executed(Script, directory, folder, name)
               for folder, name in files]
    return [script for script in scripts if script is not None]


def _executed(kind, directory, folder, name):
    """The Script of a file that Alembic executes to know what it says."""
    if hasattr(kind, '_from_filename'):
        return kind._from_filename(directory, folder, name)
    return kind._from_path(directory, os.path.join(folder, name))   # 1.16


def revision_files(directory):
    """The revision files of a ScriptDirectory, as Alembic finds them.

    :return: pairs of folder and file name; None where it is for Alembic to
        say which of them count: links, folders in each other, ``*.pyc``.
    """
    folders = [os.path.realpath(str(each))
               for each in version_folders(directory)]
    found, links = [], []
    for folder in folders:
        for parent, below, names in os.walk(folder):
            below[:] = sorted(name for name in below if name != '__pycache__')
            found.extend((parent, name) for name in sorted(names)
                         if name.endswith('.py')
                         and not name.startswith(('.#', '__init__')))
            links.extend((parent, name) for name in links_in(parent))
            if not getattr(directory, 'recursive_version_locations', False):
                break                                       # Alembic 1.10
    if directory.sourceless or len(set(found)) < len(found) \
            or set(found).intersection(links):
        return None
    return found
