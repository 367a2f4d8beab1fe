"""Projects with libraries that change SQLAlchemy or Alembic once imported.

    python tests/libraries.py FUNCTION URL FOLDER

runs one in a process of its own; the exit code is 77 where the library is
not installed.
"""
import os
import sys

import sqlalchemy as sa
from sqlalchemy import Column, Integer, String

sys.path[:0] = [os.path.dirname(os.path.dirname(os.path.abspath(__file__)))]

from flask_migrate import MigrateError, compat  # noqa: E402
from project import Project  # noqa: E402

NOT_INSTALLED = 77


class Tables(object):
    """A project whose tables change.

    :param settings: arguments of ``Migrate``.
    """

    def __init__(self, url, folder, **settings):
        self.url, self.folder, self.settings = url, folder, settings
        self.models()
        self.project.python('init')

    def models(self, **tables):
        """Declare tables anew, by name: lists of their columns."""
        self.project = Project(self.folder, self.url, **self.settings)
        metadata = self.project.db.metadata
        for name in sorted(tables):
            sa.Table(name, metadata, Column('id', Integer, primary_key=True),
                     *tables[name])

    def migrate(self, **tables):
        """Write a script; return its text."""
        self.models(**tables)
        with open(self.project.python('migrate').path) as file:
            return file.read()

    def change(self, **tables):
        """Migrate up, down and up again; return the script's text."""
        text = self.migrate(**tables)
        for name in ('upgrade', 'downgrade', 'upgrade'):
            self.project.python(name)
        assert self.project.python('migrate') is None, text
        return text

    def end(self):
        """Leave the database as it was."""
        self.project.python('downgrade', revision='base')
        self.project.execute('DROP TABLE alembic_version')

    def values(self, sql):
        return [row[0] for row in self.project.query(sql)]


class Rows(Tables):
    """A table 'item' with two rows, and no column but its key as yet."""

    def __init__(self, url, folder, **settings):
        Tables.__init__(self, url, folder, **settings)
        self.change(item=[])
        for number in (1, 2):
            self.project.execute('INSERT INTO item (id) VALUES (%d)' % number)

    def rows(self, name):
        """The values of a column, as its type reads them."""
        table = self.project.db.metadata.tables['item']
        connection = self.project.engine().connect()
        try:
            return [row[0] for row in connection.execute(
                compat.tables.select(table.c[name]).order_by(table.c.id))]
        finally:
            connection.close()


# alembic-postgresql-enum ----------------------------------------------------

def enum_library(url, folder):
    import alembic_postgresql_enum  # noqa: F401

    there = Tables(url, folder)

    def color(*values):
        return Column('color', sa.Enum(*values, name='color'))

    def enums():
        return there.values('SELECT enumlabel FROM pg_enum ORDER BY '
                            'enumtypid, enumsortorder')
    there.change(item=[])
    there.project.execute('INSERT INTO item DEFAULT VALUES')
    steps = [
        # A new column, a new value, a value less.
        (dict(item=[color('red', 'green')]), ['red', 'green']),
        (dict(item=[color('red', 'green', 'blue')]),
         ['red', 'green', 'blue']),
        (dict(item=[color('red', 'blue')]), ['red', 'blue']),
        # New tables: one with the old enum, one with another.
        (dict(item=[color('red', 'blue')], other=[
            color('red', 'blue'),
            Column('size', sa.Enum('s', 'm', name='size'))]),
         ['red', 'blue', 's', 'm']),
        # A required column, and a column that loses its enum.
        (dict(item=[Column('color', String(9)), Column(
            'kind', sa.Enum('k', 'l', name='kind'), default='l',
            nullable=False)], other=[color('red', 'blue')]),
         ['red', 'blue', 'k', 'l']),
        # A column and a table that go.
        (dict(item=[Column('kind', sa.Enum('k', 'l', name='kind'),
                           default='l', nullable=False)]), ['k', 'l']),
    ]
    for tables, wanted in steps:
        text = there.change(**tables)
        assert enums() == wanted, text
        # Ours is not written beside theirs.
        assert 'CREATE TYPE' not in text and 'ADD VALUE' not in text, text
        assert 'DROP TYPE' not in text, text
    assert there.values('SELECT kind FROM item') == ['l']
    there.project.execute('DELETE FROM item')
    there.project.python('downgrade', revision='base')
    assert enums() == [] and there.project.tables() == []


def enum_library_and_rows(url, folder):
    """A new value, and a new column whose rows get it, in one script."""
    import alembic_postgresql_enum  # noqa: F401

    there = Rows(url, folder)

    def column(name, *values, **options):
        return Column(name, sa.Enum(*values, name='color'), **options)

    def change(*columns):
        return there.change(item=list(columns))
    two = ('red', 'green')
    three = two + ('blue',)
    change(column('color', *two))
    there.project.execute("UPDATE item SET color = 'red'")
    text = change(column('color', *three), column(
        'shade', *three, default='blue', nullable=False))
    assert there.rows('shade') == ['blue'] * 2, text
    assert there.rows('color') == ['red'] * 2, text
    # Another takes the place of one.
    other = ('red', 'grey', 'blue')
    text = change(
        column('color', *other), column('shade', *other), column(
            'tint', *other, server_default='grey', nullable=False))
    assert there.rows('tint') == ['grey'] * 2, text
    assert there.rows('shade') == ['blue'] * 2, text
    there.project.execute('DELETE FROM item')
    there.end()


# GeoAlchemy2 ----------------------------------------------------------------

#: A type that does as if it were PostGIS's, as far as tables need it.
_POSTGIS = '''
CREATE TYPE geometry;
CREATE FUNCTION geometry_in(cstring) RETURNS geometry AS 'textin'
    LANGUAGE internal IMMUTABLE STRICT;
CREATE FUNCTION geometry_out(geometry) RETURNS cstring AS 'textout'
    LANGUAGE internal IMMUTABLE STRICT;
CREATE FUNCTION geometry_typmod(cstring[]) RETURNS integer AS 'array_ndims'
    LANGUAGE internal IMMUTABLE STRICT;
CREATE TYPE geometry (INPUT = geometry_in, OUTPUT = geometry_out,
                      TYPMOD_IN = geometry_typmod, LIKE = text);
CREATE FUNCTION g_consistent(internal, geometry, smallint, oid, internal)
    RETURNS bool AS 'gist_point_consistent' LANGUAGE internal;
CREATE FUNCTION g_union(internal, internal) RETURNS geometry
    AS 'gist_box_union' LANGUAGE internal;
CREATE FUNCTION g_penalty(internal, internal, internal) RETURNS internal
    AS 'gist_box_penalty' LANGUAGE internal;
CREATE FUNCTION g_picksplit(internal, internal) RETURNS internal
    AS 'gist_box_picksplit' LANGUAGE internal;
CREATE FUNCTION g_same(geometry, geometry, internal) RETURNS internal
    AS 'gist_box_same' LANGUAGE internal;
CREATE OPERATOR CLASS geometry_ops DEFAULT FOR TYPE geometry USING gist AS
    FUNCTION 1 g_consistent(internal, geometry, smallint, oid, internal),
    FUNCTION 2 g_union(internal, internal),
    FUNCTION 5 g_penalty(internal, internal, internal),
    FUNCTION 6 g_picksplit(internal, internal),
    FUNCTION 7 g_same(geometry, geometry, internal);
CREATE TABLE spatial_ref_sys (srid integer PRIMARY KEY)'''


def _geometry(**settings):
    from geoalchemy2 import Geometry
    return Column('geom', Geometry(geometry_type=None, srid=-1, **settings))


def geo_alchemy(url, folder):
    without_postgis(url, os.path.join(folder, 'without'))
    project = Project(folder, url)
    for sql in _POSTGIS.split(';'):
        project.execute(sql)
    spatial_indexes(url, os.path.join(folder, 'plain'))
    alembic_helpers(url, os.path.join(folder, 'helpers'))


def spatial_indexes(url, folder, **settings):
    """Tables and columns come and go, with their spatial indexes."""
    there = Tables(url, folder, **settings)

    def indexes():
        return there.values("SELECT indexname FROM pg_indexes WHERE "
                            "indexdef LIKE '%gist%' ORDER BY 1")
    there.change(item=[])
    text = there.change(item=[_geometry()], place=[_geometry()],
                        plain=[_geometry(spatial_index=False)])
    assert indexes() == ['idx_item_geom', 'idx_place_geom'], text
    there.change(item=[_geometry(spatial_index=False)], place=[_geometry()])
    assert indexes() == ['idx_place_geom']
    there.change(item=[])
    assert indexes() == []
    assert there.project.tables() == ['item', 'spatial_ref_sys']
    there.end()
    assert there.project.tables() == ['spatial_ref_sys']
    return text


def alembic_helpers(url, folder):
    """The same with its own functions for Alembic, which come first."""
    from geoalchemy2 import alembic_helpers as helpers
    asked = []

    def include_object(item, name, *arguments):
        asked.append(name)
        return helpers.include_object(item, name, *arguments)
    text = spatial_indexes(
        url, folder, include_object=include_object,
        render_item=helpers.render_item,
        process_revision_directives=helpers.writer)
    assert 'from geoalchemy2 import Geometry' in text
    assert 'op.create_geospatial_table' in text, text
    assert 'batch_op.add_geospatial_column' in text, text
    assert 'spatial_ref_sys' in asked


def without_postgis(url, folder):
    """The script can be written, and fails without harm."""
    from geoalchemy2 import Geography, Geometry

    there = Tables(url, folder)
    there.change(item=[])
    text = there.migrate(
        item=[Column('geom', Geometry('POINT', srid=4326)),
              Column('geog', Geography('POLYGON', srid=4326))])
    assert "geoalchemy2.types.Geometry(geometry_type='POINT', srid=4326" \
        in text, text
    assert text.count('import geoalchemy2.types') == 1
    try:
        there.project.python('upgrade')
    except MigrateError as error:
        assert 'type "geo' in str(error), error
    else:
        assert False, 'there is no PostGIS'
    assert there.project.columns('item') == ['id']
    there.end()


def geo_alchemy_on_mariadb(url, folder):
    from geoalchemy2 import Geometry

    there = Tables(url.replace('mysql+', 'mariadb+'), folder)

    def geometry():
        return Column('geom', Geometry('POINT'), nullable=False)
    there.change(item=[])
    there.change(item=[geometry()], place=[geometry()])
    assert there.values(
        "SELECT DISTINCT index_name FROM information_schema.statistics WHERE "
        "table_schema = DATABASE() AND index_type = 'SPATIAL' ORDER BY 1"
    ) == ['idx_item_geom', 'idx_place_geom']
    there.change(item=[])
    assert there.project.tables() == ['item']


if __name__ == '__main__':
    try:
        globals()[sys.argv[1]](*sys.argv[2:])
    except ImportError as error:
        print(error)
        sys.exit(NOT_INSTALLED)
