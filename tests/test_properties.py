"""Any chain of revisions, failing anywhere, on SQLite: all or nothing."""
import os
import shutil
import tempfile

import pytest

from flask_migrate import MigrationFailed
from project import Project
from variants import SLOW

hypothesis = pytest.importorskip('hypothesis')
from hypothesis import given, settings, strategies  # noqa: E402

EXAMPLES = 100 if SLOW else 15

#: Statements that succeed in any order, any number of times; %d is unique.
KINDS = [
    "op.create_table('t%d', sa.Column('id', sa.Integer, primary_key=True))",
    "op.execute('INSERT INTO base (value) VALUES (%d)')",
    "op.execute('UPDATE base SET value = value + %d')",
    "op.add_column('base', sa.Column('c%d', sa.Integer))",
    "op.create_index('i%d', 'base', ['value'])",
    "op.execute('CREATE VIEW v%d AS SELECT value FROM base')",
    "op.execute('DELETE FROM base WHERE value > %d')",
]

revisions = strategies.lists(
    strategies.lists(strategies.sampled_from(KINDS), max_size=5),
    min_size=1, max_size=5)


def dump(project):
    connection = project.engine().raw_connection()
    try:
        raw = getattr(connection, 'dbapi_connection', None) \
            or connection.connection
        return list(raw.iterdump())
    finally:
        connection.close()


@settings(max_examples=EXAMPLES, deadline=None)
@given(revisions, strategies.data())
def test_a_failed_chain_leaves_nothing(chain, data):
    faulty = data.draw(strategies.integers(0, len(chain) - 1))
    point = data.draw(strategies.integers(0, len(chain[faulty])))
    start = data.draw(strategies.integers(0, faulty))
    folder = tempfile.mkdtemp()
    try:
        project = Project(folder)
        project.python('init')
        project.write_revision(
            'r', "op.execute('CREATE TABLE base (value INTEGER)')")
        write(project, chain)
        # Some of the chain has been applied before.
        project.python('upgrade', revision='r%d' % (start - 1)
                       if start else 'r')
        before = dump(project)
        write(project, chain, faulty, point)
        with pytest.raises(MigrationFailed) as caught:
            project.python('upgrade')
        assert caught.value.revision == 'r%d' % faulty
        assert dump(project) == before
        write(project, chain)
        project.python('upgrade')
        assert project.version() == ['r%d' % (len(chain) - 1)]
        if start == 0:
            # As if nothing had ever failed.
            expected = dump(project)
            os.remove(os.path.join(folder, 'app.db'))
            project.engine().dispose()
            project.python('upgrade')
            assert dump(project) == expected
    finally:
        project.engine().dispose()
        shutil.rmtree(folder)


def write(project, chain, faulty=None, point=None):
    """Write the revision files; one of them may fail at a point."""
    unique = 0
    for number, statements in enumerate(chain):
        lines = []
        for statement in statements:
            lines.append(statement % unique)
            unique += 1
        if number == faulty:
            lines.insert(point, '1 / 0')
        project.write_revision('r%d' % number, '\n'.join(lines) or 'pass',
                               down='r%d' % (number - 1) if number else 'r')
    cache = os.path.join(project.versions, '__pycache__')
    if os.path.isdir(cache):
        # Files written within one second look the same to Python.
        shutil.rmtree(cache)
