# coding: utf-8
"""``migrate``: rows that do not fit a new type stop a script in time."""
import pytest
import sqlalchemy as sa
from sqlalchemy import (
    BigInteger, Boolean, Date, DateTime, Float, Integer, Numeric,
    SmallInteger, String, Text, Time)
from sqlalchemy.dialects import sqlite

from flask_migrate import MigrationFailed, compat
from project import Project
from round_trip import enum_type
from variants import some

pytestmark = pytest.mark.skipif(
    not compat.alembic.has_operations(), reason='needs Alembic 0.8')

ALL = ('sqlite', 'postgresql', 'mariadb')
SERVERS = ALL[1:]


class Items(object):
    """A project with a table whose column gets another type."""

    def __init__(self, tmpdir, url, old):
        self.tmpdir, self.url = tmpdir, url
        self.after(old)
        for command in ('init', 'migrate', 'upgrade'):
            self.project.python(command)

    def after(self, type_, name='value', table='item'):
        self.project = Project(self.tmpdir, self.url)
        db = self.project.db
        self.table = db.Table(
            table, db.metadata, db.Column('id', db.Integer, primary_key=True),
            db.Column(name, type_))
        return self.project

    def fill(self, first, *values):
        for number, value in enumerate(values, first):
            self.project.execute('INSERT INTO item (id, value) VALUES '
                                 '(%d, %s)' % (number, value))

    def rows(self, sql='SELECT id, value FROM item ORDER BY id'):
        return [tuple(compat.python.text(each) for each in row)
                for row in self.project.query(sql)]

    def type(self, table='item', name='value'):
        return [str(each['type']) for each in compat.tables.fresh_inspector(
            self.project.engine()).get_columns(table)
            if each['name'] == name][0]


@pytest.fixture
def items(request, tmpdir):
    """A function that makes one on a database."""
    def make(database, old):
        url = 'sqlite:///%s' % tmpdir.join('app.db') \
            if database == 'sqlite' \
            else request.getfixturevalue(database + '_url')
        return Items(tmpdir, url, old)
    return make


def texts(*values):
    return ["'%s'" % each for each in values]


COLOR = dict(name='color')
#: Old and new type, values that fit, and others, as SQL; and where.
CASES = [
    (String(50), Integer, texts('12', '-7', '+3', '007'),
     texts('12abc', '1.5', '', '99999999999999999999', u'é'), ALL),
    (String(50), Integer, texts('1'), texts('3000000000'), SERVERS),
    (String(50), Numeric(6, 2), texts('1.25', '-3', '.5'),
     texts('1.2x', '', 'abc'), ALL),
    (String(50), Numeric(6, 2), texts('1.25'),
     texts('1.259', '12345.00'), SERVERS),
    (String(50), Float, texts('1.25', '-3'), texts('1.2x', ''), ALL),
    (String(50), Boolean, texts('0', '1'), texts('maybe', '2', ''), ALL),
    (String(50), Boolean, ["'1'"], texts('true'), ('sqlite', 'mariadb')),
    (String(50), Boolean, texts('true', 'no'), texts('maybe'),
     ['postgresql']),
    (String(50), Date, texts('2020-02-29'),
     texts('2020-02-30', 'someday', '2020-01-01 10:00:00', ''), ALL),
    (String(50), DateTime, texts('2020-02-29 10:11:12', '2020-01-01'),
     texts('2020-02-30 00:00:00', '12:00:00', 'soon', ''), ALL),
    (String(50), DateTime, [], texts('2020-02-29 10:11:12.5'), ['mariadb']),
    (String(50), Time, texts('10:11:12'), texts('25:00:00', 'noon', ''),
     ALL),
    (String(50), enum_type('red', "it's", **COLOR), texts('red', "it''s"),
     texts('green', ''), ALL),
    (String(20), String(5), texts(u'ééééé'), texts('abcdef'), SERVERS),
    (Text(), String(5), texts('abc'), texts('abcdef'), SERVERS),
    (Integer, String(3), ['123'], ['1234', '-123'], SERVERS),
    (BigInteger, Integer, ['2147483647'], ['2147483648', '-2147483649'],
     SERVERS),
    (Integer, SmallInteger, ['32767'], ['32768'], SERVERS),
    (Integer, Boolean, ['0', '1'], ['2', '-1'], ALL),
    (Integer, Numeric(5, 2), ['999'], ['1000'], SERVERS),
    (Numeric(8, 4), Numeric(8, 2), ['1.25'], ['1.251'], SERVERS),
    (Numeric(8, 2), Numeric(6, 2), ['1234.25'], ['12345.25'], SERVERS),
    (Numeric(8, 2), Integer, ['12'], ['12.5'], ALL),
    (Float(53), Integer, ['12'], ['12.5', '1e15'], SERVERS),
    (Float(53), Numeric(6, 2), ['1.25'], ['1.239', '12345'], SERVERS),
    (Numeric(12, 8), Float(20), ['1.25'], ['0.12345678'], ['mariadb']),
    (BigInteger, Float(20), ['1024'], ['16777217'], ['mariadb']),
    (Numeric(12, 8), sa.REAL, ['1.25'], ['0.12345678'], ['postgresql']),
    (BigInteger, sa.REAL, ['1024'], ['16777217'], ['postgresql']),
    (DateTime, Date, ["'2020-01-01 00:00:00'"], ["'2020-01-01 10:00:00'"],
     SERVERS),
    (DateTime, Date, [], ["'2020-01-01 10:00:00'"], ALL),
    (DateTime, Time, [], ["'2020-01-01 10:00:00'"], SERVERS),
]
if hasattr(sqlite, 'JSON'):             # SQLAlchemy 1.3
    CASES.append((Text(), sa.JSON, texts('{"a": 1}', '[2]'),
                  texts('{a}', ''), ALL))
if hasattr(sa, 'Uuid'):
    CASES += [
        (String(36), sa.Uuid, texts('0' * 32), texts('x' * 32, 'abc', ''),
         ALL),
        (String(40), sa.Uuid, texts(
            '00000000-0000-0000-0000-000000000001'), texts('0' * 31), [
                'postgresql'])]


def cases():
    return some([pytest.param(database, case, marks=(
        () if database == 'sqlite' else pytest.mark.once),
        id='%s-%d-%s-to-%s' % (database, number, name(case[0]),
                               name(case[1])))
            for number, case in enumerate(CASES)
            for database in ALL if database in case[4]], 3)


def name(type_):
    return getattr(type_, '__name__', type(type_).__name__)


@pytest.mark.parametrize('database, case', cases())
def test_misfits(items, database, case):
    old, new, fitting, others, _ = case
    items = items(database, old)
    before = items.type()
    items.fill(1, *fitting)
    items.fill(101, 'NULL', *others)
    rows = items.rows()
    items.after(new)
    items.project.python('migrate')
    assert items.rows() == rows
    with pytest.raises(MigrationFailed) as error:
        items.project.python('upgrade')
    keys = [str(102 + number) for number in range(len(others))]
    assert 'item.value: rows whose value does not fit ' in str(error.value)
    assert ': %d (id %s). Nothing was changed.' % (
        len(keys), ', '.join(keys)) in str(error.value)
    assert items.rows() == rows and items.type() == before
    items.project.execute('DELETE FROM item WHERE id > 101')
    items.project.python('upgrade')
    assert items.type() != before
    if makes_a_check(new):
        return
    assert items.project.python('migrate') is None
    after = items.rows()
    if database != 'sqlite':
        assert [equal(*pair) for pair in zip(rows, after)] == [
            True] * len(after)
    items.project.python('downgrade')
    assert items.type() == before


def makes_a_check(type_):
    """Whether SQLAlchemy makes one by itself, as before 1.4.

    On SQLite it is not taken for the type's when it is read again.
    """
    return compat.tables.sqlalchemy_version() < (1, 4) and isinstance(
        sa.types.to_instance(type_), (Boolean, sa.Enum))


def equal(old, new):
    """Whether a value is what it was, whatever its type."""
    numbers = {'True': '1', 'False': '0', 'true': '1', 'no': '0'}
    one, other = [numbers.get(value, value) for _, value in (old, new)]
    try:
        return old[0] == new[0] and float(one) == float(other)
    except ValueError:
        def plain(text):
            return text.replace(' 00:00:00', '').replace('-', '').replace(
                "u'", "'").replace("'", '"')
        return old[0] == new[0] and plain(one) == plain(other)


# Where and when the check stands ---------------------------------------------

@pytest.fixture(params=['postgresql', 'mariadb'])
def server(request):
    return request.param


@pytest.mark.once
def test_the_way_back(items, server):
    items = items(server, String(5))
    items.after(String(50))
    items.project.python('migrate')
    items.project.python('upgrade')
    items.fill(1, "'abc'", "'abcdef'")
    with pytest.raises(MigrationFailed) as error:
        items.project.python('downgrade')
    assert 'item.value: rows whose value does not fit VARCHAR(5): 1 (id 2)' \
        in str(error.value)
    assert len(items.rows()) == 2 and items.type() == 'VARCHAR(50)'
    items.project.execute('DELETE FROM item WHERE id = 2')
    items.project.python('downgrade')
    assert items.type().startswith('VARCHAR(5)')


@pytest.mark.parametrize('database', [
    'sqlite'] + [pytest.param(name, marks=pytest.mark.once)
                 for name in SERVERS])
def test_a_column_and_a_table_with_new_names(items, database):
    items = items(database, String(50))
    items.fill(1, "'12'", "'x'")
    items.after(Integer, 'number', 'thing')
    items.project.python('migrate', rename={
        'item': 'thing', 'item.value': 'number'})
    with pytest.raises(MigrationFailed) as error:
        items.project.python('upgrade')
    assert 'item.value: rows whose value does not fit INTEGER: 1 (id 2)' \
        in str(error.value)
    items.project.execute('DELETE FROM item WHERE id = 2')
    items.project.python('upgrade')
    assert items.rows('SELECT id, number FROM thing') == [('1', '12')]
    items.project.python('downgrade')
    assert items.rows() == [('1', '12')]


@pytest.mark.once
def test_the_value_of_an_enum(items, server):
    items = items(server, enum_type('red', 'green', 'blue', **COLOR))
    items.fill(1, "'red'", "'blue'", "'green'")
    items.after(enum_type('red', 'yellow', **COLOR))
    assert items.project.python('migrate') is not None
    for lost in ('2, 3', '3'):
        with pytest.raises(MigrationFailed) as error:
            items.project.python('upgrade')
        assert 'item.value: rows whose value does not fit ' in str(
            error.value)
        assert '(id %s). Nothing was changed.' % lost in str(error.value)
        items.project.execute(
            'DELETE FROM item WHERE id = %s' % lost.split(',')[0])
    items.project.python('upgrade')
    items.project.execute("INSERT INTO item VALUES (7, 'yellow')")
    with pytest.raises(MigrationFailed) as error:
        items.project.python('downgrade')
    assert '1 (id 7). Nothing was changed.' in str(error.value)
    items.project.execute('DELETE FROM item WHERE id = 7')
    items.project.python('downgrade')
    assert items.rows() == [('1', 'red')]


@pytest.mark.parametrize('database', [
    'sqlite'] + [pytest.param(name, marks=pytest.mark.once)
                 for name in SERVERS])
def test_keys_of_two_columns_and_none(items, database):
    def after(items, type_):
        project = Project(items.tmpdir, items.url)
        for name, key in (('two', True), ('bare', False)):
            project.db.Table(
                name, project.db.metadata,
                project.db.Column('order', project.db.Integer,
                                  primary_key=key, autoincrement=False),
                project.db.Column('by', project.db.String(90),
                                  primary_key=key),
                project.db.Column('value', type_))
        project.db.Table('item', project.db.metadata, project.db.Column(
            'id', project.db.Integer, primary_key=True), project.db.Column(
                'value', project.db.Integer))
        items.project = project
        return project
    items = items(database, Integer)
    for number, type_ in enumerate((String(50), Integer)):
        project = after(items, type_)
        project.python('migrate')
        if number:
            break
        project.python('upgrade')
        quote = project.engine().dialect.identifier_preparer.quote
        columns = '%s, %s, value' % (quote('order'), quote('by'))
        for number in range(8):
            project.execute("INSERT INTO two (%s) VALUES (%d, '%s', 'x')"
                            % (columns, number, 'a' * 80))
            project.execute("INSERT INTO bare (%s) VALUES (%d, 'a', 'y')"
                            % (columns, number))
    shown = ', '.join('%d/%s' % (number, 'a' * 38) for number in range(5))
    with pytest.raises(MigrationFailed) as error:
        project.python('upgrade')
    text = str(error.value)
    if 'two.value' in text:
        assert 'does not fit INTEGER: 8 (order/by ' in text
        assert shown.split(',')[0] in text and '5/' not in text
        project.execute('DELETE FROM two')
        with pytest.raises(MigrationFailed) as error:
            project.python('upgrade')
    assert 'bare.value: rows whose value does not fit INTEGER: 8. Nothing' \
        in str(error.value)


def test_a_printed_script_says_that_it_reads(tmpdir, database_url):
    items = Items(tmpdir, database_url, String(50))
    items.after(Integer)
    script = items.project.python('migrate')
    with open(script.path) as file:
        assert 'flask' not in file.read()
    result = items.project.manage('upgrade', script.down_revision + ':head',
                                  '--sql')
    kind = items.project.engine().dialect.name
    if kind == 'postgresql':
        assert 'DO $stop$' in result.stdout and '%' not in result.stdout
        start, end = [result.stdout.index(each) for each in (
            'DO $stop$', 'ALTER TABLE item')]
        assert start < end
        items.fill(1, "'x'")
        block = result.stdout[start:result.stdout.index(
            'END $stop$') + 10]
        with pytest.raises(Exception) as error:
            items.project.execute(block)
        assert 'does not fit INTEGER: 1 (id 1)' in str(error.value)
    else:
        assert '-- This finds no row, or it must not begin: SELECT count(*)' \
            ' FROM item WHERE ' in result.stdout


def test_what_fits_is_not_looked_at(items):
    items = items('sqlite', String(5))
    items.after(String(50))
    with open(items.project.python('migrate').path) as file:
        assert 'dialect.name' not in file.read()
