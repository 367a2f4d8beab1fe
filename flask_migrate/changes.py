"""Commands that change databases: plan, lock, run, and say where it ended.

env.py runs a first time to find out what there is to do, with nothing
written and nothing locked.  If there is anything, the databases are locked
and env.py runs again, which reads the versions anew.
"""
from collections import namedtuple
from functools import partial
import logging
import os
import sys
import time

from flask import current_app

from . import compat, console, failures, locking, sqlite
from .errors import MigrateError, explanation, of_the_same_kind
from .runner import Run, environment
from .standing import has_version_table, standing
from .watching import Watcher, end_session, session_of

#: What a ``progress`` callback is given when a revision has been applied.
Progress = namedtuple('Progress', 'number total description seconds engine')


class Followed(object):
    """A revision that is being run.

    :ivar text: as it is logged.
    :ivar kind: name of the database's dialect.
    :ivar server: what the server is called, for messages.
    :ivar statements: what it has executed: pairs of SQL and whether that was
        committed at once.
    """

    def __init__(self, step, number, total, kind, engine=None, statements=(),
                 server=''):
        self.step = step
        self.number = number
        self.total = max(total, number)
        self.start = time.time()
        self.text = '[%d/%d] Running %s' % (
            self.number, self.total, compat.alembic.step_text(step))
        self.engine = engine
        self.kind = kind
        self.server = server
        self.statements = statements


class Change(Run):
    """A run that changes databases.

    :param wait: seconds to wait for another process; None: no lock.
    :param lock_timeout: seconds that a statement waits for a table lock.
    :param progress: is called with a Progress after each revision.
    """

    def __init__(self, arguments, wait=None, lock_timeout=None,
                 progress=None):
        Run.__init__(self, arguments)
        self.wait = wait
        self.lock_timeout = lock_timeout
        self.progress = progress
        self.planning = False
        self.purging = False
        self.newer = False          # a database knows a later revision
        self.allow_newer = False
        self.starting = []          # heads of each database for --sql
        self.total = 0
        self.done = 0
        self.followed = None
        self.session = None         # that is at work
        self.interrupted = []       # not empty after Ctrl-C
        self.watcher = None
        self.locks = {}
        self._undo = []
        self._prepared = []         # Connections
        self._locked = []           # engines
        self._journals = {}

    # What env.py meets ---------------------------------------------------

    def prepare(self, options, connection, kwargs):
        if connection is not None and connection.dialect.name == 'postgresql':
            self._undo.append(
                console.interruptible_postgresql(self.interrupted))
        self.session = connection and session_of(connection)
        if self.planning:
            options['dont_mutate'] = True
            self.purging = options.pop('purge', False)
            return
        if connection is None:
            if self.starting:
                options['starting_rev'] = compat.alembic.starting_revision(
                    self.starting.pop(0))
            return
        # What configure() is given for one database stays for the next.
        options.pop('transactional_ddl', None)
        if connection.dialect.name == 'sqlite':
            kwargs.setdefault('transactional_ddl', True)
        # env.py may configure one Connection several times.
        if connection in self._prepared:
            return
        self._prepared.append(connection)
        self.lock([connection.engine])
        if connection.dialect.name == 'sqlite':
            self._enter(sqlite.transactional(connection, console.active()))
        self._journals[id(connection)] = self._journal(connection)
        if self.lock_timeout is not None:
            self._undo.append(
                locking.set_lock_timeout(connection, self.lock_timeout))

    def _enter(self, manager):
        manager.__enter__()
        self._undo.append(lambda: manager.__exit__(None, None, None))

    def lock(self, engines):
        """Lock databases that are not locked yet."""
        engines = [engine for engine in engines
                   if engine not in self._locked]
        if self.wait is None or not engines:
            return
        held = locking.take_locks(engines, self.wait, self.locks)
        self._locked.extend(engines)
        self.locks.update(held)
        self._undo[:0] = [lock.release for lock in held.values()]

    def _journal(self, connection):
        statements = []

        def after_cursor_execute(connection, cursor, statement, *args):
            sql = failures.without_comments(statement)
            if not sql.upper().startswith(
                    ('SELECT', 'SHOW', 'DESCRIBE', 'DESC ', 'SET ',
                     'PRAGMA', 'EXPLAIN', 'BEGIN')):
                statements.append(
                    (sql, compat.sqlalchemy.commits_at_once(connection)))
        self._undo.append(compat.sqlalchemy.listen(
            connection, after_cursor_execute=after_cursor_execute))
        return statements

    def function(self, heads, context):
        met = self.meet(heads, context)
        if context.as_sql:
            return self._follow_sql(self.options['fn'](heads, context),
                                    context)
        if self.allow_newer and self._is_newer(met.heads):
            self.newer = True
            return []
        if self.planning:
            if self.purging:    # as if nothing were recorded
                heads = ()
            met.steps = list(self.steps(heads, context))
            return []
        return self._follow(self.steps(heads, context), context)

    def _is_newer(self, heads):
        script = self.environment.script
        for head in heads:
            try:
                if script.get_revision(head) is None:
                    return True
            except Exception:
                return True
        return False

    def _follow_sql(self, steps, context):
        """Note which revision is being printed."""
        for step in steps:
            self.followed = Followed(step, 0, 0, context.dialect.name)
            yield step
            self.followed = None

    def _follow(self, steps, context):
        """Note which revision is running, and when it is done."""
        connection = context.connection
        statements = self._journals.get(id(connection), [])
        for step in compat.alembic.in_transactions(steps, context):
            del statements[:]
            self.followed = followed = Followed(
                step, self.done + 1, self.total, connection.dialect.name,
                connection.engine, statements,
                compat.sqlalchemy.server_name(connection))
            self.session = session_of(connection)
            yield step
            if self.interrupted:
                raise KeyboardInterrupt
            self.followed = None
            self.done += 1
            seconds = time.time() - followed.start
            if console.active():
                console.log.info('%s (%.1fs)', followed.text, seconds)
            if self.progress is not None:
                self.progress(Progress(
                    followed.number, followed.total,
                    compat.alembic.step_text(step), seconds, followed.engine))

    def stop(self):
        """Let a server stop what it executes; a driver may just wait."""
        # SQLAlchemy 1.0 reports that the connection is gone.
        pool = logging.getLogger('sqlalchemy.pool')
        self._undo.append(partial(pool.setLevel, pool.level))
        pool.setLevel(logging.CRITICAL)
        end_session(self.session)

    def seen_blockers(self):
        """Who was last seen in the way of the running revision."""
        return self.watcher.seen if self.watcher else []

    def close(self):
        while self._undo:
            try:
                self._undo.pop()()
            except BaseException:
                self.close()        # the locks are at the beginning
                raise


# ------------------------------------------------------------- a change

def change(config, name, target, sql=False, tag=None, wait=None,
           no_lock=False, lock_timeout=None, progress=None, backup=None,
           allow_newer=False, dry_run=False, **more):
    """Run Alembic's command *name* on the databases.

    :param config: the :class:`flask_migrate.Config`.
    :param target: the revision, or several.
    :return: with *dry_run* what would be run: a list of texts.
    """
    _check_target(target)
    command, kept = compat.alembic.alembic_command(
        name, tag=tag, sql=sql and not dry_run, **more)
    if lock_timeout is None:
        lock_timeout = current_app.extensions['migrate'].migrate.lock_timeout
    with environment(config, Change, wait=_wait(wait, no_lock),
                     lock_timeout=lock_timeout, progress=progress) as run, \
            console.interrupts(run.stop) as run.interrupted:
        if sql and not dry_run:
            _print_sql(run, command, config, target, **kept)
            return None
        run.planning, run.allow_newer = True, allow_newer
        command(config, target, **kept)
        run.planning = False
        planned, run.databases = run.databases, []
        if dry_run:
            return _dry_run(config, run, planned, sql)
        if run.environment is None:
            return None     # env.py did not run: Alembic's command is replaced
        if run.newer:
            _say_newer(planned)
        elif planned and not any(met.steps for met in planned) \
                and not more.get('purge'):
            console.write(u'Nothing to do: the database is at %s.'
                          % _heads_text(planned))
        else:
            _run(config, run, planned, backup)


def _print_sql(run, function, *args, **kwargs):
    """Call a function that runs env.py without a connection."""
    try:
        function(*args, **kwargs)
    except Exception as error:
        if run.followed is None:
            raise
        raise_failure(run, [], error)


def _wait(wait, no_lock):
    """Seconds to wait for another process; None: no lock."""
    if no_lock:
        return None
    if wait is None:
        wait = current_app.extensions['migrate'].migrate.wait
    if wait < 0:
        raise MigrateError('--wait takes seconds, from 0 on; not %g.' % wait)
    return float(wait)


def _check_target(target):
    """Refuse an empty revision, as of a shell variable that is not set."""
    for each in [target] if isinstance(target, compat.python.string_types) \
            else target:
        if not each.strip():
            raise MigrateError("The revision is empty. Name one, such as "
                               "'head'.")


def _say_newer(databases):
    console.write(u'The database is at %s, which this code does not know: it '
                  u'is newer. Nothing was done.' % _heads_text(databases))


def ensure_version(config, sql=False, wait=None, no_lock=False):
    """Create the version table of every database that has none."""
    command, kept = compat.alembic.alembic_command('ensure_version', sql=sql)
    with environment(config, Change, wait=_wait(wait, no_lock)) as run, \
            console.interrupts(run.stop) as run.interrupted:
        if not sql:
            run.planning = True
            script = compat.alembic.script_directory(config)
            with compat.alembic.environment_context()(
                    config, script, fn=lambda heads, context: []):
                script.run_env()
            run.planning = False
            if all(met.heads or has_version_table(met)
                   for met in run.databases):
                return
            current_app.extensions['migrate'].start_over()
            run.lock([met.engine for met in run.databases])
        command(config, **kept)


def _run(config, run, planned, backup):
    engines = [met.engine for met in planned]
    if backup is not None:
        _check_backup(engines, backup)
    run.lock(engines)
    if backup is not None:
        for engine in engines:
            console.write(u'Backup: %s' % sqlite.backup(engine, backup))
    run.total = sum(len(met.steps) for met in planned)
    with Watcher(run) as run.watcher:
        try:
            _execute(config, run)
        except BaseException as error:
            if run.interrupted:
                error = KeyboardInterrupt()
            if isinstance(error, KeyboardInterrupt):
                run.stop()
            raise_failure(run, planned, error)
    if run.newer:
        _say_newer(run.databases)
    elif run.databases and not run.done and not run.purging:
        console.write(u'Nothing to do: another process has brought the '
                      u'database to %s.' % _heads_text(run.databases))


def _execute(config, run):
    """Let env.py run once more, now in earnest."""
    current_app.extensions['migrate'].start_over()
    EnvironmentContext, script = type(run.environment), run.environment.script
    with EnvironmentContext(config, script, **run.options):
        script.run_env()


def _check_backup(engines, path):
    kinds = set(engine.dialect.name for engine in engines)
    for kind, tool in (('postgresql', 'pg_dump'), ('mysql', 'mysqldump'),
                       ('mariadb', 'mysqldump')):
        if kind in kinds:
            raise MigrateError(
                '--backup copies SQLite databases only. For this one use %s, '
                'then run the command without --backup.' % tool)
    if kinds != set(['sqlite']):
        raise MigrateError('--backup copies SQLite databases only.')
    if path and len(engines) > 1 and not os.path.isdir(path):
        raise MigrateError('There are %d databases: give --backup a folder '
                           'that exists.' % len(engines))


def _heads_text(databases):
    return u', '.join(sorted(set(
        head for met in databases for head in met.heads))) or u'base'


def _dry_run(config, run, planned, sql):
    """Say what would be run: as a list, or as SQL."""
    texts = [compat.alembic.step_text(step)
             for met in planned for step in met.steps]
    if not sql:
        if not texts:
            console.write(u'Nothing to do: the database is at %s.'
                          % _heads_text(planned))
        for number, text in enumerate(texts, 1):
            console.write(u'[%d/%d] Would run %s'
                          % (number, len(texts), text))
        return texts
    run.starting = [met.heads for met in planned]
    run.options['as_sql'] = True
    # Alembic asks for the start before env.py runs.
    run.options['starting_rev'] = compat.alembic.starting_revision(
        run.starting[0])
    _print_sql(run, _execute, config, run)
    return texts


# ------------------------------------------------------------- a failure

def raise_failure(run, planned, error):
    """Raise what a failed change comes to, saying where databases stand."""
    lines = standing(run, planned)
    if isinstance(error, KeyboardInterrupt):
        # For the command lines.
        error.report = failures.interrupted(run.followed, lines)
        raise error
    if run.followed is not None:
        failure = failures.failed(run, run.followed, error, lines)
    else:
        # env.py, or a COMMIT that the database refuses.
        failure = error if isinstance(error, MigrateError) \
            else explanation(error, sys.exc_info()[2])
        if failure is None:
            raise
        failure = of_the_same_kind(
            MigrateError('\n  '.join([str(failure)] + lines)), error)
    compat.python.reraise(failure, error)
