"""Where every database stands: applied, pending, unknown, unreachable."""
import json
import os
import re
import subprocess
import sys

import pytest

import flask_migrate
from flask_migrate import compat
import processes
from project import Project


@pytest.fixture
def two(user_project):
    """A project with two revisions, of which the first is applied."""
    user_project.write_revision(
        'a1', "op.create_table('user', "
        "sa.Column('id', sa.Integer(), primary_key=True))",
        "op.drop_table('user')")
    user_project.python('upgrade')
    user_project.write_revision('b2', 'raise RuntimeError', down='a1')
    return user_project


def head_of(found):
    return [each.revision for each in found.pending]


def test_what_python_gets(two):
    found = two.python('status')
    assert isinstance(found, flask_migrate.Status)
    assert found.is_current is False
    assert (found.pending, found.unknown, found.heads) == (['b2'], [], ['b2'])
    assert found.error is None
    database, = found.databases
    assert (database.name, database.current) == ('', ['a1'])
    assert database.url.endswith('app.db')
    assert [(each.revision, each.message, each.applied)
            for each in database.revisions] == [
                ('a1', 'revision a1', True), ('b2', 'revision b2', False)]
    assert head_of(database) == ['b2']
    assert found.exit_code == 1


def test_up_to_date(two):
    two.python('stamp', revision='b2')
    found = two.python('status')
    assert found.is_current is True
    assert (found.pending, found.exit_code) == ([], 0)


def test_before_the_first_revision(user_project):
    found = user_project.python('status')
    assert found.is_current is True         # there is nothing to apply
    assert found.databases[0].current == []
    assert not os.path.exists(os.path.join(user_project.path, 'app.db')) \
        or user_project.tables() == []


def test_nothing_is_written(two):
    two.execute('DROP TABLE alembic_version')
    found = two.python('status')
    assert found.pending == ['a1', 'b2']
    assert two.query("SELECT name FROM sqlite_master "
                     "WHERE name = 'alembic_version'") == []


def test_text(two, command_line):
    result = two.command_line(command_line, 'status')
    assert result.code == 0, result
    lines = result.stdout.splitlines()
    assert lines[0].startswith('database: sqlite:///')
    assert lines[1:] == ['  at a1: 1 revision pending',
                         '  [X] a1  revision a1',
                         '  [ ] b2  revision b2']


def test_the_date_of_a_revision(user_project, command_line):
    script = user_project.python('migrate', message='Add users')
    result = user_project.command_line(command_line, 'status')
    line, = [line for line in result.stdout.splitlines()
             if script.revision in line]
    assert line.endswith('  Add users')
    date = user_project.python('status').databases[0].revisions[0].date
    assert date[:4].isdigit() and date[:16] in line


@pytest.mark.parametrize('revision, code', [
    ('a1', 1), ('b2', 0), ('base', 1)])
def test_exit_code(two, command_line, revision, code):
    two.python('stamp', revision=revision)
    assert two.command_line(command_line, 'status').code == 0
    assert two.command_line(command_line, 'status',
                            '--exit-code').code == code


def test_a_revision_that_no_file_has(two, command_line):
    two.execute("UPDATE alembic_version SET version_num = 'zz'")
    found = two.python('status')
    assert (found.unknown, found.is_current, found.exit_code) == (
        ['zz'], False, 2)
    result = two.command_line(command_line, 'status')
    assert result.code == 0, result
    assert '  at zz: a revision that no file here has' in result.stdout
    assert '  [?] zz  no file here has this revision' in result.stdout
    assert two.command_line(command_line, 'status', '--exit-code').code == 2


@pytest.mark.skipif(not compat.alembic.has_branches(),
                    reason='Alembic before 0.7 has no branches.')
def test_several_heads(two, command_line):
    two.write_revision('c3', down='a1')
    found = two.python('status')
    assert (found.heads, found.exit_code) == (['b2', 'c3'], 2)
    assert sorted(found.pending) == ['b2', 'c3']
    result = two.command_line(command_line, 'status')
    assert 'The revisions have 2 heads: b2, c3. Join them with merge.' \
        in result.stdout


def test_json(two, command_line):
    result = two.command_line(command_line, 'status', '--format', 'json')
    assert result.code == 0, result
    found = json.loads(result.stdout)
    assert found == two.python('status').as_dict()
    assert found['is_current'] is False
    assert found['databases'][0]['revisions'][1] == {
        'revision': 'b2', 'message': 'revision b2', 'date': None,
        'applied': False}


def test_a_format_that_does_not_exist(two, command_line):
    result = two.command_line(command_line, 'status', '--format', 'xml')
    assert result.code == 2
    assert 'json' in result.stderr


def test_how_the_models_differ(two, command_line):
    two.python('stamp', revision='b2')
    assert two.python('status').databases[0].differences is None
    found = two.python('status', models=True)
    assert len(found.databases[0].differences) == 1     # the column 'name'
    assert 'name' in found.databases[0].differences[0]
    assert (found.is_current, found.exit_code) == (True, 1)
    result = two.command_line(command_line, 'status', '--models')
    assert '  The models differ:' in result.stdout
    two.execute('ALTER TABLE user ADD COLUMN name VARCHAR(128)')
    found = two.python('status', models=True)
    assert (found.databases[0].differences, found.exit_code) == ([], 0)
    result = two.command_line(command_line, 'status', '--models')
    assert '  The models are as the database.' in result.stdout


# What keeps a database from answering ---------------------------------------

def test_no_folder(project, command_line):
    found = project.python('status')
    assert found.is_current is False
    assert 'There is no migrations folder' in found.error
    assert found.databases[0].error == found.error
    result = project.command_line(command_line, 'status')
    assert result.code == 1
    assert 'There is no migrations folder' in result.output
    assert 'Traceback' not in result.output
    assert project.command_line(command_line, 'status',
                                '--exit-code').code == 2


def test_broken_files(two):
    two.write_revision('c3', down='gone')
    found = two.python('status')
    assert "follows revision 'gone', whose file is missing" in found.error
    assert (found.is_current, found.exit_code) == (False, 2)


def test_env_py_that_fails(two):
    with open(os.path.join(two.directory, 'env.py'), 'a') as file:
        file.write('\nraise ValueError("of env.py")\n')
    found = two.python('status')
    assert 'of env.py' in found.error
    assert found.databases[0].current == ['a1']     # that much is known
    assert found.exit_code == 2


def test_outside_an_application():
    with pytest.raises(flask_migrate.NoApplication):
        flask_migrate.status()


def test_a_database_that_cannot_be_opened(tmpdir, command_line):
    project = Project(tmpdir, url='sqlite:///%s'
                      % tmpdir.join('nowhere', 'app.db'))
    project.python('init')
    project.write_revision('a1')
    found = project.python('status')
    assert 'There is no folder' in found.databases[0].error
    assert (found.is_current, found.heads) == (False, ['a1'])
    result = project.command_line(command_line, 'status')
    assert result.code == 1 and 'There is no folder' in result.output


# Several databases ----------------------------------------------------------

@pytest.fixture
def several(tmpdir):
    project = Project(tmpdir, binds={
        'reports': 'sqlite:///%s' % tmpdir.join('reports.db')})
    project.python('init', multidb=True)
    project.write_revision(
        'a1', 'pass', header='def upgrade(engine_name): pass\n'
        'def downgrade(engine_name): pass')
    with open(os.path.join(project.versions, 'a1_.py'), 'w') as file:
        file.write('"""one"""\nrevision = "a1"\ndown_revision = None\n\n\n'
                   'def upgrade(engine_name):\n    pass\n\n\n'
                   'def downgrade(engine_name):\n    pass\n')
    return project


def test_each_database_is_named(several, command_line):
    several.python('upgrade')
    several.execute('DELETE FROM alembic_version', bind='reports')
    found = several.python('status')
    assert [(each.name, each.current) for each in found.databases] == [
        ('default', ['a1']), ('reports', [])]
    assert found.pending == ['a1']
    result = several.command_line(command_line, 'status')
    assert 'default: sqlite:///' in result.stdout
    assert 'reports: sqlite:///' in result.stdout


def test_one_of_several_that_cannot_be_opened(tmpdir):
    """The others are known all the same."""
    project = Project(tmpdir, binds={
        'gone': 'sqlite:///%s' % tmpdir.join('nowhere', 'gone.db'),
        'last': 'sqlite:///%s' % tmpdir.join('last.db')})
    project.python('init', multidb=True)
    found = project.python('status')
    names = dict((each.name, each) for each in found.databases)
    assert sorted(names) == ['default', 'gone', 'last']
    assert names['default'].error is names['last'].error is None
    assert 'There is no folder' in names['gone'].error


# On servers -----------------------------------------------------------------

@pytest.fixture
def on_a_database(tmpdir, database_url):
    project = Project(tmpdir, url=database_url)
    project.python('init')
    return project


def test_no_password_is_shown(on_a_database):
    on_a_database.write_revision('a1')
    on_a_database.python('upgrade')
    found = on_a_database.python('status')
    password = on_a_database.engine().url.password
    assert found.is_current
    assert not password or password not in str(found.as_dict())


@pytest.mark.once
def test_many_beside_a_running_migration(on_a_database):
    """They wait for nobody, and the migration does not notice."""
    on_a_database.write_revision('a1')
    on_a_database.python('upgrade')
    gate = os.path.join(on_a_database.path, 'gate')
    on_a_database.write_revision(
        'b2', "op.create_table('item', sa.Column('id', sa.Integer()))\n"
        'import os, time\n'
        "open(%r, 'w').close()\n"
        'while os.path.exists(%r):\n'
        '    time.sleep(0.01)' % (gate, gate), down='a1')
    processes.write(on_a_database)
    migration = processes.start(on_a_database, 'manage', 'upgrade')
    processes.wait_for(lambda: os.path.exists(gate), 60, migration)
    results = processes.together(on_a_database, 32, ['status'])
    assert not migration.ended()
    os.remove(gate)
    assert migration.result().code == 0
    for result in results:
        assert result.code == 0, result
        assert '  at a1: 1 revision pending' in result.stdout
    assert on_a_database.python('status').is_current


# On a terminal and in a pipe -------------------------------------------------

def on_a_terminal(project, *words):
    """What ``manage.py db`` prints on a pseudo-terminal."""
    import pty
    master, slave = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, 'manage.py', 'db'] + list(words), cwd=project.path,
        stdin=slave, stdout=slave, stderr=subprocess.PIPE)
    os.close(slave)
    printed = b''
    try:
        while True:
            more = os.read(master, 4096)
            if not more:
                break
            printed += more
    except OSError:             # its other end is closed
        pass
    errors = process.communicate()[1]
    os.close(master)
    assert process.returncode == 0, errors
    return printed.decode('utf-8').replace('\r\n', '\n')


@pytest.mark.once
@pytest.mark.parametrize('words', [
    ['status'], ['status', '--format', 'json'], ['adopt', '--dry-run']])
def test_a_terminal_shows_what_a_pipe_gets(two, words):
    if words[0] == 'adopt':
        if not compat.alembic.has_operations():
            pytest.skip('Alembic before 0.8 has no adopt.')
        os.remove(os.path.join(two.versions, 'a1_.py'))
        os.remove(os.path.join(two.versions, 'b2_.py'))
    processes.write(two)
    piped = processes.start(two, 'manage', *words).result()
    assert piped.code == 0, piped

    def steady(text):           # identifier and date are new in each
        return re.sub(r'[0-9a-f]{12}|\d{4}-\d\d-\d\d \S+', '', text)
    assert steady(on_a_terminal(two, *words)) == steady(piped.stdout)
    assert piped.stdout.strip()
