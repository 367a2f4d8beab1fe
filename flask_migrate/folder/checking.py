"""A migrations folder that is missing or incomplete."""
import os

from ..compat.python import text
from ..errors import MigrateError

#: What a migrations folder cannot do without.
NEEDED = ('alembic.ini', 'env.py', 'script.py.mako')


def check_folder(directory):
    """Refuse a folder that is missing or incomplete, naming the next step.

    A missing ``versions`` folder is made: git keeps no empty folders.
    """
    from flask import current_app
    if not os.path.isdir(directory):
        raise MigrateError(no_folder(directory, current_app.root_path))
    for name in NEEDED:
        if not os.path.isfile(os.path.join(directory, name)):
            raise MigrateError(
                "The migrations folder '%s' has no %s. Restore the file from "
                "version control, or copy one from a folder made by 'db "
                "init'." % (text(directory), name))
    versions = os.path.join(directory, 'versions')
    if not os.path.isdir(versions):
        try:
            os.mkdir(versions)
        except EnvironmentError as error:
            if os.path.isdir(versions):
                return          # another thread has made it
            raise MigrateError(
                "Can't make the folder '%s': %s. Revisions belong there."
                % (text(versions), text(error.strerror)))


def no_folder(directory, root_path):
    """Why a directory is no migrations folder, and what to do."""
    if os.path.exists(directory):
        return "'%s' is a file, not a migrations folder. Give the folder " \
            "with --directory." % text(directory)
    if os.path.isabs(directory):
        return "There is no migrations folder '%s'. Make it with 'db init' " \
            "('db adopt' where the database has tables already), or give " \
            "another path with --directory." % text(directory)
    elsewhere = _elsewhere(root_path, directory)
    if elsewhere:
        return "There is no folder '%s' in the working directory %s, but " \
            "there is %s.\n  Run the command in %s, or give the folder " \
            "with --directory." % (
                text(directory), text(os.getcwd()), text(elsewhere),
                text(os.path.dirname(elsewhere)))
    return "There is no migrations folder '%s' in %s. Make it with 'db " \
        "init' ('db adopt' where the database has tables already), or give " \
        "its path with --directory." % (text(directory), text(os.getcwd()))


def _elsewhere(root_path, directory):
    """The folder beside the application or its package, if it is there."""
    if os.path.isabs(directory):
        return None
    for parent in (root_path, os.path.dirname(root_path)):
        path = os.path.join(parent, directory)
        if os.path.exists(os.path.join(path, 'alembic.ini')):
            return path
    return None
