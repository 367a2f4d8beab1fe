"""One migration of a database at a time."""
import pytest

from project import Project
import processes

#: Each revision must be applied once: with x100, a second time shows.
CHAIN = [
    ('one', "op.create_table('account', sa.Column('id', sa.Integer,"
     " primary_key=True), sa.Column('balance', sa.BigInteger))\n"
     "op.execute('INSERT INTO account VALUES (1, 1)')\n"
     "op.execute('INSERT INTO account VALUES (2, 5)')"),
    ('two', "op.execute('UPDATE account SET balance = balance * 100')"),
    ('three', "op.add_column('account', sa.Column('note', sa.Text))\n"
     "op.create_index('ix_account_balance', 'account', ['balance'])"),
]


def write_chain(project, chain=CHAIN):
    down = None
    for name, upgrade in chain:
        project.write_revision(name, upgrade, down=down)
        down = name


@pytest.fixture
def accounts(tmpdir, database_url):
    project = Project(tmpdir, database_url)
    project.python('init')
    write_chain(project)
    processes.write(project)
    return project


def test_together(accounts):
    results = processes.together(accounts, 32)
    assert [result.code for result in results] == [0] * 32, results
    assert accounts.query('SELECT balance FROM account ORDER BY id') == [
        (100,), (500,)]
    assert accounts.version() == ['three']
    for name, _ in CHAIN:
        assert sum('-> %s' % name in result.output
                   for result in results) == 1
