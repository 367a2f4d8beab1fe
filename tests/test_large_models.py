"""Applications of more than 100 tables, changed in 20 places at once."""
import pytest
from sqlalchemy import create_engine

from flask_migrate import compat
import large_models
import round_trip
from round_trip import ALL, Failure, contents
import schemas
from test_round_trip import kept_urls
from variants import slow

pytestmark = [pytest.mark.once, pytest.mark.skipif(
    not compat.alembic.has_check(),
    reason='older Alembics compare less')]


class Application(object):
    """The models of an application, as :class:`round_trip.Way` asks."""

    lossy, empty, rows = (), False, {}

    def __init__(self, name):
        self.nouns = large_models.APPLICATIONS[name]

    def old(self, metadata):
        return False

    def new(self, metadata):
        return True

    def metadata(self, make):
        return large_models.models(self.nouns, make(None))


class Way(round_trip.Way):
    """The way of an application there and back."""

    def go(self):
        application = self.kind
        old = self.use(application.old)
        assert len(old.tables) > 100
        self.do('init')
        self.migrate()
        self.do('upgrade')
        if self.migrate():
            raise Failure('noise before the change')
        self.execute(lambda connection: round_trip.fill(
            connection, old, {}, list(old.tables.values())))
        before = schemas.schema(self.engine)
        rows = self.execute(contents)
        new = self.use(application.new)
        scripts = self.scripts()
        self.do('migrate', message='change',
                **large_models.answers(application.nouns))
        assert len(self.scripts() - scripts) == 1
        self.do('upgrade')
        again = self.migrate()
        if again:
            raise Failure('second migrate: %s' % round_trip.body(again))
        self.do('check')
        self._check_rows(rows, old, new)
        self._check_renamed(rows)
        self._check_like_create_all(new)
        self.do('downgrade')
        after = schemas.schema(self.engine)
        if after != before:
            raise Failure('downgrade: %s'
                          % round_trip.difference(before, after))
        self._check_rows(rows, old, new, back=True)
        self.do('upgrade')

    def _check_renamed(self, before):
        """What has another name has its values."""
        after = self.execute(contents)
        for old, new in large_models.answers(
                self.kind.nouns)['rename'].items():
            table, _, column = old.partition('.')
            if column:
                found = [sorted(row[name] for row in rows[table])
                         for rows, name in ((before, column), (after, new))]
            else:
                found = [before[old], after[new]]
            if found[0] != found[1] or len(found[0]) != 2:
                raise Failure('%s -> %s: %r' % (old, new, found))


def there_and_back(urls, name):
    engines = [create_engine(url) for url in urls]
    for engine in engines:
        round_trip.empty(engine)
    way = Way(Application(name), *engines)
    try:
        way.go()
    finally:
        way.close()
        for engine in engines:
            engine.dispose()


@slow
@pytest.mark.parametrize('database, name', [
    (database, 'shop') for database in ALL] + [
        ('postgresql', 'hospital'), ('mariadb', 'forum')])
def test_there_and_back(request, tmpdir, database, name):
    urls = ['sqlite:///%s' % tmpdir.join(each) for each in 'ab'] \
        if database == 'sqlite' else kept_urls(
            request.getfixturevalue(database + '_server'))
    there_and_back(urls, name)


def test_the_change_is_in_many_places():
    """At least 20 tables differ, and no two nouns are one."""
    for nouns in large_models.APPLICATIONS.values():
        assert len(set(nouns)) == len(nouns)
        old, new = [large_models.models(nouns, changed).tables
                    for changed in (False, True)]
        differ = [name for name in set(old) | set(new)
                  if name not in old or name not in new
                  or described(old[name]) != described(new[name])]
        assert len(differ) >= 20
        assert min(len(old), len(new)) > 100


def described(table):
    """All that a table says of itself, as text."""
    found = [repr(column) for column in table.columns]
    found += ['%s %s %s' % (type(each).__name__, each.name, getattr(
        each, 'sqltext', [column.name for column in each.columns]))
        for each in list(table.constraints) + list(table.indexes)]
    return sorted(found + [str(key.ondelete) for key in table.foreign_keys]
                  + [str(table.comment)])
