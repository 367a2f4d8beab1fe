"""The operations that make files: the folder, and revisions."""
from .. import compat, options
from .operation import application_state, configure, look, operation


@operation
def list_templates(call, directory=None, x_arg=None):
    """List the available templates.

    :return: a list of pairs, name and first line of its README.

    .. versionadded:: 2.7.0
    """
    from ..folder import making
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
    from ..folder import making
    from ..folder.writing import one_writer
    state = application_state()
    if package:
        compat.alembic.check_package_folders()
    directory = compat.python.path_text(directory or state.directory)
    with one_writer(directory):
        making.create(
            state, directory,
            template or ('flask-multidb' if multidb else 'flask'), package,
            x_arg, call.write)
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
@options.new_database
@options.wait_for_database
def revision(call, directory=None, message=None, autogenerate=False, sql=False,
             head='head', splice=False, branch_label=None, version_path=None,
             rev_id=None, depends_on=None, x_arg=None, new_database=False,
             wait_for_database=None):
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
    :param new_database: as of :func:`upgrade`.
    :param wait_for_database: likewise.
    :return: Alembic's Script; several where a hook made several; None where
        nothing changed.

    .. versionadded:: 0.1.0
    .. versionchanged:: 5.0.0 *depends_on*, and the returned Script.
    """
    from .. import autogenerate as writing
    configure(call, directory, x_arg, ['autogenerate'] * autogenerate)
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
@options.rename
@options.drop
@options.fill
@options.allow_drop_all
@options.dry_run
@options.new_database
@options.wait_for_database
def migrate(call, directory=None, message=None, sql=False, head='head',
            splice=False, branch_label=None, version_path=None, rev_id=None,
            x_arg=None, depends_on=None, rename=None, drop=None, fill=None,
            allow_drop_all=False, dry_run=False, new_database=False,
            wait_for_database=None):
    """Create a revision file from the difference of database and models.

    A table or column is named ``[bind:][schema.]table[.column]`` below, as
    the database calls it; in *fill* as the models do.

    :param rename: a dict from the name of a table or column that was renamed
        to its new name, without the table's; or, for a column of an enum, to
        a dict from old to new values.
    :param drop: names of columns that were not renamed, and of tables to be
        dropped although no revision has created them.
    :param fill: a dict from the name of a new required column to the value
        that rows get which exist already.
    :param allow_drop_all: whether it may drop all tables.
    :param dry_run: whether to return the text of the script, or a list of
        several, instead of writing it.

    The other parameters and what is returned are those of :func:`revision`.

    .. versionadded:: 0.1.0
    .. versionchanged:: 5.0.0 *depends_on* and all that follow.
    """
    from .. import autogenerate as writing
    configure(call, directory, x_arg, ['autogenerate'])
    return writing.create(
        call, message=message, autogenerate=True, sql=sql, head=head,
        splice=splice, branch_label=branch_label, version_path=version_path,
        rev_id=rev_id, depends_on=depends_on, rename=rename, drop=drop,
        fill=fill, allow_drop_all=allow_drop_all, dry_run=dry_run)


@operation
@options.edited_revision
@options.wait_for_database
def edit(call, directory=None, revision='current', x_arg=None,
         wait_for_database=None):
    """Open a revision file in $EDITOR.

    :param revision: its identifier; 'current' is what the database is at,
        and the default here, but not in the command lines.
    :param wait_for_database: as of :func:`upgrade`.

    .. versionadded:: 2.4.0
    """
    configure(call, directory, x_arg)
    look(call, 'edit', revision)


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
    from .. import autogenerate as writing
    configure(call, directory, x_arg)
    return writing.merge(call, revisions, message=message,
                         branch_label=branch_label, rev_id=rev_id,
                         splice=splice)


@operation
@options.from_models
@options.incomplete
@options.repository
@options.dry_run
@options.wait_for_database
def adopt(call, directory=None, from_models=False, incomplete=False,
          repository=None, dry_run=False, x_arg=None, wait_for_database=None):
    """Bring a database that exists already under migrations.

    Makes the migrations folder, where there is none, and a baseline: a
    revision that describes the database as it is.  Nothing is written to the
    database but the version table.

    :param from_models: whether the baseline describes the models instead.
    :param incomplete: whether to go on where the baseline leaves something
        out.
    :param repository: folder of sqlalchemy-migrate's repository; it is
        looked for where the table ``migrate_version`` is.
    :param dry_run: whether to write nothing and return the baseline's text.
    :param wait_for_database: as of :func:`upgrade`.
    :return: Alembic's Script of the baseline.
    :raises alembic.util.CommandError: where there are revisions already, or
        the baseline would leave something out; nothing is changed then.

    .. versionadded:: 5.0.0
    """
    from .. import adoption
    state = application_state()
    return adoption.adopt(
        call, compat.python.path_text(directory or state.directory),
        lambda call, directory, options=(): configure(
            call, directory, x_arg, options),
        from_models, incomplete, dry_run, repository)
