"""Where every database stands, found out without changing or raising."""
from flask import current_app

from .. import compat
from ..databases import application_databases, name_of, shown_url
from ..folder import chain, revision_files
from .looking import Run, visit_env_py
from .status import DatabaseStatus, Status


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
        files = chain.in_order(revision_files.read(call.config))
        status.heads = sorted(compat.alembic.script_heads(script))
        visit_env_py(call, run, script)
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
