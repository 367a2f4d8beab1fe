"""``migrate``: how answers get there, and what is only shown."""
import os

import pytest

from flask_migrate import CommandError, compat

needs_operations = pytest.mark.skipif(
    not compat.alembic.has_operations(), reason='needs Alembic 0.8')


def test_a_dry_run_writes_nothing(user_project, command_line):
    result = user_project.command_line(command_line, 'migrate', '--dry-run')
    assert result.code == 0, result
    assert 'def upgrade' in result.stdout and "'user'" in result.stdout
    assert user_project.scripts() == []
    os.chmod(user_project.versions, 0o500)
    try:
        text = user_project.python('migrate', dry_run=True)
    finally:
        os.chmod(user_project.versions, 0o700)
    assert "'user'" in text and user_project.scripts() == []
    user_project.python('migrate')
    user_project.python('upgrade')
    assert user_project.python('migrate', dry_run=True) is None


@needs_operations
@pytest.mark.parametrize('option, value', [
    ('--rename', 'user.name'), ('--rename', 'user.name:'),
    ('--fill', 'user.age')])
def test_an_answer_must_be_one(user_project, option, value):
    result = user_project.manage('migrate', option, value)
    assert result.code == 1 and option + ' takes values such as' \
        in result.stderr
    assert user_project.scripts() == []


@needs_operations
@pytest.mark.parametrize('answer', [
    {'rename': {'user.nam': 'name'}}, {'drop': ['user.nam']},
    {'drop': 'comment'}, {'fill': {'user.nam': 1}}])
def test_an_answer_to_no_question_is_refused(user_project, answer):
    with pytest.raises(CommandError) as error:
        user_project.python('migrate', **answer)
    assert 'fits nothing' in str(error.value)
    assert user_project.scripts() == []
