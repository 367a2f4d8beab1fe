import os
import signal
import sys

import pytest

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
# 'python -m pytest' has put '' there, which Python 2.7 keeps as it is: a test
# that changes the directory could import nothing any more.
sys.path[:] = [os.path.abspath(folder) for folder in sys.path]

# Tests write a file anew within a second, which Python 2.7 does not see where
# it has kept the old one compiled.
sys.dont_write_bytecode = True
os.environ['PYTHONDONTWRITEBYTECODE'] = '1'
# A shell starts background jobs with Ctrl-C ignored, for all their processes:
# the tests that press it would wait for nothing.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

from project import COMMAND_LINES, Project  # noqa: E402
from releases import releases  # noqa: E402,F401
from servers import (  # noqa: E402,F401
    mariadb_server, mariadb_url, postgresql_server, postgresql_url)


@pytest.fixture
def path(tmpdir):
    """A folder of its own, as text."""
    return str(tmpdir)


@pytest.fixture
def project(tmpdir):
    """A project on SQLite, before ``init``."""
    return Project(tmpdir)


@pytest.fixture
def user_project(project):
    """A project on SQLite with a User model, after ``init``."""
    project.model('User', name=project.db.Column(project.db.String(128)))
    project.python('init')
    return project


@pytest.fixture(params=COMMAND_LINES)
def command_line(request):
    """The name of each command line: 'manage', 'flask'."""
    return request.param


@pytest.fixture(params=['sqlite', 'postgresql', 'mariadb'])
def database_url(request, tmpdir):
    """A new, empty database on each kind of server."""
    return url_of(request, tmpdir)


@pytest.fixture(params=['sqlite'] + [
    pytest.param(name, marks=pytest.mark.once)
    for name in ('postgresql', 'mariadb')])
def some_database_url(request, tmpdir):
    """The same; in the matrix of stacks SQLite will do."""
    return url_of(request, tmpdir)


def url_of(request, tmpdir):
    if request.param == 'sqlite':
        return 'sqlite:///' + str(tmpdir.join('database.db'))
    return request.getfixturevalue(request.param + '_url')


SERVERS = ('postgresql', 'mariadb')


def pytest_collection_modifyitems(items):
    """Mark the tests that start a server: some stacks leave them out."""
    for item in items:
        wanted = list(getattr(item, 'fixturenames', ()))
        if hasattr(item, 'callspec'):
            wanted += [each for each in item.callspec.params.values()
                       if isinstance(each, str)]
        if any(each.startswith(SERVERS + ('pgbouncer',))
               for each in wanted):
            item.add_marker(pytest.mark.server)


#: What is said of the tests of a name.
COUNTED = [
    ('test_round_trip.py::test_there_and_back[',
     'kinds of model changes that went there and back: %d of %d'),
    ('test_round_trip.py::test_whole_table[',
     'all kinds of model changes that went there and back: %d of %d'),
    ('test_legacy.py::test_every_command[',
     "env.py files of Flask-Migrate's releases, unmodified: %d of %d"),
    ('test_faults.py::', 'failures on the way that left databases as '
     'promised: %d of %d'),
]


def pytest_terminal_summary(terminalreporter):
    """Print how many of some tests passed."""
    for name, sentence in COUNTED:
        passed, others = [
            sum(name in report.nodeid for kind in kinds
                for report in terminalreporter.getreports(kind))
            for kinds in (['passed'], ['failed', 'error', 'skipped'])]
        if passed + others:
            terminalreporter.write_line(sentence % (passed, passed + others))
