"""The application of 2012, from sqlalchemy-migrate to today.

The commands are those of the README, in environments with the real packages.
With FLASK_MIGRATE_SLOW=1: making three environments takes a minute.
"""
import io
import os
import re
import shutil
import sqlite3
import subprocess
import sys

import pytest

from reader import ROOT
from servers import REQUIRE_SERVERS
from variants import slow

pytestmark = [
    pytest.mark.once,
    slow,
    pytest.mark.skipif(sys.version_info < (3, 8),
                       reason='The script with the stacks needs Python 3.8.'),
    pytest.mark.skipif(not os.path.isdir(os.path.join(ROOT, 'examples')),
                       reason='there is no checkout around these tests')]

#: The environments of the walk: a Python, and what is installed there.
STEPS = [
    ('python2.7', 'Flask==0.10.1 Flask-Script==2.0.5 Flask-SQLAlchemy==2.1 '
     'alembic==0.8.4 SQLAlchemy==1.0.11 Werkzeug==0.11.3 Jinja2==2.8 '
     'MarkupSafe==0.23 itsdangerous==0.24 Mako==1.0.3 python-editor==0.5 '
     'sqlalchemy-migrate==0.13.0 Tempita==0.5.2'),
    ('python3.8', 'Flask==1.1.2 Flask-Script==2.0.6 Flask-SQLAlchemy==2.4.4 '
     'alembic==1.4.3 SQLAlchemy==1.3.20 Werkzeug<2 Jinja2<3 MarkupSafe<2.1 '
     'itsdangerous<2.1 click<8'),
    (None, 'Flask Flask-Script Flask-SQLAlchemy alembic')]


def run(*command, **settings):
    environment = dict((name, value) for name, value in os.environ.items()
                       if not name.startswith(('PYTHON', 'FLASK_')))
    process = subprocess.Popen(
        list(command), stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        env=dict(environment, PYTHONWARNINGS='ignore'), **settings)
    output = process.communicate()[0].decode('utf-8', 'replace')
    assert process.returncode == 0, ' '.join(command) + '\n' + output
    return output


def environment(folder, base, packages, tools, wheel):
    """Make an environment; return its Python."""
    maker = [os.path.join(tools, 'bin', 'virtualenv'), '-q', '-p', base]
    if not base.endswith('2.7'):
        maker = [base, '-m', 'venv']
    run(*maker + [folder])
    python = os.path.join(folder, 'bin', 'python')
    run(python, '-m', 'pip', 'install', '-q', *packages.split())
    run(python, '-m', 'pip', 'install', '-q', '--no-deps', wheel)
    return python


@pytest.fixture
def pythons(tmpdir):
    """A Python for each step."""
    import stacks
    bases = [name and stacks.find_python([name]) or sys.executable
             for name, _ in STEPS]
    if bases.count(sys.executable) > 1:
        missing = os.environ.get(REQUIRE_SERVERS, '') not in ('', '0')
        (pytest.fail if missing else pytest.skip)(
            'There is no Python 2.7, or none of 3.8.')
    tools = str(tmpdir.join('tools'))
    run(sys.executable, '-m', 'venv', tools)
    run(os.path.join(tools, 'bin', 'pip'), 'install', '-q',
        'virtualenv<20.22')
    source = str(tmpdir.join('source'))
    shutil.copytree(ROOT, source, ignore=stacks.GENERATED)
    run(sys.executable, '-m', 'pip', 'wheel', '-q', '--no-deps', '-w',
        str(tmpdir.join('dist')), source)
    wheel, = [str(path) for path in tmpdir.join('dist').listdir()
              if path.basename.endswith('.whl')]
    return [environment(str(tmpdir.join('env%d' % i)), base, packages, tools,
                        wheel)
            for i, (base, (_, packages)) in enumerate(zip(bases, STEPS))]


def commands():
    """The commands of the README's walk, a list for each step."""
    with io.open(os.path.join(ROOT, 'README.rst'), encoding='utf-8') as file:
        section = file.read().split(
            '\nAn application of 2012, step by step\n')[1].split('\n\n\n')[0]
    blocks = re.findall(r'::\n\n((?: +.*\n?)+)', section)
    return [re.findall(r'^ +\$ python (.*)$', block, re.M)
            for block in blocks]


def tables(path):
    connection = sqlite3.connect(str(path))
    found = connection.execute(
        "SELECT name FROM sqlite_master WHERE type = 'table'").fetchall()
    version = connection.execute(
        'SELECT version_num FROM alembic_version').fetchall()
    connection.close()
    return sorted(name for name, in found), version


def test_the_walk(tmpdir, pythons):
    application = str(tmpdir.join('microblog-2012'))
    shutil.copytree(os.path.join(ROOT, 'examples', 'microblog-2012'),
                    application)
    found = commands()
    assert len(found) == len(pythons)
    outputs = []
    for python, lines in zip(pythons, found):
        assert lines
        for line in lines:
            words = [a or b for a, b in
                     re.findall(r'"([^"]*)"|(\S+)', line)]
            outputs.append((line, run(python, *words, cwd=application)))
            if line == 'manage.py db status' and len(outputs) < 4:
                add_a_column(application)
    database = os.path.join(application, 'app.db')
    names, (version,) = tables(database)
    assert names == ['alembic_version', 'migrate_version', 'post', 'user']
    said = dict(outputs)
    assert 'The models are as the database.' in said['manage.py db adopt']
    # The last one said it: the newest stack.
    assert 'No new upgrade operations detected.' in said['manage.py db check']
    assert version[0] in said['manage.py db status']
    connection = sqlite3.connect(database)
    columns = [row[1] for row in connection.execute(
        'PRAGMA table_info(post)')]
    assert connection.execute(
        'SELECT version FROM migrate_version').fetchall() == [(2,)]
    connection.close()
    assert 'score' in columns
    assert sorted(name for name in os.listdir(application)
                  if name.endswith('.db')) == ['app.db']


def add_a_column(application):
    """What the README says: a model changes."""
    path = os.path.join(application, 'app', 'models.py')
    with io.open(path, encoding='utf-8') as file:
        text = file.read()
    with io.open(path, 'w', encoding='utf-8') as file:
        file.write(text.replace(
            u'    timestamp = ',
            u'    score = db.Column(db.Integer)\n    timestamp = '))
