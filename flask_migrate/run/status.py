"""Where every database stands, found out without changing or raising."""
import re

from flask import current_app

from .. import compat
from ..databases import application_databases, name_of
from ..folder import chain
from .looking import Run, through_env_py


class RevisionStatus(object):
    """A revision of the folder, as one database has it.

    :ivar revision: its identifier.
    :ivar message: the first line of its docstring.
    :ivar date: when it was made, a text as the file says it, or None.
    :ivar path: its file.
    :ivar applied: whether the database has it.

    .. versionadded:: 5.0.0
    """

    def __init__(self, file, applied):
        self.revision = file.revision
        self.message = compat.python.text(file.doc)
        self.date = file.created
        self.path = file.path
        self.applied = applied

    def as_dict(self):
        return {'revision': self.revision, 'message': self.message,
                'date': self.date, 'applied': self.applied}


class DatabaseStatus(object):
    """Where one database stands.

    :ivar name: its bind key; 'default', or '' where there is only one.
    :ivar url: its URL without the password.
    :ivar current: the revisions that it is at, a list; empty at base.
    :ivar revisions: all of the folder, a list of :class:`RevisionStatus`,
        the oldest first.
    :ivar unknown: revisions that it is at and no file has.
    :ivar differences: how models and database differ, a list of texts; None
        where nobody asked.
    :ivar error: why nothing is known of it, or None.

    .. versionadded:: 5.0.0
    """

    def __init__(self, name, url, current=(), files=(), error=None):
        self.name = name
        self.url = url
        self.current = sorted(current)
        known = set(file.revision for file in files)
        self.unknown = [each for each in self.current if each not in known]
        applied = chain.applied(files, current)
        self.revisions = [RevisionStatus(file, file.revision in applied)
                          for file in files]
        self.differences = None
        self.error = error

    @property
    def pending(self):
        """The revisions that it has not, in the order of an upgrade."""
        return [each for each in self.revisions if not each.applied]

    @property
    def is_current(self):
        """Whether every revision of the folder is applied, and no other."""
        return not (self.error or self.unknown or self.pending)

    def as_dict(self):
        return {
            'name': self.name, 'url': self.url, 'current': self.current,
            'is_current': self.is_current, 'unknown': self.unknown,
            'revisions': [each.as_dict() for each in self.revisions],
            'differences': self.differences, 'error': self.error}


class Status(object):
    """Where the databases of an application stand.

    :ivar databases: a list of :class:`DatabaseStatus`.
    :ivar heads: the newest revisions of the folder, a list.
    :ivar error: why not everything is known, or None.

    .. versionadded:: 5.0.0
    """

    def __init__(self):
        self.databases = []
        self.heads = []
        self.error = None

    @property
    def pending(self):
        """The identifiers of revisions that some database has not."""
        return _without_repeats(
            each.revision for database in self.databases
            for each in database.pending)

    @property
    def unknown(self):
        """Revisions that some database is at, and no file has."""
        return _without_repeats(each for database in self.databases
                                for each in database.unknown)

    @property
    def is_current(self):
        """Whether every database is up to date."""
        return self.error is None and bool(self.databases) \
            and all(database.is_current for database in self.databases)

    @property
    def exit_code(self):
        """0 up to date, 1 revisions are pending or models differ, 2 trouble.

        Several heads are trouble: 'upgrade' refuses them.
        """
        if self.error or self.unknown or len(self.heads) > 1 \
                or not self.databases \
                or any(database.error for database in self.databases):
            return 2
        differ = any(database.differences for database in self.databases)
        return 1 if self.pending or differ else 0

    def as_dict(self):
        """All of it in dicts and lists, as ``--format json`` prints it."""
        return {
            'is_current': self.is_current, 'heads': self.heads,
            'pending': self.pending, 'unknown': self.unknown,
            'error': self.error,
            'databases': [each.as_dict() for each in self.databases]}

    def lines(self):
        """All of it as a terminal shows it."""
        for database in self.databases:
            for line in _lines_of(database, self.heads):
                yield line
        if len(self.heads) > 1:
            yield u'The revisions have %d heads: %s. Join them with merge.' \
                % (len(self.heads), u', '.join(self.heads))
        if self.error and all(database.error != self.error
                              for database in self.databases):
            yield u'Error: %s' % self.error


def _without_repeats(values):
    found = []
    for each in values:
        if each not in found:
            found.append(each)
    return found


def _lines_of(database, heads):
    yield u'%s: %s' % (database.name or u'database', database.url)
    if database.error:
        yield u'  Nothing is known of it: %s' % database.error
        return
    yield u'  at %s: %s' % (
        u', '.join(database.current) or u'base', _summary(database))
    for each in database.revisions:
        yield u'  [%s] %s%s' % (
            u'X' if each.applied else u' ', each.revision,
            u''.join(u'  ' + part for part in (
                (each.date or u'')[:16], each.message) if part))
    for each in database.unknown:
        yield u'  [?] %s  no file here has this revision' % each
    if database.differences:
        yield u'  The models differ:'
        for each in database.differences:
            yield u'    ' + each
    elif database.differences is not None:
        yield u'  The models are as the database.'


def _summary(database):
    if database.unknown:
        return u'a revision that no file here has'
    pending = len(database.pending)
    if pending:
        return u'%d revision%s pending' % (pending, u's' * (pending > 1))
    return u'up to date'


class Look(Run):
    """A run that notes where each database is.

    :param compare: gives the differences of models and database as texts,
        for a MigrationContext; None: nobody asked.
    """

    def __init__(self, call, arguments, compare=None):
        Run.__init__(self, call, arguments)
        self.compare = compare
        self.differences = []

    def function(self, heads, context):
        Run.function(self, heads, context)
        self.differences.append(self.compare and self.compare(context))
        return []

    def steps(self, heads, context):
        return []


def examine(call, configure, explain, compare=None):
    """Look at every database; report what fails instead of raising it.

    :param call: the :class:`Call`.
    :param configure: gives it a Config.
    :param explain: gives a message for an exception that is being handled.
    :param compare: see :class:`Look`.
    :return: the :class:`Status`.
    """
    status = Status()
    app = current_app._get_current_object()
    state = app.extensions['migrate']
    run = Look(call, dict(state.configure_args), compare)
    files = []
    try:
        script = compat.alembic.script_directory(configure())
        files = chain.in_order(chain.read(call.config))
        status.heads = sorted(compat.alembic.script_heads(script))
        with through_env_py(call, run), call.status():
            _run_env_py(call.config, script, run)
    except Exception as error:
        status.error = explain(error)
    for plan, differences in zip(run.plans, run.differences):
        name = name_of(app, state.db, plan.engine) if run.multidb else ''
        database = DatabaseStatus(name, shown_url(plan.engine.url),
                                  plan.heads, files)
        database.differences = differences
        status.databases.append(database)
    if status.error:
        _add_others(status, run, app, state, files)
    return status


def _run_env_py(config, script, run):
    EnvironmentContext = compat.alembic.environment_context()
    with EnvironmentContext(config, script, fn=run.function,
                            dont_mutate=True):
        script.run_env()


def _add_others(status, run, app, state, files):
    """Add the databases that env.py did not come to."""
    known = [plan.engine for plan in run.plans]
    try:
        databases = application_databases(app, state.db, run.multidb)
    except Exception:
        return                  # the error of this has been noted already
    for database in databases:
        if database.engine in known:
            continue
        name = (database.name or 'default') if run.multidb else ''
        url = shown_url(database.engine.url)
        try:
            if not run.plans:
                raise ValueError('env.py has configured no database')
            heads = _heads_of(run.plans[0].context, database.engine)
        except Exception:
            status.databases.append(DatabaseStatus(
                name, url, error=status.error))
        else:
            status.databases.append(DatabaseStatus(name, url, heads, files))


def _heads_of(context, engine):
    connection = compat.async_engines.connect(engine)
    try:
        other = compat.alembic.same_context(context, connection)
        return compat.alembic.as_tuple(compat.alembic.heads_of(other))
    finally:
        connection.close()


def shown_url(url):
    """A URL without its password, and without what options may hold."""
    masked = compat.sqlalchemy.url_text(url, hide_password=True)
    return re.sub(r'\?.*', '', compat.python.text(masked))
