"""Revisions of the SQLAlchemy 1.x time."""
import io
import os
import re
import sys

from alembic.util import CommandError
import pytest
import sqlalchemy as sa

from flask_migrate import compat
from flask_migrate.compat.legacy_sql import is_needed
from flask_migrate.explain import legacy_sql
from project import Project

#: Whether this is SQLAlchemy 2.
NEEDED = is_needed()
on_sqlalchemy_2 = pytest.mark.skipif(
    not NEEDED, reason='SQLAlchemy 1.x understands it by itself.')
README = os.path.join(os.path.dirname(os.path.dirname(
    os.path.abspath(__file__))), 'README.rst')

#: What each revision begins with.
HEAD = u'''
import datetime
from sqlalchemy.ext.declarative import declarative_base
from sqlalchemy.orm import Session, sessionmaker
from sqlalchemy.sql import column, table, text

item = table('item', column('id', sa.Integer), column('name', sa.String),
             column('price', sa.Integer))
'''

#: One idiom each.  ? is a parameter, {name} one with a name, and % is
#: doubled where the driver wants that.
CHAIN = [
    ('a_string', '''
op.get_bind().execute("""CREATE TABLE item (
    id INTEGER NOT NULL PRIMARY KEY, name VARCHAR(50), price INTEGER)""")
op.get_bind().execute("INSERT INTO item VALUES (1, 'at 10:30', 5)")
'''),
    ('percent', '''
connection = op.get_bind()
connection.execute("UPDATE item SET price = 6 WHERE name LIKE 'at%'")
assert connection.execute(
    "SELECT count(*) FROM item WHERE name LIKE '%:30'").scalar() == 1
'''),
    ('values', '''
conn = op.get_bind()
conn.execute("INSERT INTO item VALUES (?, ?, ?)", 2, 'values', 10)
'''),
    ('one_value', '''
conn = op.get_bind()
found = conn.execute("SELECT name FROM item WHERE id = ?", 2).fetchone()[0]
conn.execute("UPDATE item SET price = price + 1 WHERE name = ?", found)
conn.execute("UPDATE item SET price = price + 1 WHERE name = ?", (found,))
'''),
    ('a_tuple', '''
op.get_bind().execute("INSERT INTO item VALUES (?, ?, ?)", (3, 'tuple', 20))
'''),
    ('a_list', '''
op.get_bind().execute("INSERT INTO item VALUES (?, ?, ?)", [4, 'list', 30])
'''),
    ('many_tuples', '''
op.get_bind().execute("INSERT INTO item VALUES (?, ?, ?)",
                      [(5, 'many', 40), (6, 'many', 50)])
op.get_bind().execute("INSERT INTO item VALUES (?, ?, ?)",
                      (7, 'several', 60), (8, 'several', 70))
'''),
    ('names', '''
op.get_bind().execute("INSERT INTO item VALUES ({id}, {name}, {price})",
                      id=9, name='names', price=80)
op.get_bind().execute("INSERT INTO item VALUES ({id}, {name}, {price})",
                      {'id': 10, 'name': 'a dict', 'price': 90})
op.get_bind().execute("INSERT INTO item VALUES ({id}, {name}, {price})",
                      [{'id': 11, 'name': 'dicts', 'price': 100},
                       {'id': 12, 'name': 'dicts', 'price': 110}])
'''),
    ('expression', '''
op.get_bind().execute(item.insert(), id=13, name='keywords', price=120)
op.get_bind().execute(
    item.insert(), {'id': 14, 'name': 'several', 'price': 130},
    {'id': 15, 'name': 'several', 'price': 140})
op.get_bind().execute(
    item.insert(), [{'id': 16, 'name': 'list', 'price': 150}])
'''),
    ('of_text', '''
op.get_bind().execute(text("UPDATE item SET price = :price WHERE id = :id"),
                      id=14, price=131)
op.get_bind().execute(text("UPDATE item SET price = :price WHERE id = :id"),
                      {'id': 15, 'price': 141}, {'id': 16, 'price': 151})
'''),
    ('rows', '''
connection = op.get_bind()
for row in connection.execute(item.select().where(item.c.id < 4)):
    connection.execute(
        item.update().where(item.c.id == row['id']).values(
            name=row[item.c.name].upper(), price=row.price + row[2]))
'''),
    ('rows_of_text', '''
connection = op.get_bind()
result = connection.execute("SELECT id, name FROM item WHERE id = 4")
assert list(result.keys()) == ['id', 'name']
for row in result.fetchall():
    assert dict(row) == {'id': 4, 'name': 'list'}
    assert dict(row.items())['name'] == row[item.c.name] == row.name
    assert list(row.keys()) == ['id', 'name']
    assert list(row.values()) == [4, 'list'] == list(row)
    assert 'name' in row and not 'price' in row
    assert row.has_key('id') and not row.has_key('price')
    id, name = row
    connection.execute("UPDATE item SET name = ? WHERE id = ?",
                       ' '.join([name, 'of', 'text']), id)
'''),
    ('results', '''
connection = op.get_bind()
assert connection.scalar("SELECT max(id) FROM item") == 16
assert connection.execute("SELECT max(id) FROM item").scalar() == 16
assert connection.execute("SELECT max(id) AS id FROM item").first()['id'] == 16
assert connection.execute(item.select()).fetchmany(2)[1]['id'] > 0
rows = connection.execute("SELECT id FROM item WHERE id > ?", 14)
assert sorted(row['id'] for row in rows) == [15, 16]
assert connection.execute("DELETE FROM item WHERE id > 15").rowcount == 1
assert connection.execute(
    item.delete().where(item.c.id == 15)).rowcount == 1
'''),
    ('commit', '''
connection = op.get_bind()
transaction = connection.begin()
try:
    connection.execute("UPDATE item SET price = 0 WHERE id = 14")
    transaction.commit()
except Exception:
    transaction.rollback()
    raise
'''),
    ('with_begin', '''
connection = op.get_bind()
with connection.begin():
    connection.execute("UPDATE item SET price = 1 WHERE id = 13")
with connection.begin() as transaction:
    connection.execute("UPDATE item SET price = 2 WHERE id = 12")
'''),
    ('ddl_in_begin', '''
connection = op.get_bind()
transaction = connection.begin()
connection.execute("UPDATE item SET price = 3 WHERE id = 11")
connection.execute("CREATE TABLE other (id INTEGER NOT NULL PRIMARY KEY)")
connection.execute("INSERT INTO other VALUES (1)")
transaction.commit()
'''),
    ('operations', '''
op.add_column('item', sa.Column('kind', sa.String(20)))
op.execute("UPDATE item SET kind = 'old'")
op.execute(item.update().where(item.c.id == 1).values(price=7))
op.bulk_insert(item, [{'id': 17, 'name': 'bulk', 'price': 160}])
'''),
    ('session', '''
Base = declarative_base()
class Item(Base):
    __tablename__ = 'item'
    id = sa.Column(sa.Integer, primary_key=True)
    name = sa.Column(sa.String(50))
    kind = sa.Column(sa.String(20))
session = Session(bind=op.get_bind())
session._model_changes = {}     # Flask-SQLAlchemy 1.0 wants it of each
for one in session.query(Item).filter_by(kind=None):
    one.kind = 'of a session'
session.add(Item(id=18, name='added', kind='new'))
session.commit()
session = sessionmaker(bind=op.get_bind())()
assert session.query(Item.name).filter(Item.id == 18).one()[0] == 'added'
assert session.execute(text("SELECT id FROM item WHERE id = :id"),
                       {'id': 18}).fetchone()['id'] == 18
session.close()
'''),
    ('metadata', '''
bind = op.get_bind()
metadata = sa.MetaData()
made = sa.Table('made', metadata, sa.Column('id', sa.Integer,
                                            primary_key=True))
metadata.create_all(bind=bind)
made.create(bind, checkfirst=True)
assert 'made' in sa.inspect(bind).get_table_names()
assert bind.dialect.has_table(bind, 'made')
bind.execute(made.insert(), [{'id': row['id']} for row in bind.execute(
    "SELECT id FROM item WHERE id < 3")])
reflected = sa.MetaData()
reflected.reflect(bind=bind, only=['item'])
assert 'kind' in reflected.tables['item'].c
'''),
    ('copied_rows', '''
bind = op.get_bind()
copied = table('copied', column('id', sa.Integer), column('name', sa.String),
               column('price', sa.Integer), column('kind', sa.String))
bind.execute("""CREATE TABLE copied (id INTEGER NOT NULL PRIMARY KEY,
                name VARCHAR(50), price INTEGER, kind VARCHAR(20))""")
for row in bind.execute("SELECT * FROM item WHERE id = 1").fetchall():
    bind.execute(copied.insert(), dict(row))
rows = bind.execute("SELECT * FROM item WHERE id > 1").fetchall()
bind.execute(copied.insert(), [dict(row) for row in rows])
'''),
]

ROWS = [
    (1, 'AT 10:30', 7, 'old'), (2, 'VALUES', 24, 'old'),
    (3, 'TUPLE', 40, 'old'), (4, 'list of text', 30, 'old'),
    (5, 'many', 40, 'old'), (6, 'many', 50, 'old'),
    (7, 'several', 60, 'old'), (8, 'several', 70, 'old'),
    (9, 'names', 80, 'old'), (10, 'a dict', 90, 'old'),
    (11, 'dicts', 3, 'old'), (12, 'dicts', 2, 'old'),
    (13, 'keywords', 1, 'old'), (14, 'several', 0, 'old'),
    (17, 'bulk', 160, 'of a session'), (18, 'added', None, 'new'),
]


def in_style(body, dialect):
    """A revision as it was written for a kind of database."""
    if dialect == 'sqlite':
        return re.sub(r'\{(id|name|price)\}', r':\1', body)
    body = body.replace('%', '%%').replace('?', '%s')
    return re.sub(r'\{(id|name|price)\}', r'%(\1)s', body)


def write(project, *bodies, **settings):
    """Write revisions 'r01', 'r02', ... ; return the last one's path."""
    down = settings.get('down')
    for number, body in enumerate(bodies, 1):
        path = project.write_revision(
            'r%02d' % number, body, down=down, header=HEAD)
        down = 'r%02d' % number
    return path


def check_chain(project, dialect):
    write(project, *[in_style(body, dialect) for _, body in CHAIN])
    project.python('upgrade')
    rows = project.query('SELECT * FROM item ORDER BY id')
    assert rows == ROWS
    assert project.query('SELECT * FROM copied ORDER BY id') == ROWS
    assert project.query('SELECT id FROM other') == [(1,)]
    assert project.query('SELECT id FROM made ORDER BY id') == [(1,), (2,)]
    assert project.tables() == ['copied', 'item', 'made', 'other']
    assert project.columns('item') == ['id', 'name', 'price', 'kind']
    assert project.version() == ['r%02d' % len(CHAIN)]


def test_a_chain_of_the_time(tmpdir, database_url):
    project = Project(tmpdir, url=database_url)
    project.python('init')
    check_chain(project, database_url.split(':')[0].split('+')[0])
    project.engine().dispose()


def readme_table():
    """The code of the README's table, line by line."""
    with io.open(README, encoding='utf-8') as file:
        text = file.read()
    section = re.search(r'Revisions of the SQLAlchemy 1\.x time\n~+\n(.*?)'
                        r'\n\S[^\n]*\n~~', text, re.S).group(1)
    lines = re.findall(r'^   \* - (.*?)^     - ', section, re.S | re.M)[1:]
    return [[' '.join(code.split()) for code in
             re.findall(r'``(.*?)``', line, re.S)] for line in lines]


def test_the_table_of_the_readme(project):
    table = readme_table()
    assert len(table) == 8 and all(table)
    project.python('init')
    write(project, *['''
bind = op.get_bind()
item = sa.sql.table('item', sa.sql.column('id'), sa.sql.column('name'))
bind.execute('DROP TABLE IF EXISTS item')
bind.execute('CREATE TABLE item (id INTEGER PRIMARY KEY, name TEXT)')
bind.execute(item.insert(), id=1, name='a')
result = bind.execute('SELECT id, name FROM item')
row = result.first()
assert row['name'] == 'a'
''' + '\n'.join('assert (%s) is not False' % each for each in line)
        for line in table
        # The house has one transaction, which this ends on SQLAlchemy 1.x.
        if NEEDED or 'bind.begin()' not in line[0]])
    project.python('upgrade')


# ------------------------------------------------- what SQLAlchemy 2 can do

@on_sqlalchemy_2
def test_rows_can_do_all_that_they_can(project):
    project.python('init')
    write(project, '''
import copy, pickle
from sqlalchemy.engine import CursorResult, Row
bind = op.get_bind()
assert isinstance(bind, sa.engine.Connection)
assert type(bind).__name__ == 'Connection'
result = bind.execute(sa.text("""
    SELECT 1 AS id, 'x' AS items, 'y' AS keys, 'z' AS 'values', 4 AS count,
           5 AS plain, 6 AS "index" """))
assert isinstance(result, CursorResult)
row = result.one()
assert isinstance(row, Row) and type(row).__name__ == 'Row'
assert (row.items, row.keys, row.values, row.count, row.plain, row.index) \\
    == ('x', 'y', 'z', 4, 5, 6)
assert row == (1, 'x', 'y', 'z', 4, 5, 6) and hash(row) == hash(tuple(row))
assert row[1:3] == ('x', 'y') and row[-1] == 6 and len(row) == 7
assert row._mapping['id'] == 1 and row._asdict()['items'] == 'x'
assert row._fields[0] == 'id' and 'x' in row and 99 not in row
again = pickle.loads(pickle.dumps(row))
assert again == row and type(again) is Row and copy.copy(row) == row
numbers = "SELECT 1 AS n UNION SELECT 2 UNION SELECT 3 ORDER BY 1"
execute = lambda: bind.execute(sa.text(numbers))
assert [n for n, in execute()] == [1, 2, 3]
assert execute().scalars().all() == [1, 2, 3]
assert [m['n'] for m in execute().mappings()] == [1, 2, 3]
assert execute().all() == [(1,), (2,), (3,)]
assert [len(part) for part in execute().partitions(2)] == [2, 1]
assert [row.n for part in execute().yield_per(2).partitions()
        for row in part] == [1, 2, 3]
assert execute().unique().columns(0).fetchmany(2) == [(1,), (2,)]
assert next(execute())['n'] == 1
with execute() as result:
    keys = result.keys()
    assert 'n' in keys and list(keys) == ['n'] and len(keys) == 1
    assert keys[0] == 'n' and keys.index('n') == 0      # as in 1.3
assert bind.scalars(sa.text(numbers)).first() == 1
assert bind.scalar(sa.text(numbers)) == 1
assert bind.scalar(sa.select(sa.literal(1)), parameters=None,
                   execution_options={'x': 1}) == 1
assert bind.execute(statement=sa.text("SELECT :parameters"),
                    parameters={'parameters': 1}).scalar() == 1
assert bind.execute(sa.text("SELECT :parameters"),
                    parameters='one').scalar() == 'one'
assert bind.exec_driver_sql("SELECT ?", (1,)).scalar() == 1
with bind.begin_nested():
    pass
''')
    project.python('upgrade')


@on_sqlalchemy_2
def test_only_the_connection_of_the_revision(project):
    kinds = []
    project.python('init')
    write(project, '''
import sys
sys.kept = op.get_bind()
op.get_bind().execute('SELECT 1')
copy = table('copy', column('a', sa.Integer), column('b', sa.Integer))
op.get_bind().execute('CREATE TABLE copy (a INTEGER, b INTEGER)')
for row in op.get_bind().execute('SELECT 1 AS a, 2 AS b').fetchall():
    # Rows were parameters until 1.3.
    op.get_bind().execute(copy.insert(), row)
    op.get_bind().execute(copy.insert(), [row, row])
    op.get_bind().execute('INSERT INTO copy VALUES (?, ?)', row)
assert op.get_bind().execute(copy.select()).fetchall() == [(1, 2)] * 4
for other in op.get_bind().engine.connect(), op.get_bind():
    if other is not op.get_bind():
        try:
            other.execute('SELECT 1')
        except sa.exc.ObjectNotExecutableError:
            other.close()
        else:
            assert False
''')
    # It is told of each revision when that has ended.
    project.python('upgrade',
                   progress=lambda _: kinds.append(type(sys.kept)))
    kinds.append(type(sys.__dict__.pop('kept')))
    assert kinds == [sa.engine.Connection] * 2


@on_sqlalchemy_2
def test_a_failed_revision_lets_go(project):
    project.python('init')
    write(project, '''
import sys
sys.kept = op.get_bind()
op.get_bind().execute('CREATE TABLE gone (id INTEGER)')
op.get_bind().execute('UPDATE nothing')
''')
    with pytest.raises(CommandError) as failure:
        project.python('upgrade')
    assert type(sys.__dict__.pop('kept')) is sa.engine.Connection
    assert 'Statement: UPDATE nothing' in str(failure.value)
    assert project.tables() == []


@on_sqlalchemy_2
def test_it_is_said_once(project, command_line):
    project.python('init')
    write(project, 'op.execute("SELECT 1")',
          'op.get_bind().execute("SELECT 1")',
          'op.get_bind().execute(sa.text("SELECT :a"), a=1)')
    result = project.command_line(command_line, 'upgrade')
    assert result.code == 0, result
    assert result.output.count('was written for SQLAlchemy 1.x') == 1
    assert 'Revision r02 was written' in result.stderr
    assert result.stdout == ''


@on_sqlalchemy_2
def test_nothing_is_said_of_a_revision_of_today(project, command_line):
    project.python('init')
    write(project, '''
bind = op.get_bind()
bind.execute(sa.text("CREATE TABLE item (id INTEGER, name TEXT, price TEXT)"))
bind.execute(item.insert(), [{'id': 1}, {'id': 2}])
bind.execute(item.insert(), {'id': 3, 'name': 'x'})
rows = bind.execute(sa.select(item.c.id, item.c.name, item.c.price)).all()
bind.execute(item.insert(), [row._mapping for row in rows])
assert rows[0].id == 1 and 1 in rows[0] and [a for a, b, c in rows]
Session(bind=bind).commit()
''')
    result = project.command_line(command_line, 'upgrade')
    assert result.code == 0, result
    assert '1.x' not in result.output


@on_sqlalchemy_2
@pytest.mark.parametrize('late', [False, True])
def test_switched_off(tmpdir, late):
    project = Project(tmpdir, **({} if late else {'legacy_sql': False}))
    if late:
        project.migrate.init_app(project.app, legacy_sql=False)
    project.python('init')
    write(project, 'pass\nop.get_bind().execute("SELECT 1")')
    with pytest.raises(CommandError) as failure:
        project.python('upgrade')
    message = str(failure.value)
    assert re.search(r'File: .*r01_\.py, line \d+\n', message)
    assert 'Write: connection.execute(text("..."))' in message
    assert 'legacy_sql' not in project.app.extensions[
        'migrate'].configure_args


# ------------------------------------------------------------- transactions

ROLLED_BACK = '''
bind = op.get_bind()
bind.execute("INSERT INTO item (id) VALUES (1)")
transaction = bind.begin()
try:
    bind.execute("INSERT INTO item (id) VALUES (2)")
    bind.execute("INSERT INTO item (id) VALUES (1)")
    transaction.commit()
except sa.exc.IntegrityError:
    transaction.rollback()
assert not transaction.is_active
transaction.rollback()
transaction.close()
try:
    with bind.begin():
        bind.execute("INSERT INTO item (id) VALUES (3)")
        raise ValueError
except ValueError:
    pass
with bind.begin() as transaction:
    bind.execute("INSERT INTO item (id) VALUES (4)")
    transaction.commit()
    bind.execute("INSERT INTO item (id) VALUES (5)")
with bind.begin():
    with bind.begin():
        bind.execute("INSERT INTO item (id) VALUES (6)")
closed = bind.begin()
bind.execute("INSERT INTO item (id) VALUES (7)")
closed.close()
bind.begin()
bind.execute("INSERT INTO item (id) VALUES (8)")
'''


@on_sqlalchemy_2
def test_what_is_rolled_back_inside(tmpdir, database_url):
    project = Project(tmpdir, url=database_url)
    project.python('init')
    write(project, 'op.create_table("item", sa.Column("id", sa.Integer, '
                   'primary_key=True, autoincrement=False))', ROLLED_BACK)
    project.python('upgrade')
    assert project.query('SELECT id FROM item ORDER BY id') == [
        (1,), (4,), (5,), (6,), (7,), (8,)]
    assert project.version() == ['r02']
    project.engine().dispose()


@on_sqlalchemy_2
def test_ddl_inside_on_mariadb(tmpdir, mariadb_url):
    """DDL has ended the savepoint there: what follows it can go back."""
    project = Project(tmpdir, url=mariadb_url)
    project.python('init')
    write(project, '''
bind = op.get_bind()
transaction = bind.begin()
bind.execute("CREATE TABLE item (id INTEGER PRIMARY KEY)")
bind.execute("INSERT INTO item VALUES (1)")
transaction.rollback()
bind.execute("INSERT INTO item VALUES (2)")
transaction = bind.begin()
bind.execute("INSERT INTO item VALUES (3)")
transaction.rollback()
transaction = bind.begin()
bind.execute("CREATE TABLE other (id INTEGER PRIMARY KEY)")
bind.execute("INSERT INTO item VALUES (4)")
transaction.commit()
bind.execute("no SQL")
''')
    with pytest.raises(CommandError) as failure:
        project.python('upgrade')
    assert failure.value.took_effect == [
        'CREATE TABLE item (id INTEGER PRIMARY KEY)',
        'INSERT INTO item VALUES (2)',
        'CREATE TABLE other (id INTEGER PRIMARY KEY)']
    assert project.query('SELECT id FROM item') == [(2,)]
    project.engine().dispose()


@on_sqlalchemy_2
def test_begin_where_every_statement_is_permanent(tmpdir, database_url):
    project = Project(tmpdir, url=database_url)
    project.python('init')
    write(project, '''
op.create_table("item", sa.Column("id", sa.Integer))
with op.get_context().autocommit_block():
    with op.get_bind().begin():
        op.get_bind().execute("INSERT INTO item (id) VALUES (1)")
op.get_bind().execute("INSERT INTO item (id) VALUES (2)")
''')
    project.python('upgrade')
    assert project.query('SELECT id FROM item ORDER BY id') == [(1,), (2,)]
    project.engine().dispose()


# ------------------------------------------------------ databases and env.py

@on_sqlalchemy_2
def test_batch_operations_and_downgrades(tmpdir, database_url):
    project = Project(tmpdir, url=database_url)
    project.python('init')
    project.write_revision('r01', '''
op.get_bind().execute("CREATE TABLE item (id INTEGER PRIMARY KEY, a INTEGER)")
op.get_bind().execute("INSERT INTO item VALUES (1, 2)")
with op.batch_alter_table('item') as batch:
    batch.add_column(sa.Column('b', sa.Integer))
    batch.drop_column('a')
for row in op.get_bind().execute("SELECT * FROM item").fetchall():
    assert dict(row) == {'id': 1, 'b': None}
''', '''
with op.batch_alter_table('item') as batch:
    batch.drop_column('b')
assert op.get_bind().execute("SELECT * FROM item").first().keys() == ['id']
op.get_bind().execute("DROP TABLE item")
''')
    project.python('upgrade')
    assert project.columns('item') == ['id', 'b']
    project.python('downgrade')
    assert project.tables() == []
    project.engine().dispose()


@on_sqlalchemy_2
def test_several_databases(tmpdir):
    project = Project(tmpdir, binds={
        'users': 'sqlite:///' + str(tmpdir.join('users.db'))})
    project.python('init', multidb=True)
    with open(os.path.join(project.versions, 'r01_.py'), 'w') as file:
        file.write('''
from alembic import op
revision, down_revision = 'r01', None
def upgrade(engine_name):
    globals()['upgrade_%s' % engine_name]()
def upgrade_():
    op.get_bind().execute("CREATE TABLE item (id INTEGER)")
def upgrade_users():
    op.get_bind().execute("CREATE TABLE person (id INTEGER)")
''')
    project.python('upgrade')
    assert project.tables() == ['item']
    assert project.tables('users') == ['person']


@on_sqlalchemy_2
@pytest.mark.parametrize('kind', ['sqlite', 'postgresql'])
def test_async_engines(tmpdir, request, kind):
    test_async = pytest.importorskip('test_async')
    url = 'sqlite:///%s' % tmpdir.join('async.db') if kind == 'sqlite' \
        else request.getfixturevalue('postgresql_url')
    if kind == 'postgresql':
        pytest.importorskip('asyncpg')
    project = test_async.AsyncProject(tmpdir, {None: url})
    project.python('init')
    check_chain(project, kind)
    project.engine().dispose()


# ----------------------------------------------------------- what is refused

a, b = sa.Column('a', sa.Integer, primary_key=True), sa.Column('b', sa.Integer)
metadata = sa.MetaData()
table = sa.Table('thing', metadata, a, b)
condition = a == 1


def in_autocommit(connection):
    connection.begin()
    connection.execution_options(isolation_level='AUTOCOMMIT')


class Session(object):
    """Makes a Session for each time that it is asked for."""

    def __getattr__(self, name):
        from sqlalchemy.orm import Session
        return getattr(Session(bind=sa.create_engine('sqlite://')), name)


NAMESPACE = dict(
    vars(sa), sa=sa, a=a, b=b, table=table, condition=condition,
    in_autocommit=in_autocommit, metadata=metadata, session=Session(),
    engine=sa.create_engine('sqlite://'),
    statement=table.select())

#: What is refused, and what is to be written.
REFUSED = '''
sa.select([a, b])                           | select(a, b)
select([a], condition)                      | .where(condition)
sa.sql.select([sa.func.count()])            | select(a, b)
sa.exists([a])                              | select(a, b)
select(columns=[a])                         | select(a).where(condition)
select(a, whereclause=condition)            | select(a).where(condition)
select([a], from_obj=[table])               | .select_from(table)
case([(condition, a)], else_=b)             | case((condition, a))
case(value=a, whens={1: 'x'})               | case({1: 'x'}, value=a)
select(a).with_only_columns([b])            | with_only_columns(a)
MetaData(engine)                            | metadata = MetaData()
MetaData(bind=engine)                       | metadata = MetaData()
MetaData(bind=engine, reflect=True)         | autoload_with=op.get_bind()
Table('t', MetaData(), autoload=True)       | autoload_with=op.get_bind()
metadata.create_all()                       | create_all(op.get_bind())
metadata.reflect()                          | reflect(op.get_bind())
table.create()                              | create(op.get_bind())
table.drop()                                | drop(op.get_bind())
table.update(condition)                     | table.update().where(condition)
table.delete(condition)                     | table.delete().where(condition)
table.select(condition)                     | table.select().where(condition)
table.select(whereclause=condition)         | table.select().where(condition)
sa.update(table, condition)                 | table.update().where(condition)
table.update(values={'b': 1})               | table.update().values(values)
table.insert(values={'b': 1})               | table.insert().values(values)
table.insert({'b': 1})                      | table.insert().values(values)
engine.execute("SELECT 1")                  | op.get_bind().execute(text("...
engine.scalar("SELECT 1")                   | op.get_bind().scalar(text("..."
engine.table_names()                        | .get_table_names()
engine.has_table('t')                       | .has_table('name')
engine.dialect.has_table(engine, 't')       | .has_table('name')
table.exists()                              | .has_table('name')
engine.connect().connect()                  | op.get_bind()
engine.connect().contextual_connect()       | op.get_bind()
engine.connect().run_callable(print)        | function(op.get_bind())
engine.connect().execute("SELECT 1")        | execute(text("..."))
statement.execute()                         | op.get_bind().execute(statement)
sa.text('SELECT 1').execute()               | op.get_bind().execute(statement)
sa.func.now().scalar()                      | op.get_bind().scalar(statement)
session.execute("SELECT 1")                 | text("...")
session.query(a).filter("a = 1")            | text("...")
select(a).where("a = 1")                    | text("...")
str(select(a).order_by("a desc"))           | text("...")
select("a")                                 | text("...")
session.query(sa.literal(1).label('x')).first().keys() | row._mapping.keys()
session.query(sa.literal(1).label('x')).first()['x']   | row._mapping['name']
select(a).append_whereclause(condition)     | select = select.where(condition)
select(a).append_column(b)                  | select = select.add_columns(a)
select(a).append_from(table)                | select.select_from(table)
table.count()                               | select(func.count())
session.query(a).from_self()                | select(query.subquery())
sa.orm.Session(autocommit=True)             | Session(bind=op.get_bind())
sa.String(convert_unicode=True)             | String()
sa.text('SELECT 1', bind=engine)            | text("...")
sa.text('SELECT :a', bindparams=[])         | text("...").bindparams(a)
sa.text('SELECT 1', typemap={})             | text("...").columns(...)
in_autocommit(engine.connect())             | .autocommit_block():
sa.orm.mapper(object, table)                | map_imperatively(Class, table)
sa.Binary()                                 | LargeBinary
sa.types.Binary()                           | LargeBinary
sa.PassiveDefault('x')                      | DefaultClause
sa.orm.relation('x')                        | relationship
__import__('sqlalchemy.databases')          | sqlalchemy.dialects
exec('from sqlalchemy import Binary')       | LargeBinary
exec('from sqlalchemy.engine import RowProxy') | sqlalchemy.engine.Row
exec('from sqlalchemy import exceptions')   | sqlalchemy.exc
'''
REFUSED = [re.split(r'\s+\| ', line) for line in REFUSED.strip().splitlines()]


@on_sqlalchemy_2
@pytest.mark.parametrize('then, now', REFUSED)
def test_what_to_write_instead(then, now):
    import sqlalchemy.orm                                   # noqa: F401
    with pytest.raises(Exception) as failure:
        eval(then, NAMESPACE)
    lines = legacy_sql.replacement(failure.value)
    assert [line.split(':')[0] for line in lines] == [
        '  No longer in SQLAlchemy', '  Write'], failure.value
    assert now in lines[1]


@on_sqlalchemy_2
def test_every_replacement_has_an_example():
    import sqlalchemy.orm                                   # noqa: F401
    seen = set()
    for then, _ in REFUSED:
        try:
            eval(then, NAMESPACE)
        except Exception as error:
            for pattern, _, _ in legacy_sql.REPLACEMENTS:
                if re.search(pattern, str(error)):
                    seen.add(pattern)
                    break
    assert [each[0] for each in legacy_sql.REPLACEMENTS
            if each[0] not in seen] in (
        # SQLAlchemy 2.0 has Select.c.
        [], [r"'Select' object has no attribute '(?:c|columns)'\Z"])


def test_other_errors_have_no_replacement():
    for error in (ValueError('select'), TypeError('f() takes 1 positional '
                                                  'argument but 2 were given'),
                  AttributeError("module 'sqlalchemy' has no attribute 'x'")):
        assert legacy_sql.replacement(error) == []


@on_sqlalchemy_2
@pytest.mark.parametrize('body, now', [
    ('bind = op.get_bind()\nbind.execute(sa.select([item.c.id]))',
     'select(a, b).where(condition)'),
    ('x = 1\nop.add_column("item", sa.Column("x", sa.Binary()))',
     'LargeBinary'),
    ('session = Session(bind=op.get_bind())\nsession.execute("SELECT 1")',
     'text("...")'),
    ('x = 1\nop.get_bind().engine.execute("SELECT 1")',
     'op.get_bind().execute(text("..."))'),
    ('x = 1\nmetadata = sa.MetaData(op.get_bind())', 'MetaData()'),
])
def test_refused_with_file_and_line(project, command_line, body, now):
    project.python('init')
    path = write(project, body)
    result = project.command_line(command_line, 'upgrade')
    assert result.code == 1
    with open(path) as file:
        line = 1 + [each.strip() for each in file].index(
            body.splitlines()[1])
    assert re.search(r'  File: .*r01_\.py, line %d\n' % line, result.stderr)
    assert re.search(r'  Write: .*' + re.escape(now), result.stderr)
    assert 'Traceback' not in result.output


@on_sqlalchemy_2
def test_a_name_that_is_gone_at_the_top(project, command_line):
    project.python('init')
    project.write_revision('r01', header='from sqlalchemy import Binary')
    result = project.command_line(command_line, 'upgrade')
    assert result.code == 1
    assert re.search(r"r01_\.py, line 4: ImportError: cannot import name "
                     r"'?Binary.*\n  from sqlalchemy import Binary\n"
                     r"  No longer in SQLAlchemy: Binary\n"
                     r"  Write: LargeBinary\n", result.stderr)


@pytest.mark.skipif(NEEDED, reason='SQLAlchemy 2 needs it.')
def test_nothing_on_sqlalchemy_1(project, command_line):
    project.python('init')
    write(project, 'import sys\nsys.kept = type(op.get_bind())\n'
                   'op.get_bind().execute("SELECT 1").fetchall()')
    result = project.command_line(command_line, 'upgrade')
    assert result.code == 0, result
    assert 'SQLAlchemy' not in result.output
    assert not hasattr(sys.__dict__.pop('kept'), '_legacy')
    assert compat.legacy_sql.is_needed() is False
