"""What upgrade and downgrade say: plan, progress, failures."""
import io
import os

import pytest

from alembic.util import CommandError
from flask_migrate import MigrationFailed
from project import Project

TABLE = "op.create_table('%s', sa.Column('id', sa.Integer, primary_key=True))"


@pytest.fixture
def chain(project):
    """A project with three revisions pending: a1, b2, c3."""
    project.python('init')
    for name, down in (('a1', None), ('b2', 'a1'), ('c3', 'b2')):
        project.write_revision(name, TABLE % name,
                               "op.drop_table('%s')" % name, down)
    return project


def test_progress_in_the_command_lines(chain, command_line):
    result = chain.command_line(command_line, 'upgrade')
    assert result.code == 0, result
    lines = [line for line in result.stderr.splitlines() if 'Running' in line]
    assert len(lines) == 3
    for number, line in enumerate(lines, 1):
        assert '[%d/3] Running upgrade ' % number in line
        assert line.endswith('s)')
    assert 'b2 -> c3, revision c3 (' in lines[2]
    assert 'Context impl' not in result.output
    result = chain.command_line(command_line, 'downgrade', 'a1')
    assert '[2/2] Running downgrade b2 -> a1' in result.stderr


def test_progress_from_python(chain, capsys):
    seen = []
    chain.python('upgrade', progress=seen.append)
    assert [(each.number, each.total) for each in seen] == [
        (1, 3), (2, 3), (3, 3)]
    assert all(each.seconds >= 0 for each in seen)
    assert 'b2 -> c3' in seen[2].description
    chain.python('downgrade')
    assert capsys.readouterr() == ('', '')


def test_dry_run(chain, command_line):
    for option in ('--dry-run', '--plan'):
        result = chain.command_line(command_line, 'upgrade', option, 'b2')
        assert result.code == 0, result
        assert [line.split(',')[0] for line in result.stdout.splitlines()][1] \
            == '[2/2] Would run upgrade a1 -> b2'
    assert chain.tables() == []
    chain.python('upgrade', revision='a1')
    assert len(chain.python('upgrade', dry_run=True)) == 2
    result = chain.command_line(command_line, 'upgrade', '--dry-run', '--sql')
    assert result.code == 0, result
    assert 'CREATE TABLE b2' in result.stdout
    assert 'CREATE TABLE c3' in result.stdout
    assert 'CREATE TABLE a1' not in result.stdout
    assert chain.tables() == ['a1']
    assert chain.version() == ['a1']


def test_dry_run_sql_of_several_databases(tmpdir):
    """Each database starts from where it is."""
    project = Project(
        tmpdir, binds={'users': 'sqlite:///' + str(tmpdir.join('users.db'))})
    project.python('init', multidb=True)
    for name, down in (('a1', None), ('b2', 'a1')):
        with open(os.path.join(project.versions, name + '.py'), 'w') as file:
            file.write(
                'from alembic import op\n'
                'revision = %r\ndown_revision = %r\n\n\n'
                'def upgrade(engine_name):\n'
                "    op.execute('CREATE TABLE %s_' + engine_name + "
                "' (id INTEGER)')\n\n\n"
                'def downgrade(engine_name):\n    pass\n'
                % (name, down, name))
    project.python('upgrade', revision='a1')
    project.execute('DELETE FROM alembic_version', 'users')
    result = project.manage('upgrade', '--dry-run', '--sql')
    assert result.code == 0, result
    first, second = result.stdout.split('-- Database: users')
    assert 'CREATE TABLE b2_ ' in first and 'CREATE TABLE a1_' not in first
    assert 'CREATE TABLE a1_users' in second
    assert 'CREATE TABLE b2_users' in second


def test_an_exception_in_a_revision(chain, command_line):
    path = chain.write_revision('c3', 'x = {}\nx["missing"]', down='b2',
                                name='c3_.py')
    line = [number for number, text in enumerate(io.open(path), 1)
            if 'x["missing"]' in text][0]
    result = chain.command_line(command_line, 'upgrade')
    assert result.code == 1
    assert 'Traceback' not in result.output
    assert "Error: Revision c3 (revision c3) failed in upgrade: " \
        "KeyError: 'missing'" in result.stderr
    assert 'c3_.py, line %d' % line in result.stderr
    assert 'is at base, as before: all of this run was rolled back' \
        in result.stderr
    assert chain.tables() == []


def test_the_statement_with_its_parameters(chain, command_line):
    chain.write_revision(
        'c3', "op.get_bind().execute(sa.text('INSERT INTO a1 (id) VALUES "
        "(:id)'), {'id': 5})\n"
        "op.get_bind().execute(sa.text('INSERT INTO a1 (id) VALUES (:id)'), "
        "{'id': 5})", down='b2', name='c3_.py')
    result = chain.command_line(command_line, 'upgrade')
    assert 'Statement: INSERT INTO a1 (id) VALUES (' in result.stderr
    assert 'Parameters: ' in result.stderr and '5' in result.stderr
    assert 'IntegrityError: ' in result.stderr


def test_the_traceback_on_request(chain, command_line, monkeypatch):
    chain.write_revision('a1', '1 / 0', name='a1_.py')
    result = chain.command_line(command_line, 'upgrade', '--raise')
    assert 'Traceback' in result.stderr and '1 / 0' in result.stderr
    assert result.code == 1
    monkeypatch.setenv('FLASK_DEBUG', '1')
    result = chain.command_line(command_line, 'upgrade')
    assert 'Traceback' in result.stderr


def test_the_exception_from_python(chain):
    chain.write_revision('c3', "op.execute('INSERT INTO nowhere VALUES (1)')",
                         down='b2', name='c3_.py')
    with pytest.raises(MigrationFailed) as caught:
        chain.python('upgrade')
    error = caught.value
    assert isinstance(error, CommandError) and isinstance(error, SystemExit)
    assert error.revision == 'c3'
    assert os.path.basename(error.path) == 'c3_.py'
    assert error.direction == 'upgrade'
    assert error.statement == 'INSERT INTO nowhere VALUES (1)'
    assert error.took_effect == []
    assert 'nowhere' in str(error.__cause__)


def test_a_failing_downgrade(chain, command_line):
    chain.python('upgrade')
    chain.write_revision('c3', 'pass', '1 / 0', down='b2', name='c3_.py')
    result = chain.command_line(command_line, 'downgrade', 'base')
    assert 'failed in downgrade: ZeroDivisionError' in result.stderr
    assert 'is at c3, as before' in result.stderr
    assert chain.version() == ['c3']


def test_concurrently_without_autocommit_block(postgresql_url, tmpdir):
    project = Project(tmpdir, postgresql_url)
    project.python('init')
    project.write_revision('a1', TABLE % 'a1' + "\nop.execute('CREATE INDEX "
                           "CONCURRENTLY a1_id ON a1 (id)')")
    result = project.manage('upgrade')
    assert result.code == 1
    assert 'autocommit_block' in result.stderr
    assert project.tables() == []


def test_connection_url_is_not_told(postgresql_server, tmpdir):
    server = postgresql_server
    url = server.create_user('teller', 'se%cr@et', server.create_database())
    project = Project(tmpdir, url)
    project.python('init')
    project.write_revision('a1', "op.execute('INSERT INTO nowhere "
                           "VALUES (1)')")
    result = project.manage('upgrade', '--raise')
    assert result.code == 1
    assert 'se%cr@et' not in result.output
    assert 'se%25cr%40et' not in result.output


@pytest.mark.parametrize('first', ['sqlite', 'postgresql'])
def test_several_databases_of_two_kinds(mariadb_url, first, request, tmpdir):
    """One rolls back, MariaDB cannot: the report names where each stands."""
    url = None if first == 'sqlite' else \
        request.getfixturevalue('postgresql_url')
    project = Project(tmpdir, url, binds={'second': mariadb_url})
    project.python('init', multidb=True)
    for name, down, extra in (('a1', None, ''), ('b2', 'a1', (
            "    if engine_name == 'second':\n"
            "        op.execute('INSERT INTO nowhere VALUES (1)')\n"))):
        with open(os.path.join(project.versions, name + '.py'), 'w') as file:
            file.write(
                'from alembic import op\n'
                'revision = %r\ndown_revision = %r\n\n\n'
                'def upgrade(engine_name):\n'
                "    op.execute('CREATE TABLE %s (id INTEGER)')\n%s\n\n"
                'def downgrade(engine_name):\n    pass\n'
                % (name, down, name, extra))
    with pytest.raises(MigrationFailed) as caught:
        project.python('upgrade')
    message = str(caught.value)
    assert "database 'default' is at base, as before" in message
    assert "database 'second' is now at a1" in message
    assert 'CREATE TABLE b2' in message
    assert caught.value.took_effect == ['CREATE TABLE b2 (id INTEGER)']
    assert project.tables() == []
    assert project.tables('second') == ['a1', 'b2']


def test_a_database_that_rolls_back_ddl_beside_one_that_does_not(
        mariadb_url, tmpdir):
    """What configure() is told of the first does not hold for the second."""
    project = Project(tmpdir, binds={'second': mariadb_url})
    project.python('init', multidb=True)
    for name, down, statement in (
            ('a1', None, 'CREATE TABLE a1 (id INTEGER)'),
            ('b2', 'a1', 'INSERT INTO nowhere VALUES (1)')):
        project.write_revision(name, down=down, header=(
            "def upgrade_():\n    pass\n\n"
            "def upgrade_second():\n    op.execute('%s')\n" % statement))
        path = os.path.join(project.versions, name + '_.py')
        with open(path) as file:
            text = file.read().replace('def upgrade():\n    pass', (
                "def upgrade(engine_name):\n"
                "    globals()['upgrade_' + engine_name]()"))
        with open(path, 'w') as file:
            file.write(text)
    with pytest.raises(MigrationFailed):
        project.python('upgrade')
    # Each of its revisions is committed by itself.
    assert project.version('second') == project.tables('second') == ['a1']


def test_printed_sql_of_a_revision_that_fails(chain, command_line):
    chain.write_revision('c3', '1 / 0', down='b2', name='c3_.py')
    for arguments in (['--sql'], ['--dry-run', '--sql']):
        result = chain.command_line(command_line, 'upgrade', *arguments)
        assert result.code == 1
        assert 'Traceback' not in result.output
        assert 'Error: Revision c3 (revision c3) failed in upgrade: ' \
            'ZeroDivisionError' in result.stderr
        assert 'c3_.py, line' in result.stderr


def test_an_exception_of_the_revisions_own(chain):
    chain.write_revision('a1', 'raise Own()', header='from reader_error '
                         'import Own', name='a1_.py')
    import sys
    import types
    module = sys.modules['reader_error'] = types.ModuleType('reader_error')
    module.Own = type('Own', (Exception,), {})
    try:
        with pytest.raises(module.Own) as caught:
            chain.python('upgrade')
    finally:
        del sys.modules['reader_error']
    assert isinstance(caught.value, MigrationFailed)
    assert caught.value.revision == 'a1'


def test_a_command_inside_a_revision_is_refused(chain):
    chain.write_revision('a1', 'import flask_migrate\n'
                         'flask_migrate.current()', name='a1_.py')
    with pytest.raises(MigrationFailed) as caught:
        chain.python('upgrade')
    assert 'cannot run another command' in str(caught.value)
    assert chain.tables() == []
    chain.write_revision('a1', TABLE % 'a1', name='a1_.py')
    chain.python('upgrade')
    assert chain.tables() == ['a1', 'b2', 'c3']


@pytest.mark.parametrize('arguments', [
    ['upgrade', ''], ['stamp', ''], ['upgrade', '--wait', '-1']])
def test_senseless_arguments(chain, command_line, arguments):
    result = chain.command_line(command_line, *arguments)
    assert result.code in (1, 2), result
    assert 'Traceback' not in result.output
    assert '\0' not in result.output and '\\x00' not in result.output
    assert chain.tables() == []


def test_what_autocommit_has_committed(postgresql_url, tmpdir):
    from alembic.migration import MigrationContext
    if not hasattr(MigrationContext, 'autocommit_block'):
        pytest.skip('autocommit_block needs Alembic 1.2')
    project = Project(tmpdir, postgresql_url)
    project.python('init')
    project.write_revision(
        'a1', "op.execute('CREATE TABLE a1 (id INTEGER)')\n"
        "with op.get_context().autocommit_block():\n"
        "    op.execute('CREATE INDEX CONCURRENTLY ia1 ON a1 (id)')\n"
        "op.execute('CREATE TABLE lost (id INTEGER)')\n1 / 0")
    with pytest.raises(MigrationFailed) as caught:
        project.python('upgrade')
    assert caught.value.took_effect == [
        'CREATE TABLE a1 (id INTEGER)',
        'CREATE INDEX CONCURRENTLY ia1 ON a1 (id)']
    assert 'CREATE INDEX CONCURRENTLY' in str(caught.value)
    assert project.tables() == ['a1']


def test_mariadb_statements_in_other_clothes(mariadb_url, tmpdir):
    project = Project(tmpdir, mariadb_url)
    project.python('init')
    project.write_revision(
        'a1', "op.execute('CREATE TABLE a1 (id INTEGER)')\n"
        "op.execute('INSERT INTO a1 VALUES (1)')\n"
        "op.execute('CREATE TEMPORARY TABLE t1 (id INTEGER)')\n1 / 0")
    with pytest.raises(MigrationFailed) as caught:
        project.python('upgrade')
    assert caught.value.took_effect == ['CREATE TABLE a1 (id INTEGER)']
    assert project.query('SELECT * FROM a1') == []
    project.execute('DROP TABLE a1')
    project.write_revision(
        'a1', "op.execute('/* why */ CREATE TABLE a1 (id INTEGER)')\n1 / 0")
    with pytest.raises(MigrationFailed) as caught:
        project.python('upgrade')
    assert caught.value.took_effect == ['CREATE TABLE a1 (id INTEGER)']
