"""``python -m flask_migrate --enable``: an old application, unedited.

A ``.pth`` file with one line puts a finder in front of every start of this
environment's Python.  It imports nothing, and does nothing until somebody
imports ``flask_script`` or ``flask.ext``; where the package is gone by then,
it keeps quiet.
"""
import os
import subprocess
import sys

from . import compat
from .errors import MigrateError

NAME = 'flask_migrate_enable.pth'

# It stays on sys.meta_path: Python 2.7 raises an IndexError where a finder
# removes itself during an import.
FINDER = '''
class FlaskMigrateEnabled(object):
    of_flask_migrate = True

    @classmethod
    def ask(cls, method, name, path):
        if name == 'flask_script' or (name + '.').startswith('flask.ext.'):
            try:
                from flask_migrate.compat.flask_script import finder_of
                finder = finder_of(name)
            except Exception:
                return None
            return finder and getattr(finder, method)(name, path)

    @classmethod
    def find_spec(cls, name, path=None, target=None):
        return cls.ask('find_spec', name, path)

    @classmethod
    def find_module(cls, name, path=None):
        return cls.ask('find_module', name, path)

if 'FlaskMigrateEnabled' not in [
        getattr(each, '__name__', '') for each in sys.meta_path]:
    sys.meta_path.insert(0, FlaskMigrateEnabled)
'''

# Python executes a line that begins with import.
TEXT = '''\
# python -m flask_migrate --enable wrote this, --disable removes it; so may you
import sys; exec(%r, {'sys': sys, '__name__': 'flask_migrate_enable'})
''' % FINDER

#: What an old application does, in the order that fails without the file.
CHECK = '''
import sys
# Where it starts, which is '', may have modules of the library's names.
sys.path[:] = [folder for folder in sys.path if folder]
if 'FlaskMigrateEnabled' not in [
        getattr(each, '__name__', '') for each in sys.meta_path]:
    sys.exit('it does not read that folder')
import flask_script
import flask_migrate
from flask.ext.script import Manager
assert Manager is flask_script.Manager
assert isinstance(flask_migrate.MigrateCommand, Manager)
'''

WITHOUT = 'Without it, "python -m flask_migrate manage.py" runs a script.'


def folders():
    """The folders where this environment's file may be.

    :return: a list; :func:`enable` writes into the first.
    """
    found = compat.site_packages.folders()
    user = compat.site_packages.user_folder()
    if user is not None and _is_installed_in(user):
        return [user] + found[:1]
    return found[:1] + [user] * (user is not None)


def _is_installed_in(folder):
    """Whether the package is installed there, perhaps as a link."""
    try:
        names = os.listdir(folder)
    except EnvironmentError:
        return False
    return any(name.lower().replace('-', '_').startswith('flask_migrate')
               for name in names if name != NAME)


def files():
    """The files that are there now."""
    paths = [os.path.join(folder, NAME) for folder in folders()]
    return [path for path in paths if os.path.lexists(path)]


def status():
    """Whether this environment is enabled, in a sentence."""
    found = files()
    if found:
        return 'Enabled by %s\n' % ' and '.join(found)
    return 'Not enabled for the Python in %s. To enable it: python -m ' \
        'flask_migrate --enable\n' % sys.prefix


def enable(folder=None):
    """Write the file, and take it back if an import fails nevertheless.

    :param folder: by default that of the environment's packages.
    :return: what was done, in sentences.
    """
    path = os.path.join(folder or folders()[0], NAME)
    before = _read(path)
    _write(path, TEXT)
    problem = _check(os.path.dirname(path))
    if problem:
        if before is None:
            os.remove(path)
        else:
            _write(path, before)
        raise MigrateError(
            "%s was written and taken back: a new Python could not import "
            "flask_script and flask_migrate: %s" % (path, problem))
    return (
        'Wrote %s\n'
        'Every new start of the Python in %s can now import flask_script, '
        'before flask_migrate too, and flask.ext.\n'
        'To undo it: python -m flask_migrate --disable\n' % (
            path, sys.prefix))


def disable():
    """Remove the file.

    :return: what was done, in sentences.
    """
    found = files()
    for path in found:
        try:
            os.remove(path)
        except EnvironmentError as error:
            raise MigrateError("Can't remove '%s': %s. Whoever wrote it can."
                               % (path, error.strerror))
    return ''.join('Removed %s\n' % path for path in found) or (
        'Nothing to remove: the Python in %s is not enabled.\n' % sys.prefix)


def _read(path):
    try:
        with open(path) as file:
            return file.read()
    except EnvironmentError:
        return None


def _write(path, text):
    # Never half a file: each start of Python would complain about it.
    new = path + '.new'
    try:
        with open(new, 'w') as file:
            file.write(text)
        if os.path.isfile(path):
            os.remove(path)         # Windows renames over nothing
        os.rename(new, path)
    except EnvironmentError as error:
        if os.path.lexists(new):
            os.remove(new)
        raise MigrateError(
            "Can't write '%s': %s. Run this as whoever installs packages "
            "there (in a Dockerfile, before USER), or in a virtual "
            "environment. %s" % (path, error.strerror, WITHOUT))


def _check(folder):
    """Start this Python once.

    :param folder: where it starts: not in a checkout, from which the
        package could be imported only there.
    :return: what went wrong, or None.
    """
    process = subprocess.Popen(
        [sys.executable, '-W', 'ignore', '-c', CHECK], cwd=folder,
        stdin=subprocess.PIPE, stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT)
    output = process.communicate()[0].decode('utf-8', 'replace').strip()
    if process.returncode == 0:
        return None
    return output.splitlines()[-1] if output else \
        'exit code %d' % process.returncode
