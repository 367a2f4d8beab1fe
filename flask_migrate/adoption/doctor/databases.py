"""Findings about the databases.

env.py is run, once, and only looked at.
"""
import os

from ... import compat, dialects
from ...autogenerate.protection import metadata_of
from ...databases import (
    application_databases, application_engines, forgotten_names, name_of,
    shown_url)
from ...run import readiness
from ...run.looking import Run, visit_env_py
from . import of_one_database
from .findings import Finding


class Database(object):
    """A database that env.py has configured.

    :ivar name: its bind key; '' for the only one, or one of env.py's own.
    :ivar context: Alembic's MigrationContext.
    :ivar at: the revisions that it is at.
    """

    def __init__(self, name, context, at):
        self.name = name
        self.context = context
        self.connection = context.connection
        self.engine = context.connection.engine
        self.at = at
        self.tables = compat.inspection.table_names(self.connection)
        self.schema = compat.tables.default_schema(self.connection)

    @property
    def models(self):
        """The names of the models' tables, a set."""
        return set(table.name for metadata in metadata_of(self.context)
                   for table in metadata.sorted_tables
                   if table.schema in (None, self.schema))

    @property
    def title(self):
        if self.name:
            return u"The database '%s'" % self.name
        return u'The database %s' % shown_url(self.engine.url)


class Visit(Run):
    """A run that examines each database.

    :param visit: is called with each :class:`Database`.
    """

    def __init__(self, setup, visit):
        Run.__init__(self, setup.call, dict(setup.state.configure_args))
        self.setup = setup
        self.visit = visit
        self.engines = []

    def enter(self, environment):
        """Nothing is waited for, or refused."""

    def function(self, heads, context):
        Run.function(self, heads, context)
        engine = context.connection.engine
        name = name_of(self.setup.app, self.setup.state.db, engine) \
            if self.multidb else ''
        self.engines.append(engine)
        self.visit(Database(name, context, compat.alembic.as_tuple(heads)))
        return []

    def steps(self, heads, context):
        return []


def visit_databases(setup, visit):
    """Run env.py, and visit what it configures.

    :return: the :class:`Visit`.
    """
    run = Visit(setup, visit)
    visit_env_py(setup.call, run)
    return run


def missing_databases(setup):
    """The engines of databases that env.py would make by connecting."""
    several = compat.env_py.has_several_databases(setup.config)
    return [engine for _, engine in application_engines(
                setup.app, setup.state.db, several)
            if dialects.of(engine).is_missing(engine)]


def as_env_py_has_them(setup):
    """The databases, as env.py configures them."""
    found = []

    def visit(database):
        for check in of_one_database.CHECKS:
            try:
                found.extend(check(setup, database))
            except Exception as error:
                found.append(Finding('warning', u'%s was not examined: %s' % (
                    database.title, setup.reason(error))))
    if setup.config is None:
        return
    missing = missing_databases(setup)
    for engine in missing:
        yield Finding(
            'note', u'There is no database %s yet, so none was looked at.'
            % shown_url(engine.url), "'upgrade' makes it.")
    if missing:
        return
    try:
        run = visit_databases(setup, visit)
    except Exception as error:
        found.append(Finding('error', setup.reason(error)))
    else:
        found.extend(_those_of_the_application(setup, run))
    for finding in found:
        yield finding


def _those_of_the_application(setup, run):
    """Whether env.py has the databases that the application has."""
    own = application_databases(setup.app, setup.state.db, True)
    places = [_place(each.engine) for each in own]
    for engine in run.engines:
        if _place(engine) not in places:
            yield Finding(
                'error', u'env.py migrates %s, and the application uses %s.'
                % (shown_url(engine.url), u', '.join(
                    shown_url(each.engine.url) for each in own)),
                'Take the engine of the application in env.py, or correct '
                'the URL there.')
    names = [] if run.multidb else forgotten_names(
        setup.app, setup.state.db)
    if names and len(run.engines) < 2:
        yield Finding(
            'warning', u'env.py is for one database: the models of the binds '
            u'%s take no part.' % u', '.join(names),
            "A folder for all databases is made by 'init --multidb'.")


def _place(engine):
    """What is the same for engines of the same database."""
    url = engine.url
    if dialects.of(engine).is_in_memory(engine):
        return id(engine)
    if url.host or not url.database:
        return (url.host, url.port, url.database, tuple(sorted(
            dict(url.query or {}).items())))
    return os.path.realpath(url.database)


def moved(setup):
    """Whether the file of a SQLite database has moved."""
    for each in application_databases(setup.app, setup.state.db, True):
        lines = readiness.moved(setup.app, each.name, each.engine)
        if lines:
            yield Finding('error', u' '.join(lines[:2]),
                          u'\n'.join(lines[2:]))


def binds(setup):
    """Binds that point at one database."""
    by_place = {}
    for database in application_databases(setup.app, setup.state.db, True):
        by_place.setdefault(_place(database.engine), []).append(database)
    for same in by_place.values():
        if len(same) > 1:
            yield Finding(
                'warning', u'%s are one database: %s.' % (
                    u' and '.join(u"'%s'" % each for each in sorted(
                        each.name or 'default' for each in same)),
                    shown_url(same[0].engine.url)),
                'Each would record its revisions in the same table. Give '
                'each a database (or, on PostgreSQL, a search_path), or let '
                'the models use one of them.')


def in_memory(setup):
    """Databases in memory."""
    for database in application_databases(setup.app, setup.state.db, True):
        if dialects.of(database.engine).is_in_memory(database.engine):
            yield Finding(
                'warning', u"The database '%s' is in memory: it is empty for "
                u"each command, and gone with it." % (
                    database.name or 'default'),
                'Name a file or a server in SQLALCHEMY_DATABASE_URI.'
                if not database.name else
                "Name a file or a server in SQLALCHEMY_BINDS['%s']."
                % database.name)


CHECKS = [binds, in_memory, moved, as_env_py_has_them]
