# coding: utf-8
"""``migrate``: indexes of expressions stay what they are."""
import pytest
import sqlalchemy as sa
from sqlalchemy import Column, Index, text

from flask_migrate import compat
import libraries
from test_enum_values_renamed import Items

pytestmark = pytest.mark.skipif(
    not compat.alembic.has_operations()
    or not compat.tables.reflects_checks(), reason='needs SQLAlchemy 1.1')


@pytest.fixture(params=['sqlite', pytest.param(
    'postgresql', marks=pytest.mark.once)])
def items(request, tmpdir):
    return Items(tmpdir, 'sqlite:///%s' % tmpdir.join('app.db')
                 if request.param == 'sqlite'
                 else request.getfixturevalue('postgresql_url'))


def made(items):
    """How the database writes the index down."""
    kind = items.project.engine().dialect.name
    found = items.project.query(
        "SELECT sql FROM sqlite_master WHERE name = 'ix_own'"
        if kind == 'sqlite' else
        "SELECT indexdef FROM pg_indexes WHERE indexname = 'ix_own'")
    return [compat.python.text(row[0]) for row in found]


def with_index(items, make):
    items.after('red', 'green')
    make(items.project.db.metadata.tables['item'])


def case(column):
    """1 where a column is red; the list is of SQLAlchemy before 1.4."""
    whens = (column == 'red', 1)
    try:
        return sa.case(whens, else_=0)
    except Exception:
        return sa.case([whens], else_=0)


EXPRESSIONS = {
    # With a value of an enum in it, to which PostgreSQL adds a cast.
    'case': lambda t: Index('ix_own', sa.func.abs(case(t.c.color))),
    'case as text': lambda t: Index('ix_own', text(
        "(CASE WHEN color = 'red' THEN 1 ELSE 0 END)"), t.c.label),
    'comparison': lambda t: Index('ix_own', t.c.color == 'red'),
    'beside a column': lambda t: Index('ix_own', t.c.label, text(
        "coalesce(color, 'red')")),
    'condition': lambda t: Index('ix_own', t.c.label, postgresql_where=text(
        "color = 'red' AND label = 'x'")),
    'condition in': lambda t: Index(
        'ix_own', t.c.label, postgresql_where=t.c.color.in_(['red'])),
    # With what is no text for drivers and for text().
    'per cent': lambda t: Index('ix_own', sa.func.coalesce(
        t.c.label, '50%')),
    'word': lambda t: Index('ix_own', sa.func.coalesce(
        t.c.label, 'a :b c::d \\:e')),
    'both as text': lambda t: Index('ix_own', text(
        "coalesce(label, '50% \\:b')"), t.c.label),
    'both as literal': lambda t: Index('ix_own', sa.literal_column(
        "coalesce(label, '50% :b')"), t.c.label),
    'both in a condition': lambda t: Index(
        'ix_own', t.c.label, postgresql_where=t.c.label != '50% :b',
        sqlite_where=t.c.label != '50% :b'),
}


@pytest.mark.parametrize('name', sorted(EXPRESSIONS))
def test_there_and_back(items, name):
    with_index(items, EXPRESSIONS[name])
    db, engine = items.project.db, items.project.engine()
    db.metadata.create_all(engine)
    wanted = made(items)
    db.metadata.drop_all(engine)
    items.begin('red', 'green')
    with_index(items, EXPRESSIONS[name])
    items.project.python('migrate')
    items.project.python('upgrade')
    assert items.project.python('migrate') is None
    assert made(items) == wanted
    items.after('red', 'green')             # and it goes again
    items.project.python('migrate')
    items.project.python('upgrade')
    assert made(items) == []
    items.project.python('downgrade')
    assert made(items) == wanted


@pytest.mark.once
def test_another_condition(tmpdir, postgresql_url):
    items = Items(tmpdir, postgresql_url)
    items.begin('red', 'green')
    for value in ('red', 'green'):
        with_index(items, lambda t: Index(
            'ix_own', t.c.label, postgresql_where=t.c.color == value))
        items.project.python('migrate')
        items.project.python('upgrade')
        assert value in made(items)[0]
        assert items.project.python('migrate') is None
    items.project.python('downgrade')
    assert "'red'" in made(items)[0]


@pytest.mark.once
def test_another_expression(tmpdir, postgresql_url):
    """What is another one for the server is seen."""
    items = Items(tmpdir, postgresql_url)
    items.begin('red', 'green')
    with_index(items, lambda t: Index('ix_own', sa.func.abs(case(t.c.color))))
    items.project.python('migrate')
    items.project.python('upgrade')
    wanted = made(items)
    with_index(items, lambda t: Index(
        'ix_own', sa.func.abs(case(t.c.color) + 1)))
    items.project.python('migrate')
    items.project.python('upgrade')
    assert made(items) != wanted
    assert items.project.python('migrate') is None
    items.project.python('downgrade')
    assert made(items) == wanted


def test_an_index_that_descends_is_found_once(path):
    """An Inspector of SQLite tells nothing of DESC."""
    there = libraries.Tables(None, path)

    def columns(*indexes):
        return [Column('size', sa.Integer)] + list(indexes)
    there.change(item=columns())
    there.change(item=columns(Index('ix_item', text('size DESC'))))
    assert there.values("SELECT sql FROM sqlite_master WHERE name = "
                        "'ix_item'")[0].endswith('size DESC)')
