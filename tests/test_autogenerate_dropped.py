"""``migrate``: what a dropped table had comes back with it."""
import pytest

from flask_migrate import compat
from project import Project

pytestmark = pytest.mark.skipif(
    not compat.alembic.has_operations(), reason='needs Alembic 0.8')

#: The statements that made the indexes, but for the primary key's.
INDEXES = {
    'sqlite': "SELECT name, sql FROM sqlite_master WHERE type = 'index' AND "
              "tbl_name = 'thing' AND sql IS NOT NULL ORDER BY 1",
    'postgresql': "SELECT indexname, indexdef FROM pg_indexes WHERE "
                  "tablename = 'thing' AND indexname LIKE 'ix%' ORDER BY 1"}


@pytest.mark.parametrize('database_url, schema', [
    ('sqlite', None), ('postgresql', None), ('postgresql', 'own')],
    indirect=['database_url'])
@pytest.mark.filterwarnings('ignore::sqlalchemy.exc.SAWarning')
def test_indexes_of_expressions_and_partial_ones(
        tmpdir, database_url, schema):
    kind = database_url.partition(':')[0].partition('+')[0]

    def after(exists):
        project = Project(tmpdir, database_url, include_schemas=bool(schema))
        text = project.db.text
        project.model('Other')
        if schema:      # a schema that no model uses is not looked at
            project.db.Table('more', project.db.metadata, project.db.Column(
                'id', project.db.Integer, primary_key=True), schema=schema)
        if exists:
            condition = {kind + '_where': text('age > 1')}
            project.db.Table(
                'thing', project.db.metadata,
                project.db.Column('name', project.db.String(9),
                                  primary_key=True),
                project.db.Column('age', project.db.Integer),
                project.db.Index('ix_age', 'age'),
                project.db.Index('ix_part', 'age', **condition),
                schema=schema)
        return project
    project = after(True)
    if schema:
        project.execute('CREATE SCHEMA own')
    project.python('init')
    project.python('migrate')
    project.python('upgrade')
    table = 'own.thing' if schema else 'thing'
    for sql in ('INDEX ix_lower ON %s (lower(name))',
                'UNIQUE INDEX ix_two ON %s (lower(name), age)',
                "INDEX ix_both ON %s (upper(name)) WHERE age > 1",
                "INDEX ix_text ON %s ((name || 'x')) WHERE age > 1"):
        project.execute('CREATE ' + sql % table)
    before = project.query(INDEXES[kind])
    assert len(before) == 6
    project = after(False)
    project.python('migrate')
    for _ in range(2):
        project.python('upgrade')
        assert project.query(INDEXES[kind]) == []
        project.python('downgrade')
        assert project.query(INDEXES[kind]) == before


@pytest.mark.parametrize('schema, name', [
    (None, 'log'), ('own', 'log'), ('own', 'Log')])
def test_the_sequence_of_a_key(tmpdir, postgresql_url, schema, name):
    def after(exists):
        project = Project(tmpdir, postgresql_url, include_schemas=bool(schema))
        db = project.db
        for table in ['other', name][:1 + exists]:
            db.Table(table, db.metadata, db.Column(
                'id', db.Integer, primary_key=True), schema=schema)
        return project
    project = after(True)
    project.execute('CREATE SCHEMA own')
    for command in ('init', 'migrate', 'upgrade'):
        project.python(command)
    assert project.python('migrate') is None
    project = after(False)
    project.python('migrate')
    project.python('upgrade')
    project.python('downgrade')
    table = '%s"%s"' % (schema and schema + '.' or '', name)
    for _ in range(2):
        project.execute('INSERT INTO %s DEFAULT VALUES' % table)
    assert project.query('SELECT id FROM %s ORDER BY id' % table) == [
        (1,), (2,)]
    project.python('upgrade')
    assert project.python('migrate') is None
