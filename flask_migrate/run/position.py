"""Where each database of a run is, asked on new connections."""
from contextlib import contextmanager
from functools import partial

from .. import compat, dialects
from ..errors import MigrateError
from .earlier import Earlier
from .looking import Plan


class Positions(object):
    """The revisions that the databases of a run are at, after a failure.

    :param effect: what is permanent of the revision that failed, or None.
    :param error: that which has ended the run.
    :ivar lines: one for each database.
    :ivar earlier: statements that are permanent of revisions which are not
        recorded as applied.
    :ivar doubtful: whether there may be more of them.
    """

    def __init__(self, run, effect, error):
        self.lines, self.earlier, self.doubtful = [], [], False
        for plan, name in zip(run.plans, _titles(run.plans)):
            now = heads_now(plan)
            earlier = _earlier(run, plan, error, now)
            self.earlier += earlier.statements
            self.doubtful = self.doubtful or earlier.doubtful
            something = earlier.statements or earlier.doubtful or (
                effect is not None and plan is run.running.plan
                and not effect.is_nothing)
            self.lines.append(_line(plan, name, now, something))


def _line(plan, name, now, something):
    """Where a database is.

    :param something: whether something is permanent although it is where it
        was.
    """
    if now is None:
        return "Can't ask the %s where it is." % name
    heads = ', '.join(now) or 'base'
    if now != sorted(plan.heads):
        return 'The %s is now at %s: what leads there has been applied.' % (
            name, heads)
    if something:
        return 'The %s is at %s, but for what is said above.' % (name, heads)
    return 'The %s is at %s, as before%s.' % (
        name, heads,
        ': all of this run was rolled back' if plan.done else '')


def _earlier(run, plan, error, now):
    """The :class:`Earlier` of a database."""
    connection = plan.context.connection
    journal = connection is not None and run.connections.journal(connection)
    if not journal:
        return Earlier()
    # Where it is elsewhere, the COMMIT that came last has succeeded.
    moved = now is not None and now != sorted(plan.heads)
    journal.end(None if moved else error)
    return journal.earlier


def check_committed(run):
    """Refuse to call a success what env.py has let be rolled back.

    :raises MigrateError: where it has.
    """
    for plan in run.plans:
        journal = plan.done and run.connections.journal(
            plan.context.connection)
        if journal and journal.earlier.lost \
                and heads_now(plan) == sorted(plan.heads):
            raise MigrateError(
                'env.py has not committed what the revisions did, so that it '
                'was rolled back. context.begin_transaction() does so, where '
                'the connection has executed nothing before. Else call '
                'connection.commit() at the end.')


def _titles(plans):
    """What the databases are called, also where one has several schemas."""
    if len(plans) == 1:
        return ['database']
    titles = [plan.title() for plan in plans]
    for details in Plan.schema, _url:
        titles = ["%s (%s)" % (title, details(plan))
                  if titles.count(title) > 1 and details(plan) else title
                  for plan, title in zip(plans, titles)]
    return titles


def _url(plan):
    """What tells engines of env.py's own from each other."""
    return compat.sqlalchemy.url_text(plan.engine.url, hide_password=True)


def left_by(plan, statement):
    """Sentences: what a statement that failed has left in a database."""
    try:
        return statement and compat.async_engines.run_in(
            [plan.engine], partial(_ask_left_by, plan, statement)) or []
    except Exception:
        return []


def _ask_left_by(plan, statement):
    with _connected(plan.engine) as connection:
        dialect = dialects.of(connection)
        dialect.look_at(connection, plan.view)
        return dialect.left_by(connection, statement)


def heads_now(plan):
    """The revisions a database is at, asked on a new connection."""
    try:
        return compat.async_engines.run_in(
            [plan.engine], partial(_ask, plan))
    except Exception:
        return None


def _ask(plan):
    with _connected(plan.engine) as connection:
        dialects.of(connection).look_at(connection, plan.view)
        context = compat.alembic.same_context(plan.context, connection)
        return sorted(compat.alembic.as_tuple(
            compat.alembic.heads_of(context)))


@contextmanager
def _connected(engine):
    # A pool of its own: the application's may have no connection left.
    own = engine
    if not compat.sqlalchemy.has_one_connection(engine):
        from sqlalchemy import create_engine
        own = create_engine(engine.url, pool=engine.pool.recreate())
    connection = compat.async_engines.connect(own)
    try:
        yield connection
    finally:
        connection.close()
        if own is not engine:
            own.dispose()
