"""A migration that fails, anywhere and anyhow, leaves the database whole.

One revision of ten mixed statements fails before each of them, alone and as
the third of five pending ones, by an exception, by an SQL error, by DDL that
fails, after a COMMIT of its own, by Ctrl-C, SIGTERM and SIGKILL, on real
SQLite, PostgreSQL and MariaDB.  Where something is permanent, what the message
lists is executed on a copy.  FLASK_MIGRATE_SLOW=1 runs it at every statement;
otherwise at some.
"""
from contextlib import contextmanager
import json
import os
import signal

import pytest

from flask_migrate import MigrationFailed
from project import Project
from variants import SLOW

#: What upgrade() does.
STATEMENTS = [
    "op.create_table('added', sa.Column('id', sa.Integer, primary_key=True),"
    " sa.Column('name', sa.String(20)))",
    "op.execute(\"INSERT INTO added (id, name) VALUES (1, 'one')\")",
    "op.add_column('parent', sa.Column('extra', sa.Integer))",
    "op.create_index('ix_parent_extra', 'parent', ['extra'])",
    "with op.batch_alter_table('parent') as batch_op:\n"
    "    batch_op.alter_column('name', existing_type=sa.String(20),"
    " type_=sa.String(40))",
    "op.execute('UPDATE parent SET extra = 7')",
    "op.drop_index('ix_child_note', 'child')",
    "op.drop_table('obsolete')",
    "op.create_table('second', sa.Column('id', sa.Integer, primary_key=True),"
    " sa.Column('parent_id', sa.Integer, sa.ForeignKey('parent.id')))",
    "op.execute('INSERT INTO second (id, parent_id) VALUES (1, 1)')",
]
UNDO = [
    "op.drop_table('second')",
    "op.create_table('obsolete', sa.Column('id', sa.Integer,"
    " primary_key=True))",
    "op.create_index('ix_child_note', 'child', ['note'])",
    "op.drop_index('ix_parent_extra', 'parent')",
    "with op.batch_alter_table('parent') as batch_op:\n"
    "    batch_op.drop_column('extra')\n"
    "    batch_op.alter_column('name', existing_type=sa.String(40),"
    " type_=sa.String(20))",
    "op.drop_table('added')",
]
START = [
    "op.create_table('parent', sa.Column('id', sa.Integer, primary_key=True),"
    " sa.Column('name', sa.String(20)))",
    "op.create_table('child', sa.Column('id', sa.Integer, primary_key=True),"
    " sa.Column('note', sa.String(20)), sa.Column('parent_id', sa.Integer,"
    " sa.ForeignKey('parent.id', ondelete='CASCADE')))",
    "op.create_index('ix_child_note', 'child', ['note'])",
    "op.create_table('obsolete', sa.Column('id', sa.Integer,"
    " primary_key=True))",
    "op.execute(\"INSERT INTO parent (id, name) VALUES (1, 'one')\")",
    "op.execute(\"INSERT INTO child (id, note, parent_id)"
    " VALUES (1, 'first', 1)\")",
]
SQLITE_START = [
    "op.execute('CREATE VIEW names AS SELECT name FROM parent')",
    "op.execute('CREATE TRIGGER touch AFTER UPDATE ON parent BEGIN"
    " UPDATE child SET note = new.name WHERE parent_id = new.id; END')",
]
#: The revisions of the projects.
CHAINS = {'alone': ['start', 'faulty'],
          'third': ['start', 'one', 'two', 'faulty', 'four', 'five']}
WAYS = ['exception', 'sql', 'ddl', 'interrupt', 'terminate', 'kill']
NAMES = sorted(CHAINS) if SLOW else ['third']
POSITIONS = list(range(len(STATEMENTS) + 1)) if SLOW else [1, 6]
#: Pairs of a chain and a way to fail in it.
FAULTS = [(names, way) for way in WAYS for names in NAMES]

#: What the revision asks before each statement; see reach().
fault = {'position': None, 'way': None}


def reach(op, position):
    """Called by the revision before each of its statements."""
    if position != fault['position']:
        return
    if fault['way'] == 'exception':
        raise RuntimeError('broken')
    if fault['way'] == 'sql':
        op.execute('INSERT INTO nowhere VALUES (1)')
    if fault['way'] == 'ddl':
        op.execute('ALTER TABLE child ADD COLUMN note VARCHAR(20)')
    if fault['way'] == 'commit':
        op.execute('COMMIT')
        op.execute('INSERT INTO nowhere VALUES (1)')
    if fault['way'] == 'terminate':
        os.kill(os.getpid(), signal.SIGTERM)
    if fault['way'] == 'interrupt':
        os.kill(os.getpid(), signal.SIGINT)
    if fault['way'] == 'kill':
        os.kill(os.getpid(), signal.SIGKILL)


def _body(statements, reaching=False):
    lines = []
    for position, statement in enumerate(statements):
        if reaching:
            lines.append('reach(op, %d)' % position)
        lines.append(statement)
    if reaching:
        lines.append('reach(op, %d)' % len(statements))
    return '\n'.join(lines)


class Chain(object):
    """A project whose database is at 'start', with revisions pending."""

    def __init__(self, path, url, names):
        self.project = Project(path, url)
        self.kind = self.project.engine().dialect.name
        if self.kind == 'sqlite':
            from sqlalchemy import event
            event.listen(self.project.engine(), 'connect',
                         lambda connection, record:
                         connection.execute('PRAGMA foreign_keys=ON'))
        self.project.python('init')
        start = START + (SQLITE_START if self.kind == 'sqlite' else [])
        down = None
        for name in names:
            if name == 'start':
                self.write(name, _body(start), 'pass', down)
            elif name == 'faulty':
                self.write(name, _body(STATEMENTS, True), _body(UNDO), down,
                           header='from test_faults import reach')
            else:
                self.write(name, "op.create_table('%s', sa.Column('id', "
                           "sa.Integer, primary_key=True))" % name,
                           "op.drop_table('%s')" % name, down)
            down = name
        self.head = down
        self.project.python('upgrade', revision='start')
        self.before = self.state()
        if self.kind == 'sqlite':
            self.dump = self.sqlite_dump()

    def sqlite_dump(self):
        connection = self.project.engine().raw_connection()
        try:
            raw = getattr(connection, 'dbapi_connection', None) \
                or connection.connection
            assert raw.execute('PRAGMA integrity_check').fetchall() \
                == [('ok',)]
            return list(raw.iterdump())
        finally:
            connection.close()

    def write(self, name, upgrade, downgrade, down, header=''):
        self.project.write_revision(name, upgrade, downgrade, down, header)

    def state(self):
        """Schema, rows and version, as text that can be compared."""
        if self.kind == 'sqlite':
            # Statements are listed on one line.
            return '\n'.join(sorted(' '.join(line.split())
                                    for line in self.sqlite_dump()))
        return '\n'.join(_described(self.project))

    def upgrade_in_child(self):
        """Upgrade in a process that kills itself on the way."""
        self.project.engine().dispose()
        child = os.fork()
        if not child:
            try:
                self.project.python('upgrade')
            finally:
                os._exit(1)
        _, status = os.waitpid(child, 0)
        assert os.WIFSIGNALED(status), status

    def terminated(self):
        """Upgrade with a command line in a process that gets SIGTERM.

        :return: what it says, as the exception of Ctrl-C has it.
        """
        self.project.engine().dispose()
        path = os.path.join(self.project.path, 'result')
        child = os.fork()
        if not child:
            try:
                result = self.project.manage('upgrade')
                with open(path, 'w') as file:
                    json.dump([result.code, result.stderr], file)
            finally:
                os._exit(0)
        os.waitpid(child, 0)
        with open(path) as file:
            code, said = json.load(file)
        os.remove(path)
        assert code == 143, said
        error = KeyboardInterrupt()
        error.report = said
        return error

    def fail(self):
        """Upgrade, which fails; return the exception, if one can."""
        way = fault['way']
        if way == 'kill':
            self.upgrade_in_child()
            return None
        if way == 'terminate':
            return self.terminated()
        with pytest.raises(KeyboardInterrupt if way == 'interrupt'
                           else MigrationFailed) as caught:
            self.project.python('upgrade')
        return caught.value


def _described(project):
    """Tables, columns, indexes and rows of a server's database."""
    from sqlalchemy import MetaData
    metadata = MetaData()
    metadata.reflect(bind=project.engine())
    for table in sorted(metadata.tables.values(), key=lambda t: t.name):
        for column in table.columns:
            yield '%s.%s %s %s' % (table.name, column.name, column.type,
                                   column.nullable)
        for index in sorted(table.indexes, key=lambda i: i.name):
            yield '%s %s' % (index.name,
                             [column.name for column in index.columns])
        for row in sorted(project.query('SELECT * FROM %s' % table.name),
                          key=str):
            yield '%s %s' % (table.name, [str(value) for value in row])


@pytest.fixture(scope='module')
def chains():
    return {}


@pytest.fixture
def chain(request, chains, tmpdir_factory, kind, names):
    """The chain of a kind of database, as new."""
    if (kind, names) not in chains:
        path = tmpdir_factory.mktemp('%s_%s' % (kind, names))
        if kind == 'sqlite':
            url = None
        else:
            server = request.getfixturevalue(kind + '_server')
            url = server.url(server.create_database())
        chains[kind, names] = Chain(path, url, CHAINS[names])
    fault.update(position=None, way=None)
    return chains[kind, names]


@pytest.mark.parametrize('position', POSITIONS)
@pytest.mark.parametrize('names, way', FAULTS)
@pytest.mark.parametrize('kind', ['sqlite', 'postgresql'])
def test_all_or_nothing(chain, kind, names, way, position):
    if not hasattr(__import__('alembic.command').command, 'heads'):
        pytest.skip('Alembic before 0.7 has no batch operations')
    fault.update(position=position, way=way)
    error = chain.fail()
    assert chain.state() == chain.before
    if way in ('exception', 'sql', 'ddl'):
        assert error.revision == 'faulty'
        assert error.line
        assert error.direction == 'upgrade'
        assert 'at start, as before' in str(error)
        assert (error.statement is not None) == (way != 'exception')
    elif way in ('interrupt', 'terminate'):
        assert 'Interrupted in revision faulty (upgrade).' in error.report
        assert 'at start, as before' in error.report
    # The cause is gone: the same command succeeds, and back again.
    fault.update(position=None)
    chain.project.python('upgrade')
    assert chain.project.version() == [chain.head]
    assert chain.project.query('SELECT extra FROM parent') == [(7,)]
    assert chain.project.query('SELECT id, parent_id FROM child') == [(1, 1)]
    chain.project.python('downgrade', revision='start')
    assert chain.project.version() == ['start']
    if kind == 'sqlite':
        # Batch mode writes the column's type anew; the trigger fired.
        _restore_sqlite(chain)
    assert chain.state() == chain.before


def _restore_sqlite(chain):
    """Make the database what it was, from its own dump."""
    with _raw_sqlite(chain.project) as raw:
        _empty_sqlite(raw)
        lines = [line for line in chain.dump if line not in (
            'BEGIN TRANSACTION;', 'COMMIT;')]
        for line in lines:
            raw.execute(line)


@contextmanager
def _raw_sqlite(project):
    """A connection as a run has it, without transactions."""
    connection = project.engine().raw_connection()
    try:
        raw = getattr(connection, 'dbapi_connection', None) \
            or connection.connection
        raw.isolation_level = None
        raw.execute('PRAGMA foreign_keys=OFF')
        raw.execute('PRAGMA legacy_alter_table=ON')
        yield raw
        raw.execute('PRAGMA legacy_alter_table=OFF')
        raw.execute('PRAGMA foreign_keys=ON')
        raw.isolation_level = ''
    finally:
        connection.close()


def _empty_sqlite(raw):
    names = raw.execute("SELECT type, name FROM sqlite_master WHERE type "
                        "IN ('view', 'table', 'trigger')").fetchall()
    for kind, name in sorted(names, reverse=True):
        raw.execute('DROP %s IF EXISTS "%s"' % (kind, name))


@pytest.mark.parametrize('position', POSITIONS)
@pytest.mark.parametrize('names', NAMES)
@pytest.mark.parametrize('kind', ['sqlite', 'postgresql', 'mariadb'])
def test_a_commit_inside(chain, kind, names, position):
    """What a revision has committed before it failed is what is listed."""
    if not hasattr(__import__('alembic.command').command, 'heads'):
        pytest.skip('Alembic before 0.7 has no batch operations')
    project = chain.project
    done_before = CHAINS[names][CHAINS[names].index('faulty') - 1]
    fault.update(position=position, way='commit')
    error = chain.fail()
    after, message = chain.state(), str(error)
    # On PostgreSQL the revisions before it are committed along with it.
    assert project.version() == [done_before]
    assert 'at %s' % done_before in message
    assert bool(error.took_effect) == (position > 0)
    for statement in error.took_effect:
        assert statement in message
    _reset(chain, done_before)
    _replay(chain, error.took_effect)
    assert chain.state() == after
    _reset(chain, 'start')
    assert chain.state() == chain.before


def _replay(chain, statements):
    if chain.kind == 'sqlite':
        with _raw_sqlite(chain.project) as raw:
            for statement in statements:
                raw.execute(statement)
        return
    for statement in statements:
        chain.project.execute(statement.replace(':', '\\:'))


@pytest.mark.parametrize('position', POSITIONS)
@pytest.mark.parametrize('names, way', FAULTS)
@pytest.mark.parametrize('kind', ['mariadb'])
def test_what_took_effect(chain, kind, names, way, position):
    """MariaDB is where the message says, and can be finished from there."""
    if not hasattr(__import__('alembic.command').command, 'heads'):
        pytest.skip('Alembic before 0.7 has no batch operations')
    project = chain.project
    done_before = CHAINS[names][CHAINS[names].index('faulty') - 1]
    project.python('upgrade', revision=done_before)
    before = chain.state()
    fault.update(position=position, way=way)
    error = chain.fail()
    assert project.version() == [done_before]
    after = chain.state()
    if way != 'kill':
        message = getattr(error, 'report', None) or str(error)
        assert 'is at %s' % done_before in message \
            or 'now at %s' % done_before in message
        effect = getattr(error, 'took_effect', None)
        if effect is None:
            effect = _listed(message)
        assert bool(effect) == (position > 0)
        for statement in effect:
            assert statement in message
        # The statements that are named, and no others, make the difference.
        _reset(chain, done_before)
        assert chain.state() == before
        _replay(chain, effect)
        assert chain.state() == after
    _reset(chain, done_before)
    fault.update(position=None)
    project.python('upgrade')
    assert project.version() == [chain.head]
    _reset(chain, 'start')
    assert chain.state() == chain.before


def _listed(message):
    """The statements that a report lists as done."""
    return [line.strip() for line in message.splitlines()
            if line.startswith('    ')]


def _reset(chain, revision):
    """Drop everything and migrate to a revision again."""
    fault.update(position=None)
    if chain.kind == 'sqlite':
        with _raw_sqlite(chain.project) as raw:
            _empty_sqlite(raw)
    elif chain.kind == 'postgresql':
        chain.project.execute('DROP SCHEMA public CASCADE')
        chain.project.execute('CREATE SCHEMA public')
    else:
        _empty_mariadb(chain.project)
    chain.project.python('upgrade', revision=revision)


def _empty_mariadb(project):
    engine = project.engine()
    connection = engine.connect()
    try:
        from sqlalchemy import text
        transaction = connection.begin()
        connection.execute(text('SET FOREIGN_KEY_CHECKS=0'))
        for name in project.tables() + ['alembic_version']:
            connection.execute(text('DROP TABLE IF EXISTS `%s`' % name))
        connection.execute(text('SET FOREIGN_KEY_CHECKS=1'))
        transaction.commit()
    finally:
        connection.close()
