"""``migrate``: what loses data is shown, and marked in the script."""
import pytest

from flask_migrate import compat
from project import Project

pytestmark = pytest.mark.skipif(
    not compat.alembic.has_operations(), reason='needs Alembic 0.8')


class Shop(object):
    """A project with two tables, of which the models lose some."""

    def __init__(self, tmpdir, url=None):
        self.tmpdir, self.url = tmpdir, url
        project = self.after()
        project.python('init')
        project.python('migrate')
        project.python('upgrade')

    def after(self, item=True, note=True, length=64, more=None):
        self.project = Project(self.tmpdir, self.url)
        db = self.project.db
        db.Table('shop', db.metadata,
                 db.Column('id', db.Integer, primary_key=True),
                 db.Column('title', db.String(length)),
                 *[db.Column('note', db.String(64))] * note)
        if item:
            db.Table('item', db.metadata,
                     db.Column('id', db.Integer, primary_key=True))
        if more:
            db.Table(more, db.metadata,
                     db.Column('number', db.Integer, primary_key=True))
        return self.project

    def fill(self):
        for number, note in ((1, "'a'"), (2, 'NULL'), (3, "''")):
            self.project.execute(
                "INSERT INTO shop (id, title, note) VALUES (%d, 'x', %s)"
                % (number, note))
        self.project.execute('INSERT INTO item (id) VALUES (1)')


@pytest.fixture
def shop(tmpdir, some_database_url):
    shop = Shop(tmpdir, some_database_url)
    shop.fill()
    return shop


def text_of(project):
    with open(project.python('show')[0].path) as file:
        return file.read()


def test_drops_are_shown_and_marked(shop, command_line):
    project = shop.after(item=False, note=False, length=10)
    result = project.command_line(command_line, 'migrate')
    assert result.code == 0, result
    line = [line for line in result.stderr.splitlines()
            if line.startswith('Destructive: ')]
    assert len(line) == 1
    for words in ('drops the table item (1 row)',
                  'drops the column shop.note (2 rows)',
                  'narrows shop.title from VARCHAR(64) to VARCHAR(10) '
                  '(3 rows)'):
        assert words in line[0].replace('(length=', '('), line
    text = text_of(project)
    for words in ('drops the table item.', 'drops the column shop.note.',
                  'narrows shop.title from VARCHAR(64) to VARCHAR(10).'):
        assert '# Destructive: ' + words in text
    downgrade = text[text.index('def downgrade'):]
    assert 'Destructive' not in downgrade
    project.python('upgrade')
    assert project.columns('shop') == ['id', 'title']
    assert project.tables() == ['shop']
    project.python('downgrade')
    assert project.tables() == ['item', 'shop']
    assert len(project.query('SELECT note FROM shop')) == 3


def test_a_dry_run_shows_them_too(tmpdir):
    shop = Shop(tmpdir)
    shop.fill()
    project = shop.after(note=False)
    result = project.manage('migrate', '--dry-run')
    assert '# Destructive: drops the column shop.note.' in result.stdout
    assert 'drops the column shop.note (2 rows)' in result.stderr
    assert len(project.scripts()) == 1


def test_what_loses_nothing(tmpdir):
    shop = Shop(tmpdir)
    shop.fill()
    project = shop.after(length=100)
    result = project.manage('migrate')
    assert result.code == 0 and 'Destructive' not in result.output
    assert 'Destructive' not in text_of(project)


@pytest.mark.once
def test_nobody_waits_for_many_rows_to_be_counted(tmpdir):
    shop = Shop(tmpdir)
    for start in range(0, 10500, 500):
        shop.project.execute('INSERT INTO item (id) VALUES %s' % ', '.join(
            '(%d)' % (start + number) for number in range(500)))
    project = shop.after(item=False)
    result = project.manage('migrate')
    assert 'drops the table item (more than 10,000 rows)' in result.stderr
