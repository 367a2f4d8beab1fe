"""``doctor --find-revision``: which revision a database fits."""
import os

import pytest

from flask_migrate import compat
from project import Project


@pytest.fixture
def chain(tmpdir, database_url):
    return with_chain(Project(tmpdir, url=database_url))


@pytest.fixture
def on_sqlite(project):
    return with_chain(project)


def with_chain(project):
    """Four revisions, of which the third changes rows only."""
    project.python('init')
    project.write_revision(
        'a1', "op.create_table('person', sa.Column('id', sa.Integer(), "
        "primary_key=True), sa.Column('name', sa.String(20)))")
    project.write_revision(
        'b2', "op.add_column('person', sa.Column('age', sa.Integer()))",
        down='a1')
    project.write_revision(
        'c3', "op.execute('UPDATE person SET age = 1')", down='b2')
    project.write_revision(
        'd4', "op.create_table('item', sa.Column('id', sa.Integer()))",
        down='c3')
    return project


def lose(project):
    project.execute("UPDATE alembic_version SET version_num = 'zz'")


def answer(project, words=' fits '):
    """The finding that has the words."""
    found = project.python('doctor', find_revision=True).findings
    one, = [each for each in found if words in each.text]
    return one


@pytest.mark.parametrize('revision, title', [
    ('a1', 'revision a1 (a1_.py).'),
    ('b2', 'revision b2 (b2_.py), or c3 (c3_.py).'),
    ('d4', 'revision d4 (d4_.py).')])
def test_the_revision_that_fits(chain, revision, title):
    chain.python('upgrade', revision=revision)
    lose(chain)
    chain.execute('CREATE TABLE nobodys (id INTEGER)')
    one = answer(chain)
    assert one.level == 'note'
    assert one.text.endswith('fits ' + title) and one.details == []
    if revision == 'b2':
        assert 'look at what the later ones change in rows' in one.cure
    else:
        assert one.cure == "'stamp --purge %s' records that." % revision
    assert chain.version() == ['zz']


def test_nothing_is_changed(on_sqlite, command_line):
    on_sqlite.python('upgrade', revision='b2')
    lose(on_sqlite)
    on_sqlite.execute("INSERT INTO person (id, age) VALUES (1, 7)")
    path = on_sqlite.engine().url.database
    with open(path, 'rb') as file:
        before = file.read()
    result = on_sqlite.command_line(command_line, 'doctor',
                                    '--find-revision')
    assert result.code == 1         # the unknown revision is an error
    assert 'fits revision b2 (b2_.py), or c3' in result.stdout
    with open(path, 'rb') as file:
        assert file.read() == before


def test_what_it_recommends_works(on_sqlite):
    on_sqlite.python('upgrade', revision='a1')
    lose(on_sqlite)
    assert '--purge a1' in answer(on_sqlite).cure
    if compat.alembic.alembic_version() >= (1, 2):      # --purge
        on_sqlite.python('stamp', revision='a1', purge=True)
    else:
        on_sqlite.execute("UPDATE alembic_version SET version_num = 'a1'")
    on_sqlite.python('upgrade')
    assert on_sqlite.tables() == ['item', 'person']


def test_the_best_of_none_that_is_the_same(on_sqlite):
    on_sqlite.python('upgrade', revision='a1')
    on_sqlite.execute('ALTER TABLE person ADD COLUMN extra INTEGER')
    on_sqlite.execute('ALTER TABLE person ADD COLUMN age INTEGER')
    on_sqlite.execute('ALTER TABLE person ADD COLUMN more INTEGER')
    one = answer(on_sqlite)
    assert one.text.endswith(
        'fits revision b2 (b2_.py), or c3 (c3_.py) best, but for:')
    assert one.details == ['more: column person.extra',
                           'more: column person.more']


def test_types_decide(project):
    project.python('init')
    project.write_revision(
        'a1', "op.create_table('person', sa.Column('name', sa.String(20)))")
    project.write_revision(
        'b2', "op.drop_table('person')\n"
        "op.create_table('person', sa.Column('name', sa.String(40)))",
        down='a1')
    project.python('upgrade', revision='a1')
    assert answer(project).text.endswith('fits revision a1 (a1_.py).')
    project.python('upgrade')
    assert answer(project).text.endswith('fits revision b2 (b2_.py).')


def test_an_empty_database(on_sqlite):
    on_sqlite.execute('CREATE TABLE nobodys (id INTEGER)')
    one = answer(on_sqlite)
    assert 'fits no revision' in one.text


@pytest.mark.parametrize('body, words', [
    ('from flask import current_app', 'it imports flask'),
    ('from project import Project', 'it imports project'),
    ('import sqlite3', 'it imports sqlite3'),
    ('import os', 'it imports os'),
    ('from alembic import command', 'it imports command'),
    ("sa.create_engine('sqlite://')", 'it uses create_engine'),
    ('from sqlalchemy import create_engine as e', 'it imports create_engine'),
    ("make = sa.create_engine\nmake('sqlite://')", 'it uses create_engine'),
    ("open('x', 'w')", 'it uses open'),
    ("op.execute('''ATTACH DATABASE 'x' AS y''')",
     'its SQL reaches beyond the database'),
    ("op.execute('SELECT 1; drop database x')",
     'its SQL reaches beyond the database'),
])
def test_a_revision_that_could_reach_further(on_sqlite, body, words):
    on_sqlite.python('upgrade', revision='b2')
    trace = os.path.join(on_sqlite.path, 'trace')
    on_sqlite.write_revision(
        'e5', body, down='d4', header="def trace():\n    with open(%r, 'w'): "
        "pass\n" % trace if 'open(' in body else '')
    found = on_sqlite.python('doctor', find_revision=True).findings
    one, = [each for each in found
            if 'is not executed on a scratch database' in each.text]
    assert one.level == 'error' and words in one.text, one.text
    assert not [each for each in found if ' fits ' in each.text]
    assert not os.path.exists(trace)


def test_words_that_are_no_sql(on_sqlite):
    """A docstring may begin with USE."""
    on_sqlite.python('upgrade', revision='b2')
    on_sqlite.write_revision('e5', '"""use a new thing"""\n'
                             'import uuid, datetime', down='d4')
    assert 'b2' in answer(on_sqlite).text


@pytest.mark.parametrize('database_url', ['mariadb'], indirect=True)
def test_a_schema_that_is_another_database(chain):
    chain.python('upgrade', revision='b2')
    chain.write_revision('e5', "op.create_table('x', sa.Column('id', "
                         "sa.Integer()), schema='other')", down='d4')
    assert 'it names a schema' in answer(chain, 'is not executed').text


@pytest.mark.parametrize('database_url', ['mariadb'], indirect=True)
def test_sql_that_names_the_real_database(chain):
    chain.python('upgrade', revision='b2')
    chain.write_revision(
        'e5', "op.execute('DELETE FROM `%s`.person')"
        % chain.engine().url.database, down='d4')
    assert 'its SQL names the database' in answer(
        chain, 'is not executed').text


def test_a_revision_that_needs_rows(on_sqlite):
    on_sqlite.python('upgrade', revision='b2')
    on_sqlite.write_revision('c3', 'raise ValueError("no rows")', down='b2')
    found = on_sqlite.python('doctor', find_revision=True).findings
    one, = [each for each in found if 'cannot be built' in each.text]
    assert one.level == 'warning'
    assert 'Revision c3 (c3_.py)' in one.text and 'no rows' in one.text
    assert answer(on_sqlite).text.endswith('fits revision b2 (b2_.py).')


def test_revisions_that_form_no_chain(on_sqlite):
    on_sqlite.write_revision('e5', down='zz')
    assert answer(on_sqlite, 'they form no chain').level == 'error'


def test_idioms_of_sqlalchemy_1(on_sqlite):
    """What runs, runs here as well."""
    on_sqlite.write_revision('d4', "conn = op.get_bind()\n"
                             "conn.execute('CREATE TABLE item (id INTEGER)')",
                             down='c3')
    on_sqlite.python('upgrade')
    assert answer(on_sqlite).text.endswith('fits revision d4 (d4_.py).')


@pytest.mark.skipif(compat.alembic.alembic_version() < (1, 2),
                    reason='autocommit_block() came with Alembic 1.2')
def test_an_autocommit_block(chain):
    chain.write_revision(
        'd4', "with op.get_context().autocommit_block():\n"
        "    op.create_table('item', sa.Column('id', sa.Integer()))",
        down='c3')
    chain.python('upgrade')
    assert answer(chain).text.endswith('fits revision d4 (d4_.py).')


def test_several_databases(tmpdir):
    project = Project(tmpdir, binds={
        'one': 'sqlite:///%s' % tmpdir.join('one.db')})
    project.python('init', multidb=True)
    for name, down in (('a1', None), ('b2', 'a1')):
        path = project.write_revision(name, down=down)
        with open(path) as file:
            text = file.read()
        text = text.replace('def upgrade():\n    pass', (
            "def upgrade(engine_name):\n"
            "    op.create_table('t_%s_%%s' %% engine_name, "
            "sa.Column('id', sa.Integer()))" % name))
        with open(path, 'w') as file:
            file.write(text.replace('downgrade():', 'downgrade(engine_name):'))
    project.python('upgrade')
    project.execute('DROP TABLE t_b2_one', bind='one')
    found = [each.text for each in project.python(
        'doctor', find_revision=True).findings if ' fits ' in each.text]
    assert found == ["The database 'default' fits revision b2 (b2_.py).",
                     "The database 'one' fits revision a1 (a1_.py)."]


def test_no_scratch_database_is_left(chain):
    chain.python('upgrade')
    answer(chain)
    database = chain.engine().url
    if database.host:
        names = chain.query(
            'SELECT datname FROM pg_database' if 'postgres' in str(database)
            else 'SHOW DATABASES')
        assert not [row for row in names if 'scratch' in row[0]]
