"""Several changes of a schema at once, drawn: there and back, with rows.

Old models, migrate, upgrade, rows; new models, migrate, upgrade; ``check``
and a second migrate find nothing; downgrade restores schema and rows.
"""
import pytest
from sqlalchemy import create_engine, null

from flask_migrate import compat
import round_trip
from round_trip import Failure, comparable
import schemas
from test_round_trip import kept_urls
from variants import slow

pytest.importorskip('hypothesis')
from hypothesis import HealthCheck, given, settings  # noqa: E402
from drawn_changes import drawings  # noqa: E402

pytestmark = [pytest.mark.once, slow, pytest.mark.skipif(
    not compat.alembic.has_check(),
    reason='older Alembics compare less')]


class Way(round_trip.Way):
    """The way of what was drawn there and back."""

    def __init__(self, drawn, engine, reference):
        round_trip.Way.__init__(self, drawn, engine, reference)
        self.drawn = drawn

    def use_schema(self, schema):
        self.database.metadata = schema.metadata()
        return self.database.metadata

    def go(self):
        drawn = self.drawn
        self.use_schema(drawn.old)
        self.do('init')
        self.do('migrate', message='first')
        self.do('upgrade')
        self.execute(self._insert)
        before = schemas.schema(self.engine)
        self.before = dict(
            (table.uid, self.execute(
                lambda connection: self._rows(connection, table)))
            for table in drawn.old.tables)
        new = self.use_schema(drawn.new)
        scripts = self.scripts()
        self.do('migrate', message='second', **drawn.answers())
        changed = self.scripts() != scripts
        self.do('upgrade')
        self.do('check')
        again = self.migrate()
        if again:
            raise Failure('second migrate: ' + round_trip.body(again))
        self._check_like_create_all(new)
        self.compare_rows(drawn.new, 'upgrade')
        if not changed:
            return      # as of an enum that no table has
        self.do('downgrade')
        after = schemas.schema(self.engine)
        if after != before:
            raise Failure('downgrade: '
                          + round_trip.difference(before, after))
        self.compare_rows(drawn.old, 'downgrade')
        self.do('upgrade')

    def _insert(self, connection):
        metadata = self.database.metadata
        for table in self.drawn.old.tables:
            for row in self.drawn.rows[table.uid]:
                values = {table.key: row[None]}
                for column in table.columns:
                    value = row[column.uid]
                    values[column.name] = null() if value is None else value
                connection.execute(
                    metadata.tables[table.name].insert().values(values))

    def _check_like_create_all(self, new):
        from sqlalchemy.sql.elements import conv
        # What a convention names, the models leave unnamed; and Alembic
        # compares no names of foreign keys.
        for table in new.tables.values():
            for each in table.foreign_key_constraints:
                if isinstance(each.name, conv):
                    each.name = None
        round_trip.Way._check_like_create_all(self, new)

    def compare_rows(self, schema, after):
        """Compare all values that there were and still are."""
        for table in schema.tables:
            if self.drawn.old.table(table.uid) is None \
                    or self.drawn.new.table(table.uid) is None:
                continue
            found = self.execute(
                lambda connection: self._rows(connection, table))
            before = self.before[table.uid]
            if set(found) != set(before):
                raise Failure('%s: rows of %s: %r' % (
                    after, table.name, found))
            for key in before:
                self._compare(table, before[key], found[key], after)

    def _rows(self, connection, table):
        quote = connection.dialect.identifier_preparer.quote
        names = [table.key] + [each.name for each in table.columns]
        rows = schemas.rows_of(connection, 'SELECT %s FROM %s' % (
            ', '.join(map(quote, names)), quote(table.name)))
        return dict((row[0], dict(zip(
            [each.uid for each in table.columns], row[1:])))
            for row in rows)

    def _compare(self, table, before, found, after):
        new = dict((each.uid, each) for _, each in self.drawn.new.columns())
        for column in table.columns:
            if column.uid not in before or column.uid not in new:
                continue
            value = before[column.uid]
            if value is None and not new[column.uid].nullable:
                continue        # it was filled
            if comparable(value) != comparable(found[column.uid]):
                raise Failure('%s: %s.%s: %r -> %r' % (
                    after, table.name, column.name, value,
                    found[column.uid]))


def there_and_back(drawn, urls):
    engines = [create_engine(url) for url in urls]
    for engine in engines:
        round_trip.empty(engine)
    way = Way(drawn, *engines)
    try:
        way.go()
    finally:
        way.close()
        for engine in engines:
            engine.dispose()


def examples(number):
    return settings(
        max_examples=number, deadline=None, derandomize=True, database=None,
        suppress_health_check=list(HealthCheck))


@pytest.fixture(scope='module')
def sqlite_urls(tmpdir_factory):
    folder = tmpdir_factory.mktemp('drawn')
    return ['sqlite:///%s' % folder.join(name) for name in 'ab']


@examples(150)
@given(drawings())
def test_on_sqlite(sqlite_urls, drawn):
    there_and_back(drawn, sqlite_urls)


@examples(100)
@given(drawings())
def test_on_postgresql(postgresql_server, drawn):
    there_and_back(drawn, kept_urls(postgresql_server))


@examples(50)
@given(drawings())
def test_on_mariadb(mariadb_server, drawn):
    there_and_back(drawn, kept_urls(mariadb_server))
