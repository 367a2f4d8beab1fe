"""``adopt``: a baseline for databases that were never migrated."""
from contextlib import contextmanager
import copy
from functools import partial
import os
import shutil
import tempfile

from flask import current_app

from .. import compat
from ..autogenerate import differences
from ..compat.python import text
from ..errors import MigrateError
from ..folder import making, revision_files
from ..run.call import Call
from ..run.examining import examine
from ..run.execution import change
from . import sqlalchemy_migrate
from .baseline import make
from .reading import read_databases
from .rendering import python_code

MESSAGE = 'Baseline'


def adopt(call, directory, configure, from_models=False,
          incomplete=False, dry_run=False, repository=None):
    """Write a baseline for the application's databases, and stamp it.

    :param call: the :class:`Call`.
    :param directory: the migrations folder, which need not exist.
    :param configure: gives a Call the Config of a folder, and returns it.
    :return: the text of the baseline with *dry_run*, else its Script.
    """
    if not compat.alembic.has_operations():
        raise MigrateError(compat.alembic.needs_newer_alembic(
            "'adopt'", compat.alembic.SINCE['adopt']))
    app = current_app._get_current_object()
    state = app.extensions['migrate']
    with _workplace(state, directory) as (temporary, folder):
        new = folder != directory
        # What is written meanwhile is not the user's.
        silent = Call(call.operation, call.arguments)
        config = call.config = configure(silent, folder)
        _check_unused(config)
        found = read_databases(call, app, from_models)
        _check_repositories(found, app, repository)
        _check_not_empty(found, from_models)
        _complete(found, incomplete, call)
        rev_id = compat.alembic.new_rev_id()
        with compat.alembic.quiet_status():
            path = _write(config, found, rev_id, temporary)
        written = _text_of(path)
        _verify(found, path, incomplete)
    if dry_run:
        call.write(written)
        return written
    script = _put(call, state, directory, configure, found, rev_id, new)
    _say_differences(call, partial(configure, directory=directory,
                                   options=['autogenerate']))
    return script


def _check_repositories(found, app, repository):
    for each in found:
        if each.repository or repository:
            _check_repository(each, app, repository)


def _check_not_empty(found, from_models):
    if all(each.is_empty for each in found):
        raise MigrateError(
            "%s no tables%s, so there is nothing to adopt. Nothing was "
            "written. If they are elsewhere, correct "
            "SQLALCHEMY_DATABASE_URI; for a new database, 'init' and "
            "'migrate' write the first revision." % (
                'The database has' if len(found) == 1
                else 'The databases have',
                ' of the models' if from_models else ''))


def _check_unused(config):
    files = revision_files.read(config)
    if files:
        raise MigrateError(
            "There are %d revisions already, so there is nothing to adopt. "
            "'stamp REVISION' records the one that the database is at; "
            "'doctor --find-revision' finds out which fits." % len(files)
            if len(files) > 1 else
            "There is a revision already, %s, so there is nothing to adopt. "
            "'stamp %s' records that the database is at it."
            % (files[0].title, files[0].revision))


@contextmanager
def _workplace(state, directory):
    """A folder to write in, and the migrations folder or one like it.

    Nothing is written to the project before everything is known.
    """
    temporary = tempfile.mkdtemp()
    folder = directory
    try:
        if not os.path.isdir(directory) or not os.listdir(directory):
            folder = os.path.join(temporary, 'migrations')
            making.create(state, folder, _template(state), False, None,
                          lambda *args, **kwargs: None)
        yield temporary, folder
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


def _template(state):
    several = compat.flask_sqlalchemy.bind_keys(current_app, state.db)
    return 'flask-multidb' if several else 'flask'


def _check_repository(adopted, app, path):
    if adopted.repository is None:
        raise MigrateError(
            "The database has no table migrate_version: sqlalchemy-migrate "
            "has never had it under control. Leave --repository out.")
    sqlalchemy_migrate.check(adopted.repository, app, path)


def _complete(found, incomplete, call):
    """Find out what makes each database; refuse to leave something out."""
    for each in found:
        if each.baseline is None:
            each.baseline = make(each.schema, each.tables, each.engine)
        if each.baseline.unchecked:
            call.write(u'Not checked%s: no scratch database can be made (%s).'
                       % (_of(each), each.baseline.unchecked))
    left_out = [u'%s%s' % (text(line), _of(each))
                for each in found for line in each.baseline.left_out]
    if left_out and not incomplete:
        raise MigrateError(
            'The baseline would leave out:\n    %s\n  Nothing was written. '
            '--incomplete adopts the database all the same.'
            % compat.python.native(u'\n    '.join(left_out)))
    for line in left_out:
        call.write(u'Left out: %s' % line)


def _of(adopted):
    return u" of database '%s'" % adopted.name if adopted.name else u''


def _write(config, found, rev_id, folder=None):
    """Write the baseline's file, from the project's own template."""
    arguments = {'config': config, 'imports': ''}
    imports = set()
    several = len(found) > 1 or any(each.name for each in found)
    for each in found:
        comments = [each.repository.comment()] if each.repository else []
        code, needed = python_code(each.baseline.steps, each.context,
                                   comments)
        imports.update(needed)
        prefix = '%s_' % each.name if several else ''
        arguments[prefix + 'upgrades'] = code
        arguments[prefix + 'downgrades'] = REFUSAL
    arguments['imports'] = u'\n'.join(sorted(imports))
    return compat.alembic.generate_revision(config, rev_id, MESSAGE,
                                            arguments, folder)


#: The body of the baseline's ``downgrade()``.
REFUSAL = u"""raise RuntimeError(
        'The baseline describes a database that was there before it: '
        'taking it back would drop everything.')"""


def _verify(found, path, incomplete):
    """Make every database from the file, and compare."""
    for each in found:
        if each.schema is None or each.baseline.unchecked:
            continue
        different = each.baseline.differences(
            each.schema, each.engine, path, each.name)
        if different and not incomplete:
            raise MigrateError(
                'The baseline that was written makes another database: %s. '
                'Nothing was changed. --incomplete adopts the database all '
                'the same.' % ', '.join(str(one) for one in different))


def _put(call, state, directory, configure, found, rev_id, new):
    """Write folder and baseline into the project, and stamp the databases."""
    if new:
        making.create(state, directory, _template(state), False, None,
                      call.write)
    path = None
    try:
        config = configure(call, directory)
        path = _write(config, found, rev_id)
        stamping = copy.copy(call)      # for the same eyes
        stamping.operation, stamping.config = 'stamp', config
        again = any(each.heads for each in found)
        change(stamping, rev_id, **({'purge': True} if again else {}))
    except BaseException:
        if path is not None:
            os.remove(path)
        if new:
            shutil.rmtree(directory)
        raise
    call.write(u'Wrote %s.' % text(path))
    call.write(u'The database is at %s now.' % rev_id if len(found) == 1
               else u'The databases are at %s now.' % rev_id)
    return compat.alembic.script_revisions(
        compat.alembic.script_directory(config), rev_id)[0]


def _say_differences(call, configure):
    """Say how the models differ from what has been adopted."""
    looking = Call(call.operation)
    status = examine(
        looking, lambda: configure(looking), text,
        lambda context: differences(looking.config, context))
    found = [(each, line) for each in status.databases
             for line in each.differences or ()]
    if status.error:
        call.write(u'The models were not compared: %s' % status.error)
    elif found:
        call.write(u'The models differ from the database. migrate will write '
                   u'this as the next revision:')
    else:
        call.write(u'The models are as the database.')
    for each, line in found:
        call.write(u'  %s%s' % (each.name and each.name + u': ', line))


def _text_of(path):
    with open(path, 'rb') as file:
        return file.read().decode('utf-8')
