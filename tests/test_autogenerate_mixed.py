"""Changes that meet: an index and a foreign key, a rename and an enum."""
import pytest
import sqlalchemy as sa
from sqlalchemy import (
    CheckConstraint, Column, ForeignKey, Index, Integer, MetaData, String,
    Table, create_engine)

from flask_migrate import DiffsDetected, compat
import round_trip
from round_trip import ALL, SERVERS, enum_type
import schemas
from test_round_trip import kept_urls
from variants import some

pytestmark = pytest.mark.skipif(
    not compat.alembic.has_check(), reason='older Alembics compare less')

CONVENTION = {'ck': 'ck_%(table_name)s_%(constraint_name)s'}


class There(object):
    """A database, which goes from one MetaData to another and back.

    :param urls: of the database, and of an empty one to compare with.
    """

    def __init__(self, urls):
        self.engines = [create_engine(url) for url in urls]
        for engine in self.engines:
            round_trip.empty(engine)
        self.way = round_trip.Way(None, *self.engines)
        self.way.do('init')

    def close(self):
        self.way.close()
        for engine in self.engines:
            engine.dispose()

    def make(self, *tables, **options):
        """The MetaData of tables: each a name and columns."""
        self.way.database.metadata = metadata = MetaData(**options)
        for table in tables:
            Table(table[0], metadata, Column('id', Integer,
                                             primary_key=True), *table[1:])
        return metadata

    def begin(self, *tables, **options):
        """Have these tables, with a row in each."""
        metadata = self.make(*tables, **options)
        self.migrate()
        self.way.do('upgrade')
        self.way.execute(lambda connection: [
            connection.execute(table.insert().values(
                dict((column.name, round_trip.value_of(column, 1))
                     for column in table.columns)))
            for table in metadata.sorted_tables])
        self.before = schemas.schema(self.engines[0])
        self.rows = self.way.execute(round_trip.contents)

    def migrate(self, **answers):
        self.way.do('migrate', message='change', **answers)

    def go(self, *tables, **options):
        """Change to these tables, and back; return the rows in between."""
        answers = options.pop('answers', {})
        metadata = self.make(*tables, **options)
        self.migrate(**answers)
        self.way.do('upgrade')
        self.way.do('check')
        self.way._check_like_create_all(metadata)
        rows = self.way.execute(round_trip.contents)
        self.way.do('downgrade')
        assert schemas.schema(self.engines[0]) == self.before
        self.way.do('upgrade')
        return rows


@pytest.fixture
def there(request, tmpdir):
    """A :class:`There` on the database that a test is parametrized with."""
    database = request.node.callspec.params['database']
    found = There(
        ['sqlite:///%s' % tmpdir.join(each) for each in 'ab']
        if database == 'sqlite' else kept_urls(
            request.getfixturevalue(database + '_server')))
    yield found
    found.close()


def on(*databases):
    """In the slow mode on all of them."""
    return pytest.mark.parametrize('database', [
        each if each == 'sqlite' else pytest.param(
            each, marks=[pytest.mark.once, pytest.mark.server])
        for each in some(databases, 2)])


def level():
    return enum_type('low', 'high', name='level')


@on('postgresql')
def test_two_columns_of_one_enum(there, database):
    there.begin(('item',))
    there.go(('item',), ('other', Column('one', level()),
                         Column('two', level())))


@on('postgresql')
@pytest.mark.parametrize('old, new, default', [
    ('low high', 'low high 5%:all', '5%:all'), ('low high', 'high', 'high'),
    ('low high', 'high top', 'top'), ('low high', 'high', None)])
def test_the_default_of_an_enum_changes_with_its_values(
        there, database, old, new, default):
    def tables(column, values, default):
        kind = enum_type(*values.split(), name='a level')
        return [('item', Column(column, kind, nullable=False,
                                server_default=default)),
                ('other', Column('level', kind, server_default=default))]
    there.begin(*tables('level', old, 'low'))
    there.way.execute(lambda connection: [connection.execute(sa.text(
        "UPDATE %s SET level = 'high'" % name)) for name in ('item', 'other')])
    rows = there.go(*tables('how', new, default),
                    answers={'rename': {'item.level': 'how'}})
    assert [row['how'] for row in rows['item']] == ['high']


@on('postgresql')
def test_an_enum_that_two_tables_have(there, database):
    there.begin(('item', Column('level', level())),
                ('other', Column('level', level())))
    there.go(('item', Column('level', level())))


@on('postgresql')
def test_a_renamed_column_leaves_its_enum(there, database):
    there.begin(('item', Column('level', level())))
    rows = there.go(('item', Column('size', String(20))),
                    answers={'rename': {'item.level': 'size'}})
    assert [row['size'] for row in rows['item']] == ['low']


@on(*SERVERS)
def test_a_default_with_a_per_cent_sign(there, database):
    def item(length, *more):
        return ('item', Column('hint', String(length), nullable=False,
                               server_default="it's 5%")) + more
    there.begin(item(20, Column('other', String(20),
                                server_default='up to 5%')))
    there.go(item(40))


@on('mariadb')
@pytest.mark.parametrize('option', ['index', 'unique'])
def test_an_index_under_a_foreign_key(there, database, option):
    def note(**options):
        return ('note', Column('item_id', Integer, ForeignKey(
            'item.id', name='fk_note_item'), **options))
    there.begin(('item',), note(**{option: True}))
    there.go(('item',), note())


@on('mariadb')
@pytest.mark.parametrize('option', ['index', 'unique'])
def test_a_new_index_under_a_foreign_key(there, database, option):
    def note(**options):
        return ('note', Column('item_id', Integer, ForeignKey('item.id'),
                               **options))
    there.begin(('item',), note())
    there.go(('item',), note(**{option: True}))


@on(*ALL)
@pytest.mark.parametrize('old, new', [
    (String(10), String(20)), (Integer, sa.BigInteger),
    (Integer, String(20))])
def test_both_ends_of_foreign_keys_get_another_type(there, database, old,
                                                    new):
    """One that stays, one with an index, one that changes, two that go.

    (A script for PostgreSQL has a variable of the name 'one', too.)
    """
    def key(name, kind, **options):
        return Column(name, kind, ForeignKey('item.code', **options))
    there.begin(('item', Column('code', old, unique=True)),
                ('gone', key('code', old)),
                ('note', key('one', old), Column('two', old, ForeignKey(
                    'item.code'), index=True), key('three', old)))
    rows = there.go(
        ('item', Column('code', new, unique=True)),
        ('another', key('code', new)),
        ('note', key('first', new), key('two', new),
         key('three', new, ondelete='CASCADE')),
        answers={'drop': ['gone'], 'rename': {'note.one': 'first'}})
    note, = rows['note']
    assert set(note[name] for name in ('first', 'two', 'three')) \
        == set([rows['item'][0]['code']])


@on(*ALL)
@pytest.mark.parametrize('before', [None, 'size', 'name'])
def test_an_index_that_descends(there, database, before):
    """SQLite and MariaDB tell an Inspector nothing of it."""
    def table(*indexes):
        return ('item', Column('size', Integer),
                Column('name', String(9))) + indexes
    old = [Index('ix_item', before)] if before else []
    there.begin(table(*old))
    there.go(table(Index('ix_item', sa.desc('size')),
                   Index('ix_both', 'name', sa.text('size DESC'))))
    there.way.do('check')
    sql = statement(there, database)
    assert sql.lower().count('desc') == 2, sql


def statement(there, database):
    """The SQL that made the indexes of a table."""
    return ' '.join(str(row[-1]) for row in there.way.execute(
        lambda connection: connection.execute(sa.text({
            'sqlite': "SELECT sql FROM sqlite_master WHERE type = 'index'",
            'postgresql': "SELECT indexdef FROM pg_indexes WHERE tablename "
                          "= 'item'",
            'mariadb': 'SHOW CREATE TABLE item'}[database])).fetchall()))


@on('postgresql', 'mariadb')
@pytest.mark.parametrize('going', [True, False])
def test_a_type_changes_beside_tables_that_refer_to_each_other(
        there, database, going):
    def tables(circle, kind):
        found = [('item', Column('code', kind))]
        for name, other in (('hen', 'egg'), ('egg', 'hen')) * circle:
            found.append((name, Column('other', Integer, ForeignKey(
                other + '.id', name='fk_' + name)),
                Column('item_id', Integer, ForeignKey('item.id'))))
        return found
    metadata = there.make(*tables(going, Integer))
    there.migrate()
    there.way.do('upgrade')
    there.way.execute(lambda connection: connection.execute(
        metadata.tables['item'].insert().values(code=7)))
    there.before = schemas.schema(there.engines[0])
    rows = there.go(*tables(not going, String(20)),
                    answers={'drop': ['hen', 'egg'] if going else []})
    assert rows['item'][0]['code'] == '7'


@on('mariadb')
def test_json_stays_json(there, database):
    there.begin(('item', Column('one', sa.JSON, nullable=False),
                 Column('two', sa.JSON), Column('three', sa.JSON)),
                ('other', Column('data', sa.JSON)))
    there.go(('item', Column('one', sa.JSON), Column('second', sa.JSON)),
             answers={'rename': {'item.two': 'second'},
                      'drop': ['item.three', 'other']})


@on(*ALL)
def test_a_check_of_a_column_in_quotes(there, database):
    def item():
        column = Column('order', Integer)
        return ('item', column,
                CheckConstraint(column > 0, name='ck_item_order'))
    there.begin(('item', Column('order', Integer)))
    there.go(item())


@on(*ALL)
def test_checks_that_a_convention_names(there, database):
    options = {'naming_convention': CONVENTION}
    there.begin(('item', Column('size', Integer),
                 CheckConstraint('size > 0', name='some')), **options)
    there.go(('item', Column('size', Integer),
              CheckConstraint('size < 9', name='few')), **options)


@on('sqlite')
def test_checks_in_words(there, database):
    there.begin(('item', Column('size', Integer),
                 CheckConstraint('size > 0', name='some')))
    there.make(('item', Column('size', Integer),
                CheckConstraint('size < 9', name='few')))
    with pytest.raises(DiffsDetected) as error:
        with there.way.app.app_context():
            round_trip.flask_migrate.check()
    assert 'check some of item (size > 0) is not in the models' in str(
        error.value)
    assert 'check few of item (size < 9) is missing' in str(error.value)


@on('mariadb')
def test_a_required_column_keeps_its_comment(there, database):
    there.begin(('item', Column('size', Integer, comment='how big')))
    there.go(('item', Column('size', Integer, nullable=False, default=3,
                             comment='how big')))


@on('sqlite')
def test_a_renamed_unique_column_becomes_required(there, database):
    there.begin(('item', Column('code', Integer, unique=True)))
    rows = there.go(
        ('item', Column('number', Integer, unique=True, nullable=False,
                        default=3)),
        answers={'rename': {'item.code': 'number'}})
    assert [row['number'] for row in rows['item']] == ['1']


@on('sqlite')
def test_a_check_of_a_renamed_column(there, database):
    """Words in texts stay, and a name in need of quotes gets them."""
    there.begin(('item', Column('size', String(20)), CheckConstraint(
        "size <> 'no size'", name='ck_item_size')))
    there.go(('item', Column('group', String(20)), CheckConstraint(
        "\"group\" <> 'no group'", name='ck_item_size')),
        answers={'rename': {'item.size': 'group'}})


@on('sqlite', 'postgresql')
@pytest.mark.parametrize('name, function', [
    ('size', 'lower'), ('size in', 'lower'), ('size in', 'upper')])
def test_indexes_of_what_is_renamed(there, database, name, function):
    """Conditions and expressions come along, both ways."""
    def table(name, column, function, size):
        where = sa.text("\"%s\" = '%s'" % (column, size))
        return (name, Column(column, String(20)), Column('count', Integer),
                sa.Index('ix_some', 'count', sqlite_where=where,
                         postgresql_where=where),
                sa.Index('ix_cases', sa.text(
                    '%s("%s")' % (function, column))))
    there.begin(table('item', 'size', 'lower', 'XL'))
    rows = there.go(
        table('Thing', name, function, 'XL' if function == 'lower' else 'L'),
        answers={'rename': dict([('item', 'Thing')] + [
            ('item.size', name)] * (name != 'size'))})
    assert len(rows['Thing']) == 1


@on(*ALL)
@pytest.mark.skipif(not hasattr(sa, 'Computed'), reason='needs Computed')
def test_a_computed_column_gets_another_name(there, database):
    def table(name):
        return ('item', Column('size', Integer), Column(name, Integer, (
            sa.Computed('size * 2', persisted=True))))
    metadata = there.make(table('double'))
    there.migrate()
    there.way.do('upgrade')
    there.way.execute(lambda connection: connection.execute(
        metadata.tables['item'].insert().values(size=5)))
    there.before = schemas.schema(there.engines[0])
    rows = there.go(table('twice'),
                    answers={'rename': {'item.double': 'twice'}})
    assert [row['twice'] for row in rows['item']] == ['10']


@on(*ALL)
@pytest.mark.skipif(not hasattr(sa, 'Computed'), reason='needs Computed')
@pytest.mark.parametrize('factor', [2, 3])
def test_a_computed_column_of_a_renamed_one(there, database, factor):
    def table(column, factor):
        return ('item', Column(column, Integer), Column(
            'double', Integer, sa.Computed(
                '%s * %d' % (column, factor), persisted=True)))
    metadata = there.make(table('size', 2))
    there.migrate()
    there.way.do('upgrade')
    there.way.execute(lambda connection: connection.execute(
        metadata.tables['item'].insert().values(size=5)))
    there.before = schemas.schema(there.engines[0])
    rows = there.go(table('width', factor),
                    answers={'rename': {'item.size': 'width'}})
    assert [(row['width'], row['double']) for row in rows['item']] \
        == [('5', str(5 * factor))]


@on('sqlite')
@pytest.mark.skipif(not hasattr(sa, 'Computed'), reason='needs Computed')
def test_what_batch_mode_would_not_copy(there, database):
    """A collation, AUTOINCREMENT, and what inserting would fail for."""
    def make(size, required):
        there.way.database.metadata = metadata = MetaData()
        return Table(
            'item', metadata, Column('id', Integer, primary_key=True),
            Column('name', String(20, collation='NOCASE'), unique=True),
            Column(size, Integer, nullable=not required, default=3),
            Column('double', Integer, sa.Computed(
                size + ' * 2', persisted=False), index=True),
            sqlite_autoincrement=True)

    def statement():
        return there.way.execute(lambda connection: connection.execute(
            sa.text("SELECT sql FROM sqlite_master WHERE name = 'item'")
        ).scalar())

    def kept():
        return 'COLLATE "NOCASE"' in statement() \
            and 'AUTOINCREMENT' in statement()
    item = make('size', False)
    there.migrate()
    there.way.do('upgrade')
    there.way.execute(lambda connection: connection.execute(
        item.insert().values(name='a', size=4)))
    before = schemas.schema(there.engines[0])
    make('width', True)
    there.migrate(rename={'item.size': 'width'})
    there.way.do('upgrade')
    row, = there.way.execute(round_trip.contents)['item']
    assert (row['name'], row['width'], row['double']) == ('a', '4', '8')
    assert kept()
    there.way.do('check')
    there.way.do('downgrade')
    assert schemas.schema(there.engines[0]) == before and kept()


@on(*ALL)
def test_a_word_after_a_colon_in_a_default(there, database):
    """It is no parameter: neither in a default nor in a row."""
    def table(column, kind, required):
        return ('item', Column(column, String(20), server_default=':all 5%'),
                Column('hint', String(20), server_default='(:some)',
                       nullable=not required),
                Column('size', kind))
    metadata = there.make(table('name', Integer, False), ('gone', Column(
        'name', String(20), server_default=':all')))
    there.migrate()
    there.way.do('upgrade')
    there.way.execute(lambda connection: connection.execute(
        metadata.tables['item'].insert().values(hint=None)))
    there.before = schemas.schema(there.engines[0])
    rows = there.go(table('title', sa.BigInteger, True),
                    answers={'rename': {'item.name': 'title'}})
    row, = rows['item']
    assert (row['title'], row['hint']) == (':all 5%', '(:some)')
