"""A run through env.py that changes databases.

env.py runs once.  When Alembic asks for the heads of a database, the steps
are planned; only where there are some is the database locked, and the heads
are read again under the lock.
"""
from functools import partial

from flask import current_app

from .. import compat, dialects
from ..databases import application_databases
from ..errors import LockLost
from .failing import Failure, read
from .journal import Journal
from .legacy_sql import LegacySQL
from .locks import Locks, RunAgain
from .looking import Plan, Run
from .progress import Progress
from .watching import Watched, Watcher


class Running(object):
    """A revision that is being run.

    :ivar text: as it is logged.
    """

    def __init__(self, step, number, total, plan, journal):
        self.step = step
        self.number = number
        self.total = max(total, number)
        self.plan = plan
        self.journal = journal
        self.start = compat.python.monotonic()
        self.text = plan.label(u'[%d/%d] Running %s' % (
            self.number, self.total, compat.alembic.step_text(step)))


class Change(Run):
    """A run that changes databases.

    :param wait: seconds to wait for another process; None: no lock.
    :param lock_timeout: seconds that a statement waits for a table lock.
    :param progress: is called with a Progress after each revision.
    :param allow_newer: whether a database at an unknown revision is left
        as it is.
    :param legacy_sql: whether revisions may speak SQLAlchemy 1.x.
    :param before_first: is called with the engines, once they are locked.
    """

    changes = True

    def __init__(self, call, arguments, wait=None, lock_timeout=None,
                 progress=None, allow_newer=False, before_first=None,
                 legacy_sql=True):
        Run.__init__(self, call, arguments)
        self.wait = wait
        self.locks = Locks(wait)
        self.lock_timeout = lock_timeout
        self.progress = progress
        self.allow_newer = allow_newer
        self.before_first = before_first
        self.purging = False
        self.starting = []          # heads of each database for --sql
        self.running = None         # the Running
        self.done = 0
        self.waited = False         # for another process
        self.began = False          # to change something
        self.watched = None         # the Watched that is at work
        self.watcher = Watcher(self)
        self.legacy_sql = LegacySQL(call, legacy_sql)
        self._borrowed = []         # pairs of Connection and Borrowed
        self._journals = []         # pairs of Connection and Journal

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
        known = _of(connection, self._borrowed)
        if known is not None:
            known.resume()
            return
        given = any(value is connection for value in list(
            compat.alembic.attributes(self.call.config).values()))
        borrowed = dialect.borrow(connection, given, self.call.interactive)
        self._borrowed.append((connection, borrowed))
        journal = Journal(connection, dialect)
        borrowed.tell(journal.note)
        self._journals.append((connection, journal))
        if self.lock_timeout is not None:
            dialect.lock_timeout(connection, self.lock_timeout, borrowed)
        self._watch(connection)
        journal.before_commit = self._before_commit
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
        first = not self.locks.engines
        self.locks.take(engines, context.connection)
        if first and self.before_first is not None:
            self.before_first(engines)
            self.before_first = None
        borrowed = _of(context.connection, self._borrowed)
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
            return self._follow_sql(self.options['fn'](heads, context),
                                    context)
        plan = self._plan_of(context)
        if plan.newer:
            return []
        if compat.alembic.as_tuple(heads) != plan.heads:
            # env.py has stamped the database meanwhile.
            plan.heads = compat.alembic.as_tuple(heads)
            plan.steps = self.planned(heads, context)
        return self._follow(plan)

    def _follow_sql(self, steps, context):
        """Note which revision is being printed."""
        for step in steps:
            self.running = Running(step, 0, 0, Plan(
                context, (), name=self.name_in(context)), None)
            yield self._for_default(step, context)
            self.running = None

    def _follow(self, plan):
        """Note which revision is running, and when it is done."""
        self.name = plan.name
        connection = plan.context.connection
        journal = _of(connection, self._journals)
        self._watch(connection)
        steps = plan.steps if plan.context.impl.transactional_ddl else \
            compat.alembic.in_transactions(plan.steps, plan.context)
        for number, step in enumerate(steps, 1):
            self._check_locks()
            journal.begin_revision()
            self.running = Running(step, number, len(plan.steps), plan,
                                   journal)
            self.legacy_sql.on(connection,
                               compat.alembic.step_parts(step)[0])
            yield self._for_default(step, plan.context)
            self.legacy_sql.off()
            self.call.signals.check()
            running, self.running = self.running, None
            self.done += 1
            self._report(running)
        _of(connection, self._borrowed).finish()

    def _for_default(self, step, context):
        """Let a step of the single-database time be for that database.

        It has no parameter for the name, and other databases just note it.
        """
        if not self.multidb or compat.alembic.takes_engine_name(step):
            return step
        skip = self.name_in(context) not in ('', 'default')
        if skip:
            self.running.text += u' (nothing: it is of the default database)'
        return compat.alembic.without_engine_name(step, skip)

    def _report(self, running):
        seconds = compat.python.monotonic() - running.start
        self.call.log('%s (%.1fs)', running.text, seconds)
        if self.progress is not None:
            self.progress(Progress(
                running.number, running.total,
                compat.python.native(compat.alembic.step_text(running.step)),
                seconds,
                running.plan.engine, running.plan.name))

    def _check_locks(self):
        lost = self.locks.lost()
        if lost is not None:
            raise LockLost(
                '%s, so that another process may be migrating the database. '
                'Run the command again. If that always happens, --no-lock '
                'does without the lock, if nothing else migrates this '
                'database meanwhile.' % lost.loss)

    def _before_commit(self):
        self.call.signals.check()
        self._check_locks()

    def _watch(self, connection):
        """Note the session that is at work now."""
        dialect, engine = dialects.of(connection), connection.engine
        self.watched = Watched(
            dialect, engine, dialect.session_number(connection),
            _of(connection, self._borrowed), self.locks.own_connection(engine))

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
        self.running = None
        self.multidb = False

    def close(self):
        self.watcher.stop()
        self.legacy_sql.off()
        self.watched = None
        while self._journals:
            self._journals.pop()[1].close()
        while self._borrowed:
            self._borrowed.pop()[1].give_back()


def _texts(steps):
    """The texts of the steps' files; None for one that cannot be read."""
    return [read(step and compat.alembic.step_parts(step)[2])
            for step in steps]


def _of(connection, pairs):
    """What belongs to a Connection (they compare by identity)."""
    for known, value in pairs:
        if known is connection:
            return value
    return None
