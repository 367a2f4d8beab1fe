"""A run through env.py that changes databases.

env.py runs once.  When Alembic asks for the heads of a database, the steps
are planned; only where there are some is the database locked, and the heads
are read again under the lock.
"""
from functools import partial

from flask import current_app

from .. import compat, dialects
from ..databases import application_databases
from .connections import Connections
from .executor import Executor
from .failing import Failure, read
from .locks import Locks, RunAgain
from .looking import Plan, Run
from .watching import Watched, Watcher


class Change(Run):
    """A run that changes databases.

    :param wait: seconds to wait for another process; None: no lock.
    :param lock_timeout: seconds that a statement waits for a table lock.
    :param progress: is called with a Progress after each revision.
    :param allow_newer: whether a database at an unknown revision is left
        as it is.
    :param legacy_sql: whether revisions may speak SQLAlchemy 1.x.
    :param before_change: is called with the engines of databases that are
        locked, before one of them is changed; with some perhaps again.
    """

    changes = True

    def __init__(self, call, arguments, wait=None, lock_timeout=None,
                 progress=None, allow_newer=False, before_change=None,
                 legacy_sql=True):
        Run.__init__(self, call, arguments)
        self.wait = wait
        self.locks = Locks(wait)
        self.lock_timeout = lock_timeout
        self.allow_newer = allow_newer
        self.before_change = before_change
        self.purging = False
        self.starting = []          # heads of each database for --sql
        self.waited = False         # for another process
        self.began = False          # to change something
        self.watched = None         # the Watched that is at work
        self.watcher = Watcher(self)
        self.executor = Executor(self, progress, legacy_sql)
        self.connections = Connections()

    # What env.py meets ---------------------------------------------------

    def prepare(self, options, connection, kwargs, hook):
        if connection is None:
            if self.starting:
                options['starting_rev'] = compat.alembic.starting_revision(
                    self.starting.pop(0))
            return
        # What configure() is given for one database stays for the next.
        options.pop('transactional_ddl', None)
        dialect = dialects.of(connection)
        for name, value in dialect.context_arguments.items():
            kwargs.setdefault(name, value)
        self.purging = options.pop('purge', False) or self.purging
        self._borrow(connection, dialect)

    def _borrow(self, connection, dialect):
        # env.py may configure one Connection several times.
        known = self.connections.borrowed(connection)
        if known is not None:
            known.resume()
            return
        given = any(value is connection for value in list(
            compat.alembic.attributes(self.call.config).values()))
        journal = self.connections.take(
            connection, dialect, given, self.call.interactive)
        if self.lock_timeout is not None:
            dialect.lock_timeout(connection, self.lock_timeout,
                                 self.connections.borrowed(connection))
        self._watch(connection)
        journal.before_commit = partial(self._before_commit, connection)
        journal.between = self.call.signals.check

    def prepared(self, context):
        if not context.as_sql:
            compat.alembic.leave_version_table(context)
            compat.alembic.stand_in_for_heads(
                context, partial(self.heads, context))

    def heads(self, context, read):
        """Stand in for ``MigrationContext.get_current_heads()``.

        :param read: that method.
        """
        plan = self._plan_of(context)
        if plan is not None:            # env.py asks as well
            return read()
        heads = read()
        plan = Plan(context, heads, view=dialects.of(
            context.connection).view(context.connection),
            name=self.name_in(context))
        self.plans.append(plan)
        plan.newer = self.allow_newer and compat.alembic.is_unknown(
            self.environment.script, plan.heads)
        if not plan.newer and not self.purging:
            plan.steps = self.planned(heads, context)
        if plan.steps or self.purging:
            heads = self._begin(plan, read)
        return heads

    def planned(self, heads, context):
        """The steps to take from *heads*."""
        return list(self.steps(heads, context))

    def _begin(self, plan, read):
        """Lock the databases, and plan again from what is true then."""
        context = plan.context
        engines = self._engines(context.connection.engine)
        self.locks.take(engines, context.connection)
        if self.before_change is not None:
            self.before_change(engines)
        borrowed = self.connections.borrowed(context.connection)
        borrowed.start_writing(_texts(plan.steps))
        self.began = True
        compat.alembic.allow_version_table(context)
        if self.purging:
            compat.alembic.forget_revisions(context)
            heads = ()
        else:
            heads = self._fresh_heads(borrowed, context, read)
        plan.heads = compat.alembic.as_tuple(heads)
        plan.steps = self.planned(heads, context)
        # On the connection of the lock: it makes none of its own.
        self._watch(context.connection)
        self.watcher.start()
        return heads

    def _fresh_heads(self, borrowed, context, read):
        own = self.locks.own_connection(context.connection.engine)
        heads = borrowed.fresh_heads(context, lambda context: read(), own)
        if borrowed.stale:
            raise RunAgain()
        return compat.alembic.as_given(heads)

    def _engines(self, engine):
        """The engines to be locked together, that of env.py among them."""
        found = []
        if self.multidb:
            app = current_app._get_current_object()
            state = app.extensions['migrate']
            found = [database.engine for database
                     in application_databases(app, state.db, True)]
        return found if engine in found else found + [engine]

    def _plan_of(self, context):
        for plan in self.plans:
            if plan.context is context:
                return plan
        return None

    # The revisions -------------------------------------------------------

    def function(self, heads, context):
        if context.as_sql:
            return self.executor.print_sql(
                self.options['fn'](heads, context), context)
        plan = self._plan_of(context)
        if plan.newer:
            return []
        if compat.alembic.as_tuple(heads) != plan.heads:
            # env.py has stamped the database meanwhile.
            plan.heads = compat.alembic.as_tuple(heads)
            plan.steps = self.planned(heads, context)
        self.name = plan.name
        self._watch(context.connection)
        return self.executor.execute(plan, self.connections)

    @property
    def running(self):
        """The revision that is being run: a Running, or None."""
        return self.executor.running

    def _before_commit(self, connection):
        self.engine = connection.engine     # what may fail now
        self.call.signals.check()
        self.locks.check()

    def _watch(self, connection):
        """Note the session that is at work now."""
        dialect, engine = dialects.of(connection), connection.engine
        self.watched = Watched(
            dialect, engine, dialect.session_number(connection),
            self.connections.borrowed(connection),
            self.locks.own_connection(engine))

    def stop(self):
        """Let a server stop what it executes; a driver may just wait."""
        watched = self.watched
        if watched is not None:
            watched.borrowed.cancel()

    def executes(self, frame):
        """Whether a frame is inside what returns when a server stops."""
        return self.watched is not None \
            and self.watched.borrowed.executes(frame)

    def note_failure(self, error):
        """Note what is known of a failure, while it is known."""
        self.failure = Failure(error, self)

    def run_again(self):
        """Forget what is known; env.py is run from its start."""
        self.close()
        self.plans = []
        self.environment = None
        self.executor.running = None
        self.multidb = False

    def close(self):
        self.watcher.stop()
        self.executor.stop()
        self.watched = None
        self.connections.give_back()


def _texts(steps):
    """The texts of the steps' files; None for one that cannot be read."""
    return [read(step and compat.alembic.step_parts(step)[2])
            for step in steps]
