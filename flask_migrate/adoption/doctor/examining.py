"""One examination: what it looks at, and in which order."""
from ...compat.python import text
from ...folder import revision_files
from . import application, databases, folder, idioms, revisions, versions
from .findings import Diagnosis, Finding
from .scripts import Script

#: Each is handed the Setup and gives Findings.  What it is about, for when
#: it fails, is the first line of its docstring.
CHECKS = (versions.CHECKS + application.CHECKS + folder.CHECKS
          + revisions.CHECKS + idioms.CHECKS + databases.CHECKS)


class Setup(object):
    """What is examined.

    :ivar call: the :class:`Call`.
    :ivar app: the application.
    :ivar state: what it said to ``Migrate``.
    :ivar directory: the migrations folder.
    :ivar config: its Config; None where alembic.ini is missing or wrong.
    :ivar problem: why, then.
    :ivar scripts: a list of :class:`Script`, the revision files.
    :ivar reason: gives a message for an exception that is being handled.
    """

    def __init__(self, call, app, state, directory, read_config, reason):
        self.call = call
        self.app = app
        self.state = state
        self.directory = directory
        self.reason = reason
        self.config = self.problem = None
        self.scripts = []
        if not folder.missing(directory):
            try:
                self.config = call.config = read_config()
                self.config.let_print(False)
                self.scripts = [Script(path) for path
                                in revision_files.paths(self.config)]
            except Exception as error:
                self.config = None
                self.problem = reason(error)

    @property
    def files(self):
        """The chain.File of each revision that can be read."""
        return [each.file for each in self.scripts if each.file is not None]

    @property
    def knows_all(self):
        """Whether every revision can be known without executing it."""
        return all(each.file is not None for each in self.scripts)


def examine(setup, checks=()):
    """Examine a set-up.

    :param setup: the :class:`Setup`.
    :param checks: more than the ordinary ones.
    :return: the :class:`Diagnosis`.
    """
    diagnosis = Diagnosis()
    for check in CHECKS + list(checks):
        diagnosis.findings.extend(careful(setup, check, setup))
    return diagnosis


def careful(setup, check, *args):
    """What a check finds; where it fails, that is a warning."""
    found = []
    try:
        for finding in check(*args):
            found.append(finding)
    except Exception as error:
        found.append(Finding(
            'warning', u'Not examined: %s (%s)' % (
                text(check.__doc__).split(u'.')[0], setup.reason(error))))
    return found
