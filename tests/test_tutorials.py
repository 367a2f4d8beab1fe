"""Three tutorials, each followed as its reader would: files and commands.

The first is of 2013 (manage.py), the second a guide to ``flask db``, the
third the database chapter of a book about a blog.
"""
from __future__ import unicode_literals

import os
import re
import shutil
import sys

import pytest
from project import COMMAND_LINES
from reader import Reader

needs_flask_command = pytest.mark.skipif(
    'flask' not in COMMAND_LINES,
    reason='there is no flask command before Flask 0.11')


def needs_alembic(feature):
    """Skip where Alembic lacks 'merge' or 'autocommit_block'."""
    from alembic import command
    from flask_migrate import compat
    present = {
        'merge': hasattr(command, 'merge'),
        'autocommit_block': compat.alembic.alembic_version() >= (1, 2),
    }
    if not present[feature]:
        pytest.skip('this Alembic has no %s' % feature)


# ------------------------------------------------------- 2013, manage.py

APPLICATION_2013 = '''\
from flask import Flask
from flask.ext.sqlalchemy import SQLAlchemy
from flask.ext.script import Manager
from flask.ext.migrate import Migrate, MigrateCommand

app = Flask(__name__)
app.config['SQLALCHEMY_DATABASE_URI'] = 'sqlite:///app.db'

db = SQLAlchemy(app)
migrate = Migrate(app, db)

manager = Manager(app)
manager.add_command('db', MigrateCommand)


class User(db.Model):
    id = db.Column(db.Integer, primary_key=True)
    name = db.Column(db.String(128))


if __name__ == '__main__':
    manager.run()
'''

IMPORTS_2013 = '''\
from flask.ext.sqlalchemy import SQLAlchemy
from flask.ext.script import Manager
from flask.ext.migrate import Migrate, MigrateCommand
'''

IMPORTS_TODAY = '''\
from flask_migrate import Migrate, MigrateCommand
from flask_script import Manager
from flask_sqlalchemy import SQLAlchemy
'''

OPERATIONS = (
    'init', 'list-templates', 'revision', 'migrate', 'edit', 'merge',
    'upgrade', 'downgrade', 'show', 'history', 'heads', 'branches', 'current',
    'stamp', 'check', 'ensure-version')


def database_of_2013(reader):
    """Where Flask-SQLAlchemy puts sqlite:///app.db: 2.x, and 3.x."""
    path, = [path for path in (
        os.path.join(reader.path, 'app.db'),
        os.path.join(reader.path, 'instance', 'app.db'))
        if os.path.exists(path)]
    return 'sqlite:///' + path


def test_2013_word_for_word(tmpdir):
    reader = Reader(tmpdir)
    reader.write('manage.py', APPLICATION_2013)

    def manage(*args):
        return reader.succeeds(reader.process(
            sys.executable, '-m', 'flask_migrate', 'manage.py', *args))

    manage('db', 'init')
    assert "Detected added table" in manage('db', 'migrate').stderr
    manage('db', 'upgrade')
    assert reader.tables(database_of_2013(reader)) == ['user']
    # Nothing was edited on the way.
    assert reader.read('manage.py') == APPLICATION_2013


def test_2013_with_todays_imports(tmpdir):
    reader = Reader(tmpdir)
    reader.write('manage.py',
                 APPLICATION_2013.replace(IMPORTS_2013, IMPORTS_TODAY))
    assert 'flask_migrate' in reader.read('manage.py')

    # Flask-Script 0.5 knows no --help: it lists the commands and fails.
    help = reader.python('manage.py', '--help').stdout
    for name in ('shell', 'db', 'runserver'):
        assert re.search(r'^ +%s ' % name, help, re.M), help
    help = reader.python('manage.py', 'db', '--help').stdout
    for name in OPERATIONS:
        assert re.search(r'^ +%s ' % name, help, re.M), (name, help)

    result = reader.manage('db', 'init')
    assert re.search(r'Creating directory .*migrations ?\.\.\. +done',
                     result.stdout)
    assert set(reader.files('migrations')) == set(
        ['README', 'alembic.ini', 'env.py', 'script.py.mako', 'versions'])

    result = reader.manage('db', 'migrate')
    assert re.search("Detected added table u?'user'", result.stderr)
    assert 'Generating' in result.stdout
    first, first_id = reader.new_version([])

    # The reader looks at the script, and changes it.
    reader.replace(first, 'length=128', 'length=64')
    result = reader.manage('db', 'upgrade')
    assert re.search('Running upgrade (None)? -> ' + first_id, result.stderr)
    url = database_of_2013(reader)
    assert reader.columns(url, 'user')['name'].type.length == 64

    # An empty script, to be filled in by hand.
    reader.manage('db', 'revision', '-m', 'First user')
    second, second_id = reader.new_version([first])
    reader.replace(
        second, 'def upgrade():\n    pass',
        'def upgrade():\n'
        '    op.execute("INSERT INTO user (name) VALUES (\'susan\')")')
    result = reader.manage('db', 'upgrade')
    assert 'Running upgrade %s -> %s, First user' % (first_id, second_id) \
        in result.stderr
    assert reader.sql(url, 'SELECT name FROM user') == [('susan',)]
    assert reader.sql(url, 'SELECT version_num FROM alembic_version') == [
        (second_id,)]


# ------------------------------------------------ the guide to flask db

GUIDE = '''\
import os

from flask import Flask
from flask_migrate import Migrate
from flask_sqlalchemy import SQLAlchemy

app = Flask(__name__)
app.config['SQLALCHEMY_DATABASE_URI'] = os.environ['DATABASE_URL']
app.config['SQLALCHEMY_TRACK_MODIFICATIONS'] = False

db = SQLAlchemy(app)
migrate = Migrate(app, db)


class User(db.Model):
    __tablename__ = 'users'

    id = db.Column(db.Integer, primary_key=True)
    username = db.Column(db.String(80), unique=True, nullable=False)
    email = db.Column(db.String(120), unique=True, nullable=False)
'''


def make_guide(path, url):
    """The guide's project as it is after its first three commands."""
    reader = Reader(path, FLASK_APP='app.py', DATABASE_URL=str(url))
    reader.url = url
    reader.write('app.py', GUIDE)
    reader.flask('db', 'init')
    result = reader.flask('db', 'migrate', '-m', 'Add user table')
    assert re.search("Detected added table u?'users'", result.stderr)
    reader.first, reader.first_id = reader.new_version([])
    assert reader.first.endswith('_add_user_table.py')
    result = reader.flask('db', 'upgrade')
    assert 'Running upgrade  -> %s, Add user table' % reader.first_id \
        in result.stderr
    return reader


@pytest.fixture
def guide(tmpdir):
    return make_guide(tmpdir, 'sqlite:///' + str(tmpdir.join('app.db')))


@pytest.fixture(params=['sqlite', 'postgresql'])
def guide_on(request, tmpdir):
    """The guide on each kind of database that it speaks of."""
    url = 'sqlite:///' + str(tmpdir.join('app.db'))
    if request.param == 'postgresql':
        url = request.getfixturevalue('postgresql_url')
    return make_guide(tmpdir, url)


def write_revision(reader, message, upgrade, downgrade='pass'):
    """``flask db revision -m MESSAGE``, then fill in the two functions."""
    before = reader.versions()
    reader.flask('db', 'revision', '-m', message)
    path, rev_id = reader.new_version(before)
    for name, body in (('upgrade', upgrade), ('downgrade', downgrade)):
        lines = ''.join('    %s\n' % line if line else '\n'
                        for line in body.strip().splitlines())
        reader.replace(path, 'def %s():\n    pass\n' % name,
                       'def %s():\n%s' % (name, lines))
    return rev_id


def current(reader):
    return [row[0] for row in reader.sql(
        reader.url, 'SELECT version_num FROM alembic_version')]


@needs_flask_command
def test_guide_up_and_down(guide_on):
    reader = guide_on
    assert reader.tables(reader.url) == ['users']
    add = "INSERT INTO users (username, email) VALUES ('%s', '%s')"
    reader.sql(reader.url, add % ('susan', 'susan@example.com'))
    for username, email in (('susan', 'other@example.com'),
                            ('other', 'susan@example.com')):
        with pytest.raises(Exception) as error:
            reader.sql(reader.url, add % (username, email))
        assert 'unique' in str(error.value).lower()
    result = reader.flask('db', 'downgrade')
    assert 'Running downgrade %s -> , Add user table' % reader.first_id \
        in result.stderr
    assert reader.tables(reader.url) == []
    reader.flask('db', 'upgrade')
    assert reader.tables(reader.url) == ['users']


@needs_flask_command
def test_guide_required_columns_on_a_table_with_rows(guide_on):
    reader = guide_on
    reader.sql(reader.url, "INSERT INTO users (username, email) "
                           "VALUES ('susan', 'susan@example.com')")
    rev_id = write_revision(reader, 'Add created_at and is_active', '''
op.add_column('users', sa.Column('created_at', sa.DateTime()))
op.add_column('users', sa.Column('is_active', sa.Boolean()))
op.execute(sa.text('UPDATE users SET created_at = CURRENT_TIMESTAMP, '
                   'is_active = :yes').bindparams(yes=True))
with op.batch_alter_table('users') as batch_op:
    batch_op.alter_column('created_at', existing_type=sa.DateTime(),
                          nullable=False)
    batch_op.alter_column('is_active', existing_type=sa.Boolean(),
                          nullable=False)
''', '''
with op.batch_alter_table('users') as batch_op:
    batch_op.drop_column('is_active')
    batch_op.drop_column('created_at')
''')
    reader.flask('db', 'upgrade')
    columns = reader.columns(reader.url, 'users')
    assert not columns['created_at'].nullable
    assert not columns['is_active'].nullable
    assert reader.sql(
        reader.url, 'SELECT username, is_active, created_at IS NOT NULL '
                    'FROM users') == [('susan', True, True)]
    assert current(reader) == [rev_id]
    reader.flask('db', 'downgrade')
    assert sorted(reader.columns(reader.url, 'users').keys()) == [
        'email', 'id', 'username']
    assert reader.sql(reader.url, 'SELECT username FROM users') == [
        ('susan',)]


@needs_flask_command
def test_guide_full_name(guide_on):
    reader = guide_on
    reader.replace('app.py', "    email = db", "    first_name = "
                   "db.Column(db.String(50))\n    last_name = "
                   "db.Column(db.String(50))\n    email = db")
    result = reader.flask('db', 'migrate', '-m', 'Add names')
    assert re.search("Detected added column u?'users.first_name'",
                     result.stderr)
    reader.flask('db', 'upgrade')
    reader.sql(
        reader.url,
        "INSERT INTO users (username, email, first_name, last_name) VALUES "
        "('susan', 's@example.com', 'Susan', 'Meyer'), "
        "('john', 'j@example.com', 'John', 'Doe')")

    write_revision(reader, 'Join the names', '''
op.add_column('users', sa.Column('full_name', sa.String(length=101)))
users = sa.table('users', sa.column('first_name', sa.String()),
                 sa.column('last_name', sa.String()),
                 sa.column('full_name', sa.String()))
op.execute(users.update().values(
    full_name=users.c.first_name + ' ' + users.c.last_name))
with op.batch_alter_table('users') as batch_op:
    batch_op.drop_column('last_name')
    batch_op.drop_column('first_name')
''', '''
op.add_column('users', sa.Column('first_name', sa.String(length=50)))
op.add_column('users', sa.Column('last_name', sa.String(length=50)))
connection = op.get_bind()
for id, full_name in connection.execute(
        sa.text('SELECT id, full_name FROM users')).fetchall():
    first_name, last_name = full_name.split(' ', 1)
    connection.execute(
        sa.text('UPDATE users SET first_name = :first, last_name = :last '
                'WHERE id = :id').bindparams(
                    first=first_name, last=last_name, id=id))
with op.batch_alter_table('users') as batch_op:
    batch_op.drop_column('full_name')
''')
    reader.flask('db', 'upgrade')
    names = sorted(reader.columns(reader.url, 'users').keys())
    assert names == ['email', 'full_name', 'id', 'username']
    assert reader.sql(reader.url, 'SELECT full_name FROM users ORDER BY id'
                      ) == [('Susan Meyer',), ('John Doe',)]
    reader.flask('db', 'downgrade')
    assert reader.sql(
        reader.url, 'SELECT first_name, last_name FROM users ORDER BY id'
    ) == [('Susan', 'Meyer'), ('John', 'Doe')]
    assert 'full_name' not in reader.columns(reader.url, 'users')


@needs_flask_command
def test_guide_old_forms(guide):
    """Text given to connection.execute(), as guides had it before 2.0."""
    from sqlalchemy import __version__
    if __version__.startswith(('0.', '1.')):
        pytest.skip('SQLAlchemy before 2.0 executes text')
    guide.replace('app.py', 'Migrate(app, db)',
                  'Migrate(app, db, legacy_sql=False)')
    before = guide.versions()
    write_revision(guide, 'Old form',
                   'op.get_bind().execute("UPDATE users SET email = email")')
    result = guide.flask_result('db', 'upgrade')
    assert result.code == 1
    assert 'Not an executable object' in result.stderr
    assert current(guide) == [guide.first_id]
    # It works as it is, unless one has said no.
    guide.replace('app.py', ', legacy_sql=False', '')
    path, rev_id = guide.new_version(before)
    guide.flask('db', 'upgrade')
    assert current(guide) == [rev_id]
    # So does the form of today.
    guide.flask('db', 'downgrade')
    guide.replace(path, 'execute("UPDATE users SET email = email")',
                  'execute(sa.text("UPDATE users SET email = email"))')
    guide.flask('db', 'upgrade')
    assert current(guide) == [rev_id]


@needs_flask_command
def test_guide_branch_of_a_colleague(guide, tmpdir):
    needs_alembic('merge')
    # The colleague starts from the same revision.
    folder = str(tmpdir.join('colleague'))
    shutil.copytree(os.path.join(guide.path, 'migrations'),
                    os.path.join(folder, 'migrations'))
    colleague = Reader(folder, **guide.environment)
    colleague.write('app.py', GUIDE)
    theirs = write_revision(
        colleague, 'Add avatar',
        "op.add_column('users', sa.Column('avatar', sa.String(length=200)))")
    ours = write_revision(
        guide, 'Add bio',
        "op.add_column('users', sa.Column('bio', sa.Text()))")
    # git pull
    name, = [name for name in colleague.versions() if theirs in name]
    shutil.copy(os.path.join(folder, name), os.path.join(guide.path, name))

    heads = guide.flask('db', 'heads').stdout
    assert set(re.findall(r'^(\w+) \(head\)', heads, re.M)) == set(
        [ours, theirs])
    result = guide.flask_result('db', 'upgrade')
    assert result.code == 1
    assert 'heads' in result.stderr and 'Traceback' not in result.stderr
    assert current(guide) == [guide.first_id]

    before = guide.versions()
    guide.flask('db', 'merge', '-m', 'Merge avatar and bio', ours, theirs)
    path, merged = guide.new_version(before)
    assert 'Merge avatar and bio' in guide.read(path)
    guide.flask('db', 'upgrade')
    assert current(guide) == [merged]
    columns = guide.columns(guide.url, 'users')
    assert 'avatar' in columns and 'bio' in columns
    assert guide.flask('db', 'current').stdout.startswith(
        merged + ' (head) (mergepoint)')
    history = guide.flask('db', 'history').stdout
    for rev_id in (guide.first_id, ours, theirs, merged):
        assert rev_id in history


@needs_flask_command
def test_guide_current_stamp_history(guide):
    second = write_revision(guide, 'Second', 'op.execute("SELECT 1")')
    assert guide.flask('db', 'current').stdout.split() == [guide.first_id]
    guide.flask('db', 'upgrade')
    assert guide.flask('db', 'current').stdout.split() == [second, '(head)']
    history = guide.flask('db', 'history').stdout.splitlines()
    assert [line.rpartition(', ')[2] for line in history if line] == [
        'Second', 'Add user table']

    # A database that was made without migrations.
    guide.sql(guide.url, 'DROP TABLE alembic_version')
    assert guide.flask('db', 'current').stdout.strip() == ''
    guide.flask('db', 'stamp', 'head')
    assert current(guide) == [second]
    guide.flask('db', 'stamp', guide.first_id)
    assert current(guide) == [guide.first_id]
    assert guide.tables(guide.url) == ['users']


@needs_flask_command
def test_guide_create_index_concurrently(tmpdir, postgresql_url):
    needs_alembic('autocommit_block')
    reader = make_guide(tmpdir, postgresql_url)
    indexes = "SELECT indexname FROM pg_indexes WHERE indexname = 'ix_names'"

    # As guides show it: PostgreSQL refuses, and nothing has happened.
    before = reader.versions()
    write_revision(
        reader, 'Index names',
        "op.execute('CREATE INDEX CONCURRENTLY ix_names "
        "ON users (username)')", "op.drop_index('ix_names', 'users')")
    result = reader.flask_result('db', 'upgrade')
    assert result.code == 1
    assert 'CONCURRENTLY cannot run inside a transaction block' \
        in result.stderr
    assert current(reader) == [reader.first_id]
    assert reader.sql(reader.url, indexes) == []

    # As the README shows it.
    path, rev_id = reader.new_version(before)
    reader.replace(
        path, "    op.execute('CREATE INDEX CONCURRENTLY ix_names "
        "ON users (username)')",
        "    with op.get_context().autocommit_block():\n"
        "        op.create_index('ix_names', 'users', ['username'],\n"
        "                        postgresql_concurrently=True)")
    reader.flask('db', 'upgrade')
    assert current(reader) == [rev_id]
    assert reader.sql(reader.url, indexes) == [('ix_names',)]
    reader.flask('db', 'downgrade')
    assert reader.sql(reader.url, indexes) == []


@needs_flask_command
def test_guide_drop_a_column_in_two_phases(guide_on):
    reader = guide_on
    column = '    nickname = db.Column(db.String(40), nullable=%s)\n'
    reader.write('app.py', GUIDE + column % True)
    reader.flask('db', 'migrate', '-m', 'Add nickname')
    reader.flask('db', 'upgrade')
    add = "INSERT INTO users (username, email%s) VALUES ('%s', '%s@x.y'%s)"
    reader.sql(reader.url, add % (', nickname', 'susan', 'susan', ", 'sue'"))

    # First release: the application no longer names the column, which
    # stays.  A release that still runs finds it, and rows come in without.
    reader.write('app.py', GUIDE)
    reader.sql(reader.url, add % ('', 'john', 'john', ''))
    assert reader.sql(reader.url, 'SELECT nickname FROM users ORDER BY id'
                      ) == [('sue',), (None,)]

    # Second release: the column goes.
    result = reader.flask('db', 'migrate', '-m', 'Drop nickname')
    assert re.search("Detected removed column u?'users.nickname'",
                     result.stderr)
    reader.flask('db', 'upgrade')
    assert sorted(reader.columns(reader.url, 'users').keys()) == [
        'email', 'id', 'username']
    assert reader.sql(reader.url, 'SELECT username FROM users ORDER BY id'
                      ) == [('susan',), ('john',)]
    reader.flask('db', 'downgrade')
    assert reader.sql(reader.url, 'SELECT nickname FROM users') == [
        (None,), (None,)]


@needs_flask_command
@pytest.mark.skipif(os.name != 'posix', reason='there is no POSIX shell')
def test_guide_deployment(guide):
    """The deployment script, and the command of a container."""
    write_revision(guide, 'Add bio',
                   "op.add_column('users', sa.Column('bio', sa.Text()))")
    guide.write('deploy.sh', '''\
#!/bin/sh
set -e
flask db upgrade
flask db current
echo "restart the application"
''')
    result = guide.succeeds(guide.process('sh', 'deploy.sh'))
    assert 'Running upgrade' in result.stderr
    assert '(head)' in result.stdout
    assert result.stdout.endswith('restart the application\n')
    assert 'bio' in guide.columns(guide.url, 'users')

    command = 'flask db upgrade && echo serving'
    assert 'serving' in guide.succeeds(
        guide.process('sh', '-c', command)).stdout
    # A migration that fails keeps the application from starting.
    write_revision(guide, 'Wrong', 'op.drop_table("nothing")')
    result = guide.process('sh', '-c', command)
    assert result.code == 1
    assert 'serving' not in result.stdout


# ------------------------------------------------- the chapter of a book

BLOG = {
    'blog/__init__.py': '''\
import os

from flask import Flask
from flask_migrate import Migrate

from .models import db

migrate = Migrate()


def create_app():
    app = Flask(__name__)
    app.config['SQLALCHEMY_DATABASE_URI'] = os.environ['DATABASE_URL']
    app.config['SQLALCHEMY_TRACK_MODIFICATIONS'] = False
    db.init_app(app)
    migrate.init_app(app, db)
    return app
''',
    'blog/models.py': '''\
from flask_sqlalchemy import SQLAlchemy

db = SQLAlchemy()


class Post(db.Model):
    id = db.Column(db.Integer, primary_key=True)
    title = db.Column(db.String(60), nullable=False)
''',
    'manage.py': '''\
from blog import create_app
from flask_migrate import MigrateCommand
from flask_script import Manager

manager = Manager(create_app)
manager.add_command('db', MigrateCommand)

if __name__ == '__main__':
    manager.run()
''',
    'wsgi.py': '''\
from blog import create_app

app = create_app()
''',
}

CATEGORY = '''

class Category(db.Model):
    id = db.Column(db.Integer, primary_key=True)
    name = db.Column(db.String(30), unique=True, nullable=False)
'''


@pytest.mark.parametrize('which', COMMAND_LINES)
def test_blog(tmpdir, which):
    url = 'sqlite:///' + str(tmpdir.join('blog.db'))
    reader = Reader(tmpdir, FLASK_APP='wsgi.py', DATABASE_URL=url)
    for name, text in BLOG.items():
        reader.write(name, text)
    run = getattr(reader, which)
    made = []

    def migrate(message):
        before = reader.versions()
        result = run('db', 'migrate', '-m', message)
        made.append(reader.new_version(before)[1])
        run('db', 'upgrade')
        return result

    # Three steps.
    run('db', 'init')
    migrate('Add post')
    reader.write('blog/models.py', reader.read('blog/models.py') + CATEGORY)
    result = migrate('Add category')
    assert re.search("Detected added table u?'category'", result.stderr)
    reader.replace('blog/models.py', '(db.String(60), nullable=False)',
                   '(db.String(60), nullable=False)\n'
                   '    body = db.Column(db.Text)')
    result = migrate('Add body')
    assert re.search("Detected added column u?'post.body'", result.stderr)
    assert reader.tables(url) == ['category', 'post']
    assert len(made) == 3

    # A column with a default, on a table with rows.
    reader.sql(url, "INSERT INTO post (title) VALUES ('One')",
               "INSERT INTO post (title) VALUES ('Two')")
    reader.replace('blog/models.py', 'db.Column(db.Text)',
                   'db.Column(db.Text)\n    read_count = db.Column('
                   "db.Integer, nullable=False, server_default='0')")
    migrate('Add read_count')
    assert reader.sql(url, 'SELECT title, read_count FROM post ORDER BY id'
                      ) == [('One', 0), ('Two', 0)]
    assert not reader.columns(url, 'post')['read_count'].nullable

    assert made[-1] in run('db', 'current').stdout
    history = run('db', 'history').stdout
    places = [history.index(message) for message in (
        'Add read_count', 'Add body', 'Add category', 'Add post')]
    assert places == sorted(places)

    # Back: dropping a column on SQLite.
    result = run('db', 'downgrade')
    assert 'Running downgrade %s -> %s' % (made[3], made[2]) in result.stderr
    assert sorted(reader.columns(url, 'post').keys()) == [
        'body', 'id', 'title']
    assert reader.sql(url, 'SELECT title FROM post ORDER BY id') == [
        ('One',), ('Two',)]
    run('db', 'downgrade', 'base')
    assert reader.tables(url) == []
    run('db', 'upgrade')
    assert reader.tables(url) == ['category', 'post']
