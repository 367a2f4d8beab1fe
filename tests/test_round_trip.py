"""Every kind of model change, there and back, on every kind of database."""
from contextlib import contextmanager
import io
import os

import pytest
from sqlalchemy import Column, create_engine, text
from sqlalchemy.dialects import mysql

from flask_migrate import compat
import round_trip
from round_trip import ALL, KINDS, Way
from variants import some

pytestmark = pytest.mark.skipif(
    not compat.alembic.has_operations(),
    reason='Alembic before 0.8 has no operations to look at')


#: One change of each kind, which every stack takes.
ONE_OF_EACH = [
    'add a table and one that refers to it',
    'add a column with a foreign key',
    'remove a unique column',
    'make a text longer',
    'change a server default',
    'make a column nullable',
    'remove a unique constraint of two columns',
    'index a column',
    'change a check',
    'remove a partial index',
    'change a functional index',
    'add a column with a comment',
    'add a value to an enum',
]

#: Those of them that servers take too.
ON_SERVERS = ONE_OF_EACH[:2] + ONE_OF_EACH[4:5] + ONE_OF_EACH[-3:]

#: What does not hold: where, and before which SQLAlchemy (None: any).
EXCEPT = {
    # The sequence of a serial column stays its default, and an identity
    # would begin at 1 again.
    'serial to identity': ('postgresql', None),
    # No Inspector tells them.
    'collation of a text': ('postgresql', (2, 1)),
    # Not even create_all() works: '1 + 1' has to be in brackets.
    'change a default of an expression': ('mariadb', (2, 0)),
    # No Inspector tells them, or stumbles over them.
    'change a check': ('sqlite postgresql mariadb', (1, 1)),
    'change a functional index': ('sqlite', (1, 1)),
    # A Boolean has a CHECK without a name, which is left to Alembic, and
    # that makes none with a column, and drops none.
    'add a boolean with a server default': ('sqlite', (1, 4)),
    'remove a boolean with a server default': ('sqlite', (1, 4)),
    'change a default boolean': ('sqlite', (1, 4)),
    'integer to boolean': ('mariadb', (1, 4)),
    'integer to boolean with a server default': ('mariadb', (1, 4)),
}


def can_hold(kind, database):
    where, since = EXCEPT.get(kind.name, ('', None))
    return database not in where or (
        since is not None and compat.tables.sqlalchemy_version() >= since)


def take(request, tmpdir, kind, database):
    """Take a kind of change there and back on a database."""
    with engines_of(request, tmpdir, database) as engines:
        way = Way(kind, *engines)
        try:
            return way.go()
        finally:
            way.close()


@contextmanager
def engines_of(request, tmpdir, database):
    """Engines of two empty databases."""
    if database == 'sqlite':
        urls = ['sqlite:///%s' % tmpdir.join(name) for name in 'ab']
    else:
        server = request.getfixturevalue(database + '_server')
        urls = kept_urls(server)
    engines = [create_engine(url) for url in urls]
    for engine in engines:
        round_trip.empty(engine)
    try:
        yield engines
    finally:
        for engine in engines:
            engine.dispose()


def kept_urls(server):
    """Two databases of a server, which all tests share."""
    if not hasattr(server, 'kept'):
        server.kept = [server.create_database() for _ in range(2)]
    return [server.url(name) for name in server.kept]


def ways(kinds):
    """Pairs of kind and database."""
    return [(kind, database) for database in ALL for kind in kinds
            if kind.can_be(database) and can_hold(kind, database)]


def names(way):
    return way if isinstance(way, str) else way.name.replace(' ', '-')


@pytest.mark.once
@pytest.mark.parametrize('kind, database', some(ways(KINDS), 8),
                         ids=names)
def test_there_and_back(request, tmpdir, kind, database):
    take(request, tmpdir, kind, database)


@pytest.mark.once
@pytest.mark.whole
@pytest.mark.parametrize('kind, database', ways(KINDS), ids=names)
def test_whole_table(request, tmpdir, kind, database):
    """The same, with all of them: ``pytest -m whole``."""
    take(request, tmpdir, kind, database)


@pytest.mark.parametrize(
    'kind, database',
    [way for way in ways([kind for kind in KINDS
                          if kind.name in ONE_OF_EACH])
     if way[1] == 'sqlite' or way[0].name in ON_SERVERS], ids=names)
def test_one_of_each(request, tmpdir, kind, database):
    take(request, tmpdir, kind, database)


@pytest.mark.once
@pytest.mark.server
def test_a_default_may_have_on_update(request, tmpdir):
    """It is no expression, which MariaDB wants in brackets."""
    def column(default):
        return lambda m: [Column('value', mysql.DATETIME,
                                 server_default=text(default))]
    take(request, tmpdir, round_trip.Kind(
        'ON UPDATE', column('CURRENT_TIMESTAMP'),
        column('CURRENT_TIMESTAMP ON UPDATE CURRENT_TIMESTAMP'),
        lossy=['value']), 'mariadb')


def test_the_list_is_right():
    """Every exception is of a kind that there is."""
    every = [kind.name for kind in KINDS]
    assert len(set(every)) == len(every) >= 60
    assert set(ONE_OF_EACH) <= set(every)
    assert set(EXCEPT) <= set(every)


def figures():
    """The rows of the README's table."""
    rows = []
    for about in round_trip.ABOUT + ['all']:
        counts = []
        for database in ALL:
            kinds = [kind for kind in KINDS if kind.can_be(database)
                     and about in (kind.about, 'all')]
            counts.append('%d of %d' % (len([
                kind for kind in kinds if can_hold(kind, database)]),
                len(kinds)))
        rows.append(' '.join([about] + counts))
    return rows


@pytest.mark.once
def test_the_readme_has_the_figures():
    path = os.path.join(os.path.dirname(os.path.dirname(
        os.path.abspath(__file__))), 'README.rst')
    with io.open(path, encoding='utf-8') as file:
        written = [' '.join(line.split()) for line in file]
    assert [row for row in figures() if row not in written] == []
