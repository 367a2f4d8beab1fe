# coding: utf-8
"""``migrate``: other values of an enum that a CHECK lists."""
import pytest
from sqlalchemy import (
    Boolean, CheckConstraint, Column, Enum, String, inspect)
from sqlalchemy.types import TypeDecorator

from flask_migrate import MigrationFailed, compat
import libraries
from round_trip import enum_type
from test_enum_values_renamed import Items, on, on_sqlite
from variants import some

pytestmark = pytest.mark.skipif(
    not compat.alembic.has_operations()
    or not compat.tables.reflects_checks(), reason='needs SQLAlchemy 1.1')


@pytest.fixture(params=['sqlite'] + [
    pytest.param(name, marks=pytest.mark.once)
    for name in some(['postgresql', 'mariadb'], 2)])
def items(request, tmpdir):
    return on(tmpdir, 'sqlite:///%s' % tmpdir.join('database.db')
              if request.param == 'sqlite'
              else request.getfixturevalue(request.param + '_url'))


def listed(*values, **options):
    """An Enum that is stored as a text, with a CHECK."""
    options.setdefault('name', 'color')
    return Enum(*values, native_enum=False, create_constraint=True,
                **options)


def checks(items):
    return sorted((str(each['name']), str(each['sqltext'])) for each in
                  inspect(items.project.engine()).get_check_constraints(
                      'item'))


def refused(items, value):
    with pytest.raises(Exception):
        items.fill(value, first=90)


@pytest.mark.parametrize('name', ['color', None])
@pytest.mark.parametrize('more', ['blue', 'turquoise'])
def test_a_new_value(items, name, more):
    items.begin(kind=listed('red', 'green', name=name)).fill('red', 'green')
    before = checks(items)
    assert items.project.python('migrate') is None
    items.after(kind=listed('red', 'green', more, name=name))
    items.project.python('migrate')
    items.up_and_down(['red', 'green'], ['red', 'green'])
    items.fill(more, first=3)
    refused(items, 'grey')
    with pytest.raises(MigrationFailed) as error:
        items.project.python('downgrade')
    assert ': 1 (id 3). Nothing was changed.' in str(error.value)
    items.project.execute('DELETE FROM item WHERE id = 3')
    items.project.python('downgrade')
    assert checks(items) == before
    refused(items, more)
    # And once more: the CHECK has the name of the first script now.
    items.project.python('upgrade')
    items.after(kind=listed('red', 'green', more, 'grey', name=name))
    items.project.python('migrate')
    items.up_and_down(['red', 'green'], ['red', 'green'])
    items.fill(more, 'grey', first=3)


@pytest.mark.parametrize('name', ['color', None])
def test_a_value_that_goes(items, name):
    items.begin(kind=listed('red', 'green', 'turquoise', name=name),
                server_default='turquoise', nullable=False)
    items.fill('red', 'turquoise', 'green', 'turquoise')
    before = checks(items)
    items.after(kind=listed('red', 'green', name=name),
                server_default='red', nullable=False)
    items.project.python('migrate')
    with pytest.raises(MigrationFailed) as error:
        items.project.python('upgrade')
    assert 'item.color: rows whose value does not fit the CHECK of its ' \
        'values: 2 (id 2, 4). Nothing was changed.' in str(error.value)
    assert checks(items) == before
    items.project.execute(
        "UPDATE item SET color = 'green' WHERE color = 'turquoise'")
    items.up_and_down(['red', 'green', 'green', 'green'],
                      ['red', 'green', 'green', 'green'])
    refused(items, 'turquoise')
    items.project.execute('INSERT INTO item (id) VALUES (5)')
    assert items.rows()[4] == 'red'
    items.project.python('downgrade')
    assert checks(items) == before
    items.fill('turquoise', first=6)


@pytest.mark.parametrize('values', [
    ('red', 'green'), ("it's", 'a"b', u'\xe9'), ('50%', ':red', 'a:b'),
    ('back\\slash', 'two\\\\'), ('a, b', '(c)', '[d]'), ('only',)])
@pytest.mark.once
def test_unchanged(tmpdir, database_url, values):
    items = on(tmpdir, database_url)
    items.begin(kind=listed(*values))
    assert items.project.python('migrate') is None
    items.after(kind=listed(*values[::-1]))
    assert items.project.python('migrate') is None


@pytest.mark.once
def test_values_with_signs(tmpdir, database_url):
    items = on(tmpdir, database_url)
    old = ("it's", '50%', ':red', 'a::b', '(c)')
    items.begin(kind=listed(*old))
    before = checks(items)
    items.after(kind=listed(*old + ('"100%"', u'is: "\xe9')))
    items.project.python('migrate')
    items.up_and_down([], [])
    items.fill("it''s", '50%', '\\:red', '(c)', '"100%"')
    assert items.rows() == ["it's", '50%', ':red', '(c)', '"100%"']
    refused(items, '100%%')
    items.project.execute("DELETE FROM item WHERE id = 5")
    items.project.python('downgrade')
    assert checks(items) == before


def test_beside_other_checks(items):
    def after(*values):
        items.after(kind=listed(*values))
        table = items.project.db.metadata.tables['item']
        table.append_column(Column('shade', listed(*values, name='shade')))
        table.append_column(Column("sold", Boolean(
            create_constraint=True, name='sold')))
        table.append_constraint(CheckConstraint(
            "color IN ('red', 'green', 'blue', 'grey')", name='ck_few'))
        table.append_constraint(CheckConstraint(
            "label <> ''", name='ck_label'))
    after('red', 'green')
    for command in ('init', 'migrate', 'upgrade'):
        items.project.python(command)
    items.fill('red', 'green')
    before = checks(items)
    assert items.project.python('migrate') is None
    after('red', 'green', 'blue', 'black')
    items.project.python('migrate')
    items.up_and_down(['red', 'green'], ['red', 'green'])
    items.fill('blue', first=3)
    refused(items, 'black')
    items.project.execute("UPDATE item SET shade = 'black'")
    refused(items, 'white')
    if 'sold IN (0, 1)' in str(before):
        with pytest.raises(Exception):
            items.project.execute('UPDATE item SET sold = 2')
    items.project.execute('DELETE FROM item WHERE id = 3')
    items.project.execute('UPDATE item SET shade = NULL')
    items.project.python('downgrade')
    # What SQLAlchemy before 1.4 reads as Boolean makes a second one there.
    assert set(each for _, each in checks(items)) == set(
        each for _, each in before)


def test_a_naming_convention(items):
    def after(*values):
        items.after(kind=listed(*values), convention={
            'ck': 'ck_%(table_name)s_%(constraint_name)s'})
    after('red', 'green')
    for command in ('init', 'migrate', 'upgrade'):
        items.project.python(command)
    items.fill('red', 'green')
    assert [name for name, _ in checks(items)] == ['ck_item_color']
    after('red', 'green', 'turquoise')
    items.project.python('migrate')
    items.up_and_down(['red', 'green'], ['red', 'green'])
    items.fill('turquoise', first=3)
    assert [name for name, _ in checks(items)] == ['ck_item_color']


@pytest.mark.once
def test_another_name_for_it(tmpdir, database_url):
    """The name that a CHECK has is kept; it is not dropped for another."""
    items = on(tmpdir, database_url)
    items.begin(kind=listed('red', 'green', name='one')).fill('red')
    before = checks(items)
    items.after(kind=listed('red', 'green', name='other'))
    assert items.project.python('migrate') is None
    items.after(kind=listed('red', 'green', 'blue', name='other'))
    items.project.python('migrate')
    items.up_and_down(['red'], ['red'])
    items.fill('blue', first=2)
    assert [name for name, _ in checks(items)] == ['one']
    items.project.execute('DELETE FROM item WHERE id = 2')
    items.project.python('downgrade')
    assert checks(items) == before


@pytest.mark.once
def test_no_check(tmpdir, database_url):
    """Who has none gets none, whatever the values are."""
    items = on(tmpdir, database_url)
    items.begin(kind=String(4)).fill('red', 'grey')
    for values in (('red', 'grey'), ('red', 'blue')):
        items.after(kind=listed(*values))
        assert items.project.python('migrate') is None
    items.after(kind=enum_type('red', 'grey', 'blue', native_enum=False))
    assert items.project.python('migrate') is None


def test_a_check_without_a_name_that_the_models_do_not_have(tmpdir):
    """What SQLAlchemy before 1.4 made, and newer ones do not ask for."""
    def without(*values):
        return enum_type(*values, native_enum=False)
    items = on_sqlite(tmpdir)
    items.begin(kind=listed('red', 'blue', name=None)).fill('red', 'blue')
    before = checks(items)
    for values in (('red', 'blue'), ('blue',)):
        items.after(kind=without(*values))
        assert items.project.python('migrate') is None
    items.after(kind=without('red', 'blue', 'grey'))
    items.project.python('migrate')
    items.project.python('upgrade')
    assert items.project.python('migrate') is None
    items.fill('grey', first=3)
    items.project.execute('DELETE FROM item WHERE id = 3')
    items.project.python('downgrade')
    assert checks(items) == before


@pytest.mark.once
@pytest.mark.parametrize('database', ['postgresql', 'mariadb'])
def test_as_sql(request, tmpdir, database):
    items = Items(tmpdir, request.getfixturevalue(database + '_url'))
    items.begin(kind=listed('red', 'green'))
    items.after(kind=listed('red', 'blue'))
    script = items.project.python('migrate')
    with open(script.path) as file:
        assert 'flask' not in file.read()
    ends = '%s:%s' % (script.down_revision, script.revision)
    result = items.project.manage('upgrade', ends, '--sql')
    assert result.code == 0, result
    assert "IN ('red', 'blue'))" in result.stdout


@pytest.mark.once
def test_it_may_be_another_value(tmpdir, database_url):
    items = on(tmpdir, database_url)
    items.begin(kind=listed('red', 'green')).fill('red')
    items.after(kind=listed('crimson', 'green'))
    result = items.project.manage('migrate')
    assert result.code == 0, result
    words = "The value 'red' of item.color may have been renamed to 'crimson'"
    assert result.stderr.count(words) == 1
    with open(items.project.python('show')[0].path) as file:
        assert file.read().count('# ' + words) == 1
    with pytest.raises(MigrationFailed) as error:
        items.project.python('upgrade')
    assert ': 1 (id 1). Nothing was changed.' in str(error.value)


@pytest.mark.parametrize('more', ['blue', 'turquoise'])
def test_one_enum_for_two_columns(tmpdir, more):
    """SQLite has two CHECKs of one name then."""
    items = on_sqlite(tmpdir)

    def after(*values):
        kind = listed(*values)
        items.after(kind=kind)
        items.project.db.metadata.tables['item'].append_column(
            Column('shade', kind))

    def conditions():
        return sorted(condition for _, condition in checks(items))
    after('red', 'green')
    for command in ('init', 'migrate', 'upgrade'):
        items.project.python(command)
    items.fill('red', 'green')
    assert items.project.python('migrate') is None
    before = conditions()
    after('red', 'green', more)
    items.project.python('migrate')
    items.up_and_down(['red', 'green'], ['red', 'green'])
    items.project.execute("UPDATE item SET color = '%s', shade = '%s'" % (
        more, more))
    for column in ('color', 'shade'):
        with pytest.raises(Exception):
            items.project.execute("UPDATE item SET %s = 'grey'" % column)
    items.project.execute("UPDATE item SET color = 'red', shade = 'red'")
    items.project.python('downgrade')
    assert conditions() == before


class Shade(TypeDecorator):
    """A type of an application."""
    impl = Enum
    cache_ok = True

    def __init__(self, *values, **options):
        TypeDecorator.__init__(self, *values, **options)


@pytest.mark.parametrize('name', ['color', None])
def test_a_type_of_the_application(tmpdir, name):
    """SQLAlchemy before 1.4 makes two CHECKs of it."""
    items = on_sqlite(tmpdir)

    def after(*values):
        items.after(kind=Shade(*values, native_enum=False,
                               create_constraint=True, name=name),
                    tables=('item', 'other'))
    after('red', 'green')
    for command in ('init', 'migrate', 'upgrade'):
        items.project.python(command)
    items.fill('red')
    assert items.project.python('migrate') is None
    before = checks(items)
    after('red', 'green', 'turquoise')
    items.project.python('migrate')
    items.up_and_down(['red'], ['red'])
    items.fill('turquoise', first=2).fill('turquoise', table='other')
    if before:          # not every SQLAlchemy 1.4 says it of its types
        refused(items, 'blue')
    items.project.execute('DELETE FROM item WHERE id = 2')
    items.project.execute('DELETE FROM other')
    items.project.python('downgrade')
    assert set(checks(items)) == set(before)


def test_a_required_column_with_a_new_value(items):
    """The rows are filled with it once the CHECK has it."""
    items.begin(kind=listed('red', 'green'))
    items.project.execute('INSERT INTO item (id) VALUES (1)')
    items.after(kind=listed('red', 'green', 'blue'), nullable=False,
                default='blue')
    items.project.python('migrate')
    items.project.python('upgrade')
    assert items.rows() == ['blue']
    assert items.project.python('migrate') is None


@pytest.mark.parametrize('values', [(), ('red', 'green')])
def test_a_column_whose_type_makes_a_check_goes_again(path, values):
    """Batch mode keeps the CHECK; Alembic before 1.9 has made two."""
    there = libraries.Tables(None, path)
    there.change(item=[])
    there.change(item=[Column('kind', (Enum if values else Boolean)(
        *values, name='kind', create_constraint=True))])
    assert there.project.columns('item') == ['id', 'kind']
    there.project.python('downgrade')
    assert there.project.columns('item') == ['id']
