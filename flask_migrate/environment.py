"""What a migrations folder's env.py does: run Alembic on the databases."""
from functools import partial
import re

from flask import current_app

from . import compat, dialects
from .databases import application_databases, database_names
from .errors import MigrateError


def run_migrations(multidb=False, twophase=False, **arguments):
    """Run the current Alembic command on the application's databases.

    To be called by env.py, which Alembic executes for each command.

    :param multidb: whether the databases in ``SQLALCHEMY_BINDS`` take part;
        each revision has then functions ``upgrade_<bind>`` and
        ``downgrade_<bind>``.
    :param twophase: with *multidb*, whether the databases commit in two
        phases: all of them or none (not on SQLite, MySQL and MariaDB).
    :param arguments: any argument of Alembic's ``context.configure()``, for
        instance ``include_object``; they win over ``Migrate(**kwargs)``.
        *target_metadata* may be a dict by bind key, with 'default' for the
        default database.

    .. versionadded:: 5.0.0
    """
    from alembic import context
    app = current_app._get_current_object()
    state = app.extensions['migrate']
    for name, value in state.configure_args.items():
        arguments.setdefault(name, value)
    databases = application_databases(app, state.db, multidb)
    if context.is_offline_mode():
        _write_sql(context, databases, multidb, arguments)
        return
    compat.async_engines.run_in(
        [database.engine for database in databases],
        partial(_run_in_two_phases, context, databases, arguments)
        if twophase else
        partial(_run, context, databases, multidb, arguments))


def function_suffixes():
    """The databases as revisions name them, for script.py.mako.

    :return: pairs of the name that Alembic's template arguments carry ('' is
        the default database) and the end of a function's name.

    .. versionadded:: 5.0.0
    """
    state = current_app.extensions['migrate']
    names = database_names(current_app._get_current_object(), state.db)
    return [(name or '', re.sub(r'\W', '_', name or '')) for name in names]


def _arguments(context, database, multidb, arguments):
    """The arguments of ``context.configure()`` for one database."""
    given = {'target_metadata': database.metadata}
    if isinstance(arguments.get('target_metadata'), dict):
        # Flask-SQLAlchemy-Lite calls the default database so.
        arguments = dict(arguments)
        given['target_metadata'] = arguments.pop('target_metadata').get(
            database.name or 'default', database.metadata)
    if multidb:
        # The names that revisions of a multi-database project carry.
        given['upgrade_token'] = '%s_upgrades' % (database.name or '')
        given['downgrade_token'] = '%s_downgrades' % (database.name or '')
    given.update(arguments)
    if given['target_metadata'] is None:
        _check_not_needed(context)
    return given


def _check_not_needed(context):
    if context.config.cmd_opts.autogenerate:
        raise MigrateError(
            "The db that Migrate was given has no 'metadata' to compare the "
            "database with. Name it: Migrate(app, db, "
            "target_metadata=Model.metadata).")


def _engine_name(database, multidb):
    return {'engine_name': database.name or ''} if multidb else {}


def _write_sql(context, databases, multidb, arguments):
    for database in databases:
        given = _arguments(context, database, multidb, arguments)
        given.setdefault('literal_binds', True)
        given.setdefault('dialect_opts', {'paramstyle': 'named'})
        context.configure(url=database.engine.url, **given)
        if multidb:
            context.get_context().output_buffer.write(
                u'-- Database: %s\n\n' % (database.name or 'default'))
        with context.begin_transaction():
            context.run_migrations(**_engine_name(database, multidb))


def _connect(context, database):
    """Connect to a database; if that fails, it is this one."""
    run = getattr(context.config, 'run', None)
    if run is not None:
        run.engine = database.engine
    return compat.async_engines.connect(database.engine)


def _run(context, databases, multidb, arguments):
    """Migrate every database, then commit them all."""
    opened = []
    try:
        for database in databases:
            connection = _connect(context, database)
            opened.append([connection, None])
            context.configure(connection=connection,
                              **_arguments(context, database, multidb,
                                           arguments))
            transaction = context.begin_transaction()
            transaction.__enter__()
            opened[-1][1] = transaction
            context.run_migrations(**_engine_name(database, multidb))
    except BaseException as error:
        for connection, transaction in reversed(opened):
            if transaction is not None:
                _roll_back(transaction, error)
            connection.close()
        raise
    _commit(opened)


def _roll_back(transaction, error):
    """Leave a ``begin_transaction()`` block as if *error* had passed it."""
    try:
        transaction.__exit__(type(error), error,
                             compat.python.traceback_of(error))
    except BaseException:
        pass                    # it is the first error that says why


def _commit(opened):
    """Commit all; after a failure the rest is rolled back."""
    failed = None
    for connection, transaction in opened:
        try:
            if failed is None:
                transaction.__exit__(None, None, None)
            else:
                _roll_back(transaction, failed)
        except BaseException as error:
            failed = error
        finally:
            connection.close()
    if failed is not None:
        raise failed


def _run_in_two_phases(context, databases, arguments):
    for database in databases:
        dialect = dialects.of(database.engine)
        if not dialect.two_phase:
            raise MigrateError(
                "%s can't change tables in a transaction of two phases. "
                "Say twophase=False in env.py." % dialect.title)
    opened = []
    try:
        for database in databases:
            connection = _connect(context, database)
            opened.append((connection, connection.begin_twophase()))
        for database, (connection, _) in zip(databases, opened):
            context.configure(connection=connection,
                              **_arguments(context, database, True,
                                           arguments))
            context.run_migrations(**_engine_name(database, True))
        for _, transaction in opened:
            transaction.prepare()
    except BaseException:
        _end([transaction.rollback for _, transaction in opened]
             + [connection.close for connection, _ in opened])
        raise
    failed = _end([transaction.commit for _, transaction in opened]
                  + [connection.close for connection, _ in opened])
    if failed is not None:
        raise failed


def _end(functions):
    """Call functions, all of them also where one fails.

    Who has promised to commit is told to, whatever became of the others.

    :return: the first error, or None.
    """
    failed = None
    for function in functions:
        try:
            function()
        except BaseException as error:
            failed = error if failed is None else failed
    return failed
