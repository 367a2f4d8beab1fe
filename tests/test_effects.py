"""After any failure the message and the database agree.

Each revision here fails after it has ended its transaction in some way, or
has not.  What the message lists is executed on a copy, which must then be as
the database is.
"""
import pytest

from flask_migrate import MigrationFailed, compat
from project import Project

UPDATE = "op.execute('UPDATE t SET a = a * 100')\n"
FAIL = "op.execute('INSERT INTO nowhere VALUES (1)')\n"
BLOCK = "with op.get_context().autocommit_block():\n" \
    "    op.execute('INSERT INTO t VALUES (9)')\n"
START = ['CREATE TABLE t (a int)', 'INSERT INTO t VALUES (5)',
         'CREATE TABLE d (a int)', 'INSERT INTO d VALUES (1)',
         'INSERT INTO d VALUES (1)']
SERVERS = ['postgresql', 'mariadb']
ALL = ['sqlite'] + SERVERS

needs_blocks = pytest.mark.skipif(
    compat.alembic.alembic_version() < (1, 2),
    reason='Alembic has autocommit_block() from 1.2 on.')

#: Name, kinds of databases, and what the revision does.  The message lists
#: exactly what is permanent.
CERTAIN = [
    ('before', ALL, UPDATE + FAIL),
    ('ddl that exists', ALL, UPDATE + "op.execute('ALTER TABLE t ADD a int')"),
    ('ddl that lacks', ALL, UPDATE + "op.execute('DROP TABLE nowhere')"),
    ('ddl that is wrong', ALL, UPDATE + "op.execute('ALTERX TABLE t')"),
    ('ddl, then more', ALL, UPDATE + "op.execute('CREATE TABLE u (a int)')\n"
     + UPDATE + FAIL),
    ('commit', ALL, UPDATE + "op.execute('COMMIT')\n" + FAIL),
    ('commit, then more', ALL, UPDATE + "op.execute('/* now */ COMMIT')\n"
     + "op.execute('INSERT INTO t VALUES (9)')\n" + FAIL),
    ('rollback, then more', ALL, UPDATE + "op.execute('ROLLBACK')\n"
     + "op.execute('INSERT INTO t VALUES (9)')\n" + FAIL),
    ('exception', ALL, UPDATE + "raise RuntimeError('broken')"),
]
BLOCKS = [
    ('in a block', ALL, UPDATE + BLOCK + '    ' + FAIL),
    ('behind a block', ALL, UPDATE + BLOCK + UPDATE + FAIL),
    ('exception behind a block', ALL, UPDATE + BLOCK + UPDATE
     + "raise RuntimeError('broken')"),
]
#: Here nobody can know all: the message does not claim that all is as before.
UNCERTAIN = [
    ('commit of the driver', ALL, "connection = op.get_bind().connection\n"
     "connection.cursor().execute('UPDATE t SET a = a * 100')\n"
     "connection.commit()\n" + FAIL),
    ('script', ['sqlite'], "op.get_bind().connection.executescript('UPDATE t "
     "SET a = a * 100; INSERT INTO nowhere VALUES (1)')"),
    ('script, then more', ['sqlite'], UPDATE + "op.get_bind().connection."
     "executescript('UPDATE t SET a = a + 1')\n" + FAIL),
    ('another connection', SERVERS,
     "with op.get_bind().engine.connect() as other:\n"
     "    transaction = other.begin()\n"
     "    other.execute(sa.text('INSERT INTO d VALUES (5)'))\n"
     "    transaction.commit()\n" + FAIL),
    ('procedure', ['mariadb'], UPDATE + "op.execute('CALL p()')\n" + FAIL),
]


def each(cases):
    """The cases, one for each kind of database."""
    return [pytest.param(kind, body, id='%s-%s' % (name, kind))
            for name, kinds, body in cases for kind in kinds]


def make(request, tmpdir, kind, body=None):
    """A project at its first revision; *body* is pending."""
    url = None if kind == 'sqlite' else \
        request.getfixturevalue(kind + '_url')
    project = Project(tmpdir, url)
    project.python('init')
    project.write_revision('one', '\n'.join(
        'op.execute(%r)' % statement for statement in START))
    project.python('upgrade')
    if kind == 'mariadb':
        project.execute('CREATE PROCEDURE p() COMMIT')
    if body is not None:
        project.write_revision('two', body, down='one')
    return project


def state(project):
    return [(name, sorted(project.query('SELECT * FROM ' + name)))
            for name in project.tables()]


def fail(project):
    with pytest.raises(MigrationFailed) as caught:
        project.python('upgrade')
    assert project.version() == ['one']
    return caught.value


@pytest.mark.parametrize('kind, body', each(CERTAIN) + [
    pytest.param(*case.values, id=case.id, marks=needs_blocks)
    for case in each(BLOCKS)])
def test_what_is_listed_is_what_took_effect(request, tmpdir, kind, body):
    project = make(request, tmpdir, kind, body)
    before = state(project)
    error = fail(project)
    after, message = state(project), str(error)
    assert ('The database is at one, as before.' in message) \
        == (after == before)
    assert ('took effect:' in message) == (after != before)
    assert 'may be' not in message
    listed = [line[4:] for line in message.splitlines()
              if line.startswith('    ')]
    assert listed == error.took_effect
    for name in project.tables():
        project.execute('DROP TABLE ' + name)
    for statement in START + listed:
        project.execute(statement)
    assert state(project) == after


@pytest.mark.parametrize('kind, body', each(UNCERTAIN))
def test_where_nobody_knows_nothing_is_claimed(request, tmpdir, kind, body):
    message = str(fail(make(request, tmpdir, kind, body)))
    assert 'as before' not in message
    assert 'may be' in message


def test_a_failure_that_was_caught(request, tmpdir):
    """DDL commits also where it fails, and the error is gone."""
    error = fail(make(request, tmpdir, 'mariadb', UPDATE + (
        "try:\n    op.execute('ALTER TABLE t ADD a int')\n"
        "except Exception:\n    pass\n") + FAIL))
    assert error.took_effect == ['UPDATE t SET a = a * 100']


@needs_blocks
def test_an_index_that_is_not_valid(request, tmpdir):
    project = make(request, tmpdir, 'postgresql', (
        "with op.get_context().autocommit_block():\n"
        "    op.execute('CREATE UNIQUE INDEX CONCURRENTLY \"An index\" "
        "ON d (a)')"))
    message = str(fail(project))
    assert 'The index "An index" is left behind, and is not valid. Before ' \
        'the next run: DROP INDEX "An index"' in message
    assert 'as before' not in message
    project.execute('DROP INDEX "An index"')
    assert 'is left behind' in str(fail(project))


def test_a_commit_that_fails(request, tmpdir):
    """What is looked at by COMMIT only is not said to have taken effect."""
    project = make(request, tmpdir, 'postgresql', (
        "op.execute('CREATE TABLE p (a int PRIMARY KEY)')\n"
        "op.execute('CREATE TABLE c (a int REFERENCES p DEFERRABLE "
        "INITIALLY DEFERRED)')\n"
        "op.execute('INSERT INTO c VALUES (7)')\n"))
    before = state(project)
    with pytest.raises(Exception) as caught:
        project.python('upgrade')
    assert 'took effect' not in str(caught.value)
    assert state(project) == before
    assert project.version() == ['one']
