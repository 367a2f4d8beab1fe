"""The application of a test in processes of its own.

``write(project)`` puts ``application.py``, ``manage.py`` and ``together.py``
into the folder of a project; the other functions start them.
"""
import io
import json
import os
import subprocess
import sys
import tempfile
import time

from project import Result

APPLICATION = u'''
import sys
sys.path[:0] = %(folders)r
from flask import Flask
from flask_sqlalchemy import SQLAlchemy
from flask_migrate import Migrate

app = Flask('application', instance_path=%(path)r)
app.config.update(%(config)r)
db = SQLAlchemy(app)
migrate = Migrate(app, db, directory=%(directory)r, **%(settings)r)
'''

MANAGE = u'''
from application import app
from flask_migrate.script import Manager, MigrateCommand

manager = Manager(app)
manager.add_command('db', MigrateCommand)
manager.run()
'''

# What costs time, the imports, is done once; from there on these are separate
# processes, and they all begin at the same moment.
TOGETHER = u'''
import json, os, sys
from application import app
from alembic import command
from flask_migrate.run import execution  # noqa: F401
from flask_migrate.script import Manager, MigrateCommand
from sqlalchemy import create_engine

for url in [app.config['SQLALCHEMY_DATABASE_URI']] + list(
        (app.config.get('SQLALCHEMY_BINDS') or {}).values()):
    create_engine(url)
number, commands = int(sys.argv[1]), json.loads(sys.argv[2])
reading, writing = os.pipe()
processes = []
for i in range(number):
    process = os.fork()
    if process:
        processes.append(process)
        continue
    os.close(writing)
    output = os.open('output-%%d' %% i, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
    os.dup2(output, 1)
    os.dup2(output, 2)
    sys.argv = ['manage.py', 'db'] + commands[i %% len(commands)]
    os.read(reading, 1)
    manager = Manager(app)
    manager.add_command('db', MigrateCommand)
    code = 99
    try:
        manager.run()
    except SystemExit as end:
        code = end.code or 0
    except BaseException:
        import traceback
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)      # what Python does at its end takes longer
os.close(writing)
for i, process in enumerate(processes):
    status = os.waitpid(process, 0)[1]
    with open('code-%%d' %% i, 'w') as file:
        file.write(str(os.WEXITSTATUS(status) if os.WIFEXITED(status)
                       else -os.WTERMSIG(status)))
'''


def write(project, **settings):
    """Write the application of a :class:`Project`, and its commands.

    :param settings: arguments of ``Migrate``.
    """
    config = dict((name, project.app.config[name]) for name in (
        'SQLALCHEMY_DATABASE_URI', 'SQLALCHEMY_BINDS',
        'SQLALCHEMY_TRACK_MODIFICATIONS') if project.app.config.get(name)
        is not None)
    values = {
        'path': project.path, 'directory': project.directory,
        'config': config, 'settings': settings,
        # Of a checkout that is not installed.
        'folders': [os.path.dirname(os.path.dirname(
            os.path.abspath(__file__)))]}
    for name, text in (('application', APPLICATION), ('manage', MANAGE),
                       ('together', TOGETHER)):
        path = os.path.join(project.path, name + '.py')
        with io.open(path, 'w', encoding='utf-8') as file:
            file.write(text % values)


class Process(object):
    """A command that is running.

    :param arguments: of Python.
    """

    def __init__(self, project, *arguments):
        environment = dict(os.environ, FLASK_APP='application.py',
                           LC_ALL='C.UTF-8', LANG='C.UTF-8',
                           PYTHONUNBUFFERED='1')
        environment.pop('FLASK_DEBUG', None)
        self.files = [tempfile.NamedTemporaryFile() for _ in range(2)]
        self.popen = subprocess.Popen(
            [sys.executable] + [str(each) for each in arguments],
            cwd=project.path, env=environment, stdout=self.files[0],
            stderr=self.files[1], close_fds=True)

    def text(self, number):
        with io.open(self.files[number].name, encoding='utf-8') as file:
            return file.read()

    @property
    def output(self):
        return self.text(0) + self.text(1)

    def says(self, words, timeout=120):
        """Wait until it has printed the words."""
        wait_for(lambda: words in self.output or self.ended(), timeout,
                 self)
        assert words in self.output, repr(self)

    def ended(self):
        return self.popen.poll() is not None

    def result(self, timeout=120):
        """Wait for its end."""
        wait_for(self.ended, timeout, self)
        result = Result(self.popen.returncode, self.text(0), self.text(1))
        for file in self.files:
            file.close()
        return result

    def send(self, number):
        self.popen.send_signal(number)

    def __repr__(self):
        return self.output


def wait_for(condition, timeout=120, what=''):
    """Wait until something is true."""
    deadline = time.time() + timeout
    while not condition():
        assert time.time() < deadline, 'It took too long: %r' % what
        time.sleep(0.01)


def start(project, which, *arguments):
    """Start ``manage.py db ...`` ('manage') or ``flask db ...``."""
    command = ['manage.py'] if which == 'manage' else ['-m', 'flask']
    return Process(project, *(command + ['db'] + list(arguments)))


def together(project, number, *commands, **settings):
    """Run many commands at once.

    :param commands: lists of arguments; by default ``['upgrade']``.
    :param timeout: seconds that all may take, by default 300.
    :return: their Results.
    """
    started = Process(
        project, 'together.py', number, json.dumps(
            list(commands) or [['upgrade']])).result(
                settings.get('timeout', 300))
    assert started.code == 0, started
    results = []
    for i in range(number):
        texts = []
        for name in ('code-%d', 'output-%d'):
            with io.open(os.path.join(project.path, name % i),
                         encoding='utf-8') as file:
                texts.append(file.read())
        results.append(Result(int(texts[0]), texts[1], ''))
    return results
