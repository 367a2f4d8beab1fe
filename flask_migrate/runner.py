"""One command's way through env.py, whoever wrote that file.

Alembic executes env.py for each command, and env.py hands every database to
``context.configure()``.  That call is wrapped for the length of the command:
what is done there holds for a file of 2013 as for one of today.
"""
from contextlib import contextmanager
import threading

from flask import current_app

from . import compat, console, legacy
from .databases import database_names
from .errors import MigrateError

#: Alembic's ``context`` and ``op`` are global to the process.
_one_at_a_time = threading.RLock()
_running = []


class Met(object):
    """A database that env.py configured.

    :ivar engine: its engine; None where SQL is printed.
    :ivar heads: the revisions it was at.
    :ivar steps: what the command does there.
    :ivar table: name and schema of its version table.
    """

    def __init__(self, engine, heads, table):
        self.engine = engine
        self.heads = heads
        self.steps = []
        self.table = table


class Run(object):
    """What one command does to the databases that env.py configures.

    This one looks and changes nothing; see ``changes.Change``.

    :param arguments: ``Migrate(**kwargs)`` for ``context.configure()``.
    """

    def __init__(self, arguments):
        self.arguments = arguments
        self.databases = []
        self.environment = None     # Alembic's, of the command
        self.options = {}           # what the command gave to it
        self.leaves_out_empty = True
        self.multidb = False        # env.py knows of several databases

    def configure(self, real, environment, connection, args, kwargs):
        """Stand in for ``EnvironmentContext.configure()``."""
        options = environment.context_opts
        if environment is not self.environment:
            self.environment, self.options = environment, dict(options)
        options['fn'] = self.function
        # Alembic before 1.5 passes on all arguments, with their defaults.
        passed = kwargs.pop('passed', ())
        for name, default in compat.python.argument_defaults(real).items():
            if name in kwargs and kwargs[name] is default \
                    and name not in passed:
                del kwargs[name]
        self.prepare(options, connection, kwargs)
        hooks = [hook for hook in (
            self.arguments.get('process_revision_directives'),
            kwargs.get('process_revision_directives')) if hook]
        for name, value in self.arguments.items():
            kwargs.setdefault(name, value)
        self.multidb = self.multidb or 'upgrade_token' in kwargs
        kwargs['process_revision_directives'] = self._directives(
            hooks[:1] if hooks[1:] == hooks[:1] else hooks, self.multidb)
        real(environment, connection, *args, **kwargs)
        if options.get('dont_mutate'):
            context = environment.get_context()
            compat.alembic.leave_version_table(context)
            # Some env.py files stamp a new database: not while looking.
            context.stamp = lambda *args: None

    def prepare(self, options, connection, kwargs):
        """Get ready for a database, before Alembic does.

        :param options: what the command gave to Alembic's environment.
        :param connection: to the database; None where SQL is printed.
        :param kwargs: what env.py gives to ``context.configure()``.
        """
        # No version table in a database that is only looked at.
        options['dont_mutate'] = True

    def function(self, heads, context):
        """Stand in for what the Alembic command does to one database."""
        self.meet(heads, context)
        return self.steps(heads, context)

    def steps(self, heads, context):
        return compat.alembic.steps(self.options['fn'], heads, context)

    def meet(self, heads, context):
        """Note a database, and return what is noted."""
        if not isinstance(heads, (tuple, list)):     # Alembic 0.6
            heads = (heads,) if heads else ()
        engine = None if context.as_sql else context.connection.engine
        met = Met(engine, tuple(heads),
                  (getattr(context, 'version_table', 'alembic_version'),
                   getattr(context, 'version_table_schema', None)))
        self.databases.append(met)
        return met

    def _directives(self, hooks, multidb):
        """Ask the user's hooks, then leave out a script with no changes."""
        expected = 1
        if multidb:
            state = current_app.extensions['migrate']
            expected = len(database_names(current_app, state.db))

        def process_revision_directives(context, revision, directives):
            given = list(directives)
            for hook in hooks:
                if directives:
                    hook(context, revision, directives)
            if not self.leaves_out_empty:
                directives[:] = directives or given
                return
            if not directives or not getattr(
                    context.config.cmd_opts, 'autogenerate', False):
                return
            script = directives[0]
            found = getattr(script, 'upgrade_ops_list', None)
            if found is None:                       # Alembic 0.8
                found = [script.upgrade_ops]
            if len(self.databases) >= expected \
                    and all(operations.is_empty() for operations in found):
                directives[:] = []
        return process_revision_directives

    def close(self):
        """Leave everything as it was before the command."""


@contextmanager
def environment(config, kind=Run, **settings):
    """Have everything in place for an Alembic command on *config*.

    :param config: the :class:`flask_migrate.Config`.
    :param kind: class of the run.
    :param settings: its other arguments.
    :return: the :class:`Run`.
    """
    app = current_app._get_current_object()
    state = app.extensions['migrate']
    directory = config.get_main_option('script_location')
    run = kind(dict(state.configure_args), **settings)
    EnvironmentContext = compat.alembic.environment_context()
    with _one_at_a_time:
        if _running:
            raise MigrateError(
                'A revision, or env.py, cannot run another command: Alembic '
                'has one environment at a time. Use op, or '
                'op.get_context().get_current_heads().')
        _running.append(run)
        real = EnvironmentContext.configure

        # Alembic before 1.5 writes context.configure() anew, from the names
        # in this signature: 'self' is the one that it leaves out.
        def configure(self, *args, **kwargs):
            connection = args[0] if args else kwargs.pop('connection', None)
            return run.configure(real, self, connection, args[1:], kwargs)

        app.extensions['migrate'] = legacy.EnvironmentState(
            state, legacy.env_py(directory))
        EnvironmentContext.configure = configure
        try:
            with console.logging_of_env_py(config.config_file_name):
                yield run
        finally:
            _running.remove(run)
            EnvironmentContext.configure = real
            app.extensions['migrate'] = state
            run.close()
