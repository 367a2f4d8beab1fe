"""Before env.py connects: whether each database is there.

A server may be starting, and the file of a SQLite database may be where an
older Flask-SQLAlchemy has left it.
"""
from flask import current_app

from .. import compat, dialects
from ..databases import application_engines
from ..errors import MigrateError


def make_ready(call, offline):
    """Look for the databases of the application that env.py will open.

    :param call: the :class:`Call`; its arguments say what is to be done.
    :param offline: whether SQL is printed, for no database.
    :raises MigrateError: where a new database would be begun beside the old
        one.
    """
    if offline:
        return
    app = current_app._get_current_object()
    state = app.extensions['migrate']
    try:
        engines = application_engines(
            app, state.db, compat.env_py.has_several_databases(call.config))
    except Exception:
        return      # env.py has engines of its own, or Alembic says why not
    for name, engine in engines:
        _check_place(call, app, name, engine)
    seconds = call.arguments.get('wait_for_database')
    if seconds is None:
        seconds = state.migrate.wait_for_database
    if seconds < 0:
        raise MigrateError(
            '--wait-for-database takes seconds, from 0 on; not %g.' % seconds)
    dialects.wait_for_servers(
        [engine for _, engine in engines], seconds, call.say)


def _check_place(call, app, name, engine):
    """Refuse a new database where the tables are in another file."""
    lines = moved(app, name, engine)
    if not lines or call.arguments.get('new_database'):
        return
    if 'new_database' not in call.arguments:
        call.warn('\n  '.join(lines))
        return
    raise MigrateError('\n  '.join(lines + [
        'If a new database is wanted, add --new-database.']))


def moved(app, name, engine):
    """Whether a new database is looked for where the old one is not.

    :param name: its bind key, or None.
    :return: lines that say so, and what to do; none where it is not so.
    """
    state = app.extensions['migrate']
    url = dict(compat.env_py.configured_urls(app)).get(name)
    places = compat.flask_sqlalchemy.sqlite_places(app, url)
    if not places:
        return []
    version_table = state.configure_args.get('version_table')
    other = dialects.of(engine).left_behind(engine, places, [
        version_table or 'alembic_version'] + compat.flask_sqlalchemy
        .table_names(app, state.db, name))
    if other is None:
        return []
    setting = "SQLALCHEMY_BINDS['%s']" % name if name \
        else 'SQLALCHEMY_DATABASE_URI'
    return [
        'The database %s is new and has no tables; those of this application '
        'are in %s.' % (engine.url.database, other.path),
        'Flask-SQLAlchemy 3 looks for a relative SQLite URL in the instance '
        'folder, older releases in that of the application.',
        "Name the file in full in %s: 'sqlite:///%s'" % (setting, other.path),
        'or stop the application and move the file: %s' % other.move]
