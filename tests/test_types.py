"""The stubs say what the code is, and a type checker finds them."""
from __future__ import unicode_literals

import os
import re
import shutil
import subprocess
import sys

import flask_migrate
import pytest

pytest.importorskip('mypy')
pytestmark = pytest.mark.skipif(
    sys.version_info < (3, 10), reason='mypy of today needs Python 3.10')

PACKAGE = os.path.dirname(os.path.abspath(flask_migrate.__file__))

#: The modules that have names for applications.
PUBLIC = ['__init__', 'adoption/__init__', 'adoption/doctor/__init__',
          'adoption/doctor/findings', 'cli', 'commands/__init__', 'console',
          'environment', 'errors', 'extension', 'folder/__init__',
          'folder/config', 'run/__init__', 'run/progress', 'run/status',
          'script']

# Most of the time would go into packages that no stub says anything about.
CONFIG = """\
[mypy]
[mypy-sqlalchemy.*,werkzeug.*,jinja2.*]
follow_imports = skip
"""

CORRECT = '''\
from pathlib import Path

from alembic.script import Script
from flask import Flask
from flask_migrate import (
    %(names)s)
from flask_migrate import alembic_version, command, current_app, log
from flask_migrate import _get_config
from flask_migrate import AlembicConfig, _MigrateConfig, catch_errors
from flask_migrate import Progress
from flask_migrate.cli import db as group, entry_point
from flask_migrate.cli import upgrade as upgrade_command
from flask_migrate.environment import function_suffixes, run_migrations
from flask_migrate.errors import (
    DiffsDetected, ForeignKeyViolation, LockLost, LockTimeout, MigrateError,
    MigrationFailed, NoApplication)
from flask_migrate.script import Command, Option, Server, Shell, prompt_bool
from typing_extensions import assert_type

extension = Migrate(directory=Path('migrations'), wait=0.5, lock_timeout=3,
                    compare_server_default=True)
extension.init_app(Flask(__name__), object(), wait=60)


@extension.configure
def more_folders(config: Config) -> Config:
    config.set_main_option('version_locations', 'one two')
    return config


def note(progress: Progress) -> None:
    print(progress.number + progress.total, progress.seconds / 2,
          progress.description.upper(), progress.engine,
          progress.database.upper())


assert_type(more_folders(extension.get_config(opts=['sql'])), Config)
assert_type(_get_config('migrations'), Config)
assert_type(alembic_version, tuple[int, ...])
assert_type(function_suffixes(), list[tuple[str, str]])
assert_type(list_templates(), list[tuple[str, str]])
assert_type(revision(message='one', depends_on=['a', 'b']),
            Script | list[Script] | None)
assert_type(migrate('migrations', 'two', x_arg=('a=1', 'b=2'),
                    rename={'user.name': 'full_name'}, drop=['post'],
                    fill={'user.age': 0}, allow_drop_all=True),
            Script | list[Script] | str | list[str] | None)
assert_type(merge(revisions=['a', 'b']), Script | None)
assert_type(upgrade(Path('migrations'), '+1', wait=2.5, progress=note),
            list[str] | None)
assert_type(downgrade(dry_run=True, backup=''), list[str] | None)
for found in (current(), heads(), history('a:b'), branches(), show('head')):
    assert_type(found, list[Script])
    print([script.revision for script in found])
init(multidb=True)
edit()
upgrade(progress=True)
stamp(revision=('a', 'b'), purge=True)
ensure_version(no_lock=True)
run_migrations(twophase=True, include_object=None)
manager = Manager(Flask(__name__))
manager.add_command('db', MigrateCommand)


@manager.command
def greet(name: str) -> None:
    print(name)


@MigrateCommand.option('-n', '--name', dest='name', default='')
def seed(name: str) -> None:
    print(name)


@MigrateCommand.command
def deploy() -> None:
    upgrade()


@catch_errors
def twice(number: int) -> int:
    return 2 * number


assert_type(twice(2), int)
greet('me')
deploy()
try:
    check()
except NoApplication as error:
    assert_type(error.code, int | str | None)
    runtime_error: RuntimeError = error
except DiffsDetected as error:
    print(len(error.diffs))
except MigrationFailed as error:
    assert_type((error.revision, error.path, error.line, error.direction),
                tuple[str | None, str | None, int | None, str | None])
    assert_type((error.statement, error.took_effect),
                tuple[str | None, list[str]])
except (LockTimeout, ForeignKeyViolation, MigrateError) as error:
    system_exit: SystemExit = error
    command_error: CommandError = error
'''

# Every line but the first is an error.
INCORRECT = '''\
from flask_migrate import *
upgrade(revision=3)
upgrade(revison='head')
upgrade(progress=upgrade)
downgrade(sql='yes')
stamp(revision=['a', 2])
merge().path
current()[0].number
heads().revision
Migrate(wait='long')
Config('alembic.ini', template_directory=1)
from flask_migrate import operations
from flask_migrate.commands import ORDER
'''


def mypy(folder, module, *arguments, **environment):
    """Run a module of mypy in *folder*; return exit code and output."""
    # The package may be installed in a way that only Python understands.
    environment['PYTHONPATH'] = os.path.dirname(PACKAGE)
    config = folder.join('mypy.ini')
    config.write(CONFIG)
    process = subprocess.Popen(
        (sys.executable, '-m', module) + arguments, cwd=str(folder),
        env=dict(os.environ, **environment), stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT, universal_newlines=True)
    output = process.communicate()[0]
    return process.returncode, output


def test_stubs_match_the_code(tmpdir):
    stubs = tmpdir.mkdir('stubs').mkdir('flask_migrate')
    names = [os.path.relpath(os.path.join(parent, name), PACKAGE)
             for parent, _, files in os.walk(PACKAGE)
             for name in files if name.endswith('.pyi')]
    assert sorted(names) == sorted(name + '.pyi' for name in PUBLIC)
    for name in names:      # alone, or the modules without one are read too
        stub = stubs.join(name)
        stub.dirpath().ensure(dir=True)
        shutil.copy(os.path.join(PACKAGE, name), str(stub))
    code, output = mypy(
        tmpdir, 'mypy.stubtest', 'flask_migrate', '--concise',
        '--mypy-config-file', 'mypy.ini', MYPYPATH=stubs.dirname)
    lines = output.splitlines()
    # What is not public has no stub, but the public classes have all.
    # Flask-Script has no types: its commands take any argument.
    internal = [line for line in lines if re.match(
        r'flask_migrate\.script\.\w+\.(run|__call__|__getattr__) is |'
        r'flask_migrate\.[\w.]+ failed to find stubs$|'
        r'flask_migrate\.[\w.]+ is not present in stub$', line)]
    assert [line for line in lines if line not in internal] == []
    assert 'flask_migrate.cli.Operation is not present in stub' in internal
    assert code == 1        # for those


def test_a_program_is_checked(tmpdir):
    tmpdir.join('correct.py').write(
        CORRECT % {'names': ', '.join(flask_migrate.__all__)})
    tmpdir.join('incorrect.py').write(INCORRECT)
    code, output = mypy(
        tmpdir, 'mypy', '--strict', '--config-file', 'mypy.ini',
        '--cache-dir', os.devnull, '--hide-error-context', '--no-pretty',
        '--no-error-summary', 'correct.py', 'incorrect.py')
    wrong = re.findall(r'^(.*?):(\d+): error: ', output, re.M)
    assert wrong == [('incorrect.py', str(number)) for number in range(
        2, len(INCORRECT.splitlines()) + 1)], output
    assert code == 1
