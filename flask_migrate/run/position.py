"""Where each database of a run is, asked on new connections."""
from contextlib import contextmanager
from functools import partial

from .. import compat, dialects
from ..errors import MigrateError
from .looking import Plan


def positions(run, effect):
    """A line for each database: the revision that it is at now.

    :param effect: what is permanent of the revision that failed, or None.
    """
    lines = []
    for plan, name in zip(run.plans, _titles(run.plans)):
        now = heads_now(plan)
        if now is None:
            lines.append("Can't ask the %s where it is." % name)
        elif now != sorted(plan.heads):
            lines.append('The %s is now at %s: what leads there has been '
                         'applied.' % (name, ', '.join(now) or 'base'))
        elif any(earlier(run, plan)) or effect is not None \
                and plan is run.running.plan and not effect.is_nothing:
            lines.append('The %s is at %s, but for what is said above.' % (
                name, ', '.join(now) or 'base'))
        else:
            lines.append('The %s is at %s, as before%s.' % (
                name, ', '.join(now) or 'base',
                ': all of this run was rolled back'
                if plan.done else ''))
    return lines


def earlier(run, plan, error=None):
    """What is permanent of revisions that are not recorded as applied.

    :param error: that which has ended the run.
    :return: statements, and whether there may be more.
    """
    connection = plan.context.connection
    journal = connection is not None and run.connections.journal(connection)
    if not journal:
        return [], False
    if error is not None:
        journal.end(error)
    return journal.earlier.statements, journal.earlier.doubtful


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
                'was rolled back. Its connection had a transaction before '
                'context.begin_transaction(), which then leaves the end to '
                'env.py: call connection.commit() after it, or before it.')


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
