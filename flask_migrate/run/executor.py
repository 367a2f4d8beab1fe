"""What runs the steps of a plan, one revision after another."""
from .. import compat
from .legacy_sql import LegacySQL
from .looking import Plan
from .progress import Progress


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

    def done(self):
        """The :class:`Progress` that it has made."""
        return Progress(
            self.number, self.total,
            compat.python.native(compat.alembic.step_text(self.step)),
            compat.python.monotonic() - self.start, self.plan.engine,
            self.plan.name)


class Executor(object):
    """Lets Alembic take the steps of a run, and notes which one it is at.

    :param run: the :class:`Change`.
    :param progress: is called with a Progress after each revision.
    :param legacy_sql: whether revisions may speak SQLAlchemy 1.x.
    :ivar running: the :class:`Running`, or None.
    """

    def __init__(self, run, progress=None, legacy_sql=True):
        self.run = run
        self.progress = progress
        self.legacy_sql = LegacySQL(run.call, legacy_sql)
        self.running = None

    def execute(self, plan, connections):
        """Give Alembic the steps of a plan.

        :param connections: the Connections of the run.
        """
        connection = plan.context.connection
        journal = connections.journal(connection)
        steps = plan.steps if plan.context.impl.transactional_ddl else \
            compat.alembic.in_transactions(plan.steps, plan.context)
        for number, step in enumerate(steps, 1):
            self.run.locks.check()
            journal.begin_revision()
            self.running = Running(step, number, len(plan.steps), plan,
                                   journal)
            self.legacy_sql.on(connection,
                               compat.alembic.step_parts(step)[0])
            yield self._for_default(step, plan.context)
            self.legacy_sql.off()
            self.run.call.signals.check()
            self._report()
        journal.begin_revision()    # which is none
        connections.borrowed(connection).finish()

    def print_sql(self, steps, context):
        """Give Alembic steps of which it prints the SQL."""
        for step in steps:
            self.running = Running(step, 0, 0, Plan(
                context, (), name=self.run.name_in(context)), None)
            yield self._for_default(step, context)
            self.running = None

    def _for_default(self, step, context):
        """Let a step of the single-database time be for that database.

        It has no parameter for the name, and other databases just note it.
        """
        if not self.run.multidb or compat.alembic.takes_engine_name(step):
            return step
        skip = self.run.name_in(context) not in ('', 'default')
        if skip:
            self.running.text += u' (nothing: it is of the default database)'
        return compat.alembic.without_engine_name(step, skip)

    def _report(self):
        running, self.running = self.running, None
        running.plan.done += 1
        progress = running.done()
        self.run.call.log('%s (%.1fs)', running.text, progress.seconds)
        if self.progress is not None:
            self.progress(progress)

    def stop(self):
        """No revision runs any more."""
        self.legacy_sql.off()
