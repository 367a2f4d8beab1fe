"""``python -m flask_migrate --enable``: old applications, unedited.

Everything here happens in environments of its own, made for a test: links to
the packages of the one that runs the tests.
"""
import compileall
import os
import re
import shutil
import subprocess
import sys
import time

import pytest

import flask_migrate
from flask_migrate import compat, enabling
from flask_migrate.__main__ import main
from flask_migrate.explain.importing import failed_import
from processes import wait_for

try:
    from urllib.request import urlopen
except ImportError:
    from urllib2 import urlopen         # Python 2.7

PACKAGES = ('flask', 'flask_script', 'flask_sqlalchemy', 'sqlalchemy',
            'alembic')

#: As the guides of 2013 have it, with the imports that come first there.
MANAGE_2013 = '''
from flask import Flask
from flask.ext.script import Manager
from flask.ext.sqlalchemy import SQLAlchemy
from flask.ext.migrate import Migrate, MigrateCommand

app = Flask(__name__)
app.config['SQLALCHEMY_DATABASE_URI'] = 'sqlite:///%s'

db = SQLAlchemy(app)
migrate = Migrate(app, db)

manager = Manager(app)
manager.add_command('db', MigrateCommand)

class User(db.Model):
    id = db.Column(db.Integer, primary_key = True)
    name = db.Column(db.String(128))

@app.route('/')
def index():
    return 'it answers'

if __name__ == '__main__':
    manager.run()
'''

#: As those of 2015: a package, a factory, and a Manager over it.
PACKAGE_2015 = '''
from flask import Flask
from flask.ext.sqlalchemy import SQLAlchemy

db = SQLAlchemy()

class User(db.Model):
    __tablename__ = 'users'
    id = db.Column(db.Integer, primary_key=True)
    email = db.Column(db.String(64), unique=True, index=True)

def create_app(config_name):
    app = Flask(__name__)
    app.config['SQLALCHEMY_DATABASE_URI'] = 'sqlite:///%s'
    app.config['CONFIG_NAME'] = config_name
    db.init_app(app)
    return app
'''
MANAGE_2015 = '''#!/usr/bin/env python
import os
from app import create_app, db, User
from flask_script import Manager, Shell
from flask_migrate import Migrate, MigrateCommand

app = create_app(os.getenv('FLASK_CONFIG') or 'default')
manager = Manager(app)
migrate = Migrate(app, db)

def make_shell_context():
    return dict(app=app, db=db, User=User)

manager.add_command("shell", Shell(make_context=make_shell_context))
manager.add_command('db', MigrateCommand)

@manager.command
def deploy():
    """Run deployment tasks."""
    from flask_migrate import upgrade
    upgrade()

if __name__ == '__main__':
    manager.run()
'''


class Environment(object):
    """An environment with the packages of this one.

    :param folder: where it is made.
    :param kind: 'user' or 'venv'.
    :param package: folder of the package, compiled.
    """

    def __init__(self, folder, kind, package):
        base = getattr(sys, 'real_prefix', getattr(sys, 'base_prefix', ''))
        name = 'python%d.%d' % sys.version_info[:2]
        self.python = os.path.join(base or sys.prefix, 'bin', name)
        if not os.path.exists(self.python):
            pytest.skip('there is no %s' % self.python)
        self.env = dict((name, value) for name, value in os.environ.items()
                        if not name.startswith(('PYTHON', 'FLASK_'))
                        and name != 'VIRTUAL_ENV')
        self.env.update(PYTHONDONTWRITEBYTECODE='1', PYTHONWARNINGS='ignore',
                        PYTHONIOENCODING='utf-8')
        if kind == 'venv':
            subprocess.check_call([self.python, '-m', 'venv',
                                   '--without-pip', str(folder)])
            self.python = str(folder.join('bin', 'python'))
        else:
            self.env['PYTHONUSERBASE'] = str(folder)
        self.folder = self.run(
            '-c', 'import site, sysconfig; print(%s)' % (
                'sysconfig.get_path("purelib")' if kind == 'venv' else
                'site.getusersitepackages()'))[1].strip()
        assert self.folder.startswith(str(folder))
        if not os.path.isdir(self.folder):
            os.makedirs(self.folder)
        self._install(package)

    def _install(self, package):
        os.symlink(package, os.path.join(self.folder, 'flask_migrate'))
        for name in PACKAGES:
            module = sys.modules.get(name) or __import__(name)
            parent = os.path.dirname(os.path.abspath(module.__file__))
            if os.path.basename(parent) == name:
                parent = os.path.dirname(parent)
            for each in os.listdir(parent):
                target = os.path.join(self.folder, each)
                if not each.endswith('.pth') and 'flask_migrate' not in \
                        each.lower().replace('-', '_') \
                        and not os.path.lexists(target):
                    os.symlink(os.path.join(parent, each), target)

    def uninstall(self, name):
        for each in os.listdir(self.folder):
            if os.path.splitext(each)[0] == name:
                os.remove(os.path.join(self.folder, each))

    def popen(self, *args, **settings):
        settings.setdefault('env', self.env)
        settings.setdefault('cwd', os.path.dirname(self.python))
        return subprocess.Popen(
            [self.python] + list(args), stdin=subprocess.PIPE,
            stderr=settings.pop('stderr', subprocess.PIPE),
            stdout=settings.pop('stdout', subprocess.PIPE), **settings)

    def run(self, *args, **settings):
        process = self.popen(*args, **settings)
        out, err = process.communicate()
        return process.returncode, out.decode('utf-8'), err.decode('utf-8')

    def switch(self, name):
        """Run ``--enable``, ``--disable`` or ``--status``."""
        code, out, err = self.run('-m', 'flask_migrate', '--' + name)
        assert (code, err) == (0, '')
        return out

    @property
    def file(self):
        return os.path.join(self.folder, enabling.NAME)


KINDS = ['user'] if compat.python.PY2 else [
    'venv', pytest.param('user', marks=pytest.mark.once)]


@pytest.fixture(scope='module')
def package(tmpdir_factory):
    """A copy of the package, as it is installed: compiled."""
    source = os.path.dirname(os.path.abspath(flask_migrate.__file__))
    target = str(tmpdir_factory.mktemp('package').join('flask_migrate'))
    shutil.copytree(source, target)
    compileall.compile_dir(target, quiet=1)
    return target


@pytest.fixture(params=KINDS)
def environment(tmpdir, request, package):
    return Environment(tmpdir.mkdir('environment'), request.param, package)


@pytest.fixture
def user_site(tmpdir, package):
    return Environment(tmpdir.mkdir('environment'), 'user', package)


def _flask_has_ext():
    try:
        __import__('flask.ext')
    except ImportError:
        return False
    return True


needs_enabling = pytest.mark.skipif(
    _flask_has_ext(), reason='Flask before 1.0 has flask.ext itself')


def write(folder, name, text):
    folder.join(name).write(text)
    return folder.join(name).read_binary()


def migrate(environment, folder):
    """Make a database by a manage.py."""
    def line(*args):
        code, out, err = environment.run('manage.py', 'db', *args,
                                         cwd=str(folder))
        assert code == 0, err
        return out + err
    line('init')
    assert 'Detected added table' in line('migrate')
    assert 'Running upgrade' in line('upgrade')


# Unedited applications -------------------------------------------------------

def test_an_application_of_2013(tmpdir, environment):
    """Enabled, migrated, and disabled: all is as it was."""
    before = sorted(os.listdir(environment.folder))
    folder = tmpdir.mkdir('project')
    text = write(folder, 'manage.py', MANAGE_2013 % tmpdir.join('app.db'))
    assert environment.switch('status').startswith('Not enabled')
    if not _flask_has_ext():
        code, _, err = environment.run('manage.py', 'db', cwd=str(folder))
        assert code == 1 and "ext" in err.splitlines()[-1]
    assert environment.file in environment.switch('enable')
    assert environment.switch('status') \
        == 'Enabled by %s\n' % environment.file
    migrate(environment, folder)
    assert tmpdir.join('app.db').check()
    assert folder.join('manage.py').read_binary() == text
    assert environment.switch('disable') == 'Removed %s\n' % environment.file
    assert sorted(os.listdir(environment.folder)) == before


def test_an_application_of_2015(tmpdir, user_site):
    folder = tmpdir.mkdir('project')
    package = folder.mkdir('app')
    texts = [write(package, '__init__.py',
                   PACKAGE_2015 % tmpdir.join('app.db')),
             write(folder, 'manage.py', MANAGE_2015)]
    user_site.switch('enable')
    migrate(user_site, folder)
    os.remove(str(tmpdir.join('app.db')))
    code, out, err = user_site.run('manage.py', 'deploy', cwd=str(folder))
    assert code == 0, err
    assert tmpdir.join('app.db').check()
    code, out, err = user_site.run('manage.py', 'deploy', '--help',
                                   cwd=str(folder))
    assert code == 0 and 'Run deployment tasks.' in out
    assert [package.join('__init__.py').read_binary(),
            folder.join('manage.py').read_binary()] == texts


@pytest.fixture(scope='module')
def gunicorn(tmpdir_factory):
    """A folder with gunicorn, as the index gives it to this Python."""
    folder = tmpdir_factory.mktemp('gunicorn')
    process = subprocess.Popen(
        [sys.executable, '-m', 'pip', 'install', '--quiet',
         '--disable-pip-version-check', '--target', str(folder), 'gunicorn'],
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    output = process.communicate()[0].decode('utf-8', 'replace')
    if process.returncode:
        pytest.skip('The index does not give gunicorn: %s'
                    % output.strip()[-200:])
    return str(folder)


def test_gunicorn(tmpdir, user_site, gunicorn):
    folder = tmpdir.mkdir('project')
    write(folder, 'manage.py', MANAGE_2013 % tmpdir.join('app.db'))
    user_site.switch('enable')
    log = tmpdir.join('log.txt')
    with log.open('w') as file:
        server = user_site.popen(
            '-m', 'gunicorn.app.wsgiapp', '-b', '127.0.0.1:0', 'manage:app',
            env=dict(user_site.env, PYTHONPATH=gunicorn, PYTHONUNBUFFERED='1'),
            cwd=str(folder), stdout=file, stderr=subprocess.STDOUT)
    try:
        wait_for(lambda: 'Booting worker' in log.read()
                 or server.poll() is not None, 60, log.read)
        found = re.search(r'Listening at: (http://[\d.:]+)', log.read())
        assert found, log.read()
        assert urlopen(found.group(1), timeout=60).read() == b'it answers'
    finally:
        if server.poll() is None:
            server.terminate()
        server.communicate()


FLASK_SCRIPT_FIRST = '''
import sys
from flask_script import Manager, Command
import flask, flask_migrate
from flask_migrate.script import Manager as same
assert Manager is same
assert isinstance(flask_migrate.MigrateCommand, Manager)
assert 'flask._compat' not in sys.modules or flask._compat.__file__
manager = Manager(flask.Flask('x'))
@manager.command
def hello(name='you'):
    print('hello ' + name)
# The finder is where it was, and finds nothing else.
finder, = [each for each in sys.meta_path
           if getattr(each, '__name__', '') == 'FlaskMigrateEnabled']
assert finder.find_spec('flask') is None
assert finder.find_module('flask.extra') is None
# Imported anew, as test runners do.
del sys.modules['flask_script']
import flask_script
assert flask_script.Manager is not Manager
sys.argv = ['manage.py', 'hello', '-n', 'me']
manager.run()
'''


def test_a_script_that_imports_flask_script_first(tmpdir, user_site):
    user_site.switch('enable')
    write(tmpdir, 'script.py', FLASK_SCRIPT_FIRST)
    code, out, err = user_site.run('script.py', cwd=str(tmpdir))
    assert (code, out) == (0, 'hello me\n'), err


# What it costs, and what it leaves -------------------------------------------

MODULES = 'import sys; print(sorted(sys.modules))'


def test_it_imports_nothing(user_site):
    before = user_site.run('-c', MODULES)
    user_site.switch('enable')
    assert user_site.run('-c', MODULES) == before


def test_it_takes_less_than_a_millisecond():
    line = enabling.TEXT.splitlines()[1]
    assert line.startswith('import sys')
    finders, times = list(sys.meta_path), []
    try:
        for _ in range(50):
            start = time.time()
            exec(line)
            times.append(time.time() - start)
            sys.meta_path[:] = finders
    finally:
        sys.meta_path[:] = finders
    assert min(times) < 0.001


def test_the_package_is_uninstalled_first(user_site):
    """Python starts as ever, and what it says is its own."""
    code = 'import flask; print(1)'
    order = 'from flask_script import Manager'
    plain = user_site.run('-c', order)
    user_site.switch('enable')
    assert user_site.run('-c', order) == (0, '', '')
    user_site.uninstall('flask_migrate')
    assert user_site.run('-c', code) == (0, '1\n', '')
    assert user_site.run('-c', order)[:2] == plain[:2]
    assert user_site.run('-c', order)[2].splitlines()[-1:] \
        == plain[2].splitlines()[-1:]
    assert user_site.run('-c', 'import flask.ext.script')[0] \
        == (0 if _flask_has_ext() else 1)


@pytest.mark.once
def test_it_takes_its_file_back(user_site):
    user_site.uninstall('flask_script')
    before = sorted(os.listdir(user_site.folder))
    code, out, err = user_site.run('-m', 'flask_migrate', '--enable')
    assert (code, out) == (1, '')
    assert 'was written and taken back' in err and 'flask_script' in err
    assert len(err.splitlines()) == 1
    assert sorted(os.listdir(user_site.folder)) == before


@pytest.mark.once
def test_packages_with_names_of_the_library(user_site):
    """As enum34 and typing are; no other start of Python finds them first."""
    with open(os.path.join(user_site.folder, 'json.py'), 'w') as file:
        file.write('1 / 0\n')
    user_site.switch('enable')


@pytest.mark.skipif(compat.python.PY2, reason='2.7 has no text in paths')
def test_any_path_on_any_terminal(tmpdir, package):
    environment = Environment(tmpdir.mkdir(u'\u65e5\u672c'), 'user', package)
    environment.env.update(LC_ALL='C.UTF-8', LANG='C.UTF-8',
                           PYTHONIOENCODING='ascii')
    assert enabling.NAME in environment.switch('enable')
    assert os.path.exists(environment.file)
    assert environment.switch('disable').startswith('Removed ')
    assert not os.path.exists(environment.file)


@pytest.mark.once
def test_a_file_of_an_earlier_release(user_site):
    """It is replaced; put back if that fails."""
    with open(user_site.file, 'w') as file:
        file.write('# earlier\n')
    assert user_site.switch('status').startswith('Enabled by')
    user_site.switch('enable')
    assert user_site.switch('enable').startswith('Wrote')
    with open(user_site.file) as file:
        assert file.read() == enabling.TEXT
    with open(user_site.file, 'w') as file:
        file.write('# earlier\n')
    user_site.uninstall('flask_script')
    assert user_site.run('-m', 'flask_migrate', '--enable')[0] == 1
    with open(user_site.file) as file:
        assert file.read() == '# earlier\n'


@pytest.mark.once
def test_a_checkout_that_is_not_installed(tmpdir, user_site, package):
    """Only there could its Python import the package."""
    os.symlink(package, str(tmpdir.join('flask_migrate')))
    user_site.uninstall('flask_migrate')
    user_site.folder_before = sorted(os.listdir(user_site.folder))
    # It would be written for the Python itself: not by a test.
    code, out, err = user_site.run(
        '-c', 'import sys; sys.path.insert(0, ""); from flask_migrate import '
        'enabling; enabling.enable(%r)' % user_site.folder, cwd=str(tmpdir))
    assert code == 1
    assert "No module named" in err and 'flask_migrate' in err
    assert sorted(os.listdir(user_site.folder)) == user_site.folder_before


# Where it may not write ------------------------------------------------------

def test_where_it_may_not_write(tmpdir):
    with pytest.raises(flask_migrate.CommandError) as caught:
        enabling.enable(str(tmpdir.join('nosuch')))
    assert "Can't write '%s" % tmpdir.join('nosuch') in str(caught.value)
    assert 'python -m flask_migrate manage.py' in str(caught.value)
    tmpdir.mkdir(enabling.NAME)
    with pytest.raises(flask_migrate.CommandError):
        enabling.enable(str(tmpdir))
    assert [each.basename for each in tmpdir.listdir()] == [enabling.NAME]


def test_what_may_not_be_removed(tmpdir, monkeypatch, capsys):
    tmpdir.mkdir(enabling.NAME)         # not a file
    monkeypatch.setattr(enabling, 'folders', lambda: [str(tmpdir)])
    assert main(['--disable']) == 1
    out, err = capsys.readouterr()
    assert out == '' and err.startswith("Error: Can't remove '")


def test_nothing_to_remove(tmpdir, monkeypatch, capsys):
    monkeypatch.setattr(enabling, 'folders', lambda: [str(tmpdir)])
    assert main(['--disable']) == 0
    assert capsys.readouterr()[0].startswith('Nothing to remove')
    assert main(['--status']) == 0
    assert capsys.readouterr()[0].startswith('Not enabled')


@pytest.fixture
def system(tmpdir, monkeypatch):
    """A Python of the system, as the ``site`` module describes it."""
    monkeypatch.setattr(sys, 'prefix', str(tmpdir))
    monkeypatch.setattr(sys, 'base_prefix', str(tmpdir), raising=False)
    monkeypatch.delattr(sys, 'real_prefix', raising=False)
    user = tmpdir.mkdir('user')
    monkeypatch.setattr('site.ENABLE_USER_SITE', True)
    monkeypatch.setattr('site.getusersitepackages', lambda: str(user))
    places = [str(tmpdir.join('local')), str(tmpdir.join('dist'))]
    monkeypatch.setattr('site.getsitepackages', lambda: places + ['/else'],
                        raising=False)
    monkeypatch.setattr('sysconfig.get_path', lambda name: places[0])
    return user, places


def test_in_the_packages_of_the_system(system):
    user, places = system
    assert enabling.folders() == [places[0], str(user)]


def test_in_the_packages_of_the_user(system):
    user, places = system
    user.mkdir('flask_migrate-5.0.0.dist-info')     # editable, for instance
    assert enabling.folders() == [str(user), places[0]]


def test_debian_says_another_folder_than_it_reads(system, monkeypatch):
    user, places = system
    monkeypatch.setattr('sysconfig.get_path', lambda name: '/nowhere')
    assert enabling.folders()[0] == places[0]


def test_in_a_virtual_environment(system, monkeypatch):
    """Also in one that sees the packages of user and system."""
    user, places = system
    user.mkdir('flask_migrate')
    monkeypatch.setattr(sys, 'base_prefix', '/usr', raising=False)
    assert enabling.folders() == [places[0]]


def test_in_an_old_virtual_environment(system, monkeypatch):
    monkeypatch.setattr(sys, 'real_prefix', '/usr', raising=False)
    monkeypatch.delattr('site.getsitepackages')
    assert enabling.folders() == [system[1][0]]


@pytest.mark.parametrize('argv', [
    ['--enabel'], ['--enable', 'now'], ['--status', '--disable'], ['-x']])
def test_usage(argv, capsys):
    assert main(argv) == 2
    out, err = capsys.readouterr()
    assert out == '' and '--enable | --disable | --status' in err


# The wrong order, without it -------------------------------------------------

@pytest.mark.parametrize('text, words', [
    ("File '/lib/flask_script/__init__.py'\n"
     "ModuleNotFoundError: No module named 'flask._compat'",
     "'from flask_script import ...' comes before 'from flask_migrate"),
    ("File '/lib/flask_script/commands.py'\nImportError: cannot import name "
     "'_request_ctx_stack' from 'flask' (/x.py)", 'swap the two lines'),
    ("ModuleNotFoundError: No module named 'flask.ext'", 'flask_NAME'),
    ('ImportError: No module named ext.script', 'flask_NAME'),
])
def test_a_failed_import(text, words):
    message = failed_import(text.replace('/', os.sep))
    assert words in message and 'python -m flask_migrate --enable' in message
    assert '\n' not in message


@pytest.mark.parametrize('text', [
    "No module named 'flask.extra'", "No module named 'extras'",
    "File '/lib/flask_login.py'\nImportError: cannot import name "
    "'_request_ctx_stack' from 'flask'", "No module named 'flask'"])
def test_other_imports_that_fail(text):
    assert failed_import(text) is None


@needs_enabling
def test_flask_db_names_the_cure(tmpdir, user_site):
    write(tmpdir, 'manage.py', MANAGE_2013 % tmpdir.join('app.db'))
    # Of a package that is installed, Flask finds the commands by itself.
    write(tmpdir, 'flask_command.py',
          'from flask_migrate.cli import entry_point\n'
          'from flask.cli import FlaskGroup\n'
          'class Group(FlaskGroup):\n'
          '    def _load_plugin_commands(self):\n'
          '        self.add_command(entry_point, "db")\n'
          'Group().main(prog_name="flask")\n')
    code, out, err = user_site.run(
        'flask_command.py', 'db', 'upgrade', cwd=str(tmpdir),
        env=dict(user_site.env, FLASK_APP='manage.py', LC_ALL='C.UTF-8',
                 LANG='C.UTF-8'))
    assert code == 1
    assert 'python -m flask_migrate --enable' in err.splitlines()[-1]
