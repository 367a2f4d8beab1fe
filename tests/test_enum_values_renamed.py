# coding: utf-8
"""``migrate``: a value of an enum that was renamed stays in its rows."""
import pytest
from sqlalchemy import (
    CheckConstraint, Column, Enum, Index, Integer, String, text)

from flask_migrate import CommandError, MigrationFailed, compat
from project import Project
from round_trip import enum_type
from terminal import Terminal

pytestmark = pytest.mark.skipif(
    not compat.alembic.has_operations(), reason='needs Alembic 0.8')
needs_option = pytest.mark.skipif(
    not compat.tables.reflects_checks(), reason='needs SQLAlchemy 1.1')


class Items(object):
    """A project with a table that has an enum."""

    def __init__(self, tmpdir, url):
        self.tmpdir, self.url = tmpdir, url

    def begin(self, *values, **options):
        self.after(*values, **options)
        for command in ('init', 'migrate', 'upgrade'):
            self.project.python(command)
        return self

    def after(self, *values, **options):
        """The project, with other models."""
        self.project = Project(self.tmpdir, self.url)
        db = self.project.db
        if 'convention' in options:
            db.metadata.naming_convention = options.pop('convention')
        kind = options.pop('kind', None) or enum_type(
            *values, **dict({'name': 'color'}, **options.pop('enum', {})))
        name = options.pop('name', 'color')
        for table in options.pop('tables', ('item',)):
            db.Table(table, db.metadata,
                     Column('id', Integer, primary_key=True),
                     Column('label', String(20)),
                     Column(name, kind, **options))
        return self.project

    def fill(self, *values, **options):
        first, table = options.get('first', 1), options.get('table', 'item')
        for number, value in enumerate(values, first):
            self.project.execute("INSERT INTO %s (id, color) VALUES "
                                 "(%d, '%s')" % (table, number, value))
        return self

    def rows(self, table='item', name='color'):
        return [compat.python.text(row[0]) for row in self.project.query(
            'SELECT %s FROM %s ORDER BY id' % (name, table))]

    def up_and_down(self, up, down, read=None):
        """Check the rows after upgrade, after downgrade, and once more."""
        read = read or self.rows
        self.project.python('upgrade')
        assert read() == up
        self.project.python('check')
        assert self.project.python('migrate') is None
        self.project.python('downgrade')
        assert self.rows() == down
        self.project.python('upgrade')
        assert read() == up


@pytest.fixture
def items(tmpdir, some_database_url):
    return on(tmpdir, some_database_url)


def on(tmpdir, url):
    if url.startswith('sqlite') and not compat.tables.reflects_checks():
        pytest.skip('SQLAlchemy 1.0 makes a CHECK that it does not see')
    return Items(tmpdir, url)


def on_sqlite(tmpdir):
    return Items(tmpdir, 'sqlite:///%s' % tmpdir.join('app.db'))


RED = {'item.color': {'red': 'crimson'}}


def test_a_value(items, command_line):
    items.begin('red', 'green').fill('red', 'green', 'red')
    items.after('crimson', 'green')
    result = items.project.command_line(
        command_line, 'migrate', '--rename', 'item.color:red=crimson')
    assert result.code == 0, result
    assert 'Destructive' not in result.stderr
    items.up_and_down(['crimson', 'green', 'crimson'],
                      ['red', 'green', 'red'])


def text_type(check):
    """A function that makes an Enum which is stored as a text."""
    return lambda *values: Enum(
        *values, native_enum=False, create_constraint=check, name='color')


def test_with_others_and_a_default(tmpdir, database_url):
    items = on(tmpdir, database_url)
    items.begin('red', 'green', 'blue', 'grey', server_default='red',
                nullable=False)
    items.fill('red', 'green', 'grey', 'red', 'blue')
    items.after('yellow', 'crimson', 'green', 'gray',
                server_default='crimson', nullable=False)
    items.project.python('migrate', rename={
        'item.color': {'red': 'crimson', 'grey': 'gray'}})
    with pytest.raises(MigrationFailed) as error:
        items.project.python('upgrade')
    assert 'item.color: rows whose value does not fit ' in str(error.value)
    assert ': 1 (id 5). Nothing was changed.' in str(error.value)
    assert items.rows() == ['red', 'green', 'grey', 'red', 'blue']
    items.project.execute('DELETE FROM item WHERE id = 5')
    items.up_and_down(['crimson', 'green', 'gray', 'crimson'],
                      ['red', 'green', 'grey', 'red'])
    items.project.execute('INSERT INTO item (id) VALUES (5)')
    items.fill('yellow', first=6)
    assert items.rows()[4:] == ['crimson', 'yellow']
    if items.project.engine().dialect.name != 'sqlite':
        with pytest.raises(MigrationFailed) as error:
            items.project.python('downgrade')
        assert ': 1 (id 6). Nothing was changed.' in str(error.value)
    items.project.execute('DELETE FROM item WHERE id = 6')
    items.project.python('downgrade')
    assert items.rows()[4:] == ['red']
    items.project.execute('INSERT INTO item (id) VALUES (6)')
    assert items.rows()[5:] == ['red']


@needs_option
@pytest.mark.parametrize('check, old, new', [
    (True, 'red', 'crimson'), (True, 'crimson', 'red'),
    (False, 'red', 'crimson'), (False, 'green', 'black')])
def test_a_text(items, check, old, new):
    kind = text_type(check)
    items.begin(kind=kind(old, 'blue'), server_default=old)
    items.fill(old, 'blue', old)
    items.after(kind=kind('blue', new), server_default=new)
    items.project.python('migrate', rename={'item.color': {old: new}})
    items.up_and_down([new, 'blue', new], [old, 'blue', old])
    items.project.execute('INSERT INTO item (id) VALUES (4)')
    assert items.rows()[3] == new
    if check:
        with pytest.raises(Exception):
            items.fill(old, first=5)
    items.project.python('downgrade')
    items.fill(old, first=5)
    assert items.rows()[3:] == [old, old]
    if check:
        with pytest.raises(Exception):
            items.fill(new, first=6)


@needs_option
def test_a_check_with_others(items):
    kind = text_type(True)
    items.begin(kind=kind('red', 'green', 'blue'))
    items.fill('red', 'green', 'blue')
    items.after(kind=kind('crimson', 'green', 'yellow'))
    items.project.python('migrate', rename=RED)
    with pytest.raises(MigrationFailed) as error:
        items.project.python('upgrade')
    assert ': 1 (id 3). Nothing was changed.' in str(error.value)
    items.project.execute('DELETE FROM item WHERE id = 3')
    items.up_and_down(['crimson', 'green'], ['red', 'green'])
    items.fill('yellow', first=3)
    with pytest.raises(MigrationFailed) as error:
        items.project.python('downgrade')
    assert ': 1 (id 3). Nothing was changed.' in str(error.value)


@needs_option
def test_from_a_text_to_an_enum(items):
    items.begin(kind=String(5)).fill('red', 'green', 'blue')
    items.after('crimson', 'green')
    items.project.python('migrate', rename=RED)
    with pytest.raises(MigrationFailed) as error:
        items.project.python('upgrade')
    assert ': 1 (id 3). Nothing was changed.' in str(error.value)
    items.project.execute('DELETE FROM item WHERE id = 3')
    items.up_and_down(['crimson', 'green'], ['red', 'green'])


@pytest.mark.once
def test_upper_case(tmpdir, mariadb_url):
    items = Items(tmpdir, mariadb_url)
    items.begin('red', 'green', server_default='red', nullable=False)
    items.fill('red', 'green')
    items.after('RED', 'green', server_default='RED', nullable=False)
    items.project.python('migrate', rename={'item.color': {'red': 'RED'}})
    items.up_and_down(['RED', 'green'], ['red', 'green'])


def test_quotes(items):
    old, new = "it's", u'is: "\xe9'
    items.begin(old, 'green').fill(old.replace("'", "''"), 'green')
    items.after(new, 'green')
    items.project.python('migrate', rename={'item.color': {old: new}})
    items.up_and_down([new, 'green'], [old, 'green'])


def test_with_a_new_table_and_column(items):
    items.begin('red', 'green').fill('red', 'green')
    items.after('crimson', 'green', tables=('thing',), name='shade')
    result = items.project.manage(
        'migrate', '--rename', 'item:thing', '--rename', 'item.color:shade',
        '--rename', 'item.color:red=crimson')
    assert result.code == 0, result
    items.up_and_down(['crimson', 'green'], ['red', 'green'],
                      lambda: items.rows('thing', 'shade'))


def test_by_the_new_names(items):
    items.begin('red', 'green').fill('red', 'green')
    items.after('crimson', 'green', tables=('thing',), name='shade')
    items.project.python('migrate', rename={
        'item': 'thing', 'item.color': 'shade',
        'thing.shade': {'red': 'crimson'}})
    items.up_and_down(['crimson', 'green'], ['red', 'green'],
                      lambda: items.rows('thing', 'shade'))


@pytest.mark.once
def test_all_columns_of_one_enum(tmpdir, postgresql_url):
    items = Items(tmpdir, postgresql_url)
    items.begin('red', 'green', tables=('item', 'other'))
    items.fill('red', 'green').fill('green', 'red', table='other')
    items.after('crimson', 'green', 'blue', tables=('item', 'other'))
    items.project.python('migrate', rename={
        'other.color': {'red': 'crimson'}})
    items.up_and_down(['crimson', 'green'], ['red', 'green'])
    assert items.rows('other') == ['green', 'crimson']


@pytest.mark.once
@needs_option
def test_lists_of_an_enum(tmpdir, postgresql_url):
    from sqlalchemy.dialects.postgresql import ARRAY

    def lists(*values):
        return ARRAY(enum_type(*values, **{'name': 'color'}))
    items = Items(tmpdir, postgresql_url)
    items.begin(kind=lists('red', 'green', 'grey'),
                server_default='{green,red}')
    items.fill('{red,green}', '{grey}')
    items.after(kind=lists('dark red', 'green', 'blue'),
                server_default='{green,dark red}')
    items.project.python('migrate', rename={
        'item.color': {'red': 'dark red'}})

    def read():
        return items.project.query(
            'SELECT CAST(color AS text) FROM item ORDER BY id')
    with pytest.raises(MigrationFailed) as error:
        items.project.python('upgrade')
    assert ': 1 (id 2). Nothing was changed.' in str(error.value)
    items.project.execute('DELETE FROM item WHERE id = 2')
    items.project.python('upgrade')
    items.project.execute('INSERT INTO item (id) VALUES (2)')
    assert read() == [('{"dark red",green}',), ('{green,"dark red"}',)]
    assert items.project.python('migrate') is None
    items.project.python('downgrade')
    items.project.execute('INSERT INTO item (id) VALUES (3)')
    assert read() == [('{red,green}',), ('{green,red}',), ('{green,red}',)]


@needs_option
@pytest.mark.once
@pytest.mark.parametrize('database', ['postgresql', 'mariadb'])
def test_a_check_and_an_index_that_name_it(request, tmpdir, database):
    items = Items(tmpdir, request.getfixturevalue(database + '_url'))

    def after(red):
        items.after(red, 'green')
        table = items.project.db.metadata.tables['item']
        table.append_constraint(CheckConstraint(
            "color <> '%s' OR label IS NULL" % red, name='ck_item'))
        Index('ix_item', table.c.label,
              postgresql_where=text("color = '%s'" % red))
    after('red')
    for command in ('init', 'migrate', 'upgrade'):
        items.project.python(command)
    items.fill('red', 'green')
    after('crimson')
    items.project.python('migrate', rename=RED)
    items.up_and_down(['crimson', 'green'], ['red', 'green'])
    with pytest.raises(Exception):
        items.project.execute("UPDATE item SET label = 'x'")


@needs_option
def test_several_databases(tmpdir, command_line):
    """The option says which, as it does of tables and columns."""
    binds = {'second': 'sqlite:///%s' % tmpdir.join('second.db')}

    def after(red):
        project = Project(tmpdir, binds=binds)
        for bind in None, 'second':
            project.model('Item' + str(bind), bind=bind, color=Column(
                text_type(True)(red, 'green')))
        return project

    def rows(project):
        return [project.query('SELECT color FROM item%s ORDER BY id' % name,
                              bind) for name, bind in (
                                  ('none', None), ('second', 'second'))]
    project = after('red')
    project.python('init', multidb=True)
    project.python('migrate')
    project.python('upgrade')
    for name, bind in ('none', None), ('second', 'second'):
        for value in 'red', 'green':
            project.execute("INSERT INTO item%s (color) VALUES ('%s')" % (
                name, value), bind)
    project = after('crimson')
    result = project.command_line(
        command_line, 'migrate', '--rename', 'seccond:itemsecond.color:'
        'red=crimson')
    assert result.code == 1 and 'seccond:itemsecond.color' in result.stderr
    assert len(project.scripts()) == 1
    result = project.command_line(
        command_line, 'migrate',
        '--rename', 'second:itemsecond.color:red=crimson',
        '--rename', 'default:itemnone.color:red=crimson')
    assert result.code == 0, result
    for _ in range(2):
        project.python('upgrade')
        assert rows(project) == [[('crimson',), ('green',)]] * 2
        assert project.python('migrate') is None
        project.python('downgrade')
        assert rows(project) == [[('red',), ('green',)]] * 2
    project.python('upgrade')
    with pytest.raises(Exception):
        project.execute("UPDATE itemsecond SET color = 'red'", 'second')


@needs_option
@pytest.mark.parametrize('renamed', [('red', 'light'), ('red',), ()])
def test_two_checks_and_one_of_both(items, renamed):
    """None of them may refuse what is changed before it is replaced."""
    def after(red, light):
        items.after(kind=text_type(True)(red, 'green'))
        table = items.project.db.metadata.tables['item']
        table.append_column(Column('shade', Enum(
            light, 'dark', native_enum=False, create_constraint=True,
            name='shade')))
        for name in ('ck_one', 'ck_two'):
            table.append_constraint(CheckConstraint(
                "color <> '%s' OR shade IN ('%s', 'dark') OR label = '%s'"
                % (red, light, name), name=name))
    after('red', 'light')
    for command in ('init', 'migrate', 'upgrade'):
        items.project.python(command)
    items.fill('green', 'red')
    items.project.execute("UPDATE item SET shade = 'dark' WHERE id = 2")
    if 'light' in renamed or not renamed:
        items.project.execute("UPDATE item SET shade = 'light'")
    after('crimson', 'pale')
    if not renamed:
        items.project.execute("UPDATE item SET shade = 'dark'")
        items.project.execute("UPDATE item SET color = 'green'")
    items.project.python('migrate', rename=dict(
        {'item.color': {'red': 'crimson'}} if 'red' in renamed else {},
        **({'item.shade': {'light': 'pale'}} if 'light' in renamed else {})))
    up, down = (['green', 'crimson'], ['green', 'red']) if renamed \
        else (['green', 'green'], ['green', 'green'])
    items.up_and_down(up, down)
    assert items.rows(name='shade')[1] == (
        'pale' if 'light' in renamed else 'dark')
    with pytest.raises(Exception):
        items.project.execute("UPDATE item SET shade = 'light'")
    with pytest.raises(Exception):
        items.project.execute(
            "UPDATE item SET color = 'crimson', shade = 'black'")


@pytest.mark.once
@pytest.mark.parametrize('database', ['postgresql', 'mariadb'])
def test_as_sql(request, tmpdir, database):
    items = Items(tmpdir, request.getfixturevalue(database + '_url'))
    items.begin('red', 'green').fill('red', 'green')
    items.after('crimson', 'green')
    script = items.project.python('migrate', rename=RED)
    with open(script.path) as file:
        assert 'flask' not in file.read()
    one, other = script.down_revision, script.revision
    for command, ends in (('upgrade', (one, other)),
                          ('downgrade', (other, one))):
        result = items.project.manage(command, '%s:%s' % ends, '--sql')
        assert result.code == 0, result
        assert ('RENAME VALUE' if database == 'postgresql'
                else 'UPDATE item SET color =') in result.stdout


# Answers that are none -------------------------------------------------------

@pytest.mark.parametrize('key, old, new, words', [
    ('item.color', 'red', 'scarlet', "models have no new value 'scarlet'"),
    ('item.color', 'green', 'crimson', "models still have the value 'green'"),
    ('item.label', 'red', 'crimson', 'fits nothing'),
    ('item.colour', 'red', 'crimson', 'fits nothing'),
])
def test_what_cannot_be(tmpdir, key, old, new, words):
    items = on(tmpdir, 'sqlite:///%s' % tmpdir.join('app.db'))
    items.begin('red', 'green').fill('red')
    items.after('crimson', 'green')
    option = '--rename %s:%s=%s' % (key, old, new)
    result = items.project.manage('migrate', *option.split())
    assert result.code == 1 and words in result.stderr, result
    assert option in result.stderr.strip().splitlines()[-1]
    with pytest.raises(CommandError) as error:
        items.project.python('migrate', rename={key: {old: new}})
    assert words in str(error.value)
    assert len(items.project.scripts()) == 1


@pytest.mark.once
@pytest.mark.parametrize('values, words', [
    ({'pink': 'crimson'}, "the enum has no value 'pink', but 'red', 'green'"),
    ({'red': 'green'}, "the models have no new value 'green', but 'crimson'"),
    ({'red': 'crimson', 'blue': 'crimson'}, 'one value becomes one other'),
])
def test_what_the_database_does_not_have(
        tmpdir, postgresql_url, values, words):
    items = Items(tmpdir, postgresql_url)
    items.begin('red', 'green', 'blue').fill('red')
    items.after('crimson', 'green')
    with pytest.raises(CommandError) as error:
        items.project.python('migrate', rename={'item.color': values})
    assert words in str(error.value)
    assert len(items.project.scripts()) == 1


def test_a_check_that_cannot_be_changed(tmpdir):
    unseen = not compat.tables.reflects_checks()
    kind = enum_type if unseen else lambda *values: Enum(
        *values, native_enum=False, create_constraint=True)
    items = on_sqlite(tmpdir)
    items.begin(kind=kind('red', 'green')).fill('red')
    items.after(kind=kind('crimson', 'green'))
    with pytest.raises(CommandError) as error:
        items.project.python('migrate', rename=RED)
    assert ('SQLAlchemy before 1.1' if unseen else
            'a CHECK without a name') in str(error.value)
    assert len(items.project.scripts()) == 1


@pytest.mark.parametrize('answer', [
    'item.color:red=', ':red=crimson', 'item.color:=crimson', 'red=crimson'])
def test_what_is_no_answer(tmpdir, answer):
    items = on_sqlite(tmpdir)
    items.begin('red', 'green')
    result = items.project.manage('migrate', '--rename', answer)
    assert result.code == 2
    assert "--rename takes values such as 'item.color:red=crimson'" \
        in result.stderr


@pytest.mark.once
@pytest.mark.parametrize('database', ['postgresql', 'mariadb'])
def test_nobody_is_asked(request, tmpdir, database):
    items = Items(tmpdir, request.getfixturevalue(database + '_url'))
    items.begin('red', 'green').fill('red', 'green')
    items.after('crimson', 'green')
    result = items.project.manage('migrate')
    assert result.code == 0, result
    words = "The value 'red' of item.color may have been renamed to 'crimson'"
    assert words in result.stderr
    assert 'migrate --rename item.color:red=crimson' in result.stderr
    with open(items.project.python('show')[0].path) as file:
        assert '# ' + words in file.read()
    with pytest.raises(MigrationFailed) as error:
        items.project.python('upgrade')
    assert ': 1 (id 1). Nothing was changed.' in str(error.value)
    assert items.rows() == ['red', 'green']


# On a terminal ---------------------------------------------------------------

MODELS = u'''

db.Table('item', db.metadata,
         db.Column('id', db.Integer, primary_key=True),
         db.Column('label', db.String(20)),
         db.Column('color', db.Enum('dark red', 'gray', name='color'%s)))
'''
FIRST = "Was the value 'red' of item.color renamed to 'dark red'? [y/N]"
SECOND = "Was the value 'grey' of item.color renamed to 'gray'? [y/N]"


@pytest.mark.once
@needs_option
@pytest.mark.parametrize('database, command_line', [
    ('sqlite', 'manage'), ('sqlite', 'flask'), ('postgresql', 'flask'),
    ('mariadb', 'manage')])
def test_a_question(request, tmpdir, database, command_line):
    sqlite = database == 'sqlite'
    items = on_sqlite(tmpdir) if sqlite else Items(
        tmpdir, request.getfixturevalue(database + '_url'))
    items.begin('grey', 'red', kind=text_type(True)('grey', 'red')
                if sqlite else None).fill('red', 'grey')
    items.after('dark red', 'gray')
    terminal = Terminal(
        Project(tmpdir, items.url),
        MODELS % (', create_constraint=True' if sqlite else ''),
        command_line, 'migrate')
    terminal.says(FIRST)
    terminal.types('perhaps\n')
    terminal.says('Please answer y or n. ' + FIRST)
    terminal.types('y\n')
    terminal.says(SECOND)
    terminal.types('y\n')
    assert terminal.ends() == 0, terminal.output
    assert 'may have been' not in terminal.output
    items.project.python('upgrade')
    assert items.rows() == ['dark red', 'gray']
    items.project.python('downgrade')
    assert items.rows() == ['red', 'grey']


@pytest.mark.once
@pytest.mark.parametrize('typed, code', [('\x04', 1), ('\x03', 130)])
def test_no_answer(tmpdir, postgresql_url, typed, code):
    items = Items(tmpdir, postgresql_url)
    items.begin('grey', 'red').fill('red', 'grey')
    terminal = Terminal(Project(tmpdir, items.url), MODELS % '', 'manage',
                        'migrate')
    terminal.says(FIRST)
    terminal.types('n\n')
    terminal.says(SECOND)
    terminal.types(typed)
    assert terminal.ends() == code, terminal.output
    assert len(items.project.scripts()) == 1
    assert items.rows() == ['red', 'grey']
