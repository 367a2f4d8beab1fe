# -*- coding: utf-8 -*-
"""Output of any encoding, into closed pipes and onto full disks."""
from __future__ import unicode_literals

import io
import os
import subprocess
import sys

import pytest

import processes
from flask_migrate import compat

pytestmark = pytest.mark.skipif(os.name != 'posix', reason='needs a shell')

DOC = 'Größe äé 日本'
REVISION = '''# -*- coding: utf-8 -*-
"""%s.

More of it.
"""
from alembic import op
import sqlalchemy as sa

revision = 'a1'
down_revision = None


def upgrade():
    op.create_table('a1', sa.Column('id', sa.Integer))
%s

def downgrade():
    op.drop_table('a1')
'''


def program(which):
    return {'manage': ['manage.py'], 'flask': ['-m', 'flask']}[which] + ['db']


def environment(encoding=None):
    """The environment of a process; *encoding* of its output."""
    names = dict(os.environ, FLASK_APP='application.py')
    for name in list(names):
        if name.startswith('LC_') or name in (
                'LANG', 'LANGUAGE', 'FLASK_DEBUG', 'PYTHONUTF8',
                'PYTHONUNBUFFERED'):
            del names[name]
    # Flask 0.9 warns of its own cookies.
    names['PYTHONWARNINGS'] = 'ignore'
    names['LC_ALL'] = 'C' if encoding in (None, 'C') else 'C.UTF-8'
    if encoding not in (None, 'C'):
        names['PYTHONIOENCODING'] = encoding
    return dict((str(name), compat.python.native(value))
                for name, value in names.items())


def run(project, which, words, encoding='utf-8', stdout=subprocess.PIPE):
    process = subprocess.Popen(
        [sys.executable] + program(which)
        + [compat.python.native(word) for word in words],
        cwd=project.path, env=environment(encoding), stdout=stdout,
        stderr=subprocess.PIPE)
    output, errors = process.communicate()
    return process.returncode, output, errors


# Closed pipes and full disks ------------------------------------------------

@pytest.fixture
def long_chain(project):
    """Revisions whose SQL and history are longer than a pipe holds."""
    project.python('init')
    name = 'x' * 3000
    for number in range(40):
        project.write_revision(
            'r%02d' % number, "op.execute('CREATE TABLE t%d_%s (id INTEGER)')"
            % (number, name), down='r%02d' % (number - 1) if number else None,
            header='"""%s"""' % name)
    processes.write(project)
    return project


@pytest.mark.parametrize('words', [['upgrade', '--sql'], ['history']])
def test_a_closed_pipe_ends_quietly(long_chain, command_line, words):
    reading, writing = os.pipe()
    os.close(reading)
    try:
        code, _, errors = run(long_chain, command_line, words,
                              stdout=writing)
    finally:
        os.close(writing)
    assert errors == b''
    assert code == 141          # as of a process that SIGPIPE has ended


@pytest.mark.skipif(not os.path.exists('/dev/full'), reason='needs /dev/full')
@pytest.mark.parametrize('words', [
    ['upgrade', '--sql'], ['history']] + [
        pytest.param(words, marks=pytest.mark.once)
        for words in (['upgrade', '--dry-run'], ['heads'])])
def test_a_full_disk_is_reported(long_chain, command_line, words):
    with open('/dev/full', 'wb') as full:
        code, _, errors = run(long_chain, command_line, words, stdout=full)
    assert code == 1
    assert errors.decode('utf-8').splitlines() == [
        "Error: Can't write the output: No space left on device."]
    assert long_chain.tables() == []


@pytest.mark.parametrize('code', [0, 1])
def test_a_closed_stderr_stops_no_migration(project, command_line, code):
    project.python('init')
    project.write_revision('a1', "op.execute('CREATE TABLE a1 (id INTEGER)')"
                           + '\n1 / 0' * code)
    processes.write(project)
    reading, writing = os.pipe()
    os.close(reading)
    process = subprocess.Popen(
        [sys.executable] + program(command_line) + ['upgrade'],
        cwd=project.path, env=environment('utf-8'), stdout=subprocess.PIPE,
        stderr=writing)
    os.close(writing)
    process.communicate()
    assert process.returncode == code
    assert project.tables() == ['a1'][code:]


# Encodings ------------------------------------------------------------------

def write_revision(project, doc=DOC, more=''):
    path = os.path.join(project.versions, 'a1_.py')
    with io.open(path, 'w', encoding='utf-8') as file:
        file.write(REVISION % (doc, more))


APPLICATION = '''# -*- coding: utf-8 -*-
from __future__ import unicode_literals
import os, sys
sys.path[:0] = %(folders)r
from flask import Flask
from flask_sqlalchemy import SQLAlchemy
from flask_migrate import Migrate

app = Flask(str('application'))
here = os.path.dirname(os.path.abspath(__file__))
app.config['SQLALCHEMY_DATABASE_URI'] = 'sqlite:///' + (
    here if isinstance(here, type('')) else here.decode('utf-8')) \\
    + '/größe.db'
app.config['SQLALCHEMY_TRACK_MODIFICATIONS'] = False
db = SQLAlchemy(app)


class User(db.Model):
    __tablename__ = str('user')
    id = db.Column(db.Integer, primary_key=True)


migrate = Migrate(app, db, directory=os.path.join(here, str('migrations')))
'''

#: 1 where Alembic 0.6 lacks it.
LACKS = int(not compat.alembic.has_branches())

#: Commands, and how they end.
COMMANDS = [
    ('init', 0), ('upgrade --dry-run', 0), ('upgrade --sql', 0),
    ('history', 0), ('heads', 0), ('status', 0), ('check', 1),
    ('upgrade größe', 1), ('upgrade', 0), ('current', 0), ('show a1', LACKS),
    ('current -v', LACKS), ('revision -m Größe-é', 0), ('migrate -m é-日本', 1),
    ('init -d größe', 0), ('current -d größe-2', 1),
    ('downgrade --backup=größe.backup base', 0),
    ('FAIL op.execute(u"INSERT INTO größe VALUES (1)")', 0), ('upgrade', 1),
    ('FAIL raise ValueError(u"größe 日本")', 0), ('upgrade', 1)]

#: All in one process: to start one takes longer than what it does.
ALL = '''# -*- coding: utf-8 -*-
from __future__ import print_function, unicode_literals
import glob, io, os, sys
sys.dont_write_bytecode = True
from application import app
from flask_migrate.script import Manager, MigrateCommand

native = str if str is type('') else lambda text: text.encode('utf-8')
for command, expected in %(commands)r:
    print('== ' + native(command).replace(native('ö'), 'oe')
          .encode('ascii', 'ignore').decode('ascii')
          if str is type('') else b'== ')
    if command == 'init':
        code = 0
    if command.startswith('FAIL'):
        for path in glob.glob('migrations/versions/*.py'):
            os.remove(path)
        with io.open('migrations/versions/a1_.py', 'w',
                     encoding='utf-8') as file:
            file.write(%(revision)r %% ('Größe äé 日本',
                                         '    ' + command[5:] + '\\n'))
        continue
    sys.argv = ['manage.py', 'db'] + [
        native(word) for word in command.split(' ')]
    manager = Manager(app)
    manager.add_command('db', MigrateCommand)
    try:
        manager.run()
    except SystemExit as end:
        code = end.code or 0
    if code != expected:
        print('WRONG: %%r ended with %%r' %% (command, code))
    if command == 'init':
        with io.open('migrations/versions/a1_.py', 'w',
                     encoding='utf-8') as file:
            file.write(%(revision)r %% ('Größe äé 日本', ''))
    sys.stdout.flush()
'''


def settings(encoding):
    """The environment for an encoding of the output.

    Where Python takes the locale C for ASCII file names, as 3.6 does, no
    application can open such a database: then only the output is ASCII.
    """
    if encoding == 'C' and sys.version_info[:2] == (3, 6):
        return environment('ascii')
    return environment(encoding)


@pytest.mark.parametrize('encoding', ['C', 'latin-1', 'utf-8'] + [
    pytest.param(name, marks=pytest.mark.once)
    for name in ('ascii', 'cp1252')])
@pytest.mark.parametrize('folder', ['project', 'Projekt-äé-日本'])
def test_every_command(tmpdir, encoding, folder):
    """Text in docstrings, messages, paths and the name of the database."""
    path = os.path.join(str(tmpdir), compat.python.native(folder))
    os.mkdir(path)
    root = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
    for name, text in (
            ('application', APPLICATION % {'folders': [str(root)]}),
            ('all', ALL % {'commands': COMMANDS, 'revision': REVISION})):
        with io.open(os.path.join(path, str(name + '.py')), 'w',
                     encoding='utf-8') as file:
            file.write(text)
    process = subprocess.Popen(
        [sys.executable, 'all.py'], cwd=path, env=settings(encoding),
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    output = process.communicate()[0]
    assert process.returncode == 0, repr(output)
    for sign in (b'Traceback', b'codec can', b'UnicodeE', b'UnicodeD',
                 b'Logging error', b'WRONG'):
        assert sign not in output, repr(output)
    # Python 2.7 logs UTF-8 where a letter cannot be encoded.
    written = output.decode('utf-8' if encoding == 'C' else encoding,
                            'replace' if compat.python.PY2 else 'strict')
    assert 'Running upgrade' in written
    assert 'Revision a1 (Gr' in written
    assert 'no such table: gr' in written and 'ValueError: gr' in written
    if encoding == 'utf-8':
        assert written.count('Would run upgrade') == 1
        assert ', Größe äé 日本.' in written
        assert 'ValueError: größe 日本' in written
    elif encoding not in ('ascii', 'C'):
        assert 'Größe äé' in written
