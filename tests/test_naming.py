"""With several databases, every line names the one it speaks of."""
import io
import json
import logging
import os
import re

import pytest

from flask_migrate.compat import alembic as compat_alembic
from flask_migrate.errors import CommandError
from project import Project

CHAIN = u'''"""revision %(rev_id)s"""
from alembic import op

revision = %(rev_id)r
down_revision = %(down)s


def upgrade(engine_name):
    op.execute('CREATE TABLE %(rev_id)s (id INTEGER)')


def downgrade(engine_name):
    op.execute('DROP TABLE %(rev_id)s')
'''


def write(project, rev_id, down, text=CHAIN):
    path = os.path.join(project.versions, rev_id + '_.py')
    with io.open(path, 'w', encoding='utf-8') as file:
        file.write((text % {'rev_id': rev_id, 'down': repr(down)}).replace(
            u"u'", u"'"))


@pytest.fixture
def project(tmpdir):
    """A default database and 'users', two revisions."""
    project = Project(tmpdir, binds={
        'users': 'sqlite:///' + str(tmpdir.join('users.db'))})
    project.python('init', multidb=True)
    write(project, 'a1', None)
    write(project, 'b2', 'a1')
    return project


def lines_of(result):
    return [re.sub(r'^INFO +\[[\w.]+\] ', '', line)
            for line in result.output.splitlines() if line.strip()]


def behind(project):
    """Let 'users' be one revision behind the default database."""
    project.python('upgrade')
    project.execute("UPDATE alembic_version SET version_num = 'a1'", 'users')
    project.execute('DROP TABLE b2', 'users')


def test_upgrade(project, command_line):
    result = project.command_line(command_line, 'upgrade', '--dry-run')
    assert len(lines_of(result)) == 4
    assert 'default: [1/2] Would run upgrade' in result.stdout
    assert 'users: [2/2] Would run upgrade' in result.stdout
    result = project.command_line(command_line, 'upgrade')
    assert result.code == 0, result
    for line in lines_of(result):
        assert 'default: [' in line or 'users: [' in line
    assert len(lines_of(result)) == 4
    for again in (['upgrade'], ['upgrade', '--dry-run'], ['stamp', 'head']):
        result = project.command_line(command_line, *again)
        assert lines_of(result) == [
            'default: Nothing to do: the database is at b2.',
            'users: Nothing to do: the database is at b2.']


def test_one_has_something_to_do(project, command_line):
    behind(project)
    result = project.command_line(command_line, 'upgrade', '--dry-run')
    assert len(lines_of(result)) == 2
    assert lines_of(result)[0].startswith('default: Nothing to do')
    assert lines_of(result)[1].startswith('users: [1/1] Would run upgrade')
    result = project.command_line(command_line, 'upgrade')
    assert 'default: Nothing to do' in result.stdout
    assert 'users: [1/1] Running upgrade' in result.stderr
    assert 'default: [' not in result.output


def test_current(project, command_line):
    result = project.command_line(command_line, 'current')
    if compat_alembic.has_branches():
        assert lines_of(result) == ['default: base', 'users: base']
    else:
        assert [line.partition(':')[0] for line in lines_of(result)] \
            == ['default', 'users']
    behind(project)
    result = project.command_line(command_line, 'current')
    assert lines_of(result) == ['default: b2 (head)', 'users: a1'] \
        or not compat_alembic.has_branches()
    assert 'users: ' in result.output


def test_history(project, command_line):
    if compat_alembic.alembic_version() < (0, 9, 9):
        pytest.skip('--indicate-current needs Alembic 0.9.9')
    behind(project)
    result = project.command_line(command_line, 'history', '-i')
    assert [line for line in lines_of(result) if '(current)' in line] == [
        'default: a1 -> b2 (head) (current), revision b2',
        'users: <base> -> a1 (current), revision a1']
    assert len(lines_of(result)) == 4
    # Without a look at the databases there is one history.
    result = project.command_line(command_line, 'history')
    assert len(lines_of(result)) == 2
    assert 'users' not in result.output


def test_stamp(project, command_line):
    result = project.command_line(command_line, 'stamp', 'a1')
    assert result.code == 0, result
    lines = lines_of(result)
    assert len(lines) == 2
    assert lines[0].startswith('default: ') and lines[1].startswith('users: ')


def test_not_up_to_date(project, interface_of_check):
    behind(project)
    message = interface_of_check(project)
    assert "Target database 'users' is not up to date: it is at a1" in message


@pytest.fixture(params=['python', 'manage'])
def interface_of_check(request):
    def check(project):
        if request.param == 'manage':
            return project.manage('check').stderr
        with pytest.raises(CommandError) as caught:
            project.python('check')
        return str(caught.value)
    return check


def test_check(project, interface_of_check):
    project.python('upgrade')
    project.model('Thing')
    project.model('User', bind='users')
    message = interface_of_check(project)
    lines = [line.strip() for line in message.splitlines()]
    assert any(line.startswith('default: ') and 'thing' in line
               for line in lines), message
    assert any(line.startswith('users: ') and 'user' in line
               for line in lines), message


def test_what_was_detected(project, command_line):
    project.python('upgrade')
    result = project.command_line(command_line, 'migrate', '-m', 'x')
    # The tables of both revisions have no models.
    lines = [line for line in lines_of(result) if 'Detected' in line]
    assert all(line.startswith(('default: ', 'users: ')) for line in lines)


def test_from_python(project):
    texts = project.python('upgrade', dry_run=True)
    assert [text.partition(':')[0] for text in texts] \
        == ['default', 'default', 'users', 'users']
    seen = []
    project.python('upgrade', progress=seen.append)
    assert [each.database for each in seen] \
        == ['default', 'default', 'users', 'users']


def test_records_from_python(project, caplog):
    caplog.set_level(logging.INFO)
    project.python('upgrade')
    running = [record.getMessage() for record in caplog.records
               if 'Running' in record.getMessage()]
    assert [text.partition(':')[0] for text in running] \
        == ['default', 'default', 'users', 'users']
    caplog.clear()
    project.python('upgrade')
    impl = [record.getMessage() for record in caplog.records
            if 'Context impl' in record.getMessage()]
    assert impl == ['default: Context impl SQLiteImpl.',
                    'users: Context impl SQLiteImpl.']


def test_one_database_has_no_name(tmpdir, command_line):
    project = Project(tmpdir)
    project.python('init', multidb=True)
    write(project, 'a1', None)
    for words in (['upgrade', '--dry-run'], ['upgrade'], ['current'],
                  ['upgrade']):
        result = project.command_line(command_line, *words)
        assert result.code == 0, result
        assert 'default' not in result.output
    seen = []
    project.python('downgrade', progress=seen.append)
    assert [each.database for each in seen] == ['']


# From one database to several -----------------------------------------------

OF_OLD = CHAIN.replace(u'engine_name', u'')


def test_revisions_of_the_single_database_time(project, command_line):
    write(project, 'a1', None, OF_OLD)
    result = project.command_line(command_line, 'upgrade')
    assert result.code == 0, result
    assert project.tables() == ['a1', 'b2']
    assert project.tables('users') == ['b2']
    assert project.version() == project.version('users') == ['b2']
    line, = [line for line in lines_of(result)
             if line.startswith('users: [1/2]')]
    assert 'of the default database' in line
    result = project.command_line(command_line, 'downgrade', 'base')
    assert result.code == 0, result
    assert project.tables() == project.tables('users') == []


def test_their_sql(project, command_line):
    write(project, 'a1', None, OF_OLD)
    result = project.command_line(command_line, 'upgrade', '--sql')
    assert result.code == 0, result
    default, users = result.stdout.split('-- Database: users')
    assert 'CREATE TABLE a1' in default and 'CREATE TABLE b2' in default
    assert 'CREATE TABLE a1' not in users and 'CREATE TABLE b2' in users


@pytest.mark.parametrize('arguments', ['*args', '**kwargs', 'name'])
def test_revisions_that_take_the_name_in_other_ways(project, arguments):
    if arguments == 'name':
        arguments = 'engine_name=None'
    write(project, 'a1', None, CHAIN.replace(u'engine_name', arguments))
    if arguments == '*args':
        with pytest.raises(CommandError):
            project.python('upgrade')
        assert project.tables() == project.tables('users') == []
    else:
        project.python('upgrade')
        assert project.tables('users') == ['a1', 'b2']


def test_check_finds_nothing(tmpdir, command_line):
    project = Project(tmpdir, binds={
        'users': 'sqlite:///%s' % tmpdir.join('users.db')})
    project.model('Thing')
    project.model('User', bind='users')
    project.python('init', multidb=True)
    project.python('migrate')
    project.python('upgrade')
    result = project.command_line(command_line, 'check')
    assert result.stdout.splitlines() == [
        'default: No new upgrade operations detected.',
        'users: No new upgrade operations detected.']
    project.model('Other', bind='users')
    result = project.command_line(command_line, 'check', '--format', 'json')
    assert json.loads(result.stdout) == {'differences': [
        {'kind': 'add_table', 'text': 'table other is missing',
         'database': 'users'}]}
