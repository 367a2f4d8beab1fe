"""Databases that are not there yet, and one that was left elsewhere."""
import logging
import os
import shutil
import signal
import socket
import threading

import alembic.command
import pytest
import sqlalchemy

import flask_migrate
from flask_migrate import dialects
from flask_migrate.dialects import starting
from processes import start, write
from project import COMMAND_LINES, Project
from servers import postgresql_driver_missing, skip_without


# A server that is starting --------------------------------------------------

@pytest.fixture(params=['postgresql', 'mariadb'])
def server(request):
    return request.getfixturevalue(request.param + '_server')


@pytest.fixture
def url(request, server):
    return request.getfixturevalue(
        ('mariadb' if 'mysql' in server.url('x') else 'postgresql') + '_url')


class Waits(logging.Handler):
    """Notes what is said of waiting, and does something at the first."""

    def __init__(self, function=None):
        logging.Handler.__init__(self)
        self.said = []
        self.thread = threading.Thread(target=function) if function else None

    def emit(self, record):
        if 'Waiting up to' in record.getMessage():
            self.said.append(record.getMessage())
            if self.thread and len(self.said) == 1:
                self.thread.start()

    def __enter__(self):
        self.logger = logging.getLogger('flask_migrate')
        self.level = self.logger.level
        self.logger.setLevel(logging.INFO)
        self.logger.addHandler(self)
        return self

    def __exit__(self, *error):
        self.logger.removeHandler(self)
        self.logger.setLevel(self.level)
        if self.thread and self.said:
            self.thread.join()


TABLE = "op.create_table('user', sa.Column('id', sa.Integer, " \
    "primary_key=True), sa.Column('name', sa.String(30)))"


def project_of(tmpdir, url, **settings):
    project = Project(tmpdir, url=url, **settings)
    project.model('User', name=project.db.Column(project.db.String(30)))
    project.python('init')
    project.write_revision('a1', TABLE, "op.drop_table('user')")
    return project


def test_a_server_that_starts_late(tmpdir, server, url):
    """Also with wait=0: that is for the lock, and counts afterwards."""
    project = project_of(tmpdir, url, wait=0)
    server.halt()
    try:
        with Waits(server.start) as waits:
            project.python('upgrade', wait_for_database=60)
    finally:
        if not server.is_running():
            server.start()
    assert len(waits.said) == 1 and '60 seconds' in waits.said[0]
    assert server.password not in waits.said[0]
    assert project.version() == ['a1']


@pytest.mark.once
@pytest.mark.parametrize('kind, command_line', [
    ('postgresql', 'manage'), ('mariadb', COMMAND_LINES[-1])])
def test_in_a_process_of_its_own(request, tmpdir, kind, command_line):
    server = request.getfixturevalue(kind + '_server')
    project = project_of(tmpdir, request.getfixturevalue(kind + '_url'))
    write(project, wait_for_database=0.01)
    server.halt()
    try:
        process = start(project, command_line, 'upgrade',
                        '--wait-for-database', '60')
        try:
            process.says('Waiting up to 60 seconds for the database server')
        finally:
            server.start()
        result = process.result()
    finally:
        if not server.is_running():
            server.start()
    assert result.code == 0, result
    assert result.output.count('Waiting up to') == 1
    assert project.version() == ['a1']


def failure(project, command, **arguments):
    """What a command says of its failure."""
    try:
        found = project.python(command, **arguments)
    except flask_migrate.CommandError as error:
        return str(error)
    return found.error          # status raises nothing


@pytest.mark.parametrize('command, arguments', [
    ('current', {}), ('upgrade', {'dry_run': True})] + [
        pytest.param(command, arguments, marks=pytest.mark.once)
        for command, arguments in [
            ('check', {}), ('migrate', {}), ('stamp', {}), ('downgrade', {}),
            ('history', {'indicate_current': True}), ('ensure_version', {}),
            ('status', {})]])
def test_the_time_is_over(tmpdir, server, command, arguments):
    """The error is the usual one; a Migrate setting says how long."""
    if command == 'ensure_version' and not hasattr(alembic.command, command) \
            or arguments.get('indicate_current') and 'indicate_current' \
            not in alembic.command.history.__code__.co_varnames:
        pytest.skip('this Alembic has no %s' % command)
    taken = socket.socket()
    taken.bind(('127.0.0.1', 0))        # and nobody listens
    try:
        port = taken.getsockname()[1]
        url = server.url('nosuch').replace(
            ':%d/' % server.port, ':%d/' % port)
        project = project_of(tmpdir, url, wait_for_database=0.2)
        with Waits() as waits:
            assert "Can't connect to the database" \
                in failure(project, command, **arguments)
        assert len(waits.said) == 1 and '0.2 seconds' in waits.said[0]
        with Waits() as waits:
            assert "Can't connect to the database" in failure(
                project, command, wait_for_database=0, **arguments)
        assert waits.said == []
    finally:
        taken.close()


@pytest.mark.once
@pytest.mark.parametrize('number, code', [
    (signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_nobody_has_to_wait(tmpdir, number, code):
    skip_without(None, postgresql_driver_missing())
    taken = socket.socket()
    taken.bind(('127.0.0.1', 0))        # and nobody listens
    try:
        project = project_of(tmpdir, 'postgresql%s://u:secret@127.0.0.1:%d/d'
                             % ('+psycopg2', taken.getsockname()[1]))
        write(project)
        process = start(project, 'manage', 'upgrade', '--wait-for-database',
                        '600')
        process.says('Waiting up to 600 seconds')
        process.send(number)
        result = process.result()
    finally:
        taken.close()
    assert result.code == code, result
    assert 'Interrupted' in result.stderr
    assert 'Traceback' not in result.output and 'secret' not in result.output


@pytest.mark.once
def test_an_async_engine(postgresql_server, postgresql_url):
    pytest.importorskip('asyncpg')
    asyncio = pytest.importorskip('sqlalchemy.ext.asyncio')
    url = sqlalchemy.engine.url.make_url(postgresql_url).set(
        drivername='postgresql+asyncpg')
    taken = socket.socket()
    taken.bind(('127.0.0.1', 0))
    try:
        for url, number in ((url, 0), (
                url.set(port=taken.getsockname()[1]), 1)):
            said = []
            engine = asyncio.create_async_engine(url).sync_engine
            dialects.wait_for_servers([engine], 0.2, said.append)
            assert len(said) == number
    finally:
        taken.close()


@pytest.mark.parametrize('wrong', ['password', 'database'])
def test_what_fails_at_once(tmpdir, server, url, wrong):
    if wrong == 'password':
        name = url.rsplit('/', 1)[1]
        url = server.url(name, password='wrong')
    else:
        url = server.url('nosuch')
    project = project_of(tmpdir, url, wait_for_database=600)
    with Waits() as waits:
        with pytest.raises(flask_migrate.CommandError) as caught:
            project.python('upgrade')
    assert waits.said == []
    assert 'refused the login' in str(caught.value) or \
        "There is no database 'nosuch'" in str(caught.value) or \
        'may not do this' in str(caught.value)


def test_what_needs_no_database(tmpdir, server):
    """Nobody is waited for."""
    project = project_of(tmpdir, server.url('nosuch', password='wrong'),
                         wait_for_database=600)
    with Waits() as waits:
        for command in ('heads', 'branches', 'history'):
            project.python(command)
        project.python('upgrade', sql=True)
        project.python('revision')
    assert waits.said == []


@pytest.mark.once
def test_sqlite_needs_no_wait(user_project):
    user_project.python('migrate', wait_for_database=5)
    result = user_project.manage('upgrade', '--wait-for-database', '5')
    assert result.code == 0, result
    assert 'Waiting' not in result.output
    result = user_project.manage('upgrade', '--wait-for-database', '-1')
    assert result.code == 1
    assert '--wait-for-database takes seconds' in result.stderr


@pytest.mark.once
@pytest.mark.parametrize('words', [
    'connection to server at "db" (172.18.0.2), port 5432 failed: Connection '
    'refused\n\tIs the server running on that host?',
    'could not connect to server: Connection refused',
    'FATAL:  the database system is starting up',
    'FATAL:  the database system is not yet accepting connections',
    'could not translate host name "db" to address: Name or service not '
    'known',
    'connection to server on socket "/tmp/.s.PGSQL.5432" failed: No such '
    'file or directory',
    '(2003, "Can\'t connect to MySQL server on \'db\' ([Errno 111] Connection '
    'refused)")',
    '(2002, "Can\'t connect to local server through socket \'/x.sock\' (2)")',
    '(2013, "Lost connection to MySQL server at \'handshake: reading initial '
    'communication packet\', system error: 11")',
    "(2003, \"Can't connect to MySQL server on 'db' ([Errno -2] Name or "
    "service not known)\")",
    "[Errno 111] Connect call failed ('127.0.0.1', 5432)",
])
def test_words_of_a_server_that_is_starting(words):
    assert starting.is_starting(Exception(words))


@pytest.mark.once
@pytest.mark.parametrize('words', [
    'connection to server at "localhost" (::1), port 5432 failed: Connection '
    'refused\nconnection to server at "localhost" (127.0.0.1), port 5432 '
    'failed: FATAL:  password authentication failed for user "x"',
    'FATAL:  database "x" does not exist',
    'FATAL:  sorry, too many clients already',
    "(1045, \"Access denied for user 'x'@'localhost' (using password: YES)\")",
    "(1049, \"Unknown database 'x'\")", '',
    'root certificate file "/x.crt" does not exist',
])
def test_words_of_a_server_that_answers(words):
    assert not starting.is_starting(Exception(words))


# A database that was left elsewhere -----------------------------------------

@pytest.fixture
def moved(tmpdir):
    """A project whose database is where another generation looks.

    :ivar own: where its Flask-SQLAlchemy looks.
    :ivar other: where the database is.
    """
    project = Project(tmpdir, url='sqlite:///app.db')
    project.model('User', name=project.db.Column(project.db.String(30)))
    project.python('init')
    project.write_revision('a1', TABLE, "op.drop_table('user')")
    project.own = str(project.engine().url.database)
    project.python('upgrade')
    project.execute("INSERT INTO user (name) VALUES ('old')")
    project.engine().dispose()
    project.other = os.path.join(
        project.path, 'app.db' if 'instance' in project.own
        else os.path.join('instance', 'app.db'))
    if not os.path.isdir(os.path.dirname(project.other)):
        os.makedirs(os.path.dirname(project.other))
    shutil.move(project.own, project.other)
    return project


def files(project):
    return sorted(os.path.relpath(os.path.join(folder, name), project.path)
                  for folder, _, names in os.walk(project.path)
                  for name in names)


def test_a_script_started_from_another_folder(tmpdir):
    """Flask looks for the instance folder of a script where it is started."""
    project = Project(tmpdir, url='sqlite:///app.db')
    project.python('init')
    project.write_revision('a1', TABLE, "op.drop_table('user')")
    if 'instance' not in str(project.engine().url.database):
        pytest.skip('Flask-SQLAlchemy before 3 takes the folder of the '
                    'application.')
    project.python('upgrade')
    elsewhere = Project(tmpdir.mkdir('elsewhere'), url='sqlite:///app.db',
                        directory=project.directory)
    elsewhere.app.root_path = project.path
    with pytest.raises(flask_migrate.CommandError) as caught:
        elsewhere.python('upgrade')
    assert os.path.join(project.path, 'instance', 'app.db') \
        in str(caught.value)


@pytest.mark.parametrize('command', ['upgrade', 'stamp', 'migrate'])
def test_no_new_database_is_begun(moved, command):
    before = files(moved)
    with pytest.raises(flask_migrate.CommandError) as caught:
        moved.python(command)
    message = str(caught.value)
    assert moved.own in message and moved.other in message
    assert "'sqlite:///%s'" % moved.other in message
    assert "mv '%s' '%s'" % (moved.other, moved.own) in message
    assert '--new-database' in message
    assert files(moved) == before
    result = moved.manage(command)
    assert result.code == 1 and 'Traceback' not in result.output
    assert files(moved) == before


def test_the_cure_that_moves_the_file(moved):
    with pytest.raises(flask_migrate.CommandError) as caught:
        moved.python('upgrade')
    command = str(caught.value).split('move the file: ')[1].splitlines()[0]
    assert os.system(command) == 0
    assert moved.manage('upgrade').code == 0
    assert moved.query('SELECT name FROM user') == [('old',)]


@pytest.mark.once
def test_the_cure_that_names_the_file(moved, tmpdir):
    with pytest.raises(flask_migrate.CommandError) as caught:
        moved.python('upgrade')
    url = str(caught.value).split("'")[1]
    project = Project(tmpdir, url=url)
    result = project.manage('upgrade')
    assert result.code == 0 and 'Nothing to do' in result.output, result
    assert project.query('SELECT name FROM user') == [('old',)]


def test_an_empty_file_is_no_database(moved):
    """An application that only connects makes one."""
    open(moved.own, 'w').close()
    with pytest.raises(flask_migrate.CommandError):
        moved.python('upgrade')
    assert os.path.getsize(moved.own) == 0


def test_a_new_database_if_that_is_wanted(moved, command_line):
    result = moved.command_line(command_line, 'upgrade', '--new-database')
    assert result.code == 0, result
    assert moved.query('SELECT * FROM user') == []
    # From then on it is the application's.
    assert moved.command_line(command_line, 'upgrade').code == 0
    assert moved.command_line(command_line, 'stamp', 'head').code == 0


def test_from_python(moved):
    moved.python('upgrade', new_database=True)
    assert moved.version() == ['a1']


@pytest.mark.parametrize('command', ['current', 'check', 'downgrade'])
def test_others_say_it(moved, command):
    result = moved.manage(command)
    assert moved.own in result.stderr and moved.other in result.stderr
    assert '--new-database' not in result.stderr
    # And nobody else is bothered.
    os.remove(moved.other)
    assert moved.other not in moved.manage(command).stderr


@pytest.mark.once
def test_tables_before_there_were_migrations(moved):
    """The models' tables will do; others' will not."""
    import sqlite3
    connection = sqlite3.connect(moved.other)
    connection.execute('DROP TABLE alembic_version')
    connection.commit()
    with pytest.raises(flask_migrate.CommandError):
        moved.python('upgrade')
    connection.execute('ALTER TABLE user RENAME TO somebody_elses')
    connection.commit()
    connection.close()
    moved.python('upgrade')
    assert moved.version() == ['a1']


@pytest.mark.once
def test_a_write_ahead_log_is_moved_too(moved):
    import sqlite3
    connection = sqlite3.connect(moved.other)
    connection.execute('PRAGMA journal_mode = WAL')
    connection.execute("UPDATE user SET name = 'new'")
    connection.commit()         # into the log, while somebody reads
    with pytest.raises(flask_migrate.CommandError) as caught:
        moved.python('upgrade')
    assert "mv '%s-wal' '%s-wal' && mv '%s' '%s'" % (
        moved.other, moved.own, moved.other, moved.own) in str(caught.value)
    connection.close()


# A table that was given another name ----------------------------------------

def test_names_that_are_derived_differently(tmpdir):
    """They are explained, not dropped and made again."""
    project = Project(tmpdir)
    project.model('Other')
    project.model('U', name=project.db.Column(project.db.String(30)))
    project.model('UserProfile')
    project.python('init')
    project.write_revision(
        'a1', "op.create_table('U', sa.Column('id', sa.Integer, "
        "primary_key=True), sa.Column('name', sa.String(30)))\n"
        "op.create_table('user_profile', sa.Column('id', sa.Integer, "
        "primary_key=True))", 'pass')
    project.python('upgrade')
    with pytest.raises(flask_migrate.CommandError) as caught:
        project.python('migrate')
    message = str(caught.value)
    assert "a table 'u', and the database has 'U'" in message
    assert "'userprofile', and the database has 'user_profile'" in message
    assert "__tablename__" in message and '--rename' in message
    assert project.scripts() == ['a1_.py']
    # A table that only ends alike, or that was named, is nothing of it.
    project = Project(tmpdir)
    project.model('Other')
    project.model('UserProfiles')
    project.model('V')
    assert project.python('migrate', allow_drop_all=True) is not None
    assert len(project.scripts()) == 2


@pytest.mark.once
def test_two_tables_indeed(tmpdir):
    project = Project(tmpdir)
    project.model('UserProfile')
    project.python('init')
    project.write_revision(
        'a1', "op.create_table('user_profile', sa.Column('id', sa.Integer, "
        "primary_key=True))", 'pass')
    project.python('upgrade')
    assert project.python('migrate', drop=['user_profile'],
                          allow_drop_all=True) is not None
    project.python('upgrade')
    assert project.tables() == ['userprofile']


@pytest.mark.once
@pytest.mark.parametrize('content', [b'no database at all', b''])
def test_a_file_that_is_no_database(moved, content):
    with open(moved.other, 'wb') as file:
        file.write(content)
    moved.python('upgrade')
    assert moved.version() == ['a1']


@pytest.mark.once
def test_an_absolute_url_means_what_it_says(tmpdir):
    folder = tmpdir.mkdir('instance')
    own, other = str(folder.join('app.db')), str(tmpdir.join('app.db'))
    project = project_of(tmpdir, 'sqlite:///' + other)
    project.python('upgrade')
    other = Project(tmpdir, url='sqlite:///' + own)
    assert other.manage('upgrade').code == 0
    assert other.version() == ['a1']


def test_the_first_database_of_a_project(tmpdir):
    project = project_of(tmpdir, 'sqlite:///app.db')
    assert project.manage('upgrade').code == 0
    assert project.version() == ['a1']


@pytest.mark.parametrize('multidb', [True, False])
def test_one_of_several_databases(tmpdir, multidb):
    """It is looked for where env.py has several."""
    project = Project(tmpdir, url='sqlite:///app.db',
                      binds={'other': 'sqlite:///other.db'})
    project.model('User')
    project.model('Log', bind='other')
    project.python('init', multidb=multidb)
    project.python('migrate')
    project.python('upgrade')
    own = str(project.engine('other').url.database)
    other = os.path.join(project.path, 'other.db' if 'instance' in own
                         else os.path.join('instance', 'other.db'))
    if not os.path.isdir(os.path.dirname(other)):
        os.makedirs(os.path.dirname(other))
    if not multidb:
        import sqlite3
        connection = sqlite3.connect(other)
        connection.execute('CREATE TABLE log (id INTEGER)')
        connection.close()
        assert project.manage('upgrade').code == 0
        return
    project.engine('other').dispose()
    shutil.move(own, other)
    result = project.manage('upgrade')
    assert result.code == 1
    assert "SQLALCHEMY_BINDS['other']" in result.stderr
    assert not os.path.exists(own)
