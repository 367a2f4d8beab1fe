"""The whole way on real databases: SQLite, PostgreSQL, MariaDB."""
import io

import pytest

from flask_migrate import MigrationFailed, compat
from project import Project

ALEMBIC = compat.alembic.alembic_version()


@pytest.fixture
def run(tmpdir, database_url, command_line):
    """A project on a new database, and its command line."""
    project = Project(tmpdir, database_url)

    def run(*args):
        result = project.command_line(command_line, *args)
        assert result.code == 0, result
        return result
    run.project = project
    return run


def test_the_whole_way(run):
    project, db = run.project, run.project.db
    project.model('Author', name=db.Column(db.String(50), nullable=False))
    run('init')
    result = run('migrate', '-m', 'Add author')
    assert "Detected added table 'author'" in result.stderr
    assert project.tables() == []
    run('upgrade')
    assert project.tables() == ['author']
    project.execute("INSERT INTO author (name) VALUES ('Ada')")

    project.model(
        'Book', title=db.Column(db.String(80), unique=True, index=True),
        price=db.Column(db.Numeric(8, 2)), on_sale=db.Column(db.Integer),
        author_id=db.Column(db.Integer, db.ForeignKey('author.id')))
    run('migrate', '-m', 'Add book')
    assert len(project.scripts()) == 2
    run('upgrade')
    assert project.tables() == ['author', 'book']
    assert sorted(project.columns('book')) == [
        'author_id', 'id', 'on_sale', 'price', 'title']
    second, = project.version()
    assert second in run('current').stdout
    if ALEMBIC >= (0, 8):
        run('check')
        assert 'No changes in schema detected.' in run('migrate').output
    assert len(project.scripts()) == 2

    run('downgrade', '-1')
    assert project.tables() == ['author']
    assert project.query('SELECT name FROM author') == [('Ada',)]
    run('upgrade')
    run('downgrade', 'base')
    assert project.tables() == []
    assert project.version() == []
    sql = run('upgrade', '--sql').stdout
    assert 'CREATE TABLE author' in sql and 'CREATE TABLE book' in sql
    run('stamp', 'head')
    assert project.version() == [second]
    assert project.tables() == []


def test_a_column_on_a_table_with_rows(run):
    """Add as NULL, fill, then set NOT NULL; and back again."""
    project = run.project
    run('init')
    project.write_revision(
        'aaaa1', "op.create_table('post', sa.Column('id', sa.Integer, "
        "primary_key=True), sa.Column('title', sa.String(80)))",
        "op.drop_table('post')")
    run('upgrade')
    project.execute("INSERT INTO post (id, title) VALUES (1, 'one')")
    if ALEMBIC < (0, 7):
        pytest.skip('needs batch_alter_table, of Alembic 0.7')
    project.write_revision(
        'bbbb2',
        "with op.batch_alter_table('post') as batch:\n"
        "    batch.add_column(sa.Column('read_count', sa.Integer()))\n"
        "op.execute('UPDATE post SET read_count = 0')\n"
        "with op.batch_alter_table('post') as batch:\n"
        "    batch.alter_column('read_count', existing_type=sa.Integer(), "
        "nullable=False)",
        "with op.batch_alter_table('post') as batch:\n"
        "    batch.drop_column('read_count')", down='aaaa1')
    run('upgrade')
    assert project.query('SELECT title, read_count FROM post') == [('one', 0)]
    with pytest.raises(Exception):
        project.execute("INSERT INTO post (id, title) VALUES (2, 'two')")
    run('downgrade')
    assert sorted(project.columns('post')) == ['id', 'title']
    assert project.query('SELECT title FROM post') == [('one',)]


def test_several_commands_from_python(database_url, tmpdir):
    project = Project(tmpdir, database_url)
    project.model('User', name=project.db.Column(project.db.String(50)))
    project.python('init')
    script = project.python('migrate', message='Add user')
    project.python('upgrade')
    assert project.python('current')[0].revision == script.revision
    assert project.version() == [script.revision]
    assert project.python('migrate') is None
    project.python('downgrade')
    assert project.python('current') == []
    assert project.tables() == []


@pytest.mark.parametrize('kind', ['postgresql', 'mariadb'])
def test_binds(request, tmpdir, command_line, kind):
    """Two databases of different kinds, one of them without changes."""
    url = request.getfixturevalue(kind + '_url')
    project = Project(tmpdir, binds={'other': url, 'third': 'sqlite:///%s'
                                     % tmpdir.join('third.db')})
    project.model('User')
    project.model('Event', bind='other',
                  note=project.db.Column(project.db.String(40)))

    def run(*args):
        result = project.command_line(command_line, *args)
        assert result.code == 0, result
    run('init', '--multidb')
    run('migrate')
    run('upgrade')
    assert project.tables() == ['user']
    assert project.tables('other') == ['event']
    assert project.tables('third') == []
    assert project.version() == project.version('other') \
        == project.version('third')
    run('downgrade')
    assert project.tables() == project.tables('other') == []


def test_a_database_that_commits_by_itself_after_one_that_does_not(
        tmpdir, mariadb_url):
    """Each revision of it is recorded with what it has done."""
    project = Project(tmpdir, binds={'other': mariadb_url})
    project.python('init', multidb=True)
    body = "op.execute('CREATE TABLE %s (id INTEGER)')"
    for name, down, of_other in (
            ('a1', None, body % 'a1'),
            ('b2', 'a1', "op.execute('INSERT INTO nowhere VALUES (1)')")):
        path = project.write_revision(name, 'pass', down=down)
        with io.open(path, 'a', encoding='utf-8') as file:
            file.write(u"\n\ndef upgrade(engine_name):\n"
                       u"    if engine_name == 'other':\n        %s\n"
                       % of_other)
    with pytest.raises(MigrationFailed):
        project.python('upgrade')
    assert project.tables('other') == ['a1']
    assert project.version('other') == ['a1']
