"""Constraints without a name, which SQLite has from before this release."""
import pytest
from sqlalchemy import Column, ForeignKey, Integer, MetaData, String, Table
from sqlalchemy import create_engine

from flask_migrate import compat
import round_trip
from round_trip import Kind, Way
import schemas

pytestmark = pytest.mark.skipif(
    not compat.alembic.has_operations(),
    reason='Alembic before 0.8 has no operations to look at')


def old(m):
    return [Column('owner_id', Integer, ForeignKey('owner.id')),
            Column('other_id', Integer, ForeignKey('owner.id')),
            Column('code', String(20), unique=True)]


def new(m):
    return [Column('owner_id', Integer),
            Column('other_id', Integer, ForeignKey('owner.id')),
            Column('code', String(20))]


@pytest.fixture
def way(tmpdir):
    engines = [create_engine('sqlite:///%s' % tmpdir.join(name))
               for name in 'ab']
    way = Way(Kind('unnamed', old, new), *engines)
    way.do('init')
    yield way
    way.close()


def foreign_keys(way):
    metadata = MetaData()
    metadata.reflect(way.engine)
    table = metadata.tables['item']
    assert isinstance(table, Table)
    return sorted(column.name for column in table.columns
                  if column.foreign_keys)


def test_unnamed_constraints_can_be_dropped(way):
    """Those of db.create_all(), and of revisions written before."""
    way.use(old).create_all(way.engine)
    way.execute(way._fill)
    assert way.migrate() is None
    rows = way.execute(round_trip.contents)
    way.use(new)
    assert way.migrate()
    way.do('upgrade')
    assert way.migrate() is None
    assert foreign_keys(way) == ['other_id']
    assert not [line for line in schemas.schema(way.engine)['item']
                if line.startswith('unique')]
    way.do('downgrade')
    assert foreign_keys(way) == ['other_id', 'owner_id']
    assert way.execute(round_trip.contents) == rows
    assert ["unique ['code']"] == [
        line.replace("u'", "'")
        for line in schemas.schema(way.engine)['item']
        if line.startswith('unique')]
