"""Whether the databases are what the models say."""
from alembic.util import CommandError
from flask import current_app

from .. import compat
from ..errors import DiffsDetected, of_the_same_kind
from ..run.looking import labelled, through_env_py
from .comparison import Comparison
from .protection import protect
from .words import Differences, lines


def check(call):
    """Raise where autogenerate would find something."""
    call.config.let_print(False)        # what there is to say is said here
    try:
        _check(call)
    except CommandError as error:
        if not hasattr(error, 'diffs'):
            raise
        if call.format == 'json':
            named = [pair for pair in call.run.differences if pair[0]]
            call.show(Differences(named or [('', error.diffs)]))
        raise of_the_same_kind(DiffsDetected(
            'New upgrade operations detected: database and models differ.'
            '\n  ' + '\n  '.join(map(compat.python.native,
                                     _named_lines(call.run, error.diffs))),
            error.diffs), error)
    if call.format == 'json':
        call.show(Differences([]))
        return
    for name in [name for name, _ in call.run.differences] or ['']:
        call.write(labelled(name, u'No new upgrade operations detected.'))


def _named_lines(run, diffs):
    """The differences in words, each with the name of its database."""
    named = [labelled(name, line) for name, found in run.differences
             for line in lines(found)]
    return named if any(name for name, _ in run.differences) \
        else lines(diffs)


def _check(call):
    from alembic import command
    diffs, message = [], None
    arguments = dict(current_app.extensions['migrate'].configure_args)
    if compat.alembic.has_check():
        run = Comparison(call, arguments)
        run.leaves_out_empty = False    # Alembic reads the script
        run.writes = False
        try:
            with through_env_py(call, run):
                command.check(call.config)
            return
        except ValueError:
            pass        # Before 1.14 it can't look at several databases.
        except CommandError as error:
            if type(error) is CommandError or hasattr(error, 'diffs'):
                raise
            message = str(error)    # Before 1.13 it does not tell which.
    run = Comparison(call, arguments)
    run.writes = False
    with through_env_py(call, run):
        _compare(run, diffs)
    if diffs or message:
        raise DiffsDetected(message or '', diffs)


def differences(config, context):
    """How the models differ from a database, a list of texts.

    :param config: of the migrations folder.
    :param context: Alembic's MigrationContext.
    """
    return lines(_diffs(protect(config, context)))


def _diffs(protection):
    """What differs in a database, as Alembic lists it."""
    from alembic import autogenerate
    context = protection.context
    metadata = context.opts['target_metadata']
    if not compat.alembic.has_operations():
        # Alembic asks no filter here.
        return [each for each in autogenerate.compare_metadata(
                    context, metadata)
                if each[0] != 'remove_table' or protection.include_object(
                    each[1], each[1].name, 'table', True, None)]
    from .found import Found
    from .order import process
    script = autogenerate.produce_migrations(context, metadata)
    process(Found(protection, script))
    return script.upgrade_ops.as_diffs()


def _compare(run, diffs):
    """Note the differences of each database, without Alembic's command."""
    script = compat.alembic.script_directory(run.call.config)

    def compare(heads, context):
        if isinstance(heads, compat.python.string_types):   # Alembic 0.6
            heads = [heads]
        if set(compat.alembic.script_heads(script)) - set(heads or ()):
            raise CommandError('Target database is not up to date.')
        found = _diffs(run.protections[-1])
        run.differences.append((run.name, found))
        diffs.extend(found)
        return []

    EnvironmentContext = compat.alembic.environment_context()
    with EnvironmentContext(run.call.config, script, fn=compare):
        script.run_env()
