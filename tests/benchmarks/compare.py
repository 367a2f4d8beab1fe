"""Compare with Flask-Migrate 4.1, in one run on one machine.

    python tests/benchmarks/compare.py

Makes two virtual environments in a temporary folder, with the newest stack,
this checkout in one and Flask-Migrate 4.1 in the other, and prints for each
measurement the median of both and their ratio (below 1: we need less).
Commands take turns, so that a noisy machine is noisy for both.
"""
from __future__ import print_function

import json
import os
import shutil
import subprocess
import sys
import tempfile
import textwrap
import venv

HERE = os.path.dirname(os.path.abspath(__file__))
CHECKOUT = os.path.dirname(os.path.dirname(HERE))
REPEATS = int(os.environ.get('REPEATS', '7'))

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
    from alembic import op
    import sqlalchemy as sa
    revision = 'r%(number)04d'
    down_revision = %(down)r


    def upgrade():
        op.create_table('t%(number)04d',
                        sa.Column('id', sa.Integer, primary_key=True))


    def downgrade():
        op.drop_table('t%(number)04d')
    """)

#: Runs in a process of its own; prints CPU seconds and KiB of memory.
IMPORT = textwrap.dedent("""\
    import json, resource, time
    import flask, flask_sqlalchemy
    def memory():
        return [int(line.split()[1]) for line in open('/proc/self/status')
                if line.startswith('VmRSS')][0]
    before, start = memory(), time.process_time()
    import flask_migrate
    flask_migrate.Migrate
    print(json.dumps([time.process_time() - start, memory() - before]))
    """)


def make_environment(folder, requirement):
    venv.create(folder, with_pip=True)
    python = os.path.join(folder, 'bin', 'python')
    subprocess.check_call([python, '-m', 'pip', 'install', '-q',
                           requirement, 'Flask-Script'],
                          stdout=subprocess.DEVNULL)
    return python


def make_project(python, folder, revisions):
    """A project whose database is at the last of *revisions* revisions."""
    os.makedirs(folder)
    with open(os.path.join(folder, 'app.py'), 'w') as file:
        file.write(APPLICATION)
    run(python, folder, 'init')
    for number in range(revisions):
        with open(os.path.join(folder, 'migrations', 'versions',
                               'r%04d.py' % number), 'w') as file:
            file.write(REVISION % {
                'number': number,
                'down': 'r%04d' % (number - 1) if number else None})
    return folder


def run(python, folder, *args, **environment):
    """Run ``flask db ARGS``; return its user and system CPU seconds."""
    before = os.times()
    subprocess.check_call(
        [python, '-m', 'flask', 'db'] + list(args), cwd=folder,
        env=dict(os.environ, FLASK_APP='app.py', **environment),
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    after = os.times()
    return (after.children_user - before.children_user
            + after.children_system - before.children_system)


def wall(function, *args, **kwargs):
    import time
    start = time.time()
    function(*args, **kwargs)
    return time.time() - start


def median(values):
    return sorted(values)[len(values) // 2]


def alternating(measure, *subjects):
    """Medians of ``measure(subject)``, the subjects taking turns."""
    results = [[] for _ in subjects]
    for _ in range(REPEATS):
        for subject, found in zip(subjects, results):
            found.append(measure(subject))
    return [median(found) for found in results]


def row(name, ours, theirs, unit):
    print('%-42s %10.3f %10.3f %s   %.2f' % (
        name, ours, theirs, unit, ours / theirs if theirs else 0))
    sys.stdout.flush()


def import_cost(python):
    # Not from the checkout, whose package would be imported.
    return json.loads(subprocess.check_output(
        [python, '-c', IMPORT], cwd=os.path.dirname(python)))


def fresh_database(python, folder):
    """Wall seconds of an upgrade from an empty database."""
    path = os.path.join(folder, 'fresh.db')
    if os.path.exists(path):
        os.remove(path)
    return wall(run, python, folder, 'upgrade', DATABASE=path)


def main():
    temporary = tempfile.mkdtemp()
    try:
        pythons = [
            make_environment(os.path.join(temporary, 'ours'), CHECKOUT),
            make_environment(os.path.join(temporary, 'theirs'),
                             'Flask-Migrate==4.1.0')]
        print('%-42s %10s %10s        ratio' % ('', 'this', '4.1.0'))
        costs = [[], []]
        for _ in range(REPEATS):
            for python, found in zip(pythons, costs):
                found.append(import_cost(python))
        for index, name, unit in ((0, 'import, CPU', 's'),
                                  (1, 'import, memory', 'KiB')):
            ours, theirs = [median([cost[index] for cost in found])
                            for found in costs]
            row(name, ours, theirs, unit)
        for revisions in (10, 1000):
            projects = [
                (python, make_project(python, os.path.join(
                    temporary, '%d-%d' % (revisions, number)), revisions))
                for number, python in enumerate(pythons)]
            row('fresh database, %d revisions, wall' % revisions,
                *alternating(lambda project: fresh_database(*project),
                             *projects) if revisions == 10 else
                [fresh_database(*project) for project in projects],
                unit='s')
            for python, folder in projects:
                run(python, folder, 'upgrade')
            for args in (['--help'], ['upgrade'], ['current']):
                if args == ['--help'] and revisions != 10:
                    continue
                row('db %s, %d revisions, CPU' % (args[0], revisions),
                    *alternating(lambda project: run(
                        project[0], project[1], *args), *projects), unit='s')
    finally:
        shutil.rmtree(temporary)


if __name__ == '__main__':
    main()
