"""The operations: one function each, and nowhere else a declaration.

The signature has names, order and defaults, the first paragraph of the
docstring is the help, the decorators attach the options.  ``script.py`` and
``cli.py`` generate their commands from these functions.  The record of the
call comes first, which callers never see.

Called from Python they need an application context, print nothing, leave
logging alone and raise :class:`alembic.util.CommandError`.
"""
from functools import wraps

from . import compat, options
from .run.call import Call
from .run.progress import Progress  # noqa: F401

#: The operations by name, in the order of the command line's help.
OPERATIONS = {}
ORDER = []


def operation(function):
    """Declare an operation; its errors become CommandErrors."""
    names = compat.python.argument_names(function)[1:]

    def perform(call, *args, **kwargs):
        """Run the operation for a :class:`Call`."""
        # Alembic is imported here, not with the application.
        from .explain import explained
        call.operation = function.__name__
        call.arguments = dict(compat.python.argument_defaults(function),
                              **dict(zip(names, args), **kwargs))
        with explained(call):
            return function(call, *args, **kwargs)

    @wraps(function)
    def run(*args, **kwargs):
        return perform(Call(), *args, **kwargs)
    compat.python.hide_first_parameter(run, function)
    run.declared = function
    run.perform = perform
    run.names = names
    run.defaults = compat.python.argument_defaults(function)
    run.options = [options.directory, options.x_arg] \
        + function.__dict__.get('options', []) + [options.show_traceback]
    OPERATIONS[function.__name__] = run
    ORDER.append(function.__name__)
    return run


def command_name(function):
    """The name of an operation in the command line."""
    return function.__name__.replace('_', '-')


def help_sentence(function):
    """The first paragraph of an operation's docstring, on one line."""
    return ' '.join(function.__doc__.split('\n\n')[0].split())


def _state():
    """What the current application said to ``Migrate``."""
    from .errors import MigrateError, NoApplication
    from flask import current_app, has_app_context
    if not has_app_context():
        raise NoApplication(
            'There is no application context. Call this inside '
            '"with app.app_context():".')
    state = getattr(current_app, 'extensions', {}).get('migrate')
    if state is None:
        raise MigrateError(
            "Flask-Migrate does not know the application '%s'. Call "
            "Migrate(app, db), or migrate.init_app(app, db), where the "
            "application is made." % current_app.name)
    if not hasattr(state, 'migrate') or state.db is None:
        raise MigrateError(
            "Flask-Migrate was given no db for the application '%s'. Call "
            "Migrate(app, db) with the application's SQLAlchemy object."
            % current_app.name)
    return state


def _configure(call, directory, x_arg=None, opts=None):
    """Give a call the configuration of an existing migrations folder.

    :return: the Config.
    """
    from .folder.making import check_folder
    from .folder.scripts import check_revisions
    state = _state()
    directory = compat.python.path_text(directory or state.directory)
    check_folder(directory)
    call.config = state.migrate.get_config(directory, x_arg, opts)
    call.config.let_print(call.interactive)
    check_revisions(call.config)
    return call.config


def _look(call, name, *args, **arguments):
    """Run an Alembic command that changes no database.

    :return: what it returned.
    """
    from .run.looking import look
    command, kept = compat.alembic.alembic_command(name, **arguments)
    return look(call, lambda: command(call.config, *args, **kept))


@operation
def list_templates(call, directory=None, x_arg=None):
    """List the available templates.

    :return: a list of pairs, name and first line of its README.

    .. versionadded:: 2.7.0
    """
    from .folder import making
    found = making.templates()
    call.write(u'Available templates:\n')
    for name, synopsis in found:
        call.write(u'%s - %s' % (name, synopsis))
    return found


@operation
@options.multidb
@options.template
@options.package
def init(call, directory=None, multidb=False, template=None, package=False,
         x_arg=None):
    """Create a new migrations folder.

    :param directory: the folder; it may exist if it is empty.
    :param multidb: whether the databases in ``SQLALCHEMY_BINDS`` take part.
    :param template: name of a template, or path of a folder like one.
    :param package: whether to write empty ``__init__.py`` files.
    :raises alembic.util.CommandError: where something is in the way; then
        nothing has been written.

    .. versionadded:: 0.1.0
    """
    from .folder import making
    state = _state()
    if package:
        compat.alembic.check_package_folders()
    making.create(state, compat.python.path_text(directory or state.directory),
                  template or ('flask-multidb' if multidb else 'flask'),
                  package, x_arg, call.write)
    if not multidb and not template:
        making.mention_binds(state.db, call.write)


@operation
@options.message
@options.autogenerate
@options.sql
@options.head
@options.splice
@options.branch_label
@options.version_path
@options.rev_id
@options.depends_on
def revision(call, directory=None, message=None, autogenerate=False,
             sql=False, head='head', splice=False, branch_label=None,
             version_path=None, rev_id=None, depends_on=None, x_arg=None):
    """Create a new revision file.

    :param message: what it does, in a few words.
    :param autogenerate: whether to fill it with the difference of database
        and models, as :func:`migrate` does.
    :param sql: whether env.py runs without a connection.
    :param head: the revision that it follows.
    :param splice: whether *head* may be a revision that is no head.
    :param branch_label: label of the branch that it starts.
    :param version_path: folder out of ``version_locations`` for the file.
    :param rev_id: its identifier; by default a random one.
    :param depends_on: revision, or several, that must be applied before.
    :return: Alembic's Script; several where a hook made several; None where
        nothing changed.

    .. versionadded:: 0.1.0
    .. versionchanged:: 5.0.0 *depends_on*, and the returned Script.
    """
    from . import autogenerate as writing
    _configure(call, directory, x_arg, ['autogenerate'] * autogenerate)
    return writing.create(
        call, message=message, autogenerate=autogenerate, sql=sql,
        head=head, splice=splice, branch_label=branch_label,
        version_path=version_path, rev_id=rev_id, depends_on=depends_on)


@operation
@options.message
@options.sql
@options.head
@options.splice
@options.branch_label
@options.version_path
@options.rev_id
@options.depends_on
def migrate(call, directory=None, message=None, sql=False, head='head',
            splice=False, branch_label=None, version_path=None, rev_id=None,
            x_arg=None, depends_on=None):
    """Create a revision file from the difference of database and models.

    The parameters and what is returned are those of :func:`revision`.

    .. versionadded:: 0.1.0
    """
    return revision.declared(
        call, directory, message, True, sql, head, splice, branch_label,
        version_path, rev_id, depends_on, x_arg)


@operation
@options.revision
def edit(call, directory=None, revision='head', x_arg=None):
    """Open a revision file in $EDITOR.

    :param revision: its identifier; 'current' is what the database is at.

    .. versionadded:: 2.4.0
    """
    _configure(call, directory, x_arg)
    _look(call, 'edit', revision)


@operation
@options.revisions
@options.message
@options.branch_label
@options.rev_id
@options.splice
def merge(call, directory=None, revisions='', message=None,
          branch_label=None, rev_id=None, splice=False, x_arg=None):
    """Create a revision that joins several heads.

    :param revisions: their identifiers; without any, all heads.
    :param message: why, in a few words.
    :param branch_label: label of the new revision.
    :param rev_id: its identifier; by default a random one.
    :param splice: whether the revisions may be no heads.
    :return: Alembic's Script; None where there is only one head.

    .. versionadded:: 1.0.0
    .. versionchanged:: 5.0.0 Without *revisions* it takes all heads.
    """
    from . import autogenerate as writing
    _configure(call, directory, x_arg)
    return writing.merge(call, revisions, message=message,
                         branch_label=branch_label, rev_id=rev_id,
                         splice=splice)


@operation
@options.revision
@options.sql
@options.tag
@options.wait
@options.no_lock
@options.lock_timeout
@options.allow_newer
@options.dry_run
@options.backup
def upgrade(call, directory=None, revision='head', sql=False, tag=None,
            x_arg=None, wait=None, no_lock=False, lock_timeout=None,
            allow_newer=False, dry_run=False, backup=None, progress=None):
    """Upgrade the database to a later revision.

    :param revision: the target: an identifier, 'head', 'heads', '+1'.
    :param sql: whether to print the SQL instead of executing it.
    :param tag: any text, for env.py.
    :param wait: seconds to wait for another process that is migrating the
        same database; 0: fail at once.  By default what ``Migrate`` says,
        which is 600.
    :param no_lock: whether to take no lock.
    :param lock_timeout: seconds that a statement may wait for a table lock.
    :param allow_newer: whether to do nothing, instead of failing, where the
        database is at a revision that no file here has.
    :param dry_run: whether to change nothing and return what would be run;
        with *sql*, to print that as SQL.
    :param backup: path for a copy of the SQLite database; '' is one beside
        it.
    :param progress: is called after each revision with a
        ``flask_migrate.Progress``: number, total, description,
        seconds and engine.
    :return: with *dry_run* a list of texts, else None.
    :raises alembic.util.CommandError: where a revision fails; it is a
        ``flask_migrate.MigrationFailed`` then.

    .. versionadded:: 0.1.0
    .. versionchanged:: 5.0.0 *wait* and all that follow.
    """
    from .run.execution import change
    _configure(call, directory, x_arg)
    return change(
        call, compat.alembic.targets([revision]), sql=sql, tag=tag, wait=wait,
        no_lock=no_lock, lock_timeout=lock_timeout, allow_newer=allow_newer,
        dry_run=dry_run, backup=backup, progress=progress)


@operation
@options.revision
@options.sql
@options.tag
@options.wait
@options.no_lock
@options.lock_timeout
@options.dry_run
@options.backup
def downgrade(call, directory=None, revision='-1', sql=False, tag=None,
              x_arg=None, wait=None, no_lock=False, lock_timeout=None,
              dry_run=False, backup=None, progress=None):
    """Take the database back to an earlier revision.

    :param revision: the target: an identifier, 'base', '-1'; with *sql*
        a range ``from:to``.

    The other parameters and what is returned are those of :func:`upgrade`.

    .. versionadded:: 0.1.0
    .. versionchanged:: 5.0.0 *wait* and all that follow.
    """
    from .run.execution import change
    _configure(call, directory, x_arg)
    if sql and not dry_run and revision == '-1':
        revision = 'head:-1'
    return change(
        call, revision, sql=sql, tag=tag, wait=wait, no_lock=no_lock,
        lock_timeout=lock_timeout, dry_run=dry_run, backup=backup,
        progress=progress)


@operation
@options.targets
@options.sql
@options.tag
@options.purge
@options.wait
@options.no_lock
@options.lock_timeout
def stamp(call, directory=None, revision='head', sql=False, tag=None,
          purge=False, x_arg=None, wait=None, no_lock=False,
          lock_timeout=None):
    """Record a revision in the database without running anything.

    :param revision: identifier, or several.
    :param purge: whether to forget first what is recorded.

    The other parameters are those of :func:`upgrade`.

    .. versionadded:: 0.1.0
    .. versionchanged:: 5.0.0 *purge* and all that follow.
    """
    from .run.execution import change
    _configure(call, directory, x_arg)
    one = isinstance(revision, compat.python.string_types)
    revisions = [revision] if one else list(revision or ['head'])
    change(call, compat.alembic.targets(revisions), sql=sql, tag=tag,
           wait=wait, no_lock=no_lock, lock_timeout=lock_timeout,
           **({'purge': True} if purge else {}))


@operation
@options.revision
def show(call, directory=None, revision='head', x_arg=None):
    """Show a revision.

    :param revision: its identifier; 'current' is what the database is at.
    :return: a list of Alembic's Scripts.

    .. versionadded:: 1.0.0
    """
    from .run import looking
    config = _configure(call, directory, x_arg)
    _look(call, 'show', revision)
    if revision == 'current':
        return looking.current_scripts(call.run)
    return compat.alembic.script_revisions(
        compat.alembic.script_directory(config), revision)


@operation
@options.rev_range
@options.verbose
@options.indicate_current
def history(call, directory=None, rev_range=None, verbose=False,
            indicate_current=False, x_arg=None):
    """List the revisions, the newest first.

    :param rev_range: ``[start]:[end]``; 'current' is what the database is
        at.
    :param verbose: whether to print more.
    :param indicate_current: whether to mark what the database is at.
    :return: a list of Alembic's Scripts.

    .. versionadded:: 0.1.0
    """
    from .run import looking
    _configure(call, directory, x_arg)
    # One answer for the eye and one for Python: Alembic's own range.
    _look(call, 'history', rev_range, verbose=verbose,
          indicate_current=indicate_current)
    # Reading all files a second time is for Python only.
    return None if call.interactive else looking.in_range(call, rev_range)


@operation
@options.verbose
@options.resolve_dependencies
def heads(call, directory=None, verbose=False, resolve_dependencies=False,
          x_arg=None):
    """Show the heads of the migrations folder.

    :param verbose: whether to print more.
    :param resolve_dependencies: whether a revision that others depend on
        counts as no head.
    :return: a list of Alembic's Scripts.

    .. versionadded:: 1.0.0
    """
    from .folder import scripts
    config = _configure(call, directory, x_arg)
    return scripts.heads(config, verbose, resolve_dependencies)


@operation
@options.verbose
def branches(call, directory=None, verbose=False, x_arg=None):
    """Show the points where branches start.

    :param verbose: whether to print more.
    :return: a list of Alembic's Scripts.

    .. versionadded:: 0.1.0
    """
    from .folder import scripts
    config = _configure(call, directory, x_arg)
    _look(call, 'branches', verbose=verbose)
    return None if call.interactive else scripts.branch_points(config)


@operation
@options.verbose
@options.head_only
@options.check_heads
def current(call, directory=None, verbose=False, head_only=False,
            check_heads=False, x_arg=None):
    """Show the revision that the database is at.

    :param verbose: whether to print more.
    :param head_only: nothing any more; callers of old may still pass it.
    :param check_heads: whether to raise unless the database is at all heads.
    :return: a list of Alembic's Scripts, empty before the first upgrade.
    :raises alembic.util.CommandError: see *check_heads*.

    .. versionadded:: 0.1.0
    """
    from .run import looking
    _configure(call, directory, x_arg)
    _look(call, 'current', verbose=verbose, check_heads=check_heads)
    return looking.current_scripts(call.run)


@operation
def check(call, directory=None, x_arg=None):
    """Check that the database is what the models say.

    :raises alembic.util.CommandError: where :func:`migrate` would find
        something; ``diffs`` is what.

    .. versionadded:: 4.0.0
    """
    from . import autogenerate as writing
    _configure(call, directory, x_arg, ['autogenerate'])
    writing.check(call)


@operation
@options.sql
@options.wait
@options.no_lock
def ensure_version(call, directory=None, sql=False, x_arg=None, wait=None,
                   no_lock=False):
    """Create the version table if it does not exist.

    :param sql: whether to print the SQL instead of executing it.

    The other parameters are those of :func:`upgrade`.

    .. versionadded:: 5.0.0
    """
    from .run import execution
    _configure(call, directory, x_arg)
    execution.ensure_version(call, sql, wait=wait, no_lock=no_lock)
