"""The commands that change databases: upgrade, downgrade, stamp."""
import os

from flask import current_app

from .. import compat, dialects
from ..errors import MigrateError
from .changing import Change
from .locks import RunAgain
from .looking import through_env_py
from .planning import Planned, Planning
from .position import check_committed
from .target import check_target


def change(call, target, sql=False, dry_run=False, backup=None,
           allow_newer=False, progress=None, tag=None, **settings):
    """Run the Alembic command that a call names on the databases.

    :param call: the :class:`Call`, with its Config.
    :param target: the revision, or several.
    :param settings: *wait*, *no_lock* and *lock_timeout*, and what else the
        Alembic command takes.
    :return: with *dry_run* what would be run: a list of texts.
    """
    check_target(target, call.operation)
    if progress is True:
        call.visible, progress = True, None
    arguments = _arguments()
    wait, timeout = _waits(settings)
    command, kept = compat.alembic.alembic_command(
        call.operation, tag=tag, sql=sql and not dry_run, **settings)
    if dry_run:
        planning = Planning(call, arguments, allow_newer)
        _plan(planning, command, target, kept)
        return _write_sql(planning) if sql else _list(planning)
    run = Change(call, arguments, wait, timeout, progress, allow_newer,
                 legacy_sql=_migrate().legacy_sql)
    if backup is not None:
        run.before_change = _Backup(call, backup)
    _run(run, lambda: command(call.config, target, **kept))
    if not sql:
        _say_nothing_to_do(run)


def ensure_version(call, sql=False, **settings):
    """Create the version table of every database that has none."""
    wait, _ = _waits(settings)
    command, kept = compat.alembic.alembic_command('ensure_version', sql=sql)
    run = EnsureVersion(call, _arguments(), wait)
    _run(run, lambda: command(call.config, **kept))


class EnsureVersion(Change):
    """A run that makes version tables."""

    def planned(self, heads, context):
        table = compat.alembic.version_table(context)
        if compat.tables.has_table(context.connection, table.name,
                                   table.schema):
            return []
        return [None]       # there is something to do, if no step

    def function(self, heads, context):
        if context.as_sql or self._plan_of(context).steps:
            return self.options['fn'](heads, context)
        return []


def _run(run, command):
    """Let env.py run, again where it had to wait for another process."""
    call = run.call
    with through_env_py(call, run), call.signals.during(run):
        try:
            while not _through(run, command):
                run.run_again()
                if run.locks.missing:
                    run.locks.wait_for_all(call.say)
            check_committed(run)
        except BaseException as error:
            run.note_failure(error)
            raise
        finally:
            with call.signals.noting():
                try:
                    run.close()
                finally:
                    run.locks.release()
        if call.signals.signal is not None:
            # It came too late, or got lost.
            run.note_failure(None)
            raise KeyboardInterrupt


def _through(run, command):
    """Let env.py run; return whether it ran to its end."""
    try:
        command()
    except RunAgain:
        run.waited = True
        return False
    return not run.locks.missing


def _plan(planning, command, target, kept):
    with through_env_py(planning.call, planning):
        try:
            command(planning.call.config, target, **kept)
        except Planned:
            pass


def _arguments():
    """``Migrate(**kwargs)`` for ``context.configure()``."""
    return dict(current_app.extensions['migrate'].configure_args)


def _migrate():
    return current_app.extensions['migrate'].migrate


def _waits(settings):
    """Take the waits out of *settings*.

    :return: seconds to wait for another process (None: no lock), and for a
        table lock (None: as long as the server says).
    """
    migrate = _migrate()
    wait = settings.pop('wait', None)
    no_lock = settings.pop('no_lock', False)
    timeout = settings.pop('lock_timeout', None)
    if wait is None:
        wait = migrate.wait
    if not no_lock and wait < 0:
        raise MigrateError('--wait takes seconds, from 0 on; not %g.' % wait)
    return (None if no_lock else float(wait),
            migrate.lock_timeout if timeout is None else timeout)


def _heads_text(plan):
    return u', '.join(sorted(plan.heads)) or u'base'


def _say_nothing_to_do(run):
    for plan in run.plans:
        if plan.newer:
            run.call.write(plan.label(
                u'The database is at %s, which this code does not know: it '
                u'is newer. Nothing was done.' % _heads_text(plan)))
        elif not plan.steps and not run.purging:
            run.call.write(_nothing_to_do(plan, run.waited))


def _nothing_to_do(plan, waited=False):
    if waited:
        text = u'Nothing to do: another process has brought the database ' \
            u'to %s.'
    else:
        text = u'Nothing to do: the database is at %s.'
    return plan.label(text % _heads_text(plan))


# ----------------------------------------------------------------- dry runs

def _list(planning):
    """Say what would be run, and return it."""
    write = planning.call.write
    for plan in planning.plans:
        if not plan.steps:
            write(_nothing_to_do(plan))
        for number, step in enumerate(plan.steps, 1):
            write(plan.label(u'[%d/%d] Would run %s' % (
                number, len(plan.steps), compat.alembic.step_text(step))))
    if planning.may_be_more:
        write(u'There may be more: env.py names databases of its own.')
    return _texts(planning)


def _texts(planning):
    return [compat.python.native(plan.label(compat.alembic.step_text(step)))
            for plan in planning.plans for step in plan.steps]


def _write_sql(planning):
    """Print what would be run as SQL, from where the databases are."""
    run = Change(planning.call, planning.arguments)
    run.starting = [plan.heads for plan in planning.plans]
    # Alembic asks for the start before env.py runs.
    options = dict(planning.options, as_sql=True,
                   starting_rev=compat.alembic.starting_revision(
                       run.starting[0]))
    environment = type(planning.environment)(
        planning.call.config, planning.environment.script, **options)

    def command():
        with environment:
            environment.script.run_env()
    _run(run, command)
    return _texts(planning)


# ------------------------------------------------------------------ backups

class _Backup(object):
    """Copies each database once.

    :param path: as it was given: of one copy, or of a folder for several.
    """

    def __init__(self, call, path):
        self.call = call
        self.path = path
        self.copied = []        # engines

    def __call__(self, engines):
        new = [engine for engine in engines if engine not in self.copied]
        # The path is taken where env.py comes with one more of its own.
        path = self.path if not self.copied or os.path.isdir(self.path) \
            else None
        for engine in new:
            dialects.of(engine).check_backup(engine, path, len(new))
        for engine in new:
            self.call.write(u'Backup: %s' % compat.python.text(
                dialects.of(engine).backup(engine, path)))
            self.copied.append(engine)
