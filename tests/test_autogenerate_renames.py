"""``migrate``: what was renamed keeps its data, or somebody is asked."""
import pytest

from flask_migrate import CommandError, compat
from flask_migrate.console import CommandLine
from project import Project
from terminal import Terminal
from test_legacy import FOLDERS, LegacyProject, elsewhere, folder  # noqa: F401
from variants import some

pytestmark = pytest.mark.skipif(
    not compat.alembic.has_operations(), reason='needs Alembic 0.8')


class Blog(object):
    """A project with users and their posts, before and after a change."""

    def __init__(self, tmpdir, url=None):
        self.tmpdir = tmpdir
        self.url = url
        self.project = self.after()
        self.project.python('init')
        self.project.python('migrate')
        self.project.python('upgrade')

    def after(self, user='user', name='name', type_=None, extra=(), post=True,
              length=64):
        """The project, with other models."""
        project = Project(self.tmpdir, self.url)
        db = project.db
        columns = [
            db.Column('id', db.Integer, primary_key=True),
            db.Column(name, type_ or db.String(length), nullable=False,
                      index=True, unique=True),
            db.Column('age', db.Integer)] + list(extra)
        db.Table(user, db.metadata, *columns)
        if post:
            db.Table(
                'post', db.metadata,
                db.Column('id', db.Integer, primary_key=True),
                db.Column('author_id', db.Integer, db.ForeignKey(
                    user + '.id', name='fk_post_author'), index=True))
        self.project = project
        return project

    def fill(self):
        quoted = self.quoted('user')
        for number, name in enumerate(('Ada', u'Zo\xeb'), 1):
            self.project.execute(
                u"INSERT INTO %s (id, name, age) VALUES (%d, '%s', 30)"
                % (quoted, number, name))
        self.project.execute(
            'INSERT INTO post (id, author_id) VALUES (1, 2)')

    def quoted(self, name):
        return self.project.engine().dialect.identifier_preparer.quote(name)

    def rows(self, table, name):
        return [tuple(row) for row in self.project.query(
            'SELECT id, %s, age FROM %s ORDER BY id'
            % (name, self.quoted(table)))]

    def indexes(self, table):
        from sqlalchemy import inspect
        # Alembic before 1.7 makes an index of a downgrade that is not unique.
        return dict((each['name'], each['column_names'])
                    for each in inspect(
                        self.project.engine()).get_indexes(table))

    def referred(self):
        from sqlalchemy import inspect
        return [(each['constrained_columns'], each['referred_table'],
                 each['referred_columns'])
                for each in inspect(
                    self.project.engine()).get_foreign_keys('post')]


ROWS = [(1, u'Ada', 30), (2, u'Zo\xeb', 30)]


@pytest.fixture
def blog(tmpdir, some_database_url):
    blog = Blog(tmpdir, some_database_url)
    blog.fill()
    return blog


def up_and_down(project, up, down):
    """Check the data after upgrade, after downgrade, and once more."""
    for _ in range(2):
        project.python('upgrade')
        up()
        project.python('check')
        assert project.python('migrate') is None
        project.python('downgrade')
        down()
    project.python('upgrade')
    up()


def test_a_column(blog, command_line):
    project = blog.after(name='full_name')
    result = project.command_line(
        command_line, 'migrate', '--rename', 'user.name:full_name')
    assert result.code == 0, result
    assert 'lost' not in result.output

    def up():
        assert blog.rows('user', 'full_name') == ROWS
        assert blog.indexes('user') == {'ix_user_full_name': ['full_name']}

    def down():
        assert blog.rows('user', 'name') == ROWS
        assert blog.indexes('user') == {'ix_user_name': ['name']}
    up_and_down(project, up, down)


def test_a_column_with_another_type(blog):
    project = blog.after(name='full_name', length=100)
    project.python('migrate', rename={'user.name': 'full_name'})

    def up():
        assert blog.rows('user', 'full_name') == ROWS
        from sqlalchemy import inspect
        types = dict((each['name'], each['type']) for each in inspect(
            project.engine()).get_columns('user'))
        assert types['full_name'].length == 100

    def down():
        assert blog.rows('user', 'name') == ROWS
    up_and_down(project, up, down)


def test_a_table(blog, command_line):
    project = blog.after(user='account')
    result = project.command_line(
        command_line, 'migrate', '--rename', 'user:account')
    assert result.code == 0, result

    def up():
        assert blog.rows('account', 'name') == ROWS
        assert blog.indexes('account') == {'ix_account_name': ['name']}
        assert blog.referred() == [(['author_id'], 'account', ['id'])]
        assert project.tables() == ['account', 'post']

    def down():
        assert blog.rows('user', 'name') == ROWS
        assert blog.indexes('user') == {'ix_user_name': ['name']}
        assert blog.referred() == [(['author_id'], 'user', ['id'])]
    up_and_down(project, up, down)


def test_a_table_and_its_column(tmpdir, database_url):
    blog = Blog(tmpdir, database_url)
    blog.fill()
    project = blog.after(user='account', name='full_name')
    project.python('migrate', rename={
        'user': 'account', 'user.name': 'full_name'})

    def up():
        assert blog.rows('account', 'full_name') == ROWS

    def down():
        assert blog.rows('user', 'name') == ROWS
    up_and_down(project, up, down)


def test_a_table_its_column_and_one_that_goes(tmpdir, some_database_url):
    blog = Blog(tmpdir, some_database_url)
    blog.fill()

    def after(table, name, **columns):
        project = blog.project = Project(tmpdir, some_database_url)
        db = project.db
        db.Table(table, db.metadata,
                 db.Column('id', db.Integer, primary_key=True),
                 db.Column(name, db.String(64), nullable=False),
                 db.Column('height', db.Integer, nullable=False))
        return project
    project = after('account', 'full_name')
    # The old names, of the table as well, but for --fill the new ones.
    result = project.manage(
        'migrate', '--rename', 'user:account', '--rename',
        'user.name:full_name', '--drop', 'user.age', '--drop', 'post',
        '--fill', 'account.height=170')
    assert result.code == 0, result

    def up():
        assert project.query('SELECT id, full_name, height FROM account '
                             'ORDER BY id') == [
            (1, u'Ada', 170), (2, u'Zo\xeb', 170)]

    def down():
        assert [row[:2] for row in blog.rows('user', 'name')] == [
            row[:2] for row in ROWS]
    up_and_down(project, up, down)


def test_a_column_that_others_refer_to(tmpdir, database_url):
    def after(code):
        project = Project(tmpdir, database_url)
        db = project.db
        db.Table('land', db.metadata,
                 db.Column(code, db.String(2), primary_key=True))
        db.Table('town', db.metadata,
                 db.Column('id', db.Integer, primary_key=True),
                 db.Column('land', db.String(2), db.ForeignKey(
                     'land.' + code, name='fk_town_land')))
        return project
    project = after('code')
    project.python('init')
    project.python('migrate')
    project.python('upgrade')
    project.execute("INSERT INTO land (code) VALUES ('fr')")
    project.execute("INSERT INTO town (id, land) VALUES (1, 'fr')")
    project = after('iso')
    project.python('migrate', rename={'land.code': 'iso'})

    def joined(code):
        assert project.query(
            'SELECT land.%s FROM town JOIN land ON land.%s = town.land'
            % (code, code)) == [('fr',)]
        from sqlalchemy import inspect
        keys = inspect(project.engine()).get_foreign_keys('town')
        assert [each['referred_columns'] for each in keys] == [[code]]
    up_and_down(project, lambda: joined('iso'), lambda: joined('code'))


def test_the_sequences_of_a_table(tmpdir, postgresql_url):
    blog = Blog(tmpdir, postgresql_url)
    blog.project.execute("INSERT INTO \"user\" (name) VALUES ('Ada')")
    project = blog.after(user='account')
    project.python('migrate', rename={'user': 'account'})
    project.python('upgrade')
    project.execute("INSERT INTO account (name) VALUES ('Zoe')")
    assert project.query('SELECT id, name FROM account ORDER BY id') == [
        (1, 'Ada'), (2, 'Zoe')]
    sequences = "SELECT relname FROM pg_class WHERE relkind = 'S' ORDER BY 1"
    assert project.query(sequences) == [
        ('account_id_seq',), ('post_id_seq',)]
    project.python('downgrade')
    assert project.query(sequences) == [('post_id_seq',), ('user_id_seq',)]


def test_a_column_that_counts_up(tmpdir, some_database_url):
    def after(id_):
        project = Project(tmpdir, some_database_url)
        db = project.db
        db.Table('thing', db.metadata,
                 db.Column(id_, db.Integer, primary_key=True),
                 db.Column('name', db.String(9)))
        return project
    project = after('id')
    project.python('init')
    project.python('migrate')
    project.python('upgrade')
    project.execute("INSERT INTO thing (name) VALUES ('a')")
    project = after('thing_id')
    project.python('migrate', rename={'thing.id': 'thing_id'})
    project.python('upgrade')
    assert project.python('migrate') is None
    project.execute("INSERT INTO thing (name) VALUES ('b')")
    assert project.query('SELECT * FROM thing ORDER BY 1') == [
        (1, 'a'), (2, 'b')]
    project.python('downgrade')
    project.execute("INSERT INTO thing (name) VALUES ('c')")
    assert project.query('SELECT max(id) FROM thing') == [(3,)]


@pytest.mark.parametrize('asked', [False, True])
def test_what_is_detected_is_said_once(
        tmpdir, monkeypatch, command_line, asked):
    blog = Blog(tmpdir)
    blog.fill()
    db = blog.after().db
    project = blog.after('account', 'full_name', extra=[
        db.Column('height', db.Integer)])
    options = ['--rename', 'user:account', '--rename', 'user.name:full_name']
    if asked:
        options = []
        monkeypatch.setattr(CommandLine, 'can_ask', lambda call: True)
        monkeypatch.setattr(CommandLine, 'read_line', lambda call, prompt:
                            u'y' if 'user.name' in prompt
                            or 'user renamed' in prompt else u'n')
    result = project.command_line(command_line, 'migrate', *options)
    assert result.code == 0, result
    lines = [line.partition('Detected ')[2]
             for line in result.stderr.splitlines() if 'Detected' in line]
    assert lines.count("added column 'account.height'") == 1
    assert not [line for line in lines if 'full_name' in line
                and 'index' not in line or ' table ' in line], lines
    assert len(lines) == len(set(lines))


def test_what_is_detected_is_said_of_what_is_written(blog):
    project = blog.after(name='full_name', post=False)
    result = project.manage('migrate')      # it was not what it seemed
    assert result.code == 1 and 'Detected' not in result.output, result
    result = project.manage('migrate', '--rename', 'user.name:full_name')
    assert result.stderr.count("Detected removed table") == 1, result
    assert 'Detected added column' not in result.stderr


# Without an answer -----------------------------------------------------------

def test_nothing_is_guessed(blog, command_line):
    project = blog.after(name='full_name')
    result = project.command_line(command_line, 'migrate')
    assert result.code == 1, result
    assert 'user.name -> user.full_name: --rename user.name:full_name or ' \
        '--drop user.name' in result.stderr
    assert result.stdout == ''
    with pytest.raises(CommandError):
        project.python('migrate')
    assert len(project.scripts()) == 1
    with pytest.raises(CommandError) as error:
        project.python('check')
    assert 'operations detected' in str(error.value)
    project = blog.after(user='account')
    with pytest.raises(CommandError) as error:
        project.python('migrate')
    assert '--rename user:account' in str(error.value)
    assert len(project.scripts()) == 1


def test_an_empty_table_says_nothing_about_others(tmpdir, some_database_url,
                                                  command_line):
    blog = Blog(tmpdir, some_database_url)
    project = blog.after(name='full_name')
    result = project.command_line(command_line, 'migrate')
    assert result.code == 0, result
    assert '--rename user.name:full_name' in result.stderr
    with open(project.python('show')[0].path) as file:
        text = file.read()
    assert '# user.name may have been renamed to user.full_name' in text
    project.python('upgrade')
    assert project.columns('user') == ['id', 'age', 'full_name']


def test_a_name_that_the_models_do_not_have(blog):
    project = blog.after(name='full_name')
    with pytest.raises(CommandError) as error:
        project.python('migrate', rename={'user.name': 'fullname'})
    assert 'fullname' in str(error.value)
    assert len(project.scripts()) == 1


# On a terminal ---------------------------------------------------------------

MODELS = u'''

db.Table('user', db.metadata,
         db.Column('id', db.Integer, primary_key=True),
         db.Column('nickname', db.String(64), nullable=True),
         db.Column('full_name', db.String(64), nullable=False),
         db.Column('age', db.Integer))
db.Table('post', db.metadata,
         db.Column('id', db.Integer, primary_key=True),
         db.Column('author_id', db.Integer, db.ForeignKey(
             'user.id', name='fk_post_author'), index=True))
'''
FIRST = 'Was user.name renamed to user.full_name? [y/N]'
SECOND = 'Was user.name renamed to user.nickname? [y/N]'


@pytest.fixture
def terminal(tmpdir, command_line):
    blog = Blog(tmpdir)
    blog.fill()
    blog.after(name='full_name', extra=[blog.project.db.Column(
        'nickname', blog.project.db.String(64))])
    terminal = Terminal(blog.project, MODELS, command_line, 'migrate')
    terminal.blog = blog
    return terminal


@pytest.mark.once
@pytest.mark.parametrize('answers', [['y'], ['perhaps', 'YES']])
def test_a_question(terminal, answers):
    blog = terminal.blog
    terminal.says(FIRST)
    for number, answer in enumerate(answers):
        terminal.types(answer + '\n')
        if number + 1 < len(answers):
            terminal.says('Please answer y or n. ' + FIRST)
    assert terminal.ends() == 0, terminal.output
    assert 'renamed' not in terminal.output
    blog.project.python('upgrade')
    assert blog.rows('user', 'full_name') == ROWS
    blog.project.python('downgrade')
    assert blog.rows('user', 'name') == ROWS


@pytest.mark.once
def test_the_next_best_is_asked_about(terminal):
    terminal.says(FIRST)
    terminal.types('\n')
    terminal.says(SECOND)
    terminal.types('\x03')
    assert terminal.ends() == 130
    assert len(terminal.blog.project.scripts()) == 1


@pytest.mark.once
@pytest.mark.parametrize('typed, code', [('\x04', 1), ('\x03', 130)])
def test_no_answer(terminal, typed, code):
    blog = terminal.blog
    terminal.says(FIRST)
    terminal.types(typed)
    assert terminal.ends() == code, terminal.output
    assert len(blog.project.scripts()) == 1
    assert blog.rows('user', 'name') == ROWS


@pytest.mark.once
def test_no_transaction_is_open_while_a_question_waits(
        tmpdir, postgresql_url):
    blog = Blog(tmpdir, postgresql_url)
    blog.fill()
    terminal = Terminal(blog.project, MODELS, 'manage', 'migrate')
    terminal.says(FIRST)
    assert blog.project.query(
        "SELECT state FROM pg_stat_activity WHERE datname = "
        "current_database() AND pid <> pg_backend_pid() "
        "AND state <> 'idle'") == []
    terminal.types('y\n')
    assert terminal.ends() == 0, terminal.output


# env.py files of every age ---------------------------------------------------

@pytest.mark.once
@pytest.mark.filterwarnings('ignore:Table.tometadata')
@pytest.mark.parametrize(
    'folder', some(['%s-%s' % each for each in FOLDERS], 4), indirect=True)
def test_a_question_in_every_env_py(
        tmpdir, folder, elsewhere, monkeypatch):            # noqa: F811
    old = LegacyProject(tmpdir, folder)
    old.python('migrate')
    old.python('upgrade')
    tables = [('thing', None), ('user', 'users')][:len(old.binds)]
    project = Project(
        tmpdir, 'sqlite:///app.db',
        {'users': 'sqlite:///users.db'} if old.multidb else None)
    asked = []

    def read_line(call, prompt):
        asked.append(prompt)
        return u'y\n'
    monkeypatch.setattr(CommandLine, 'can_ask', lambda call: True)
    monkeypatch.setattr(CommandLine, 'read_line', read_line)
    for table, bind in tables:
        old.execute("INSERT INTO %s (name) VALUES ('Ada')" % table, bind)
        project.model(table.title(), bind=bind, full_name=project.db.Column(
            project.db.String(50)))
    result = project.manage('migrate')
    assert result.code == 0, result
    name = 'default:' if old.multidb else ''
    assert asked[0] == 'Was %sthing.name renamed to %sthing.full_name? ' \
        '[y/N] ' % (name, name)
    assert asked[1:] == [
        'Was users:user.name renamed to users:user.full_name? [y/N] '
    ] * old.multidb
    project.python('upgrade')
    for table, bind in tables:
        assert project.query(
            'SELECT full_name FROM %s' % table, bind) == [('Ada',)]
    assert project.python('migrate') is None
    project.python('downgrade')
    for table, bind in tables:
        assert project.query(
            'SELECT name FROM %s' % table, bind) == [('Ada',)]


# Several databases, other ways ----------------------------------------------

@pytest.fixture
def two(tmpdir):
    """Two databases with the same table, and models with another column."""
    binds = {'second': 'sqlite:///' + str(tmpdir.join('second.db'))}

    def after(name):
        project = Project(tmpdir, binds=binds)
        for bind in None, 'second':
            project.model('Log' + str(bind), bind=bind, **{
                name: project.db.Column(project.db.String(9))})
        return project
    project = after('text')
    project.python('init', multidb=True)
    project.python('migrate')
    project.python('upgrade')
    project.execute("INSERT INTO lognone (text) VALUES ('a')")
    project.execute("INSERT INTO logsecond (text) VALUES ('b')", 'second')
    return after('message')


def test_an_answer_names_its_database(two):
    with pytest.raises(CommandError) as error:
        two.python('migrate', rename={'lognone.text': 'message'})
    assert '--rename second:logsecond.text:message' in str(error.value)
    assert len(two.scripts()) == 1
    two.manage('migrate', '--rename', 'default:lognone.text:message',
               '--rename', 'second:logsecond.text:message')
    two.python('upgrade')
    assert two.query('SELECT message FROM lognone') == [('a',)]
    assert two.query('SELECT message FROM logsecond', 'second') == [('b',)]


def test_a_column_that_goes(tmpdir):
    blog = Blog(tmpdir)
    blog.fill()
    project = blog.after(name='full_name')
    result = project.manage('migrate', '--drop', 'user.name',
                            '--fill', 'user.full_name=x')
    assert result.code == 1 and 'unique' in result.stderr
    project = Project(tmpdir)
    db = project.db
    db.Table('user', db.metadata,
             db.Column('id', db.Integer, primary_key=True),
             db.Column('name', db.String(64), nullable=False, index=True,
                       unique=True),
             db.Column('height', db.Integer))
    project.python('migrate', drop=['user.age', 'post'])
    project.python('upgrade')
    assert sorted(project.columns('user')) == ['height', 'id', 'name']


def test_a_drop_that_nobody_asks_about(tmpdir):
    blog = Blog(tmpdir)
    blog.fill()
    project = Project(tmpdir)
    project.db.Table('user', project.db.metadata,
                     project.db.Column('id', project.db.Integer,
                                       primary_key=True),
                     project.db.Column('name', project.db.String(64),
                                       nullable=False, index=True,
                                       unique=True))
    project.python('migrate', drop=['user.age', 'post'])
    project.python('upgrade')
    assert project.columns('user') == ['id', 'name']
    assert project.tables() == ['user']


def test_a_table_that_no_revision_has_created(tmpdir):
    blog = Blog(tmpdir)
    blog.fill()
    import os
    for name in blog.project.scripts():
        os.remove(os.path.join(blog.project.versions, name))
    blog.project.execute('DELETE FROM alembic_version')
    project = blog.after(user='account')
    project.python('migrate', rename={'user': 'account'})
    project.python('upgrade')
    assert blog.rows('account', 'name') == ROWS


def test_a_hook_of_the_project_has_the_last_word(tmpdir):
    seen = []

    def hook(context, revision, directives):
        seen.extend(type(each).__name__
                    for each in directives[0].upgrade_ops.ops)
        directives[:] = []
    blog = Blog(tmpdir)
    project = blog.after(name='full_name')
    project.app.extensions['migrate'].configure_args[
        'process_revision_directives'] = hook
    assert project.python(
        'migrate', rename={'user.name': 'full_name'}) is None
    assert 'RenamedColumn' in seen and len(project.scripts()) == 1


# What else a column or table may have ----------------------------------------

def full(path, url, table='thing', flag='flag', kind='kind', at='at',
         code='code', parent='parent_id'):
    """A project with a table that has a bit of everything."""
    # Alembic before 1.4 takes MySQL's booleans for another type, and its
    # CURRENT_TIMESTAMP for another default.
    new = compat.alembic.alembic_version() >= (1, 4)
    project = Project(path, url, compare_type=new, compare_server_default=new)
    db = project.db
    db.Table(
        table, db.metadata,
        db.Column('id', db.Integer, primary_key=True),
        db.Column(flag, db.Boolean(), nullable=False),
        db.Column(kind, db.Enum('red', 'blue', name='color')),
        db.Column(at, db.DateTime(), nullable=False,
                  server_default=db.text('CURRENT_TIMESTAMP')),
        db.Column(code, db.String(9)),
        db.Column(parent, db.Integer, db.ForeignKey(
            table + '.id', name='fk_parent')),
        db.UniqueConstraint(code, flag, name='uq_code'),
        db.Index('ix_two', kind, at),
        db.Index('ix_parent', parent))
    return project


@pytest.mark.parametrize('new', [
    pytest.param(new, marks=[] if len(new) > 1 else [pytest.mark.once])
    for new in some([
        {'table': 'things', 'flag': 'is_flag', 'code': 'key',
         'parent': 'above_id'},
        {'flag': 'is_flag'}, {'kind': 'kind_of'}, {'at': 'order'},
        {'code': 'Code'}, {'parent': 'above_id'}, {'table': 'group'}], 3)],
    ids=repr)
def test_a_bit_of_everything(tmpdir, some_database_url, new):
    project = full(tmpdir, some_database_url)
    project.python('init')
    project.python('migrate')
    project.python('upgrade')
    project.execute("INSERT INTO thing (id, flag, kind, code, parent_id) "
                    "VALUES (1, '1', 'red', 'a', NULL)")
    project.execute("INSERT INTO thing (id, flag, kind, code, parent_id) "
                    "VALUES (2, '0', 'blue', 'b', 1)")
    rows = 'SELECT * FROM %s ORDER BY 1'
    before = project.query(rows % 'thing')
    columns = project.columns('thing')
    project = full(tmpdir, some_database_url, **new)
    quote = project.engine().dialect.identifier_preparer.quote
    names = dict(parent='parent_id')
    project.python('migrate', rename=dict(
        ('thing' if key == 'table' else 'thing.' + names.get(key, key), name)
        for key, name in new.items()))

    def up():
        assert project.query(rows % quote(new.get('table', 'thing'))) \
            == before

    def down():
        assert project.query(rows % 'thing') == before
        assert project.columns('thing') == columns
    up_and_down(project, up, down)
