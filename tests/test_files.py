"""Backups, and the revision files that a command writes or leaves alone."""
import io
import logging
import os
import sqlite3
import stat

import pytest

from flask_migrate import compat, dialects
from flask_migrate.compat import sqlite
from flask_migrate.errors import MigrateError
from flask_migrate.folder.writing import WrittenFiles
from variants import slow

TABLE = "op.execute('CREATE TABLE %s (id INTEGER)')"


@pytest.fixture
def chain(project):
    """Three revisions, of which the first is applied."""
    project.python('init')
    for rev_id, down in (('a1', None), ('b2', 'a1'), ('c3', 'b2')):
        project.write_revision(rev_id, TABLE % rev_id,
                               "op.execute('DROP TABLE %s')" % rev_id, down)
    project.python('upgrade', revision='a1')
    return project


@pytest.fixture
def written_ahead(chain):
    """A database whose rows are still in its write-ahead log.

    Two connections keep it there; the number of rows is 101.
    """
    path = chain.engine().url.database
    chain.engine().dispose()
    writer, reader = sqlite3.connect(path), sqlite3.connect(path)
    writer.execute('PRAGMA journal_mode=WAL')
    writer.execute('CREATE TABLE t (id INTEGER)')
    writer.execute('INSERT INTO t VALUES (0)')
    writer.commit()
    reader.execute('BEGIN')
    reader.execute('SELECT * FROM t').fetchall()
    writer.executemany('INSERT INTO t VALUES (?)',
                       [(number,) for number in range(100)])
    writer.commit()
    yield path
    for connection in (writer, reader):
        connection.close()


def rows(path, sql='SELECT count(*) FROM t'):
    connection = sqlite3.connect(path)
    try:
        return connection.execute(sql).fetchall()
    finally:
        connection.close()


@pytest.mark.once
@pytest.mark.parametrize('error', [
    EnvironmentError(28, 'No space left on device'), KeyboardInterrupt()])
def test_half_a_revision_file_is_removed(chain, monkeypatch, error):
    name = 'replace' if hasattr(os, 'replace') else 'rename'
    before = sorted(os.listdir(chain.versions))

    def move(source, target):
        assert os.path.exists(source) and not os.path.exists(target)
        raise error
    with monkeypatch.context() as patch:
        patch.setattr(os, name, move)
        with pytest.raises((EnvironmentError, MigrateError,
                            KeyboardInterrupt)):
            chain.python('revision', message='more')
    assert sorted(os.listdir(chain.versions)) == before


# Backups --------------------------------------------------------------------

def test_backup_has_what_is_in_the_log(chain, written_ahead, command_line):
    path = os.path.join(chain.path, 'copy.db')
    result = chain.command_line(command_line, 'upgrade', '--backup=' + path)
    assert result.code == 0, result
    assert rows(path) == [(101,)]
    assert rows(path, 'SELECT version_num FROM alembic_version') == [('a1',)]


@pytest.mark.parametrize('copy', ['copy_pages', 'copy_by_vacuum'])
def test_every_way_to_copy(written_ahead, tmpdir, copy):
    raw = sqlite3.connect(written_ahead)
    if copy == 'copy_pages' and not hasattr(raw, 'backup'):
        pytest.skip('Python 3.7 can do that.')
    path = str(tmpdir.join('copy.db'))
    io.open(path, 'w').close()
    try:
        getattr(sqlite, copy)(raw, written_ahead, path)
    finally:
        raw.close()
    assert rows(path) == [(101,)]


@slow                       # SQLite waits five seconds
@pytest.mark.once
def test_a_file_is_copied_only_when_its_log_is_empty(written_ahead, tmpdir):
    raw = sqlite3.connect(written_ahead)
    path = str(tmpdir.join('copy.db'))
    with pytest.raises(EnvironmentError) as caught:
        sqlite.copy_file(raw, written_ahead, path)
    raw.close()
    assert 'log is in use' in str(caught.value)


def test_a_file_is_copied_with_what_was_in_its_log(chain, tmpdir):
    database, path = chain.engine().url.database, str(tmpdir.join('copy.db'))
    chain.engine().dispose()
    writer = sqlite3.connect(database)
    writer.execute('PRAGMA journal_mode=WAL')
    writer.execute('CREATE TABLE t (id INTEGER)')
    writer.execute('INSERT INTO t VALUES (0)')
    writer.commit()
    raw = sqlite3.connect(database)
    sqlite.copy_file(raw, database, path)
    for connection in (raw, writer):
        connection.close()
    assert rows(path) == [(1,)]


@pytest.mark.skipif(os.name != 'posix', reason='needs permissions')
@pytest.mark.parametrize('mode', [0o600, 0o640])
def test_backup_is_as_private_as_the_database(chain, mode):
    path = os.path.join(chain.path, 'copy.db')
    os.chmod(chain.engine().url.database, mode)
    before = os.umask(0o022)
    try:
        chain.python('upgrade', backup=path)
    finally:
        os.umask(before)
    assert stat.S_IMODE(os.stat(path).st_mode) == mode


@pytest.mark.skipif(os.name != 'posix', reason='needs links')
def test_backup_follows_no_link(chain):
    path = os.path.join(chain.path, 'copy.db')
    elsewhere = os.path.join(chain.path, 'elsewhere')
    os.symlink(elsewhere, path)
    with pytest.raises(MigrateError) as caught:
        chain.python('upgrade', backup=path)
    assert 'already exists' in str(caught.value)
    assert not os.path.exists(elsewhere)
    assert chain.version() == ['a1']


def test_backup_after_waiting_for_another_process(chain, caplog):
    path = os.path.join(chain.path, 'copy.db')
    lock = dialects.of(chain.engine()).lock(chain.engine())
    assert lock.try_acquire()

    class GiveUp(logging.Handler):
        def emit(self, record):
            if 'is migrating this database' in record.getMessage():
                lock.release()
    handler = GiveUp()
    logging.getLogger('flask_migrate').addHandler(handler)
    try:
        with caplog.at_level(logging.INFO, 'flask_migrate'):
            chain.python('upgrade', backup=path)
    finally:
        logging.getLogger('flask_migrate').removeHandler(handler)
        lock.release()
    assert 'Waiting up to' in caplog.text
    assert chain.version() == ['c3']
    assert rows(path, 'SELECT version_num FROM alembic_version') == [('a1',)]


OWN_ENGINES = u'''
from alembic import context
from sqlalchemy import create_engine

for url in %r:
    with create_engine(url).connect() as connection:
        context.configure(connection=connection)
        with context.begin_transaction():
            context.run_migrations()
'''


@pytest.mark.parametrize('in_a_folder', [True, False])
def test_backup_of_databases_that_env_py_names(chain, in_a_folder):
    write = io.open(os.path.join(chain.directory, 'env.py'), 'w')
    names = [os.path.join(chain.path, name) for name in ('one.db', 'two.db')]
    with write as file:
        file.write(OWN_ENGINES % (['sqlite:///' + name for name in names],))
    chain.python('upgrade', revision='b2')
    path = os.path.join(chain.path, 'copies')
    if in_a_folder:
        os.mkdir(path)
    chain.python('upgrade', backup=path)
    copies = [os.path.join(folder, name)
              for folder in (path, chain.path) if os.path.isdir(folder)
              for name in os.listdir(folder) if 'backup' in name]
    copies += [] if in_a_folder else [path]
    assert len(copies) == 2
    for each in copies:
        assert rows(each, 'SELECT version_num FROM alembic_version') == [
            ('b2',)]


def test_half_a_backup_is_removed(chain, monkeypatch):
    path = os.path.join(chain.path, 'copy.db')

    def copy(raw, database, target):
        io.open(target, 'w').close()
        raise KeyboardInterrupt
    monkeypatch.setattr('flask_migrate.dialects.sqlite_files.copy_database',
                        copy)
    with pytest.raises(KeyboardInterrupt):
        chain.python('upgrade', backup=path)
    assert not os.path.exists(path)
    assert chain.version() == ['a1']


@pytest.mark.parametrize('words, version', [
    (['downgrade', '--backup', '-2'], ['a1']),
    (['downgrade', '--backup', 'base'], []),
    (['downgrade', '-2', '--backup'], ['a1']),
    (['downgrade', '--backup'], ['b2']),
    (['downgrade', '--backup', '--no-lock', 'a1'], ['a1'])])
def test_a_revision_is_no_path_of_a_backup(chain, command_line, words,
                                           version):
    chain.python('upgrade')
    result = chain.command_line(command_line, *words)
    assert result.code == 0, result
    assert chain.version() == version
    copy, = [name for name in os.listdir(chain.path) if 'backup' in name]
    assert rows(os.path.join(chain.path, copy),
                'SELECT version_num FROM alembic_version') == [('c3',)]


def test_a_path_is_no_revision(chain, command_line):
    result = chain.command_line(command_line, 'upgrade', '--backup',
                                'copy.db')
    assert result.code == 1
    assert '--backup=copy.db' in result.stderr
    assert chain.version() == ['a1']
    assert [name for name in os.listdir(chain.path) if 'backup' in name] == []


# Files of others ------------------------------------------------------------

def edit(project, name, old, new):
    path = os.path.join(project.directory, name)
    with io.open(path, encoding='utf-8') as file:
        text = file.read()
    assert old in text
    with io.open(path, 'w', encoding='utf-8') as file:
        file.write(text.replace(old, new))


def test_a_failed_command_removes_its_own_file_only(chain, monkeypatch):
    """Somebody pulls while the command runs."""
    edit(chain, 'script.py.mako', u'revision = ${repr(up_revision)}',
         u'revision = ${repr(up_revision)}\n1 / 0')
    before = chain.scripts()
    enter = WrittenFiles.__enter__

    def pull(self):
        files = enter(self)
        chain.write_revision('d4', down='c3')
        return files
    monkeypatch.setattr(WrittenFiles, '__enter__', pull)
    with pytest.raises((MigrateError, ZeroDivisionError)):
        chain.python('revision', message='mine')
    assert chain.scripts() == sorted(before + ['d4_.py'])


def test_no_file_is_overwritten(chain, command_line):
    edit(chain, 'alembic.ini', u'[alembic]',
         u'[alembic]\nfile_template = same')
    chain.write_revision('d4', 'pass', down='c3', name='same.py')
    with io.open(os.path.join(chain.versions, 'same.py')) as file:
        text = file.read()
    result = chain.command_line(command_line, 'revision', '-m', 'x')
    assert result.code == 1 and 'same.py exists already' in result.stderr
    with io.open(os.path.join(chain.versions, 'same.py')) as file:
        assert file.read() == text


# Post-write hooks -----------------------------------------------------------

def add_hook(project, **settings):
    edit(project, 'alembic.ini', u'[loggers]',
         u'[post_write_hooks]\nhooks = first, ruff\nfirst.type = nothing\n'
         + u''.join(u'ruff.%s = %s\n' % pair
                    for pair in sorted(settings.items()))
         + u'\n[loggers]')


@pytest.mark.parametrize('settings, words', [
    ({'type': u'console_scripts', 'entrypoint': u'none_such'}, 'none_such'),
    ({'type': u'none_such'}, 'none_such'),
    ({'type': u'breaks'}, 'ZeroDivisionError')])
def test_a_failed_post_write_hook_keeps_the_revision(
        chain, command_line, settings, words):
    hooks = pytest.importorskip('alembic.script.write_hooks')
    hooks.register('nothing')(lambda *args: None)
    hooks.register('breaks')(lambda *args: 1 / 0)
    add_hook(chain, **settings)
    result = chain.command_line(command_line, 'revision', '--rev-id', 'd4')
    assert result.code == 1, result
    assert "post-write hook 'ruff' failed" in result.stderr
    assert words in result.stderr or 'division' in result.stderr
    assert 'Traceback' not in result.stderr
    assert 'd4_.py' in chain.scripts()
    assert 'd4_.py' in result.stderr
    chain.python('upgrade')
    assert chain.version() == ['d4']


def test_post_write_hooks_run_in_their_order(chain):
    hooks = pytest.importorskip('alembic.script.write_hooks')
    ran = []
    hooks.register('nothing')(lambda *args: ran.append('first'))
    hooks.register('second')(lambda *args: ran.append(args[0]))
    add_hook(chain, type=u'second')
    script = chain.python('revision', message='x')
    assert ran == ['first', script.path]


# Identifiers and messages ---------------------------------------------------

@pytest.mark.parametrize('operation', ['revision', 'merge'])
@pytest.mark.parametrize('rev_id', [
    '../../evil', 'a/b', 'a\\b', '', ' ', '.hidden', '-1', '+1', 'a:b',
    'a@b', 'head', 'heads', 'base', 'current', "a'b", 'a\nb'])
def test_what_is_no_identifier(chain, operation, rev_id):
    if not compat.alembic.has_branches():
        pytest.skip('rev_id needs Alembic 0.7')
    if operation == 'merge':
        chain.write_revision('d4', down='b2')
    before = chain.scripts()
    with pytest.raises(MigrateError) as caught:
        chain.python(operation, rev_id=rev_id)
    assert 'identifier' in str(caught.value)
    assert chain.scripts() == before
    assert not os.path.exists(os.path.join(chain.path, 'evil_.py'))


def test_identifiers(chain):
    if not compat.alembic.has_branches():
        pytest.skip('rev_id needs Alembic 0.7')
    for rev_id in ('0001', 'v1.2', 'add_users'):
        assert chain.python('revision', rev_id=rev_id).revision == rev_id
    chain.python('upgrade')
    assert chain.version() == ['add_users']
