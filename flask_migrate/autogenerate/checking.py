"""Whether the databases are what the models say."""
from flask import current_app

from .. import compat
from ..errors import DiffsDetected
from ..run.looking import through_env_py
from .comparison import Comparison


def check(call):
    """Raise where autogenerate would find something."""
    from alembic import command
    from alembic.util import CommandError
    diffs, message = [], None
    arguments = dict(current_app.extensions['migrate'].configure_args)
    if hasattr(command, 'check'):                       # Alembic 1.9
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
    with through_env_py(call, Comparison(call, arguments)):
        _compare(call.config, diffs)
    if diffs or message:
        raise DiffsDetected(
            message or 'New upgrade operations detected: %s' % diffs, diffs)
    call.config.print_stdout('No new upgrade operations detected.')


def differences(context):
    """How the models differ from a database, a list of texts.

    :param context: Alembic's MigrationContext.
    """
    from alembic import autogenerate
    return [compat.python.text(each) for each in autogenerate.compare_metadata(
        context, context.opts['target_metadata'])]


def _compare(config, diffs):
    """Note the differences of each database, without Alembic's command."""
    from alembic import autogenerate
    from alembic.util import CommandError
    script = compat.alembic.script_directory(config)

    def compare(heads, context):
        if isinstance(heads, compat.python.string_types):   # Alembic 0.6
            heads = [heads]
        if set(compat.alembic.script_heads(script)) - set(heads or ()):
            raise CommandError('Target database is not up to date.')
        diffs.extend(autogenerate.compare_metadata(
            context, context.opts['target_metadata']))
        return []

    EnvironmentContext = compat.alembic.environment_context()
    with EnvironmentContext(config, script, fn=compare):
        script.run_env()
