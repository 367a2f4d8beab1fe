"""Compare with Flask-Migrate 4.1, in one run on one machine.

    python tests/benchmarks/compare.py

Makes two virtual environments in a temporary folder, with the newest stack,
this checkout in one and Flask-Migrate 4.1 in the other, and prints medians:
of the floor, which is a process with the same imports, one connection and
one SELECT, of 4.1, and of this; then what this needs of 4.1 and of the floor
(below 1: less).  All take turns, so that a noisy machine is noisy for all.

``REPEATS`` (default 7) and ``REVISIONS`` (default ``10 1000 3000 10000``)
can be set in the environment.
"""
from __future__ import print_function

import json
import os
import resource
import shutil
import subprocess
import sys
import tempfile
import textwrap
import time
import venv

HERE = os.path.dirname(os.path.abspath(__file__))
CHECKOUT = os.path.dirname(os.path.dirname(HERE))
REPEATS = int(os.environ.get('REPEATS', '7'))
REVISIONS = [int(number) for number in os.environ.get(
    'REVISIONS', '10 1000 3000 10000').split()]
COMMANDS = ['upgrade', 'current', 'heads', 'history']

APPLICATION = textwrap.dedent("""\
    import os
    from flask import Flask
    from flask_sqlalchemy import SQLAlchemy
    from flask_migrate import Migrate
    app = Flask(__name__)
    app.config['SQLALCHEMY_DATABASE_URI'] = 'sqlite:///' + os.path.abspath(
        os.environ.get('DATABASE', 'app.db'))
    db = SQLAlchemy(app)
    migrate = Migrate(app, db)
    class User(db.Model):
        id = db.Column(db.Integer, primary_key=True)
    """)

REVISION = textwrap.dedent("""\
    \"\"\"make table %(number)d

    Revision ID: r%(number)05d
    Revises: %(down)s
    Create Date: 2024-02-29 12:00:00.123456

    \"\"\"
    from alembic import op
    import sqlalchemy as sa


    # revision identifiers, used by Alembic.
    revision = 'r%(number)05d'
    down_revision = %(down)r
    branch_labels = None
    depends_on = None


    def upgrade():
        op.create_table('t%(number)05d',
                        sa.Column('id', sa.Integer, primary_key=True))


    def downgrade():
        op.drop_table('t%(number)05d')
    """)

#: 400 tables, which a database has already.
MANY_TABLES = textwrap.dedent("""\
    import os
    from flask import Flask
    from flask_sqlalchemy import SQLAlchemy
    from flask_migrate import Migrate
    app = Flask(__name__)
    app.config['SQLALCHEMY_DATABASE_URI'] = os.environ['DATABASE']
    db = SQLAlchemy(app)
    migrate = Migrate(app, db)
    for number in range(400):
        type('T%d' % number, (db.Model,), {
            '__tablename__': 't%d' % number,
            'id': db.Column(db.Integer, primary_key=True),
            'name': db.Column(db.String(50), nullable=False, index=True,
                              server_default='new'),
            'size': db.Column(db.Integer, server_default='7'),
            'made': db.Column(db.DateTime, server_default=db.func.now()),
            'code': db.Column(db.String(20), unique=True),
            'parent': db.Column(db.Integer, db.ForeignKey(
                't%d.id' % max(0, number - 1)))})
    if __name__ == '__main__':
        with app.app_context():
            db.create_all()
    if 'STATEMENTS' in os.environ:
        from sqlalchemy import event
        from sqlalchemy.engine import Engine
        @event.listens_for(Engine, 'before_cursor_execute')
        def note(*arguments):
            with open(os.environ['STATEMENTS'], 'a') as file:
                file.write('1')
    """)

#: Runs in a process of its own; prints CPU milliseconds and KiB of memory.
IMPORT = textwrap.dedent("""\
    import json, time
    import flask, flask.cli, flask_sqlalchemy
    app = flask.Flask('x')
    app.config['SQLALCHEMY_DATABASE_URI'] = 'sqlite://'
    db = flask_sqlalchemy.SQLAlchemy(app)
    def memory():
        return [int(line.split()[1]) for line in open('/proc/self/status')
                if line.startswith('VmRSS')][0]
    before, start = memory(), time.process_time()
    import flask_migrate
    flask_migrate.Migrate(app, db)
    print(json.dumps([(time.process_time() - start) * 1000,
                      memory() - before]))
    """)

#: A no-op upgrade that tells which modules it has imported.
MODULES = textwrap.dedent("""\
    import json, sys
    from flask.cli import main
    sys.argv = ['flask', 'db', 'upgrade']
    try:
        main()
    finally:
        json.dump([name for name, module in list(sys.modules.items())
                   if getattr(module, '__spec__', None)
                   and module.__spec__.name == name != '__main__'],
                  open('modules.json', 'w'))
    """)

#: The floor.
FLOOR = textwrap.dedent("""\
    import importlib, json, sys
    sys.path.insert(0, '')
    from app import app, db
    for name in json.load(open('modules.json')):
        try:
            importlib.import_module(name)
        except ImportError:
            pass
    with app.app_context():
        with db.engine.connect() as connection:
            connection.exec_driver_sql(
                'SELECT version_num FROM alembic_version').fetchall()
    """)


def make_environment(folder, requirement):
    venv.create(folder, with_pip=True)
    python = os.path.join(folder, 'bin', 'python')
    subprocess.check_call([python, '-m', 'pip', 'install', '-q',
                           requirement, 'Flask-Script', 'psycopg2-binary'],
                          stdout=subprocess.DEVNULL)
    return python


def make_project(python, folder, revisions):
    """A project of so many revisions."""
    os.makedirs(folder)
    with open(os.path.join(folder, 'app.py'), 'w') as file:
        file.write(APPLICATION)
    run(python, folder, 'init')
    for number in range(revisions):
        with open(os.path.join(folder, 'migrations', 'versions',
                               'r%05d.py' % number), 'w') as file:
            file.write(REVISION % {
                'number': number,
                'down': 'r%05d' % (number - 1) if number else None})
    return folder


def cpu(folder, *command, **environment):
    """Run a command; return its user and system CPU seconds."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.check_call(
        command, cwd=folder,
        env=dict(os.environ, FLASK_APP='app.py', **environment),
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return (after.ru_utime - before.ru_utime
            + after.ru_stime - before.ru_stime)


def run(python, folder, *args, **environment):
    """Run ``flask db ARGS``; return its CPU seconds."""
    return cpu(folder, python, '-m', 'flask', 'db', *args, **environment)


def median(values):
    return sorted(values)[len(values) // 2]


def alternating(*subjects, **settings):
    """Medians of what functions return, which take turns."""
    results = [[] for _ in subjects]
    for _ in range(settings.get('repeats', REPEATS)):
        for subject, found in zip(subjects, results):
            found.append(subject())
    return [median(found) for found in results]


def row(name, floor, theirs, ours, unit):
    print('%-34s %9s %9.3f %9.3f %-3s %6.2f %6s' % (
        name, '' if floor is None else '%.3f' % floor, theirs, ours, unit,
        ours / theirs if theirs else 0,
        '' if floor is None else '%.2f' % (ours / floor)))
    sys.stdout.flush()


def import_costs(python):
    """CPU milliseconds and KiB of ``Migrate(app, db)`` with its import."""
    # Not from the checkout, whose package would be imported.
    return json.loads(subprocess.check_output(
        [python, '-c', IMPORT], cwd=os.path.dirname(python)))


def compare_imports(ours, theirs):
    costs = [[], []]
    for _ in range(REPEATS):
        for python, found in zip((theirs, ours), costs):
            found.append(import_costs(python))
    for index, name, unit in ((0, 'import and Migrate(app, db), CPU', 'ms'),
                              (1, 'import and Migrate(app, db)', 'KiB')):
        row(name, None, *[median([cost[index] for cost in found])
                          for found in costs], unit=unit)


def fresh_database(python, folder):
    """Wall seconds of an upgrade from an empty database."""
    path = os.path.join(folder, 'fresh.db')
    if os.path.exists(path):
        os.remove(path)
    start = time.time()
    run(python, folder, 'upgrade', DATABASE=path)
    return time.time() - start


def compare_commands(revisions, ours, theirs):
    """Print what commands cost that have nothing to do."""
    # 10,000 revisions take 4.1 minutes.
    repeats = max(1, REPEATS if revisions <= 1000 else REPEATS // 2)
    for command in COMMANDS:
        row('%s, %d revisions, CPU' % (command, revisions),
            *alternating(lambda: cpu(ours[1], ours[0], '-c', FLOOR),
                         lambda: run(theirs[0], theirs[1], command),
                         lambda: run(ours[0], ours[1], command),
                         repeats=repeats), unit='s')


def make_many_tables(python, folder, url):
    """A project whose PostgreSQL database has all of its 400 tables."""
    os.makedirs(folder)
    with open(os.path.join(folder, 'app.py'), 'w') as file:
        file.write(MANY_TABLES)
    subprocess.check_call([python, 'app.py'], cwd=folder,
                          env=dict(os.environ, DATABASE=url))
    for args in (['init'], ['revision', '-m', 'all'], ['upgrade']):
        run(python, folder, *args, DATABASE=url)
    return python, folder, url


def find_nothing(python, folder, url, **environment):
    """Wall and CPU seconds of a ``migrate`` that finds nothing."""
    versions = os.path.join(folder, 'migrations', 'versions')
    before = sorted(os.listdir(versions))
    start = time.time()
    seconds = run(python, folder, 'migrate', DATABASE=url, **environment)
    wall = time.time() - start
    assert sorted(os.listdir(versions)) == before, 'it found something'
    return wall, seconds


def count_statements(python, folder, url):
    """How many statements such a ``migrate`` sends."""
    path = os.path.join(folder, 'statements')
    find_nothing(python, folder, url, STATEMENTS=path)
    return os.path.getsize(path)


def compare_many_tables(temporary, ours, theirs):
    sys.path.insert(0, os.path.dirname(HERE))
    import servers
    if servers.why_not_postgresql():
        print('no figure of 400 PostgreSQL tables: %s'
              % servers.why_not_postgresql())
        return
    with servers.postgresql() as server:
        projects = [make_many_tables(
            python, os.path.join(temporary, 'many-%d' % number),
            server.url(server.create_database()))
            for number, python in enumerate((theirs, ours))]
        found = [[], []]
        for _ in range(REPEATS):
            for project, each in zip(projects, found):
                each.append(find_nothing(*project))
        for index, name in enumerate(('wall', 'CPU')):
            row('migrate, 400 PostgreSQL tables, ' + name, None,
                *[median([one[index] for one in each]) for each in found],
                unit='s')
        row('migrate, 400 PostgreSQL tables', None,
            *[count_statements(*project) for project in projects],
            unit='SQL')


def main():
    temporary = tempfile.mkdtemp()
    try:
        ours = make_environment(os.path.join(temporary, 'ours'), CHECKOUT)
        theirs = make_environment(os.path.join(temporary, 'theirs'),
                                  'Flask-Migrate==4.1.0')
        print('%-34s %9s %9s %9s     /4.1 /floor' % (
            '', 'floor', '4.1', 'this'))
        compare_imports(ours, theirs)
        compare_many_tables(temporary, ours, theirs)
        for revisions in REVISIONS:
            projects = [
                (python, make_project(python, os.path.join(
                    temporary, '%d-%d' % (revisions, number)), revisions))
                for number, python in enumerate((ours, theirs))]
            if revisions <= 1000:
                row('fresh SQLite, %d revisions, wall' % revisions, None,
                    *alternating(lambda: fresh_database(*projects[1]),
                                 lambda: fresh_database(*projects[0])),
                    unit='s')
            for python, folder in projects:
                run(python, folder, 'stamp', 'head')
            cpu(projects[0][1], ours, '-c', MODULES)
            compare_commands(revisions, *projects)
    finally:
        shutil.rmtree(temporary)


if __name__ == '__main__':
    main()
