"""Where each database of a run stands, asked on new connections."""
from contextlib import contextmanager

from flask import current_app

from . import compat


def standing(run, planned):
    """A line for each database: the revision it is at now."""
    names = _names()
    lines = []
    for met in planned:
        url = compat.sqlalchemy.url_text(met.engine.url)
        name = "database '%s'" % names[url] if names.get(url) \
            and len(planned) > 1 else 'database'
        now = _heads_now(met)
        if now is None:
            lines.append("Can't ask the %s where it stands." % name)
        elif now == sorted(met.heads):
            lines.append('The %s is at %s, as before%s.' % (
                name, ', '.join(now) or 'base',
                run.done and ': all of this run was rolled back' or ''))
        else:
            lines.append('The %s is now at %s: what leads there has been '
                         'applied.' % (name, ', '.join(now) or 'base'))
    return lines


def _names():
    """The application's names of its databases, by URL."""
    app = current_app._get_current_object()
    db = app.extensions['migrate'].db
    found = {}
    for name in [None] + compat.flask_sqlalchemy.bind_keys(app, db):
        try:
            url = compat.sqlalchemy.url_text(
                compat.flask_sqlalchemy.engine_of(app, db, name).url)
        except Exception:
            continue
        found.setdefault(url, name or 'default')
    return found


def _heads_now(met):
    """The revisions a database is at, asked on a new connection."""
    from alembic.migration import MigrationContext
    table, schema = met.table
    try:
        with _connected(met.engine) as connection:
            context = MigrationContext.configure(connection, opts={
                'version_table': table, 'version_table_schema': schema})
            compat.alembic.leave_version_table(context)
            return sorted(compat.alembic.plan_heads(context))
    except Exception:
        return None


@contextmanager
def _connected(engine):
    # A pool of its own: the application's may have no connection left.
    from sqlalchemy import create_engine
    own = create_engine(engine.url, pool=engine.pool.recreate()) \
        if engine.dialect.name != 'sqlite' else engine
    connection = own.connect()
    try:
        yield connection
    finally:
        connection.close()
        if own is not engine:
            own.dispose()


def has_version_table(met):
    """Whether a database has the table, perhaps with no revision in it."""
    from sqlalchemy import inspect
    name, schema = met.table
    with _connected(met.engine) as connection:
        return name in inspect(connection).get_table_names(schema=schema)
