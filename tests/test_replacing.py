"""From an old Flask-Migrate to this package and back, with pip in one place.

It takes a minute and the package index, so it runs where it is asked for:
FLASK_MIGRATE_SLOW=1.
"""
import os
import shutil
import subprocess
import sys

import pytest

from variants import slow

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))

pytestmark = [
    slow,
    pytest.mark.skipif(sys.version_info < (3, 6),
                       reason='This Python has no venv.')]

APPLICATION = u"""
from flask import Flask
from flask_sqlalchemy import SQLAlchemy
from flask_migrate import Migrate

app = Flask(__name__)
app.config['SQLALCHEMY_DATABASE_URI'] = 'sqlite:///app.db'
app.config['SQLALCHEMY_TRACK_MODIFICATIONS'] = False
db = SQLAlchemy(app)
Migrate(app, db)


class User(db.Model):
    id = db.Column(db.Integer, primary_key=True)
"""

#: Another distribution, which wants Flask-Migrate.
DEPENDENT = u"""
from setuptools import setup
setup(name='dependent', version='1', py_modules=[],
      install_requires=['Flask-Migrate>=2.5'])
"""

ENTRY_POINTS = u"""
try:
    from importlib.metadata import entry_points
except ImportError:
    from pkg_resources import iter_entry_points
    found = iter_entry_points('flask.commands')
else:
    found = entry_points()
    found = found.select(group='flask.commands') \\
        if hasattr(found, 'select') else found['flask.commands']
print(sorted(set((each.name, getattr(each, 'module_name', None)
                  or each.value.split(':')[0]) for each in found)))
"""


class Place(object):
    """A virtualenv and an application."""

    def __init__(self, path):
        self.path = path
        self.python = os.path.join(
            str(path), 'venv', 'Scripts' if os.name == 'nt' else 'bin',
            'python')
        self.migrations = path.join('migrations')
        path.join('app.py').write(APPLICATION)
        _run([sys.executable, '-m', 'venv', str(path.join('venv'))], path)

    def pip(self, *args):
        return _run([self.python, '-m', 'pip', '--quiet',
                     '--disable-pip-version-check'] + list(args), self.path)

    def flask(self, *args):
        return _run([self.python, '-m', 'flask', 'db'] + list(args),
                    self.path)

    def run(self, text):
        return _run([self.python, '-c', text], self.path)


def _run(command, path):
    process = subprocess.Popen(
        command, cwd=str(path), stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        env=dict(os.environ, FLASK_APP='app.py', PYTHONPATH=''))
    output = process.communicate()[0].decode('utf-8', 'replace')
    assert process.returncode == 0, output
    return output


@pytest.fixture(scope='module')
def wheel(tmpdir_factory):
    """A wheel of this package."""
    path = tmpdir_factory.mktemp('wheel')
    shutil.copytree(os.path.join(ROOT, 'flask_migrate'),
                    str(path.join('source', 'flask_migrate')),
                    ignore=shutil.ignore_patterns('*.pyc', '__pycache__'))
    for name in ('setup.py', 'setup.cfg', 'MANIFEST.in', 'README.rst',
                 'CHANGES.rst', 'LICENSE'):
        shutil.copy(os.path.join(ROOT, name), str(path.join('source')))
    _run([sys.executable, '-m', 'pip', 'wheel', '--quiet', '--no-deps',
          '--wheel-dir', str(path), str(path.join('source'))], path)
    return str([each for each in path.listdir() if each.ext == '.whl'][0])


def test_there_and_back(tmpdir, wheel, releases):
    place = Place(tmpdir)
    place.pip('install', 'Flask-Migrate==2.7.0')
    place.flask('init')
    place.flask('migrate', '-m', 'old')
    place.flask('upgrade')
    assert 'ensure-version' not in place.flask('--help')
    tmpdir.mkdir('dependent').join('setup.py').write(DEPENDENT)
    place.pip('install', '--no-deps', str(tmpdir.join('dependent')))

    # In place of the old release: pip takes its files and entry point away.
    place.pip('install', wheel)
    assert 'No broken requirements' in _run(
        [place.python, '-m', 'pip', 'check'], tmpdir)
    assert place.run(ENTRY_POINTS).strip() == \
        "[('db', 'flask_migrate.cli')]"
    assert 'ensure-version' in place.flask('--help')
    assert '(head)' in place.flask('current')
    assert 'No changes in schema detected.' in place.flask('migrate')
    place.flask('downgrade')
    place.flask('upgrade')

    # A folder of ours, which the last other release goes on with.
    shutil.rmtree(str(place.migrations))
    place.flask('init')
    place.flask('stamp', '--purge', 'base')
    tmpdir.join('app.py').write(APPLICATION
                                + u"    name = db.Column(db.String(50))\n")
    place.flask('migrate', '-m', 'ours')
    place.flask('upgrade')
    place.pip('install', 'Flask-Migrate==4.1.0')
    assert 'ensure-version' not in place.flask('--help')
    for name in ('env.py', 'script.py.mako'):
        place.migrations.join(name).write_binary(
            releases['4.1.0']['flask'][name])
    assert '(head)' in place.flask('current')
    place.flask('downgrade')
    place.flask('upgrade')
    place.flask('check')
    tmpdir.join('app.py').write(
        APPLICATION + u"    name = db.Column(db.String(50))\n"
                      u"    extra = db.Column(db.Integer)\n")
    place.flask('migrate', '-m', 'theirs')
    place.flask('upgrade')

    # And to this package again, over 4.1.
    place.pip('install', wheel)
    assert '(head)' in place.flask('current')
    assert len(place.flask('history').splitlines()) == 2
    place.flask('check')
    place.flask('downgrade', 'base')
