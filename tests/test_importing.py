"""Flask-Script on every Flask, and ``python -m flask_migrate manage.py``."""
import argparse
import glob
import io
import os
import re
import signal
import socket
import subprocess
import sys
import tarfile
import time
import zipfile

import pytest

from flask_migrate import compat
from flask_migrate.compat import flask_ext, flask_script as importing
from flask_migrate.__main__ import main
from project import run_manager
from test_extension import environment
from variants import SLOW

try:
    from urllib.request import urlopen
except ImportError:
    from urllib2 import urlopen         # Python 2.7


def run(folder, *args, **settings):
    """Run Python in a folder; return exit code, stdout and stderr."""
    env = dict(environment(), PYTHONIOENCODING='utf-8',
               **settings.pop('env', {}))
    process = subprocess.Popen(
        [sys.executable] + list(args), cwd=str(folder), env=env,
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    out, err = process.communicate(settings.pop('stdin', '').encode())
    assert not settings
    return (process.returncode, out.decode('utf-8').replace('\r\n', '\n'),
            err.decode('utf-8'))


# What the import leaves behind -----------------------------------------------

LEFT_BEHIND = '''
import argparse, inspect, sys
import flask, flask_sqlalchemy
def state():
    return (dict((name, value) for module in (flask, inspect, argparse)
                 for name, value in vars(module).items()
                 if not name.startswith('__')),
            dict(vars(argparse.ArgumentParser)))
before, modules = state(), set(sys.modules)
import flask_migrate
from flask_script import Manager
assert flask_migrate.Manager is Manager
assert isinstance(flask_migrate.MigrateCommand, Manager)
after = state()
names = set(after[0]) - set(before[0])
# A submodule that somebody imports is an attribute of its package.
assert not [name for name in names
            if 'flask.' + name not in sys.modules], names
for old, new in zip(before, after):
    for name, value in old.items():
        assert new[name] is value, name
new = set(name for name in set(sys.modules) - modules
          if name.startswith('flask.'))
import os
for name in new:
    assert getattr(sys.modules[name], '__file__', None), name
from flask_migrate.compat import flask_script as importing
finders = [each for each in sys.meta_path
           if getattr(each, 'of_flask_migrate', False)]
assert finders in ([importing._Finder], [])     # that of flask_script, idle
manager = Manager(flask.Flask('x'))
assert not hasattr(inspect, 'getargspec') or 'getargspec' in before[0]
'''


def test_nothing_is_left_behind(tmpdir):
    code, out, err = run(tmpdir, '-W', 'ignore', '-c', LEFT_BEHIND)
    assert (code, out) == (0, ''), err


def test_flask_script_of_the_application_is_the_real_one():
    import flask_script
    from flask_migrate import script
    assert 'flask_migrate' not in flask_script.__file__
    assert script.Manager is flask_script.Manager


ORDER = '''
import sys
try:
    from flask_script import Manager
except ImportError as error:
    print('fails: ' + str(error))
else:
    print('works')
from flask_migrate.script import Manager, Server, prompt_bool
print(Manager.__module__)
'''


def test_the_wrong_order_fails_and_does_no_harm(tmpdir):
    """On Flask 2 and later nothing of ours runs before the failure."""
    code, out, err = run(tmpdir, '-W', 'ignore', '-c', ORDER)
    assert code == 0, err
    first, second = out.splitlines()
    assert second == 'flask_script'
    if _before_flask_2():
        assert first == 'works'
    else:
        assert first.startswith('fails: ')


def _before_flask_2():
    return compat.python.PY2 or compat.modules.importable('flask._compat')


def test_import_in_the_wrong_order_on_an_old_flask_is_mended(tmpdir):
    if not _before_flask_2():
        pytest.skip('Flask-Script is imported first on Flask before 2.0')
    code, out, err = run(tmpdir, '-W', 'ignore', '-c', '''
from flask_script import Manager
import flask
import flask_migrate
manager = Manager(flask.Flask('x'))
@manager.command
def hello(name='you'):
    print('hello ' + name)
import sys
sys.argv = ['manage.py', 'hello']
manager.run()
''')
    assert (code, out) == (0, 'hello you\n'), err


# Commands of Flask-Script itself ---------------------------------------------

MANAGE = '''
import sys
from flask import Flask
{imports}
app = Flask(__name__)
manager = Manager(app)

@app.route('/')
def index():
    return 'it answers'

@manager.command
def add(left, right, factor=1, loud=False):
    "Add two numbers."
    print((int(left) + int(right)) * int(factor))
    if loud:
        print('!')

@manager.option('-n', '--name', dest='name', default='you')
def hello(name):
    print('hello ' + name)

@manager.command
def fail():
    sys.exit(3)

class Whole(Command):
    "Takes everything."
    capture_all_args = True
    def run(self, rest):
        print(rest)

manager.add_command('whole', Whole())

if __name__ == '__main__':
    manager.run()
'''
OURS_FIRST = 'import flask_migrate\nfrom flask_script import Manager, Command'
OURS_ONLY = 'from flask_migrate.script import Manager, Command'


def write_manage(tmpdir, imports=OURS_ONLY):
    tmpdir.join('manage.py').write(MANAGE.format(imports=imports))


@pytest.mark.parametrize('imports', [OURS_FIRST, OURS_ONLY])
def test_commands_of_manage_py(tmpdir, imports):
    write_manage(tmpdir, imports)
    code, out, err = run(tmpdir, '-W', 'ignore', 'manage.py', 'add', '1', '2',
                         '-f', '10', '--loud')
    assert (code, out) == (0, '30\n!\n'), err


def all_commands(line):
    """Try what Flask-Script can do."""
    assert line('hello')[:2] == (0, 'hello you\n')
    assert line('hello', '-n', 'me')[:2] == (0, 'hello me\n')
    assert line('fail')[0] == 3
    code, out, err = line('whole', '--any', 'thing')
    assert code == 0 and '--any' in out and 'thing' in out, err
    code, out, err = line('nosuch')
    assert code != 0 and 'Traceback' not in err, err
    code, out, err = line()
    assert code != 0 and 'add' in out + err and 'Traceback' not in err, err


def test_commands_of_flask_script():
    def line(*args):
        namespace = {'__name__': 'manage'}
        exec(MANAGE.format(imports=OURS_ONLY), namespace)
        result = run_manager(namespace['manager'], *args)
        return result.code, result.stdout, result.stderr
    all_commands(line)


def test_shell_runs_piped_input(tmpdir):
    write_manage(tmpdir)
    words = ['-W', 'ignore', 'manage.py', 'shell', '--no-ipython']
    if 'no-bpython' in io.open(_commands_file(), encoding='utf-8').read():
        words.append('--no-bpython')
    code, out, err = run(tmpdir, *words, stdin='print(app.name * 2)\n')
    assert code == 0, err
    assert 'manage' in out or '__main__' in out, (out, err)


def _commands_file():
    from flask_script import commands
    return commands.__file__.replace('.pyc', '.py')


def free_port():
    found = socket.socket()
    found.bind(('127.0.0.1', 0))
    try:
        return found.getsockname()[1]
    finally:
        found.close()


def test_runserver_answers(tmpdir):
    write_manage(tmpdir)
    log = tmpdir.join('log.txt')
    for _ in range(3):
        answer = ask_runserver(tmpdir, log, free_port())
        # Somebody else may have taken the port in between.
        if answer or 'in use' not in log.read():
            break
    assert answer == b'it answers', log.read()


def ask_runserver(folder, log, port):
    """Start the server, ask it, end it; return its answer or None."""
    # A group of its own: with the reloader, which is the default of old,
    # the server is the process of a process.
    with log.open('w') as file:
        process = subprocess.Popen(
            [sys.executable, '-W', 'ignore', 'manage.py', 'runserver', '-p',
             str(port)], cwd=str(folder), env=environment(), stdout=file,
            stderr=subprocess.STDOUT, preexec_fn=os.setsid)
    try:
        for _ in range(2400):
            try:
                return urlopen('http://127.0.0.1:%d/' % port,
                               timeout=120).read()
            except EnvironmentError:
                if process.poll() is not None:
                    return None
                time.sleep(0.05)
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


# CPython 3.14's argparse -----------------------------------------------------

@pytest.fixture(scope='module')
def newest_argparse(tmpdir_factory):
    """A folder with the argparse of CPython 3.14, as Pyodide ships it."""
    if hasattr(argparse.ArgumentParser, '_parse_known_args2'):
        pytest.skip('this argparse has _parse_known_args2 already')
    if sys.version_info < (3, 11):
        pytest.skip('the argparse of CPython 3.14 needs Python 3.11')
    if not SLOW:
        pytest.skip('FLASK_MIGRATE_SLOW is not set.')
    folder = tmpdir_factory.mktemp('argparse')
    try:
        subprocess.check_output(
            ['npm', 'pack', '--silent', 'pyodide@314.0.7'], cwd=str(folder),
            stderr=subprocess.STDOUT)
    except (OSError, subprocess.CalledProcessError) as error:
        pytest.skip('npm cannot give the argparse of CPython 3.14: %s'
                    % error)
    archive, = glob.glob(str(folder.join('*.tgz')))
    with tarfile.open(archive) as package:
        library = package.extractfile('package/python_stdlib.zip').read()
    with zipfile.ZipFile(io.BytesIO(library)) as names:
        folder.join('argparse.py').write_binary(names.read('argparse.py'))
        # 3.14 does not evaluate annotations at once.
        folder.join('_colorize.py').write_binary(
            b'from __future__ import annotations\n'
            + names.read('_colorize.py'))
    return str(folder)


NEWEST_ARGPARSE = '''
import sys
sys.path.insert(0, %r)
import argparse
assert hasattr(argparse.ArgumentParser, "_parse_known_args2")
import pytest
sys.exit(pytest.main(['-q', '-p', 'no:cacheprovider', '-k',
                      'help or mistyped or option or negative or any_name or '
                      'command_at_all or commands_of_flask_script',
                      'test_script.py', 'test_importing.py']))
'''


def test_with_the_newest_argparse(newest_argparse):
    """Tests of command lines, in a process that has that argparse."""
    code, out, err = run(os.path.dirname(__file__), '-W', 'ignore', '-c',
                         NEWEST_ARGPARSE % newest_argparse)
    assert code == 0, out + err
    assert ' passed' in out


# python -m flask_migrate -----------------------------------------------------

#: As tutorials of 2013 have it.
MANAGE_2013 = '''
from flask import Flask
from flask.ext.sqlalchemy import SQLAlchemy
from flask.ext.script import Manager
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

if __name__ == '__main__':
    manager.run()
'''


def test_a_manage_py_of_2013(tmpdir):
    script = tmpdir.mkdir('project').join('manage.py')
    script.write(MANAGE_2013 % tmpdir.join('app.db'))
    before = script.read_binary()

    def line(*args):
        code, out, err = run(script.dirname, '-W', 'ignore', '-m',
                             'flask_migrate', 'manage.py', 'db', *args)
        assert code == 0, err
        return out + err
    line('init')
    assert "Detected added table 'user'" in line('migrate')
    assert 'Running upgrade' in line('upgrade')
    assert tmpdir.join('app.db').check()
    assert script.read_binary() == before
    names = [each.basename for each in tmpdir.join('project').listdir()]
    assert sorted(set(names) - set(['instance'])) == [
        'manage.py', 'migrations']


LOOK = '''# -*- coding: utf-8 -*-
from __future__ import print_function
import json, os, sys, threading, atexit
import __main__
note = u'caf\\xe9'
def later():
    # Still there when the script has ended.
    print(json.dumps(['later', note, os is not None]))
atexit.register(later)
print(json.dumps([
    sys.argv, __name__, __file__, sys.path[0], __main__.note == note,
    sys.modules['__main__'] is __main__, __main__.__dict__ is globals(),
    __package__, __doc__, repr(__builtins__)[:20]]))
threading.Thread(target=later).start()
sys.exit(%r)
'''


@pytest.mark.parametrize('code', [0, 5, None, 'a message'])
def test_the_script_runs_as_python_runs_it(tmpdir, code):
    """Everything that a script can see of itself is the same."""
    folder = tmpdir.mkdir('folder')
    folder.join('look.py').write(LOOK % code)
    args = [os.path.join('folder', 'look.py'), 'db', '-x', '--y=z', '']
    expected = run(tmpdir, *args)
    assert expected[0] == (1 if code == 'a message' else code or 0)
    assert run(tmpdir, '-m', 'flask_migrate', *args) == expected


@pytest.mark.parametrize('text', [
    'def f():\n    1 / 0\n\nf()\n',
    'x = = 1\n',
    'import sys\nsys.excepthook = lambda *_: sys.stderr.write("mine\\n")\n'
    'raise ValueError()\n'])
def test_tracebacks_are_those_of_python(tmpdir, text):
    tmpdir.join('script.py').write(text)
    expected = run(tmpdir, 'script.py')
    assert expected[0] == 1
    assert run(tmpdir, '-m', 'flask_migrate', 'script.py') == expected


def test_keyboard_interrupt(tmpdir):
    tmpdir.join('script.py').write('raise KeyboardInterrupt\n')
    code = run(tmpdir, 'script.py')[0]
    assert run(tmpdir, '-m', 'flask_migrate', 'script.py')[0] == code


def test_without_a_script(tmpdir, capsys):
    assert main([]) == 2
    assert 'Usage: python -m flask_migrate SCRIPT' in capsys.readouterr()[1]
    assert main(['--help']) == 0
    assert 'Usage: python -m flask_migrate SCRIPT' in capsys.readouterr()[0]
    assert main([str(tmpdir.join('nosuch.py')), 'db']) == 2
    out, err = capsys.readouterr()
    assert out == '' and "nosuch.py': No such file" in err
    assert tmpdir.listdir() == []


# flask.ext -------------------------------------------------------------------

EXT = '''
import sys, warnings
warnings.simplefilter('ignore')
import flask_sqlalchemy
spec = getattr(flask_sqlalchemy, '__spec__', None)
from flask.ext.sqlalchemy import SQLAlchemy
import flask.ext.sqlalchemy
from flask.ext import migrate
from flask.ext.migrate.script import Manager
import flask_migrate.script
assert flask.ext.sqlalchemy is flask_sqlalchemy
assert SQLAlchemy is flask_sqlalchemy.SQLAlchemy
assert migrate is flask_migrate
assert Manager is flask_migrate.script.Manager
assert flask_sqlalchemy.__name__ == 'flask_sqlalchemy'
assert getattr(flask_sqlalchemy, '__spec__', None) is spec
try:
    import flask.ext.nosuch
except ImportError as error:
    print(error)
'''


def test_flask_ext(tmpdir):
    tmpdir.join('script.py').write(EXT)
    code, out, err = run(tmpdir, '-m', 'flask_migrate', 'script.py')
    assert code == 0, err
    assert 'nosuch' in out


def test_flask_ext_is_for_the_launcher_only(tmpdir):
    try:
        __import__('flask.ext')
    except ImportError:
        code, out, err = run(tmpdir, '-c',
                             'import flask_migrate, flask.ext.migrate')
        assert code == 1
        assert re.search(r'Error: No module named .*ext', err), err


def test_an_import_error_inside_an_extension_is_shown(tmpdir):
    tmpdir.join('flask_broken.py').write('import no_such_dependency\n')
    tmpdir.join('script.py').write('from flask.ext import broken\n')
    code, out, err = run(tmpdir, '-W', 'ignore', '-m', 'flask_migrate',
                         'script.py')
    assert code == 1
    assert 'no_such_dependency' in err.splitlines()[-1]


def test_finders_are_for_their_names_only():
    assert flask_ext.Finder.find_module('flask.extra') is None
    assert flask_ext.Finder.find_module('flask_script') is None
    if not compat.python.PY2:
        assert flask_ext.Finder.find_spec('flask.extra') is None
        assert importing._Finder.find_spec('flask_scripts') is None
