"""The operations that look, and change nothing."""
from .. import compat, options
from .operation import application_state, configure, look, operation


@operation
@options.one_revision
@options.wait_for_database
def show(call, directory=None, revision='head', x_arg=None,
         wait_for_database=None):
    """Show a revision.

    :param revision: its identifier; 'current' is what the database is at.
    :param wait_for_database: as of :func:`upgrade`.
    :return: a list of Alembic's Scripts.

    .. versionadded:: 1.0.0
    """
    from ..run import looking
    config = configure(call, directory, x_arg)
    look(call, 'show', revision)
    if revision == 'current':
        return looking.current_scripts(call.run)
    return compat.alembic.script_revisions(
        compat.alembic.script_directory(config), revision)


@operation
@options.rev_range
@options.verbose
@options.indicate_current
@options.wait_for_database
def history(call, directory=None, rev_range=None, verbose=False,
            indicate_current=False, x_arg=None, wait_for_database=None):
    """List the revisions, the newest first.

    :param rev_range: ``[start]:[end]``; 'current' is what the database is
        at.
    :param verbose: whether to print more.
    :param indicate_current: whether to mark what the database is at.
    :param wait_for_database: as of :func:`upgrade`.
    :return: a list of Alembic's Scripts.

    .. versionadded:: 0.1.0
    """
    from ..run import looking
    configure(call, directory, x_arg)
    # One answer for the eye and one for Python: Alembic's own range.
    look(call, 'history', rev_range, verbose=verbose,
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
    from ..folder import scripts
    config = configure(call, directory, x_arg)
    return scripts.heads(config, verbose, resolve_dependencies)


@operation
@options.verbose
def branches(call, directory=None, verbose=False, x_arg=None):
    """Show the points where branches start.

    :param verbose: whether to print more.
    :return: a list of Alembic's Scripts.

    .. versionadded:: 0.1.0
    """
    from ..folder import scripts
    config = configure(call, directory, x_arg)
    look(call, 'branches', verbose=verbose)
    return None if call.interactive else scripts.branch_points(config)


@operation
@options.verbose
@options.head_only
@options.check_heads
@options.wait_for_database
def current(call, directory=None, verbose=False, head_only=False,
            check_heads=False, x_arg=None, wait_for_database=None):
    """Show the revision that the database is at.

    :param verbose: whether to print more.
    :param head_only: nothing any more; callers of old may still pass it.
    :param check_heads: whether to raise unless the database is at all heads.
    :param wait_for_database: as of :func:`upgrade`.
    :return: a list of Alembic's Scripts, empty before the first upgrade.
    :raises alembic.util.CommandError: see *check_heads*.

    .. versionadded:: 0.1.0
    """
    from ..run import looking
    configure(call, directory, x_arg)
    look(call, 'current', verbose=verbose, check_heads=check_heads)
    for plan in call.run.plans:
        # Alembic prints nothing of these, from 0.7 on.
        if plan.name and not plan.heads and compat.alembic.has_branches():
            call.write(plan.label(u'base'))
    return looking.current_scripts(call.run)


@operation
@options.format
@options.wait_for_database
def check(call, directory=None, x_arg=None, wait_for_database=None):
    """Check that the database is what the models say.

    :param wait_for_database: as of :func:`upgrade`.
    :raises alembic.util.CommandError: where :func:`migrate` would find
        something; ``diffs`` is what.

    .. versionadded:: 4.0.0
    """
    from .. import autogenerate as writing
    configure(call, directory, x_arg, ['autogenerate'])
    writing.check(call)


@operation
@options.models
@options.format
@options.exit_code
@options.wait_for_database
def status(call, directory=None, models=False, x_arg=None,
           wait_for_database=None):
    """Show where every database stands: what is applied, what is pending.

    env.py is run and only looked at, and no revision is executed: made for
    health checks, also beside a running migration.

    :param models: whether to compare the databases with the models, too.
    :param wait_for_database: as of :func:`upgrade`.
    :return: a :class:`flask_migrate.Status`, which has ``is_current``,
        ``pending``, ``unknown``, ``heads`` and ``databases``; what keeps
        databases from answering is its ``error``, and not raised.
    :raises alembic.util.CommandError: outside an application context.

    .. versionadded:: 5.0.0
    """
    from .. import autogenerate as writing, explain
    from ..run.examining import examine
    application_state()
    found = examine(
        call, lambda: configure(call, directory, x_arg,
                                ['autogenerate'] * models),
        lambda error: explain.reason(error, call),
        (lambda context: writing.differences(call.config, context))
        if models else None)
    call.show(found)
    return found


@operation
@options.fix
@options.find_revision
@options.format
def doctor(call, directory=None, fix=False, find_revision=False, x_arg=None):
    """Examine the whole set-up, and say what is wrong with it.

    Versions of packages, manage.py, the migrations folder, its revisions and
    the databases.  Nothing is written and no revision executed, unless an
    option says so; env.py is run and only looked at.

    :param fix: whether to rewrite the stock files of earlier releases.
    :param find_revision: whether to find out, by building the revisions in a
        scratch database, which of them a database fits.
    :return: a :class:`flask_migrate.Diagnosis`: its ``findings`` have each
        ``level`` ('error', 'warning', 'note'), ``text`` and ``cure``;
        ``error`` is the first error's text, or None.
    :raises alembic.util.CommandError: outside an application context, or
        where a file cannot be rewritten.

    .. versionadded:: 5.0.0
    """
    from flask import current_app
    from .. import explain
    from ..adoption import doctor as adoption
    state = application_state()
    directory = compat.python.path_text(directory or state.directory)
    fixed = adoption.fix(directory) if fix else []
    setup = adoption.Setup(
        call, current_app._get_current_object(), state, directory,
        lambda: state.migrate.get_config(directory, x_arg),
        lambda error: explain.reason(error, call))
    found = adoption.examine(
        setup, [adoption.generations] * (not fix)
        + [adoption.find_revision] * find_revision)
    found.findings[:0] = fixed
    call.show(found)
    return found
