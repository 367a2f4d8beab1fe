"""``check`` says in words what differs, or in JSON."""
import json

import pytest

from flask_migrate import CommandError, DiffsDetected, compat
from project import Project

needs_operations = pytest.mark.skipif(
    not compat.alembic.has_operations(), reason='needs Alembic 0.8')


def changed(tmpdir, url=None):
    """A project whose models have changed since its last revision."""
    project = Project(tmpdir, url)
    db = project.db
    project.model('User', name=db.Column(db.String(64)),
                  age=db.Column(db.Integer))
    project.model('Post')
    project.python('init')
    project.python('migrate')
    project.python('upgrade')
    project = Project(tmpdir, url)
    db = project.db
    project.model('User', name=db.Column(db.String(64), nullable=False),
                  size=db.Column(db.Integer, index=True))
    project.model('Tag')
    return project


def test_in_words(tmpdir, command_line):
    project = changed(tmpdir)
    result = project.command_line(command_line, 'check')
    assert result.code == 1, result
    for words in ('table tag is missing', 'table post is not in the models',
                  'column user.size is missing',
                  'column user.age is not in the models',
                  'user.name may be NULL, in the models it is required'):
        assert '  %s\n' % words in result.stderr
    with pytest.raises(CommandError) as error:
        project.python('check')
    assert isinstance(error.value, DiffsDetected)
    assert len(error.value.diffs) >= 5


@needs_operations
def test_on_every_database(tmpdir, database_url):
    with pytest.raises(DiffsDetected) as error:
        changed(tmpdir, database_url).python('check')
    assert 'index ix_user_size of user (size) is missing' in str(error.value)


def test_in_json(tmpdir, command_line):
    project = changed(tmpdir)
    result = project.command_line(command_line, 'check', '--format', 'json')
    assert result.code == 1
    found = json.loads(result.stdout)['differences']
    assert {'kind': 'add_table', 'text': 'table tag is missing'} in found
    project = Project(tmpdir)
    project.model('User', name=project.db.Column(project.db.String(64)),
                  age=project.db.Column(project.db.Integer))
    project.model('Post')
    result = project.command_line(command_line, 'check', '--format', 'json')
    assert result.code == 0
    assert json.loads(result.stdout) == {'differences': []}
