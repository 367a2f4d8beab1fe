"""Databases that sqlalchemy-migrate has brought where they are."""
import os
import re

from ..compat.python import text
from ..dialects.schema import rows
from ..errors import MigrateError

#: The table in which it keeps a database's version.
TABLE = 'migrate_version'
#: The setting of the tutorial that made it known.
SETTING = 'SQLALCHEMY_MIGRATE_REPO'
FOLDER = 'db_repository'

_VERSION = re.compile(r'^(\d+)(_.*\.(py|sql))?$')


class Repository(object):
    """What sqlalchemy-migrate's table says.

    :ivar name: the repository's.
    :ivar version: what the database is at.
    :ivar path: the repository's folder; None while it is not known.
    """

    def __init__(self, name, path, version):
        self.name = text(name)
        self.recorded = text(path or '')
        self.version = int(version)
        self.path = None

    def comment(self):
        """What the baseline says of it."""
        return u"At version %d of sqlalchemy-migrate's repository '%s' " \
            u'(%s).' % (self.version, self.name,
                        text(os.path.basename(self.path.rstrip(os.sep))))


def of_database(connection, tables):
    """The Repository that a database names; None if it is of none.

    :param tables: the names of its tables.
    """
    if TABLE not in tables:
        return None
    found = rows(connection, 'SELECT repository_id, repository_path, version '
                 'FROM migrate_version')
    if not found:
        return None
    if len(found) > 1:
        raise MigrateError(
            "The table migrate_version names %d repositories: %s. Adopting a "
            "database of several is not supported." % (
                len(found), ', '.join(text(row[0]) for row in found)))
    return Repository(*found[0])


def check(repository, app, path=None):
    """Refuse a database that is not at its repository's latest version.

    :param path: the folder, if the user has named it.
    """
    repository.path = path or _find(repository, app)
    if repository.path is None:
        raise MigrateError(
            "The database is at version %d of sqlalchemy-migrate's "
            "repository '%s', whose folder is not here. Name it: "
            "--repository PATH." % (repository.version, repository.name))
    latest = latest_version(repository.path)
    if repository.version < latest:
        raise MigrateError(
            "The database is at version %d of sqlalchemy-migrate's "
            "repository %s, which goes up to %d. Bring it there first, with "
            "sqlalchemy-migrate: 'python db_upgrade.py', or 'migrate upgrade "
            "URL %s'." % (repository.version, text(repository.path), latest,
                          text(repository.path)))
    if repository.version > latest:
        raise MigrateError(
            "The database is at version %d of sqlalchemy-migrate's "
            "repository, but %s goes up to %d only: this code is older than "
            "the database. Adopt it with the newer code." % (
                repository.version, text(repository.path), latest))


def latest_version(path):
    """The highest number of a repository's versions; 0 without any."""
    try:
        names = os.listdir(os.path.join(path, 'versions'))
    except EnvironmentError:
        raise MigrateError(
            "%s is no repository of sqlalchemy-migrate: it has no folder "
            "'versions'. Name it: --repository PATH." % text(path))
    numbers = [int(match.group(1)) for match in map(_VERSION.match, names)
               if match]
    return max(numbers or [0])


def _find(repository, app):
    """The folder of a repository: as configured, recorded, or usual."""
    parents = ['', app.root_path, os.path.dirname(app.root_path)]
    for name in (app.config.get(SETTING), repository.recorded, FOLDER):
        for parent in parents if name else ():
            path = os.path.join(parent, name)
            if os.path.isdir(os.path.join(path, 'versions')):
                return path
    return None
