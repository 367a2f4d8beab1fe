"""The operations that change databases."""
from .. import compat, options
from .operation import configure, operation


@operation
@options.upgrade_target
@options.sql
@options.tag
@options.wait
@options.no_lock
@options.lock_timeout
@options.allow_newer
@options.dry_run
@options.backup
@options.new_database
@options.wait_for_database
def upgrade(call, directory=None, revision='head', sql=False, tag=None,
            x_arg=None, wait=None, no_lock=False, lock_timeout=None,
            allow_newer=False, dry_run=False, backup=None, progress=None,
            new_database=False, wait_for_database=None):
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
    :param progress: True prints on stderr what the command line prints; a
        function is called after each revision with a
        ``flask_migrate.Progress``: number, total, description, seconds,
        engine and the name of the database.
    :param new_database: whether to begin a new SQLite database although
        the application has one where another Flask-SQLAlchemy looks for it.
    :param wait_for_database: seconds to wait for a database server that is
        starting; *wait* counts from then on.  By default what ``Migrate``
        says, which is 0.
    :return: with *dry_run* a list of texts, else None.
    :raises alembic.util.CommandError: where a revision fails; it is a
        ``flask_migrate.MigrationFailed`` then.

    .. versionadded:: 0.1.0
    .. versionchanged:: 5.0.0 *wait* and all that follow.
    """
    from ..run.execution import change
    configure(call, directory, x_arg)
    return change(
        call, compat.alembic.targets([revision]), sql=sql, tag=tag, wait=wait,
        no_lock=no_lock, lock_timeout=lock_timeout, allow_newer=allow_newer,
        dry_run=dry_run, backup=backup, progress=progress)


@operation
@options.downgrade_target
@options.sql
@options.tag
@options.wait
@options.no_lock
@options.lock_timeout
@options.dry_run
@options.backup
@options.wait_for_database
def downgrade(call, directory=None, revision='-1', sql=False, tag=None,
              x_arg=None, wait=None, no_lock=False, lock_timeout=None,
              dry_run=False, backup=None, progress=None,
              wait_for_database=None):
    """Take the database back to an earlier revision.

    :param revision: the target: an identifier, 'base', '-1'; with *sql*
        a range ``from:to``.

    The other parameters and what is returned are those of :func:`upgrade`.

    .. versionadded:: 0.1.0
    .. versionchanged:: 5.0.0 *wait* and all that follow.
    """
    from ..run.execution import change
    configure(call, directory, x_arg)
    if sql and not dry_run and revision == '-1':
        revision = 'head:-1'
    return change(
        call, revision, sql=sql, tag=tag, wait=wait, no_lock=no_lock,
        lock_timeout=lock_timeout, dry_run=dry_run, backup=backup,
        progress=progress)


@operation
@options.stamp_targets
@options.sql
@options.tag
@options.purge
@options.wait
@options.no_lock
@options.lock_timeout
@options.new_database
@options.wait_for_database
def stamp(call, directory=None, revision='head', sql=False, tag=None,
          purge=False, x_arg=None, wait=None, no_lock=False, lock_timeout=None,
          new_database=False, wait_for_database=None):
    """Record a revision in the database without running anything.

    :param revision: identifier, or several.
    :param purge: whether to forget first what is recorded.

    The other parameters are those of :func:`upgrade`.

    .. versionadded:: 0.1.0
    .. versionchanged:: 5.0.0 *purge* and all that follow.
    """
    from ..run.execution import change
    configure(call, directory, x_arg)
    one = isinstance(revision, compat.python.string_types)
    revisions = [revision] if one else list(revision or ['head'])
    change(call, compat.alembic.targets(revisions), sql=sql, tag=tag,
           wait=wait, no_lock=no_lock, lock_timeout=lock_timeout,
           **({'purge': True} if purge else {}))


@operation
@options.sql
@options.wait
@options.no_lock
@options.wait_for_database
def ensure_version(call, directory=None, sql=False, x_arg=None, wait=None,
                   no_lock=False, wait_for_database=None):
    """Create the version table if it does not exist.

    :param sql: whether to print the SQL instead of executing it.

    The other parameters are those of :func:`upgrade`.

    .. versionadded:: 5.0.0
    """
    from ..run import execution
    configure(call, directory, x_arg)
    execution.ensure_version(call, sql, wait=wait, no_lock=no_lock)
