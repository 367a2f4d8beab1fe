"""One command's way through env.py, whoever wrote that file.

Alembic executes env.py for each command, and env.py hands every database to
``context.configure()``.  That call is wrapped for the length of the command:
all safety measures work for a file of 2013 as for one of today.
"""
from contextlib import contextmanager
import threading

from flask import current_app

from . import _compat, console, legacy

#: Alembic's ``context`` and ``op`` are global to the process.
_one_at_a_time = threading.RLock()


class Met(object):
    """A database that env.py configured.

    :ivar engine: its engine.
    :ivar heads: the revisions it was at.
    :ivar steps: what the command will do there, or did.
    """

    def __init__(self, engine, heads, steps):
        self.engine = engine
        self.heads = heads
        self.steps = steps


class Run(object):
    """What one command does to the databases that env.py configures.

    :param arguments: ``Migrate(**kwargs)`` for ``context.configure()``.
    :param changes: whether the command writes to databases.
    """

    def __init__(self, arguments, changes=False):
        self.arguments = arguments
        self.changes = changes
        self.planning = False
        self.databases = []
        self.environment = None
        self.options = {}
        self.step = None
        self.leaves_out_empty = True

    def configure(self, real, environment, connection, args, kwargs):
        """Stand in for ``EnvironmentContext.configure()``."""
        options = environment.context_opts
        if environment is not self.environment:
            self.environment, self.options = environment, dict(options)
        options['fn'] = self._function
        if self.planning:
            options['dont_mutate'] = True
            options.pop('purge', None)
        directives = [function for function in (
            self.arguments.get('process_revision_directives'),
            kwargs.get('process_revision_directives')) if function]
        for name, value in self.arguments.items():
            kwargs.setdefault(name, value)
        kwargs['process_revision_directives'] = self._directives(
            directives[:1] if directives[1:] == directives[:1]
            else directives, 'upgrade_token' in kwargs)
        return real(environment, connection, *args, **kwargs)

    def _function(self, heads, context):
        """Stand in for what the Alembic command does to one database."""
        heads = tuple(heads) if isinstance(heads, (tuple, list)) \
            else (heads,) if heads else ()
        engine = context.connection.engine if context.connection is not None \
            and not context.as_sql else None
        met = Met(engine, heads, [])
        self.databases.append(met)
        steps = self.options['fn'](
            heads if hasattr(context, 'get_current_heads')
            else context.get_current_revision(), context)
        if self.planning:
            met.steps = list(steps)
            return []
        return self._followed(steps, met)

    def _followed(self, steps, met):
        for step in steps:
            self.step = step
            met.steps.append(step)
            yield step
            self.step = None

    def _directives(self, functions, multidb):
        """Ask the user's hooks, then leave out a script with no changes."""
        if multidb:
            state = current_app.extensions['migrate']
            expected = 1 + len(_compat.bind_keys(current_app, state.db))
        else:
            expected = 1

        def process_revision_directives(context, revision, directives):
            for function in functions:
                if directives:
                    function(context, revision, directives)
            if not directives or not getattr(
                    context.config.cmd_opts, 'autogenerate', False):
                return
            script = directives[0]
            found = getattr(script, 'upgrade_ops_list', None)
            if found is None:                       # Alembic 0.8
                found = [script.upgrade_ops]
            if self.leaves_out_empty and len(self.databases) >= expected \
                    and all(operations.is_empty() for operations in found):
                directives[:] = []
        return process_revision_directives


@contextmanager
def environment(config, changes=False):
    """Have everything in place for an Alembic command on *config*.

    :param config: the :class:`flask_migrate.Config`.
    :param changes: whether the command writes to databases.
    :return: the :class:`Run`.
    """
    app = current_app._get_current_object()
    state = app.extensions['migrate']
    directory = config.get_main_option('script_location')
    run = Run(dict(state.configure_args), changes)
    EnvironmentContext = _compat.environment_context()
    with _one_at_a_time:
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
            EnvironmentContext.configure = real
            app.extensions['migrate'] = state


def change(config, command, name, target, arguments):
    """Run an Alembic command that changes databases.

    First env.py runs to find out what there is to do, with nothing written;
    then, if there is anything, once more to do it.
    """
    with environment(config, changes=True) as run:
        run.planning = True
        command(config, target, **arguments)
        planned, run.databases = run.databases, []
        if not any(met.steps for met in planned) \
                and not arguments.get('purge'):
            _say_nothing_to_do(config, name, planned)
            return
        run.planning = False
        if run.environment is None:
            return
        EnvironmentContext = type(run.environment)
        script = run.environment.script
        with EnvironmentContext(config, script, **run.options):
            script.run_env()


def _say_nothing_to_do(config, name, planned):
    at = sorted(set(head for met in planned for head in met.heads))
    console.write(u'Nothing to do: the database is at %s.'
                  % (u', '.join(at) or u'base'))
