"""``migrate``: required columns on tables with rows."""
import datetime
import os
import uuid

import pytest
from sqlalchemy import func

from flask_migrate import CommandError, MigrationFailed, compat
from project import Project
from terminal import Terminal

pytestmark = pytest.mark.skipif(
    not compat.alembic.has_operations(), reason='needs Alembic 0.8')


class Users(object):
    """A project with two users; more columns are to come."""

    def __init__(self, tmpdir, url=None):
        self.tmpdir, self.url = tmpdir, url
        self.after()
        self.project.python('init')
        self.project.python('migrate')
        self.project.python('upgrade')
        self.table = self.project.engine().dialect \
            .identifier_preparer.quote('user')
        for number, age in ((1, 'NULL'), (2, '30')):
            self.project.execute('INSERT INTO %s (id, age) VALUES (%d, %s)'
                                 % (self.table, number, age))

    def after(self, *columns, **settings):
        self.project = Project(self.tmpdir, self.url)
        db = self.project.db
        age = settings.get('age', None)
        age = db.Column('age', db.Integer) if age is None else age
        db.Table('user', db.metadata,
                 db.Column('id', db.Integer, primary_key=True), age,
                 *[each(db) for each in columns])
        return self.project

    def values(self, column):
        return [row[0] for row in self.project.query(
            'SELECT %s FROM %s ORDER BY id' % (column, self.table))]

    def nullable(self, column):
        from sqlalchemy import inspect
        return [each['nullable'] for each in inspect(
            self.project.engine()).get_columns('user')
            if each['name'] == column][0]

    def up_and_down(self, column, check):
        """Migrate, and look after upgrade and after downgrade."""
        before = self.project.columns('user')
        for _ in range(2):
            self.project.python('upgrade')
            check(self.values(column))
            assert not self.nullable(column)
            assert self.project.python('migrate') is None
            self.project.python('downgrade')
            assert self.project.columns('user') == before
            assert self.values('age') == [None, 30]


@pytest.fixture
def users(tmpdir, some_database_url):
    return Users(tmpdir, some_database_url)


@pytest.fixture
def few(tmpdir):
    return Users(tmpdir)


def new(type_, default=None, **settings):
    """A function that makes a required column 'extra' for a db."""
    def column(db):
        kind = type_(db) if callable(type_) else getattr(db, type_)
        if default is not None:
            settings['default'] = default
        return db.Column('extra', kind, nullable=False, **settings)
    return column


def test_a_scalar(tmpdir, database_url):
    users = Users(tmpdir, database_url)
    users.after(new('Integer', 7))
    users.project.python('migrate')
    users.up_and_down('extra', lambda found: found == [7, 7] or pytest.fail(
        repr(found)))


@pytest.mark.parametrize('type_, default, wanted', [
    (lambda db: db.String(20), u"it's", u"it's"),
    ('Boolean', True, True), ('Float', 1.5, 1.5),
    ('Date', datetime.date(2020, 2, 29), '2020-02-29'),
    (lambda db: db.Enum('red', 'blue', name='color'), 'red', 'red'),
    ('Integer', int, 0), (lambda db: db.String(9), str, ''),
    (lambda db: db.String(9), func.lower('A'), 'a')])
def test_scalars_of_other_types(few, type_, default, wanted):
    few.after(new(type_, default))
    few.project.python('migrate')
    few.up_and_down('extra', lambda found: found == [wanted, wanted]
                    or pytest.fail(repr(found)))


@pytest.mark.parametrize('default', [
    datetime.datetime.utcnow, datetime.datetime.now,
    lambda: datetime.datetime.utcnow(), func.now()])
def test_the_time(few, default):
    few.after(new('DateTime', default))
    path = few.project.python('migrate').path
    with open(path) as file:
        assert "'extra': sa.func." in file.read()
    few.up_and_down('extra', lambda found: all(
        str(each)[:2] == '20' for each in found) or pytest.fail(repr(found)))


def test_the_time_of_the_database(users):
    users.after(new('DateTime', datetime.datetime.utcnow))
    users.project.python('migrate')
    users.up_and_down('extra', lambda found: all(
        str(each)[:2] == '20' for each in found) or pytest.fail(repr(found)))


def are_uuids(found):
    assert len(set(found)) == 2
    for each in found:
        uuid.UUID(str(each))


def test_a_value_for_each_row(tmpdir, database_url):
    users = Users(tmpdir, database_url)
    users.after(new(lambda db: db.String(36), lambda: str(uuid.uuid4()),
                    unique=True, index=True))
    users.project.python('migrate')
    users.project.python('upgrade')
    are_uuids(users.values('extra'))
    assert not users.nullable('extra')
    result = users.project.manage('upgrade', '--sql')
    assert result.code == 1
    assert 'cannot be printed as SQL' in result.stderr


def test_rows_come_in_batches(few):
    for start in range(100):
        few.project.execute('INSERT INTO user (id) VALUES %s' % ', '.join(
            '(%d)' % (3 + start * 25 + i) for i in range(25)))
    few.after(new(lambda db: db.String(36), lambda: str(uuid.uuid4())))
    few.project.python('migrate')
    few.project.python('upgrade')
    found = few.values('extra')
    assert len(found) == len(set(found)) == 2502


def test_a_script_needs_alembic_and_sqlalchemy_only(few):
    few.after(new(lambda db: db.String(36), lambda: uuid.uuid4().hex))
    with open(few.project.python('migrate').path) as file:
        text = file.read()
    assert 'import uuid' in text and 'flask' not in text


# Without a default -----------------------------------------------------------

def own():
    return 3


@pytest.mark.parametrize('default', [
    None, own, lambda: 3, lambda context: 3])
def test_a_script_stops_where_it_meets_rows(users, default):
    users.after(new('Integer', default), lambda db: db.Column(
        'other', db.Integer))
    users.project.python('migrate')
    with pytest.raises(MigrationFailed) as error:
        users.project.python('upgrade')
    assert 'migrate --fill user.extra=VALUE' in str(error.value)
    assert 'user.extra is required and %s, and there are rows' % (
        'its default is none that a script can use' if default
        else 'has no default') in str(error.value)
    assert users.project.columns('user') == ['id', 'age']
    users.project.execute('DELETE FROM ' + users.table)
    users.project.python('upgrade')
    assert users.project.columns('user') == ['id', 'age', 'extra', 'other']
    assert not users.nullable('extra')


def test_fill(users, command_line):
    users.after(new('Integer'))
    result = users.project.command_line(
        command_line, 'migrate', '--fill', 'user.extra=5')
    assert result.code == 0, result
    users.up_and_down('extra', lambda found: found == [5, 5] or pytest.fail(
        repr(found)))


def test_fill_from_python(few):
    few.after(new(lambda db: db.String(9)))
    few.project.python('migrate', fill={'user.extra': u'x'})
    few.up_and_down('extra', lambda found: found == ['x', 'x']
                    or pytest.fail(repr(found)))


def test_a_value_of_another_type(few):
    few.after(new('Integer'))
    with pytest.raises(CommandError) as error:
        few.project.python('migrate', fill=['user.extra=five'])
    assert "'five' is no value for Integer" in str(error.value)
    assert len(few.project.scripts()) == 1


def test_one_value_for_a_unique_column(few):
    few.after(new('Integer', unique=True, index=True))
    with pytest.raises(CommandError) as error:
        few.project.python('migrate', fill={'user.extra': 5})
    assert 'unique' in str(error.value)
    few.after(new('Integer', 5, unique=True, index=True))
    few.project.python('migrate')
    with pytest.raises(CommandError) as error:
        few.project.python('upgrade')
    assert 'user.extra is required and unique' in str(error.value)
    assert few.project.columns('user') == ['id', 'age']


def test_one_default_for_a_unique_column(few):
    first = few.project.scripts()
    for settings in ({'default': 5}, {'server_default': '5'}):
        few.after(age=few.project.db.Column(
            'age', few.project.db.Integer, nullable=False, unique=True,
            **settings))
        result = few.project.manage('migrate')
        assert 'user.age is required and unique, and its default is one ' \
            'value for all rows: the script stops where there are rows. ' \
            'Fill each of them in it.' in result.stderr, result
        with pytest.raises(CommandError) as error:
            few.project.python('upgrade')
        assert 'each needs a value of its own' in str(error.value)
        assert '--fill' not in str(error.value)
        assert few.nullable('age')
        os.remove(os.path.join(few.project.versions, [
            name for name in few.project.scripts()
            if name not in first][0]))


def test_a_server_default_needs_nothing(users):
    users.after(new('Integer', server_default='4'))
    with open(users.project.python('migrate').path) as file:
        assert 'update()' not in file.read()
    users.up_and_down('extra', lambda found: found == [4, 4] or pytest.fail(
        repr(found)))


# A column that is there becomes required -------------------------------------

def test_a_nullable_column_becomes_required(tmpdir, database_url):
    users = Users(tmpdir, database_url)
    db = users.after().db
    users.after(age=db.Column('age', db.Integer, nullable=False, default=1))
    users.project.python('migrate')
    for _ in range(2):
        users.project.python('upgrade')
        assert users.values('age') == [1, 30] and not users.nullable('age')
        assert users.project.python('migrate') is None
        users.project.python('downgrade')
        assert users.nullable('age')


def test_a_nullable_column_without_a_default(few):
    db = few.after().db
    few.after(age=db.Column('age', db.Integer, nullable=False))
    few.project.python('migrate')
    with pytest.raises(MigrationFailed) as error:
        few.project.python('upgrade')
    assert '--fill user.age=VALUE' in str(error.value)
    assert few.nullable('age')
    few.project.execute('UPDATE user SET age = 0 WHERE age IS NULL')
    few.project.python('upgrade')
    assert few.values('age') == [0, 30] and not few.nullable('age')


# On a terminal ---------------------------------------------------------------

MODELS = u'''

db.Table('user', db.metadata, db.Column('id', db.Integer, primary_key=True),
         db.Column('age', db.Integer),
         db.Column('extra', db.Integer, nullable=False))
'''


@pytest.mark.once
@pytest.mark.parametrize('answers, wanted', [
    (['5'], [5, 5]), (['five', '5'], [5, 5]), ([''], None)])
def test_a_question(few, command_line, answers, wanted):
    few.after(new('Integer'))
    terminal = Terminal(few.project, MODELS, command_line, 'migrate')
    for number, answer in enumerate(answers):
        terminal.says('user.extra is required and has no default.')
        if number:
            assert "'five' is no value for Integer" in terminal.output
        terminal.types(answer + '\n')
    assert terminal.ends() == 0, terminal.output
    if wanted is None:
        with pytest.raises(MigrationFailed):
            few.project.python('upgrade')
    else:
        few.project.python('upgrade')
        assert few.values('extra') == wanted
