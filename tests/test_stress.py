"""Many commands at once, in threads and processes, on all databases.

At the end every database, and what commands borrow of an application and of
the process, is as if they had run one after another.  Which commands, and
where, is drawn by a seed, which is printed; ``FLASK_MIGRATE_SEED`` sets it.
"""
import io
import os
import random
import re

from alembic.util import CommandError
import pytest
import sqlalchemy

from flask_migrate import LockTimeout
from project import Project
import processes
from test_threads import Thread, state_of_the_process
from variants import SLOW

#: Threads, commands of each, and processes of each application.
THREADS, COMMANDS, PROCESSES = (8, 25, 12) if SLOW else (4, 5, 3)
#: Seconds that a command may wait for the others: as long as it takes.
WAIT = 600

REVISIONS = ['r1', 'r2', 'r3']
UPGRADE = '''
op.create_table('t{0}', sa.Column('id', sa.Integer))
op.execute('UPDATE account SET balance = balance * 10 + {0}')
op.execute("INSERT INTO log (what) VALUES ('up {0}')")
'''.strip()
DOWNGRADE = '''
op.drop_table('t{0}')
op.execute('UPDATE account SET balance = (balance - {0}) / 10')
op.execute("INSERT INTO log (what) VALUES ('down {0}')")
'''.strip()

#: What may be drawn: name, and arguments in words of the command line.
CHANGES = [('upgrade', []), ('upgrade', ['r2']), ('upgrade', ['r1']),
           ('downgrade', ['base']), ('downgrade', ['r1'])]
LOOKS = [('current', []), ('history', []), ('heads', []), ('branches', []),
         ('upgrade', ['--dry-run'])]


class Application(object):
    """A project whose revisions leave traces.

    :param binds: its databases by bind key; None is the default one.
    """

    def __init__(self, path, urls):
        urls = dict(urls)
        self.binds = sorted(urls, key=str)
        self.project = Project(path, urls.pop(None), binds=urls or None)
        self.project.python('init', **({'multidb': True} if urls else {}))
        for number, revision in enumerate(REVISIONS, 1):
            path = self.project.write_revision(
                revision, UPGRADE.format(number), DOWNGRADE.format(number),
                down=None if number == 1 else REVISIONS[number - 2])
            with io.open(path, encoding='utf-8') as file:
                text = file.read()
            with io.open(path, 'w', encoding='utf-8') as file:
                file.write(text.replace('grade():',
                                        'grade(engine_name=None):'))
        for bind in self.binds:
            self._prepare(bind)
        processes.write(self.project)
        self.state = dict(vars(self._state))

    @property
    def _state(self):
        return self.project.app.extensions['migrate']

    def _prepare(self, bind):
        metadata = sqlalchemy.MetaData()
        sqlalchemy.Table(
            'account', metadata,
            sqlalchemy.Column('balance', sqlalchemy.BigInteger))
        sqlalchemy.Table(
            'log', metadata,
            sqlalchemy.Column('id', sqlalchemy.Integer, primary_key=True),
            sqlalchemy.Column('what', sqlalchemy.String(20)))
        metadata.create_all(bind=self.project.engine(bind))
        self.project.execute('INSERT INTO account VALUES (7)', bind)

    # What is done to it -------------------------------------------------

    def run(self, name, arguments, wait=None):
        """A command in this thread."""
        kwargs = {'wait': wait} if wait is not None else {}
        if '--dry-run' in arguments:
            kwargs['dry_run'] = True
        elif arguments:
            kwargs['revision'] = arguments[0]
        try:
            return self.project.python(name, **kwargs)
        except LockTimeout:
            assert wait == 0
        except CommandError as error:
            assert is_elsewhere(name, str(error)), error

    def run_processes(self, commands):
        """Commands in processes that begin at the same moment."""
        results = processes.together(
            self.project, len(commands), *commands, timeout=WAIT)
        for command, result in zip(commands, results):
            assert result.code == 0 or is_elsewhere(
                command[0], result.output), result

    # How it must be then --------------------------------------------------

    def check(self):
        at = [self.check_database(bind) for bind in self.binds]
        assert len(set(at)) == 1, at    # they are locked together
        assert vars(self._state) == self.state

    def check_database(self, bind):
        """A database has seen one revision after another.

        :return: how many it is at.
        """
        at, balance = 0, 7
        log = self.project.query('SELECT what FROM log ORDER BY id', bind)
        for what, in log:
            word, number = what.split()
            if word == 'up':
                at += 1
                assert at == int(number), (bind, what)
            else:
                assert at == int(number), (bind, what)
                at -= 1
        for number in range(1, at + 1):
            balance = balance * 10 + number
        assert self.project.query('SELECT balance FROM account', bind) \
            == [(balance,)]
        assert self.project.tables(bind) == ['account', 'log'] + [
            't%d' % number for number in range(1, at + 1)]
        if log:     # else nobody may have made the version table
            assert self.project.version(bind) == (
                [REVISIONS[at - 1]] if at else [])
        return at


def is_elsewhere(name, message):
    """Whether a database could not go there from where it was then.

    Down from a lower revision, or, before Alembic 1.5, up from a higher one.
    """
    return name in ('upgrade', 'downgrade') and re.search(
        r'not a valid \w+ target|not an ancestor|only [01] applied|'
        r'not applied|below', message)


def drawn(chance):
    """A command, and how long it may wait."""
    name, arguments = chance.choice(
        CHANGES if chance.random() < 0.6 else LOOKS)
    changes = name in ('upgrade', 'downgrade') \
        and '--dry-run' not in arguments
    return name, arguments, \
        chance.choice([0, WAIT, WAIT, WAIT]) if changes else None


def work(chance, applications):
    """What a thread does."""
    for _ in range(COMMANDS):
        chance.choice(applications).run(*drawn(chance))


@pytest.fixture
def databases(tmpdir, postgresql_server, mariadb_server):
    """Makes URLs of new databases; they are dropped afterwards."""
    made = []

    def sqlite():
        made.append(None)
        # Who looks waits for the one who writes, as long as that takes.
        return 'sqlite:///%s?timeout=300' % tmpdir.join(
            '%d.db' % len(made))

    def on(server):
        made.append((server, server.create_database()))
        return server.url(made[-1][1])
    yield sqlite, lambda: on(postgresql_server), lambda: on(mariadb_server)
    for each in made:
        if each is not None:
            each[0].drop_database(each[1])


def test_any_mix_of_commands(tmpdir, databases):
    seed = int(os.environ.get('FLASK_MIGRATE_SEED')
               or random.SystemRandom().randrange(10 ** 6))
    print('FLASK_MIGRATE_SEED=%d' % seed)
    chance = random.Random(seed)
    sqlite, postgresql, mariadb = databases
    applications = [
        Application(tmpdir.mkdir('project%d' % number), urls)
        for number, urls in enumerate([
            {None: sqlite()}, {None: postgresql()}, {None: mariadb()},
            {None: sqlite(), 'one': postgresql(), 'two': mariadb()}])]
    before = state_of_the_process()
    threads = [Thread(work, random.Random(chance.random()), applications)
               for _ in range(THREADS)]
    for application in applications:
        commands = [drawn(chance) for _ in range(PROCESSES)]
        threads.append(Thread(application.run_processes, [
            [name] + arguments for name, arguments, _ in commands]))
    for thread in threads:
        thread.result(WAIT)
    for application in applications:
        application.check()
    assert state_of_the_process() == before
    # And they go on working.
    for application in applications:
        application.run('upgrade', [], 0)
        application.check()
        assert application.project.version() == ['r3']
