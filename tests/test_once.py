"""env.py runs once, whoever wrote it, and its connections stay its own."""
import io
import os
import sqlite3
import threading

import pytest
from sqlalchemy import event, text

from flask_migrate import CommandError, MigrationFailed, compat, dialects
from flask_migrate.dialects import sqlite as sqlite_dialect
from project import Project
from test_locking import on_log
from test_sqlite import BATCH, FAMILY, needs_batch, turn_foreign_keys_on

#: An env.py of one's own.
ENV_PY = u'''
from alembic import context
from flask import current_app
%(header)s
ext = current_app.extensions['migrate']
connection = ext.db.get_engine().connect()
%(before)s
try:
    context.configure(connection=connection,
                      target_metadata=ext.db.metadata, **ext.configure_args)
    with context.begin_transaction():
        context.run_migrations()
%(after)s
finally:
    connection.close()
'''
#: One that uses a Connection of its caller: Alembic's cookbook.
GIVEN = u'''
from alembic import context
connection = context.config.attributes['connection']
context.configure(connection=connection)
with context.begin_transaction():
    context.run_migrations()
'''
needs_attributes = pytest.mark.skipif(
    compat.alembic.alembic_version() < (0, 7, 5),
    reason='Config.attributes came with Alembic 0.7.5')
needs_heads = pytest.mark.skipif(
    not compat.alembic.has_branches(),
    reason='get_current_heads() came with Alembic 0.7')
needs_transactions_of_level = pytest.mark.skipif(
    compat.alembic.alembic_version() < (1, 5),
    reason='a Connection of an isolation level is another one then')
needs_in_transaction = pytest.mark.skipif(
    compat.python.PY2, reason='sqlite3 of 2.7 commits before DDL')


def write_env_py(project, content=ENV_PY, **parts):
    values = {'header': u'', 'before': u'', 'after': u''}
    for name, part in parts.items():
        indent = u'    ' if name == 'after' else u''
        values[name] = u'\n'.join(indent + line for line in part.splitlines())
    path = os.path.join(project.directory, 'env.py')
    with io.open(path, 'w', encoding='utf-8') as file:
        file.write(content % values if content is ENV_PY else content)


@pytest.fixture
def chain(project):
    """A project with three revisions, each of which makes a table."""
    project.python('init')
    for name, down in (('a1', None), ('b2', 'a1'), ('c3', 'b2')):
        project.write_revision(
            name, "op.execute('CREATE TABLE %s (id INTEGER)')" % name,
            "op.execute('DROP TABLE %s')" % name, down=down)
    return project


# ----------------------------------------------------------------- env.py once

@pytest.mark.parametrize('command', ['upgrade', 'stamp', 'downgrade'])
def test_env_py_runs_once(chain, command, capsys):
    if command == 'downgrade':
        chain.python('upgrade')
    write_env_py(chain, before=u"print('env.py runs')")
    chain.python(command)
    assert capsys.readouterr()[0].count('env.py runs') == 1
    chain.python(command)
    assert capsys.readouterr()[0].count('env.py runs') == 1


def test_what_env_py_does_after_its_migrations(chain):
    """It fills a table that they have made."""
    write_env_py(chain, header=u'import sqlalchemy as sa', after=(
        u"with connection.begin() if not connection.in_transaction() "
        u"else connection.begin_nested():\n"
        u"    connection.execute(sa.text('INSERT INTO c3 VALUES (1)'))\n"))
    chain.python('upgrade')
    assert chain.query('SELECT * FROM c3') == [(1,)]
    chain.python('upgrade')
    assert chain.query('SELECT * FROM c3') == [(1,), (1,)]


@pytest.mark.parametrize('end', [
    u'', u"getattr(connection, 'commit', lambda: None)()"])
def test_an_env_py_that_does_not_commit(chain, end):
    """Its own statement has begun a transaction, in SQLAlchemy 2.0."""
    connection = chain.engine().connect()
    connection.execute(text('SELECT 1'))
    begins = connection.in_transaction()
    connection.close()
    write_env_py(chain, header=u'from sqlalchemy import text',
                 before=u"connection.execute(text('SELECT 1'))", after=end)
    if end or not begins:
        chain.python('upgrade')
        assert chain.version() == ['c3']
        return
    with pytest.raises(CommandError) as caught:
        chain.python('upgrade')
    assert chain.tables() == []
    message = str(caught.value)
    assert 'env.py has not committed' in message
    assert 'is at base, as before: all of this run was rolled back' in message


def test_an_env_py_that_catches_exceptions(chain, capsys):
    """Waiting for another process is none of them."""
    write_env_py(chain, content=(ENV_PY % {
        'header': u'', 'before': u'', 'after': u''}).replace(
            u'        context.run_migrations()',
            u'        try:\n            context.run_migrations()\n'
            u"        except Exception:\n            print('swallowed')"))
    lock = dialects.of(chain.engine()).lock(chain.engine())
    assert lock.try_acquire()
    with on_log('Waiting up to', lock.release):
        chain.python('upgrade', wait=120)
    assert chain.tables() == ['a1', 'b2', 'c3']
    assert capsys.readouterr()[0] == ''


def test_dry_run_leaves_env_py(chain, capsys):
    write_env_py(chain, after=u"print('after the migrations')")
    assert len(chain.python('upgrade', dry_run=True)) == 3
    assert 'after' not in capsys.readouterr()[0]
    assert chain.tables() == []


def test_dry_run_of_all_databases(tmpdir):
    binds = {'users': 'sqlite:///%s' % tmpdir.join('users.db')}
    project = Project(tmpdir, binds=binds)
    project.python('init', multidb=True)
    project.write_revision('a1')
    assert len(project.python('upgrade', dry_run=True)) == 2
    for name in None, 'users':
        assert project.query('SELECT name FROM sqlite_master', name) == []


#: Goes on with a database of its own.
TWO_ENGINES = u'''
from alembic import context
from flask import current_app
from sqlalchemy import create_engine
db = current_app.extensions['migrate'].db
for engine in db.get_engine(), create_engine(%r):
    connection = engine.connect()
    context.configure(connection=connection, target_metadata=db.metadata)
    with context.begin_transaction():
        context.run_migrations()
    connection.close()
'''


@pytest.fixture
def two_engines(chain, tmpdir):
    """Its env.py goes on with a database of its own."""
    write_env_py(chain, TWO_ENGINES % (
        'sqlite:///%s' % tmpdir.join('second.db')))
    return chain


def test_dry_run_says_where_there_may_be_more(two_engines, command_line):
    more = 'There may be more: env.py names databases of its own.'
    result = two_engines.command_line(command_line, 'upgrade', '--dry-run')
    assert result.output.count('Would run') == 3
    assert more in result.output
    write_env_py(two_engines)
    result = two_engines.command_line(command_line, 'upgrade', '--dry-run')
    assert more not in result.output


def test_databases_of_env_pys_own_are_told_apart(two_engines, tmpdir):
    with sqlite3.connect(str(tmpdir.join('second.db'))) as second:
        second.execute('CREATE TABLE c3 (id INTEGER)')
    second.close()
    with pytest.raises(MigrationFailed) as caught:
        two_engines.python('upgrade')
    assert two_engines.version() == ['c3']
    lines = str(caught.value).splitlines()
    first, = [line for line in lines if 'app.db)' in line]
    second, = [line for line in lines if 'second.db)' in line]
    assert first.endswith(
        'is now at c3: what leads there has been applied.')
    assert second.endswith(
        'is at base, as before: all of this run was rolled back.')
    # And where nothing of it had been run, nothing was rolled back.
    two_engines.write_revision('d4', "op.execute('DROP TABLE c3')", down='c3')
    with sqlite3.connect(str(tmpdir.join('second.db'))) as second:
        second.execute(
            'CREATE TABLE alembic_version (version_num VARCHAR(32))')
        second.execute("INSERT INTO alembic_version VALUES ('c3')")
        second.execute('DROP TABLE c3')
    second.close()
    with pytest.raises(MigrationFailed) as caught:
        two_engines.python('upgrade')
    line, = [line for line in str(caught.value).splitlines()
             if 'second.db)' in line]
    assert line.endswith('is at c3, as before.')


# --------------------------------------------------------------- nothing to do

def test_nothing_to_do_beside_a_writer(chain):
    chain.python('upgrade')
    writer = sqlite3.connect(os.path.join(chain.path, 'app.db'), timeout=0)
    writer.isolation_level = None
    writer.execute('BEGIN IMMEDIATE')
    try:
        chain.python('upgrade')
    finally:
        writer.rollback()
        writer.close()


def test_nothing_to_do_takes_one_connection(chain):
    chain.python('upgrade')
    engine, opened = chain.engine(), []
    engine.dispose()
    event.listen(engine, 'connect', lambda *args: opened.append(args))
    chain.python('upgrade')
    assert len(opened) == 1
    assert not os.path.exists(
        os.path.join(chain.path, 'app.db.migrate-lock'))


def test_a_writer_is_waited_for(chain, monkeypatch):
    """The write begins with BEGIN IMMEDIATE: it waits, and does not fail."""
    event.listen(chain.engine(), 'connect', lambda connection, record:
                 connection.execute('PRAGMA busy_timeout=120000'))
    chain.engine().dispose()
    chain.python('upgrade', revision='a1')
    writer = sqlite3.connect(os.path.join(chain.path, 'app.db'),
                             check_same_thread=False)
    writer.isolation_level = None
    writer.execute('BEGIN IMMEDIATE')
    writer.execute('INSERT INTO a1 VALUES (7)')
    real, waiting = sqlite_dialect.execute, []

    def execute(raw, sql, *args):
        if sql == 'BEGIN IMMEDIATE' and not waiting:
            # Nobody tells that it waits, which it does from now on.
            waiting.append(threading.Timer(0.2, writer.commit))
            waiting[0].start()
        return real(raw, sql, *args)
    monkeypatch.setattr(sqlite_dialect, 'execute', execute)
    chain.python('upgrade')
    waiting[0].join()
    writer.close()
    assert chain.query('SELECT * FROM a1') == [(7,)]
    assert chain.tables() == ['a1', 'b2', 'c3']


# ------------------------------------------------ connections of other people

@needs_attributes
@needs_in_transaction
def test_the_transaction_of_a_caller(chain):
    write_env_py(chain, GIVEN)
    chain.execute('CREATE TABLE own (id INTEGER)')
    with chain.app.app_context():
        connection = chain.engine().connect()
        transaction = connection.begin()
        connection.execute(text('INSERT INTO own VALUES (1)'))
        upgrade_given(chain, connection)
        transaction.commit()
        connection.close()
    assert chain.query('SELECT * FROM own') == [(1,)]
    assert chain.tables() == ['a1', 'b2', 'c3', 'own']


@needs_attributes
@needs_in_transaction
def test_a_caller_that_rolls_back(chain):
    write_env_py(chain, GIVEN)
    with chain.app.app_context():
        connection = chain.engine().connect()
        raw = compat.sqlalchemy.raw_connection(connection)
        level = raw.isolation_level
        transaction = connection.begin()
        upgrade_given(chain, connection)
        transaction.rollback()
        # Its connection is as it was, and still its own.
        assert connection.execute(text('SELECT 1')).scalar() == 1
        assert raw.isolation_level == level
        connection.close()
    assert chain.tables() == []


@needs_attributes
@needs_in_transaction
def test_a_failure_in_the_transaction_of_a_caller(chain):
    """SQLAlchemy before 1.4 rolls it back, too; after that only he can."""
    write_env_py(chain, GIVEN)
    chain.execute('CREATE TABLE own (id INTEGER)')
    chain.write_revision('d4', "op.execute('INSERT INTO own VALUES (2)')\n"
                         "op.execute('INSERT INTO nowhere VALUES (1)')",
                         down='c3')
    with chain.app.app_context():
        connection = chain.engine().connect()
        transaction = connection.begin()
        with pytest.raises(MigrationFailed) as caught:
            upgrade_given(chain, connection)
        left = connection.execute(text('SELECT * FROM own')).fetchall()
        message = str(caught.value)
        assert ('as before' in message) == (not left)
        assert ('caller, on the connection that env.py was given: roll it '
                'back' in message) == bool(left)
        transaction.rollback()
        connection.close()
    assert chain.query('SELECT * FROM own') == []


def upgrade_given(project, connection):
    """Upgrade with a Connection in ``config.attributes``."""
    def give(config):
        config.attributes['connection'] = connection
        return config
    project.migrate.configure_callbacks[:] = [give]
    project.python('upgrade')


@needs_in_transaction
def test_what_the_session_has_not_committed(tmpdir):
    """One connection, in memory: what is open on it is not rolled back."""
    project = Project(tmpdir, 'sqlite://')
    project.python('init')
    project.write_revision('a1', "op.execute('CREATE TABLE a1 (id INTEGER)')")
    with project.app.app_context():
        project.db.session.execute(text('CREATE TABLE own (id INTEGER)'))
        project.db.session.execute(text('INSERT INTO own VALUES (1)'))
        import flask_migrate
        flask_migrate.upgrade()
        project.db.session.commit()
        assert project.db.session.execute(
            text('SELECT count(*) FROM own')).scalar() == 1
        assert 'a1' in project.tables()


def test_the_pool_gives_no_changed_connection(chain):
    """Nobody gets what the run has changed."""
    seen = []
    engine = chain.engine()
    turn_foreign_keys_on(chain)
    write_env_py(chain, after=u"pass")
    event.listen(engine, 'checkout', lambda raw, *args: seen.append(
        (raw.isolation_level,
         raw.execute('PRAGMA foreign_keys').fetchone()[0])))
    chain.write_revision('d4', "op.execute('CREATE TABLE d4 (id INTEGER)')\n"
                         "op.drop_table('d4')", down='c3')
    chain.python('upgrade')
    chain.python('current')
    chain.query('SELECT 1')
    assert len(seen) > 2 and len(set(seen)) == 1


# ---------------------------------------------------------------- foreign keys

@pytest.fixture
def family(project):
    turn_foreign_keys_on(project)
    project.python('init')
    project.write_revision('a1', FAMILY)
    project.python('upgrade')
    return project


def test_cascades_of_data_migrations(family):
    """ON DELETE CASCADE works in a revision as in the application."""
    family.write_revision('b2', "op.execute('DELETE FROM parent')", down='a1')
    family.python('upgrade')
    assert family.query('SELECT * FROM child') == []


def test_a_mismatched_foreign_key_elsewhere(project):
    """It does not keep everything else from being migrated."""
    turn_foreign_keys_on(project)
    project.python('init')
    project.write_revision(
        'a1', "op.execute('CREATE TABLE p (id INTEGER, code TEXT)')\n"
        "op.execute('CREATE TABLE c (code TEXT REFERENCES p (code))')")
    project.python('upgrade')
    project.write_revision(
        'b2', "op.execute('CREATE TABLE gone (id INTEGER)')\n"
        "op.drop_table('gone')\n"
        "op.execute('CREATE UNIQUE INDEX ix ON p (code)')", down='a1')
    project.python('upgrade')
    assert project.version() == ['b2']
    with project.engine().connect() as connection:
        assert connection.execute(
            text('PRAGMA foreign_keys')).scalar() == 1


def orphans(project, upgrade):
    """A database with an orphan, and a revision that switches keys off."""
    turn_foreign_keys_on(project)
    project.python('init')
    project.write_revision(
        'a1', "op.execute('CREATE TABLE p (id INTEGER PRIMARY KEY)')\n"
        "op.execute('CREATE TABLE c (id INTEGER PRIMARY KEY, "
        "p INTEGER REFERENCES p)')")
    project.python('upgrade')
    with sqlite3.connect(os.path.join(project.path, 'app.db')) as raw:
        raw.execute('INSERT INTO c VALUES (1, 99)')
    raw.close()
    project.write_revision(
        'b2', "op.execute('CREATE TABLE gone (id INTEGER)')\n"
        "op.drop_table('gone')\n" + upgrade, down='a1')


def test_violations_of_old_are_no_error(project):
    orphans(project, 'pass')
    project.python('upgrade')
    assert project.version() == ['b2']


def test_one_orphan_in_the_place_of_another(project):
    orphans(project, "op.execute('DELETE FROM c')\n"
            "op.execute('INSERT INTO c VALUES (2, 98)')")
    with pytest.raises(CommandError) as caught:
        project.python('upgrade')
    assert "'c' has rows that point to no row of 'p'" in str(caught.value)
    assert project.version() == ['a1']
    assert project.query('SELECT * FROM c') == [(1, 99)]


@needs_batch
@needs_attributes
@needs_in_transaction
def test_batch_in_the_transaction_of_a_caller(family):
    """It would delete the children: the run stops before it."""
    family.write_revision('b2', BATCH, down='a1')
    write_env_py(family, GIVEN)
    connection = family.engine().connect()
    transaction = connection.begin()
    connection.execute(text("UPDATE parent SET name = 'two'"))
    with pytest.raises(MigrationFailed) as caught:
        upgrade_given(family, connection)
    assert 'would delete' in str(caught.value)
    assert 'End that transaction first.' in str(caught.value)
    transaction.rollback()
    connection.close()
    assert family.query('SELECT * FROM child') == [(1, 1)]


@needs_batch
def test_batch_in_a_function_of_the_application(family):
    """Its file says nothing of it, until it has the comment."""
    hidden = BATCH.replace('op.batch_alter_table', "getattr(op, 'batch_' "
                           "'alter_table')").replace('batch_op', 'batch')
    family.write_revision('b2', hidden, down='a1')
    with pytest.raises(MigrationFailed) as caught:
        family.python('upgrade')
    assert 'would delete' in str(caught.value)
    assert 'write a comment there' in str(caught.value)
    assert family.query('SELECT * FROM child') == [(1, 1)]
    family.write_revision('b2', '# batch_alter_table\n' + hidden, down='a1')
    family.python('upgrade')
    assert family.query('SELECT * FROM child') == [(1, 1)]


# ------------------------------------------------------------------ batch mode

@needs_batch
def test_triggers_whatever_the_case_of_the_name(family):
    family.write_revision('b2', BATCH.replace("'parent'", "'Parent'"),
                          down='a1')
    family.python('upgrade')
    assert family.query("SELECT name FROM sqlite_master WHERE "
                        "type = 'trigger'") == [('touch',)]


@needs_batch
def test_a_trigger_that_names_a_dropped_column(family):
    family.execute('CREATE TRIGGER names_it AFTER INSERT ON child BEGIN '
                   'UPDATE child SET parent_id = new.parent_id; END')
    family.write_revision(
        'b2', "with op.batch_alter_table('child') as batch_op:\n"
        "    batch_op.drop_column('parent_id')", down='a1')
    with pytest.raises(MigrationFailed) as caught:
        family.python('upgrade')
    assert "trigger 'names_it' does not fit" in str(caught.value)
    assert family.columns('child') == ['id', 'parent_id']


@needs_batch
def test_how_alembic_calls_the_copy_of_a_table(family):
    """Triggers would be lost in silence if it were called otherwise."""
    names = []
    event.listen(family.engine(), 'before_cursor_execute', lambda c, cursor,
                 statement, *args: names.append(statement))
    family.write_revision('b2', BATCH, down='a1')
    family.python('upgrade')
    from flask_migrate.dialects.sqlite_batch import OLD_NAME, PREFIX
    renames = [name for name in names if ' RENAME TO ' in name]
    assert renames and all(PREFIX + 'parent' in name or OLD_NAME in name
                           for name in renames)
    assert [name for name in names if 'DROP TABLE' in name]


@needs_batch
def test_a_failed_rename_leaves_no_setting(family):
    family.write_revision(
        'b2', "from sqlalchemy import text\n"
        "op.execute('CREATE TABLE _alembic_tmp_x (id INTEGER)')\n"
        "bind = op.get_bind()\n"
        "try:\n"
        "    bind.execute(text('ALTER TABLE _alembic_tmp_x RENAME TO child'))"
        "\nexcept Exception:\n    pass\n"
        "found = bind.execute(text('PRAGMA legacy_alter_table')).fetchall()\n"
        "assert [tuple(row) for row in found] in ([(0,)], []), found",
        down='a1')
    family.python('upgrade')
    assert family.version() == ['b2']


# --------------------------------------------------------- what env.py says

@pytest.mark.parametrize('said', [False, True])
def test_what_env_py_says_wins(project, said):
    """Also where it happens to be Alembic's default."""
    if compat.alembic.alembic_version() < (0, 7):
        pytest.skip('render_as_batch needs Alembic 0.7')
    project.migrate.alembic_ctx_kwargs['render_as_batch'] = not said
    project.app.extensions['migrate'].configure_args[
        'render_as_batch'] = not said
    project.python('init')
    path = os.path.join(project.directory, 'env.py')
    with io.open(path, 'w', encoding='utf-8') as file:
        file.write(
            u'from alembic import context\nfrom flask import current_app\n'
            u"ext = current_app.extensions['migrate']\n"
            u'with ext.db.get_engine().connect() as connection:\n'
            u'    context.configure(connection=connection, render_as_batch=%s,'
            u' target_metadata=ext.db.metadata)\n'
            u"    print(context.get_context().opts['render_as_batch'])\n"
            u'    context.run_migrations()\n' % said)
    assert str(said) in printed(project, 'current')


def printed(project, command):
    import sys
    from io import StringIO
    before, sys.stdout = sys.stdout, StringIO() if not compat.python.PY2 \
        else __import__('cStringIO').StringIO()
    try:
        project.python(command)
        return sys.stdout.getvalue()
    finally:
        sys.stdout = before


def test_alembics_own_commands_with_our_config(chain):
    """As conftest.py files of applications call them."""
    from alembic import command
    write_env_py(chain, content=(ENV_PY % {
        'header': u'', 'before': u'', 'after': u''}).replace(
            u'target_metadata=', u'compare_type=True, target_metadata='))
    state = chain.app.extensions['migrate']
    with chain.app.app_context():
        command.upgrade(chain.migrate.get_config(), 'head')
        command.downgrade(chain.migrate.get_config(), 'a1')
    assert chain.tables() == ['a1']
    assert chain.app.extensions['migrate'] is state
    assert state.db is chain.db
    assert state.configure_args['compare_type'] is True


def test_a_script_directory_of_ones_own(chain, monkeypatch):
    from alembic import command
    read = []

    class Own(command.ScriptDirectory):
        @classmethod
        def from_config(cls, config):
            read.append(config)
            return super(Own, cls).from_config(config)
    monkeypatch.setattr(command, 'ScriptDirectory', Own)
    for name in 'heads', 'current', 'upgrade':
        del read[:]
        chain.python(name)
        assert read


# ------------------------------------------------------ what is true meanwhile

@needs_heads
def test_env_py_asks_for_the_heads_as_well(chain, capsys):
    """Before and after its migrations; it does not end the plan."""
    write_env_py(chain, content=(ENV_PY % {
        'header': u'', 'before': u'ext.asked = []',
        'after': u'    ext.asked.append(ask())'}).replace(
            u'    with context.begin', u'    ask = context.get_context()'
            u'.get_current_heads\n    ext.asked.append(ask())\n'
            u'    with context.begin'))
    chain.python('upgrade', progress=True)
    state = chain.app.extensions['migrate']
    assert [tuple(each) for each in state.asked] == [(), ('c3',)]
    assert 'Nothing to do' not in capsys.readouterr()[1]


@needs_heads
def test_env_py_stamps_before_its_migrations(chain):
    """What is recorded then is not run."""
    write_env_py(chain, content=(ENV_PY % {
        'header': u'', 'before': u'', 'after': u''}).replace(
            u'    with context.begin_transaction():\n',
            u'    with context.begin_transaction():\n'
            u'        here = context.get_context()\n'
            u'        if not here.get_current_heads():\n'
            u"            here.stamp(context.script, 'a1')\n"))
    chain.python('upgrade')
    assert chain.tables() == ['b2', 'c3']
    assert chain.version() == ['c3']


def test_what_env_py_writes_before_its_migrations(chain):
    """In the transaction of the migrations, which is not begun anew."""
    write_env_py(chain, content=(ENV_PY % {
        'header': u'from sqlalchemy import text', 'before': u'',
        'after': u''}).replace(
            u'        context.run_migrations',
            u"        connection.execute(text('CREATE TABLE own (id INT)'))\n"
            u"        connection.execute(text('INSERT INTO own VALUES (7)'))\n"
            u'        context.run_migrations'))
    chain.python('upgrade')
    assert chain.version() == ['c3']
    assert chain.query('SELECT id FROM own') == [(7,)]


def test_what_was_planned_before_waiting_is_forgotten(chain, capsys):
    lock = dialects.of(chain.engine()).lock(chain.engine())
    assert lock.try_acquire()
    with on_log('Waiting up to', lock.release):
        chain.python('upgrade', wait=120, progress=True)
    error = capsys.readouterr()[1]
    assert '[1/3]' in error and '[3/3]' in error
    assert 'Nothing to do' not in error
    chain.python('downgrade', revision='base')
    assert lock.try_acquire()

    def migrated():
        """As if the other process had done all of it."""
        for name in 'a1', 'b2', 'c3':
            chain.execute('CREATE TABLE %s (id INTEGER)' % name)
        chain.execute("INSERT INTO alembic_version VALUES ('c3')")
        lock.release()
    with on_log('Waiting up to', migrated):
        chain.python('upgrade', wait=120, progress=True)
    assert capsys.readouterr()[1].count('Nothing to do') == 1
    chain.write_revision('d4', '1 / 0', down='c3')
    assert lock.try_acquire()
    with on_log('Waiting up to', lock.release):
        with pytest.raises(MigrationFailed) as caught:
            chain.python('upgrade', wait=120)
    assert str(caught.value).count('at c3') == 1


@needs_transactions_of_level
@pytest.mark.parametrize('level', ['REPEATABLE READ', 'SERIALIZABLE'])
def test_a_snapshot_that_is_too_old_for_what_is_left(
        tmpdir, postgresql_url, level):
    """Another process has applied the first revision meanwhile."""
    project = Project(tmpdir, postgresql_url)
    project.python('init')
    for name, down in (('a1', None), ('b2', 'a1'), ('c3', 'b2')):
        project.write_revision(
            name, "op.execute('CREATE TABLE %s (id INTEGER)')" % name,
            down=down)
    project.python('upgrade', revision='a1')

    def other():
        if 'b2' not in project.tables():
            project.execute('CREATE TABLE b2 (id INTEGER)')
            project.execute("UPDATE alembic_version SET version_num = 'b2'")
    project.app.extensions['migrate'].other = other
    write_env_py(project, content=(
        ENV_PY % {'header': u'from sqlalchemy import text', 'before': (
            u"connection = connection.execution_options(isolation_level="
            u"'%s')\ntransaction = connection.begin()\n"
            u"connection.execute(text('SELECT 1 FROM alembic_version'))"
            u".fetchall()\n"
            u"ext.other()") % level, 'after': u'    transaction.commit()'}))
    project.python('upgrade')
    assert project.version() == ['c3']
    assert project.tables() == ['a1', 'b2', 'c3']
