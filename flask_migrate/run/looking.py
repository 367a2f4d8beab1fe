"""A run through env.py, whoever wrote that file, that changes nothing.

Alembic executes env.py for each command, and env.py hands every database to
``context.configure()``, which finds the run of its command on the Config:
what is done there holds for a file of 2013 as for one of today.
"""
from contextlib import contextmanager
from functools import partial

from flask import current_app

from .. import compat, dialects
from ..databases import database_names, name_of
from ..errors import MigrateError
from .naming import name_records
from .readiness import make_ready
from .sharing import one_at_a_time


class Plan(object):
    """A database that env.py configured, and what is to be done there.

    :ivar engine: its engine; None where SQL is printed.
    :ivar heads: the revisions it was at.
    :ivar steps: Alembic's steps that the command takes there.
    :ivar context: its MigrationContext.
    :ivar name: what it is called; '' where the application has no other.
    """

    def __init__(self, context, heads, steps=(), view=None, name=''):
        self.context = context
        self.engine = None if context.as_sql else context.connection.engine
        self.heads = compat.alembic.as_tuple(heads)
        self.steps = list(steps)
        self.view = view        # see Dialect.view()
        self.name = name
        self.done = 0           # steps that have been taken
        self.newer = False      # it is at a revision that no file here has

    def title(self):
        """What the database is called in messages."""
        return "database '%s'" % self.name if self.name else 'database'

    def schema(self):
        """What tells it from another one in the same database, or None."""
        return compat.alembic.version_table(self.context).schema or self.view

    def label(self, text):
        """A line about the database."""
        return labelled(self.name, text)


def labelled(name, text):
    """A line about a database, with its name, if it has one, before it."""
    return u'%s: %s' % (compat.python.text(name), compat.python.text(text)) \
        if name else compat.python.text(text)


class Run(object):
    """What one command does in the databases that env.py configures.

    This one looks.  ``changing.Change`` changes them.

    :param call: the :class:`Call`.
    :param arguments: ``Migrate(**kwargs)`` for ``context.configure()``.
    """

    changes = False     # whether it may change a database
    wait = None         # seconds to wait for another command that does
    held = None         # what is logged, where it is held back

    def __init__(self, call, arguments):
        self.call = call
        self.arguments = arguments
        self.plans = []
        self.environment = None     # Alembic's, of the command
        self.options = {}           # what the command gave to it
        self.multidb = False        # env.py knows of several databases
        self.failure = None         # the Failure of a run that failed
        self.engine = None          # of the last connection
        self.name = ''              # of the database at hand
        self._names = []            # pairs of MigrationContext and name

    def enter(self, environment):
        """An environment begins, which will run env.py."""
        make_ready(self.call, environment.context_opts.get('as_sql'))

    def configure(self, real, environment, connection, args, kwargs):
        """Stand in for ``EnvironmentContext.configure()``.

        :param real: that method.
        """
        options = environment.context_opts
        if environment is not self.environment:
            self.environment, self.options = environment, dict(options)
        options['fn'] = self.function
        kwargs = compat.alembic.without_defaults(
            real, kwargs, partial(compat.env_py.keywords, self.call.config))
        self.engine = connection and connection.engine
        if connection is not None:
            dialects.of(connection).know_types(connection)
        hook = kwargs.get('process_revision_directives')
        for name, value in self.arguments.items():
            kwargs.setdefault(name, value)
        self.multidb = self.multidb or 'upgrade_token' in kwargs
        self.name = self._name(kwargs.get('upgrade_token'))
        self.prepare(options, connection, kwargs, hook)
        real(environment, connection, *args, **kwargs)
        self._names.append((environment.get_context(), self.name))
        self.prepared(environment.get_context())

    def _name(self, token):
        """The name of the database that env.py configures.

        :param token: its ``upgrade_token``, which is made of the name.
        """
        app = current_app._get_current_object()
        db = app.extensions['migrate'].db
        if token is None or len(database_names(app, db)) < 2:
            return ''
        name, found, _ = token.rpartition('_upgrades')
        if not found:
            return name_of(app, db, self.engine)
        return name if name not in ('', 'None') else 'default'

    def name_in(self, context):
        """The name of the database of a MigrationContext."""
        for known, name in self._names:
            if known is context:
                return name
        return ''

    def prepare(self, options, connection, kwargs, hook):
        """Get ready for a database, before Alembic does.

        :param options: what the command gave to Alembic's environment.
        :param connection: to the database; None where SQL is printed.
        :param kwargs: the arguments of ``context.configure()``.
        :param hook: the ``process_revision_directives`` of env.py itself.
        """

    def prepared(self, context):
        """Get ready for a database, when Alembic is."""
        # No version table in a database that is only looked at.
        compat.alembic.leave_version_table(context)
        # Some env.py files stamp a new database: not while looking.
        context.stamp = lambda *args: None

    def function(self, heads, context):
        """Stand in for what the Alembic command does in one database."""
        self.name = self.name_in(context)
        self.plans.append(Plan(context, heads, name=self.name))
        # What Alembic prints now is about this database.
        self.call.config.database = self.name
        try:
            return self.steps(heads, context)
        finally:
            self.call.config.database = ''

    def steps(self, heads, context):
        """The steps that the Alembic command takes in one database."""
        return compat.alembic.steps(self.options['fn'], heads, context)

    def close(self):
        """Leave everything as it was before the command."""


@contextmanager
def through_env_py(call, run):
    """Let ``context.configure()`` find the run of an Alembic command.

    :param call: the :class:`Call`, with its Config.
    :return: the run.
    """
    if compat.alembic_context.current() is not None:
        raise MigrateError(
            'A revision, or env.py, cannot run another command: Alembic '
            'has one environment at a time. Use op, or '
            'op.get_context().get_current_heads().')
    call.run = call.config.run = run
    name_records()
    try:
        text = compat.env_py.text_of(call.config)
        with one_at_a_time(run.changes, run.wait, call.say), \
                call.logging(call.config.config_file_name), \
                compat.async_engines.around_env_py(text):
            yield run
    finally:
        call.config.run = None
        run.close()


def look(call, command):
    """Run an Alembic command that changes no database.

    :param command: calls it.
    :return: what it returned.
    """
    arguments = dict(current_app.extensions['migrate'].configure_args)
    with through_env_py(call, Run(call, arguments)):
        return command()


def visit_env_py(call, run, script=None):
    """Let env.py run for a run of ours, without any command of Alembic.

    :param run: its ``function`` is called for each database.
    :param script: the ScriptDirectory, where there is one already.
    """
    script = script or compat.alembic.script_directory(call.config)
    EnvironmentContext = compat.alembic.environment_context()
    with through_env_py(call, run), call.status():
        with EnvironmentContext(call.config, script, fn=run.function):
            script.run_env()


def current_scripts(run):
    """The scripts that the databases of a run are at, without repeats."""
    found = []
    if run.environment is None:
        return found
    script = run.environment.script     # with all files loaded already
    for plan in run.plans:
        for each in compat.alembic.script_revisions(script, plan.heads):
            if each not in found:
                found.append(each)
    return found


def in_range(call, rev_range):
    """The scripts of a range such as ``history`` prints, newest first."""
    script = compat.alembic.script_directory(call.config)
    base, _, head = (rev_range or ':').strip().partition(':')
    at = tuple(head for plan in call.run.plans for head in plan.heads)
    base = at if base == 'current' else base or 'base'
    head = at if head == 'current' else head or 'heads'
    return compat.alembic.walk(script, base, head)
