"""What depends on the version of Alembic.

Alembic is imported only inside functions: see ``flask_migrate/__init__.py``.
"""
from __future__ import absolute_import

from contextlib import contextmanager
import os
import sys
import threading

from .python import (
    Silence, argument_defaults, argument_names, native, same_function,
    text_type)

# The first Alembic release that knows an argument or a command; all other
# arguments of ours exist in 0.6.
SINCE = {
    'head': '0.7', 'splice': '0.7', 'branch_label': '0.7',
    'version_path': '0.7', 'rev_id': '0.7', 'depends_on': '0.8',
    'verbose': '0.7', 'resolve_dependencies': '0.7',
    'indicate_current': '0.9.9', 'purge': '1.2', 'check_heads': '1.17.1',
    'merge': '0.7', 'merge --splice': '1.18.5', 'show': '0.7', 'edit': '0.8',
    'ensure_version': '1.7.6', 'revisions': '1.2',
}


def alembic_version():
    """The installed Alembic's version as a tuple of numbers.

    ``0.7.5.post2`` and betas are released versions too.
    """
    from alembic import __version__
    numbers = []
    for part in __version__.split('.')[:3]:
        digits = ''.join(c for c in part if c.isdigit())
        if digits != part:
            break
        numbers.append(int(part))
    return tuple(numbers)


def needs_newer_alembic(what, since):
    from alembic import __version__
    return ('%s needs Alembic %s or newer; this is %s. '
            'Upgrade it: pip install "alembic>=%s"'
            % (what, since, __version__, since))


def alembic_command(name, **arguments):
    """Return ``alembic.command.<name>`` and those *arguments* it knows.

    Arguments at rest (None, False, empty, 'head') that this Alembic does not
    know are left out.

    :raises alembic.util.CommandError: where one was set, or the command does
        not exist, naming the Alembic release that is needed.
    """
    from alembic import command
    from alembic.util import CommandError
    function = getattr(command, name, None)
    if function is None:
        raise CommandError(needs_newer_alembic(
            "'%s'" % name.replace('_', '-'), SINCE[name]))
    known = argument_names(getattr(function, '__wrapped__', function))
    kept = {}
    for argument, value in arguments.items():
        if argument in known:
            kept[argument] = value
        elif value and value != 'head':
            since = SINCE.get('%s --%s' % (name, argument),
                              SINCE.get(argument, ''))
            raise CommandError(needs_newer_alembic(
                '--' + argument.replace('_', '-'), since))
    return function, kept


def check_package_folders():
    """Refuse ``__init__.py`` where Alembic takes it for a revision."""
    from alembic import command
    from alembic.util import CommandError
    if not hasattr(command, 'edit'):        # Alembic 0.6
        raise CommandError(needs_newer_alembic('--package', '0.8'))


def environment_context():
    """Alembic's EnvironmentContext (moved to ``alembic.runtime`` in 0.8)."""
    try:
        from alembic.runtime.environment import EnvironmentContext
    except ImportError:
        from alembic.environment import EnvironmentContext
    return EnvironmentContext


def script_heads(script):
    """The heads of a ScriptDirectory (before 0.7: one, or an error)."""
    if hasattr(script, 'get_heads'):
        return list(script.get_heads())
    head = script.get_current_head()
    return [head] if head else []


def script_revisions(script, name):
    """The Script objects that *name* means (``get_revisions``: 0.7)."""
    if hasattr(script, 'get_revisions'):
        return [s for s in script.get_revisions(name) if s is not None]
    names = name if isinstance(name, (tuple, list)) else [name]
    found = [script.get_revision(
        script.get_current_head() if n in ('head', 'heads') else n)
        for n in names if n]
    return [s for s in found if s is not None]


def targets(revisions):
    """What a command is to go to, in the words of this Alembic.

    :raises alembic.util.CommandError: for several, before 0.7.
    """
    if not has_branches():
        from alembic.util import CommandError
        if len(revisions) > 1:
            raise CommandError(needs_newer_alembic(
                'More than one revision', '0.7'))
        revisions = ['head' if each == 'heads' else each
                     for each in revisions]
    return revisions if len(revisions) > 1 else revisions[0]


def has_branches():
    """Whether this Alembic knows several heads (0.7)."""
    from alembic.script import ScriptDirectory
    return hasattr(ScriptDirectory, 'get_revisions')


def finds_cycles():
    """Whether this Alembic refuses revisions that form a circle (1.5)."""
    try:
        from alembic.script.revision import CycleDetected  # noqa: F401
    except ImportError:
        return False
    return True


def format_script(script, verbose=False, **settings):
    """One line (verbose: several) about a Script (``cmd_format``: 0.7)."""
    if hasattr(script, 'cmd_format'):
        return script.cmd_format(verbose, **settings)
    return text_type(script)


@contextmanager
def quiet_status():
    """Keep Alembic's status lines out of ``sys.stdout``.

    It can be told so (``quiet``) from 1.11 on.
    """
    from alembic.config import Config
    if hasattr(Config, 'messaging_opts'):
        yield
        return
    stdout, sys.stdout = sys.stdout, Silence()
    try:
        yield
    finally:
        sys.stdout = stdout


def as_tuple(heads):
    """Revisions as a tuple; before 0.7 there is one, or None."""
    if isinstance(heads, (tuple, list)):
        return tuple(heads)
    return (heads,) if heads else ()


def as_given(heads):
    """Revisions as Alembic passes them on: before 0.7 one, or None."""
    heads = as_tuple(heads)
    return heads if has_branches() else (heads + (None,))[0]


def heads_of(context):
    """The revisions that a database is at, as Alembic passes them on."""
    if hasattr(context, 'get_current_heads'):           # 0.7
        return context.get_current_heads()
    return context.get_current_revision()


def stand_in_for_heads(context, heads):
    """Let ``heads(read)`` answer for a context's heads.

    ``run_migrations()`` asks for them first of all.
    """
    name = 'get_current_heads' if hasattr(context, 'get_current_heads') \
        else 'get_current_revision'                     # 0.6
    read = getattr(context, name)
    setattr(context, name, lambda: heads(read))


def is_unknown(script, heads):
    """Whether a database is at a revision that no file has."""
    for head in heads:
        try:
            if script.get_revision(head) is None:
                return True
        except Exception:
            return True
    return False


def leave_version_table(context):
    """Keep a MigrationContext from creating the version table.

    Alembic has ``dont_mutate`` for that from 1.3 on; 0.6 creates the table
    before it reads.
    """
    context.opts['dont_mutate'] = True
    if alembic_version() >= (1, 4):
        return
    context._version.create = lambda *args, **kwargs: None
    if has_branches():
        return
    read = context.get_current_revision

    def get_current_revision():
        if context.as_sql or context.connection.dialect.has_table(
                context.connection, context._version.name,
                context._version.schema):
            return read()
    context.get_current_revision = get_current_revision
    context._current_rev = get_current_revision


def allow_version_table(context):
    """Let a MigrationContext create the version table after all."""
    context.opts.pop('dont_mutate', None)
    # 'purge' is 1.2; with it Alembic would not ask for the heads.
    if alembic_version() < (1, 4):
        del context._version.create
        if not has_branches():
            context._version.create(context.connection, checkfirst=True)


def forget_revisions(context):
    """Empty the version table: ``stamp --purge`` (1.2)."""
    context._ensure_version_table(purge=True)


def same_context(context, connection):
    """A MigrationContext as *context* is, on another connection."""
    options = dict(context.opts, dont_mutate=True)
    other = type(context).configure(connection, opts=options)
    leave_version_table(other)
    return other


def attributes(config):
    """What callers have given to env.py on a Config (0.7.5)."""
    return getattr(config, 'attributes', None) or {}


def without_defaults(configure, kwargs, said):
    """The arguments of ``context.configure()`` that env.py has given.

    Alembic before 1.5 passes on all of them, with their defaults.

    :param configure: the method.
    :param said: is called for the names that env.py gives in its text.
    """
    if alembic_version() >= (1, 5):
        return kwargs
    names = said()
    return dict((name, value) for name, value in kwargs.items()
                if name in names
                or value is not argument_defaults(configure).get(name, kwargs))


def steps(function, heads, context):
    """The steps that an Alembic command takes in one database.

    Alembic 0.6 stamps at once: that becomes a step as well.
    """
    if has_branches() or context.as_sql:
        return function(heads, context)
    stamped = []
    context._update_current_rev = lambda *step: stamped.append(step)
    try:
        found = function(heads, context)
        return list(found) + [(stamp, before, after, '')
                              for before, after in stamped if before != after]
    finally:
        del context._update_current_rev


def starting_revision(heads):
    """Heads as the start of a run that prints SQL (0.6: one text)."""
    if not heads:
        return None
    return heads if has_branches() else heads[0]


def in_transactions(steps, context):
    """Let each step have a transaction where Alembic begins none.

    Without transactional DDL it does so from 1.5 on.  Before, SQLAlchemy
    commits every single statement, and a revision that fails is repeated
    with what it has changed already.
    """
    connection = context.connection
    if alembic_version() >= (1, 5) or connection.in_transaction():
        return steps
    begin = getattr(context, 'begin_transaction', None)
    if begin is None:                                       # 0.6
        return _in_transactions(steps, connection)

    def begin_transaction(_per_migration=False):
        return connection.begin() if _per_migration else begin()
    context.begin_transaction = begin_transaction
    return steps


def _in_transactions(steps, connection):
    for step in steps:
        transaction = connection.begin()
        yield step
        transaction.commit()


def stamp(**kwargs):
    """What a step of ``stamp`` runs: nothing."""


def script_directory(config):
    """The ScriptDirectory of a Config, of the class that Alembic uses.

    Some applications set ``alembic.command.ScriptDirectory``.
    """
    from alembic import command
    return command.ScriptDirectory.from_config(config)


_one_at_a_time = threading.RLock()


@contextmanager
def one_at_a_time():
    """Hold back other threads, where Alembic cannot load files in several.

    Its older releases load each through ``sys.modules``, under one name.
    """
    from alembic.util import load_python_file
    around = sys.modules[load_python_file.__module__]
    if any('modules' in function.__code__.co_names for function in (
            load_python_file, getattr(around, 'load_module_py',
                                      load_python_file))):
        with _one_at_a_time:
            yield
    else:
        yield


def load_python_file(folder, filename):
    """Execute a file as Alembic does; return its module."""
    from alembic.util import load_python_file
    return load_python_file(folder, filename)


def version_folders(directory):
    """The folders of a ScriptDirectory's revision files that exist."""
    found = getattr(directory, '_version_locations', None) \
        or [directory.versions]                         # 0.6
    return [path for path in found if os.path.isdir(path)]


def load_revisions(directory):
    """Let a ScriptDirectory read its files."""
    return directory.revision_map._revision_map


def read_scripts_by(make, check):
    """Let the folders of our Configs be read another way, for good.

    Private are ``Script._from_filename``, which is ``_from_path`` from 1.16
    on, and ``_load_revisions``, from 0.7 to 1.20; a ScriptDirectory that has
    its own is left alone.

    :param make: gives a Script for class, folder and file name, or None to
        leave it to Alembic.
    :param check: gives the Scripts of a ScriptDirectory, if they are right.
    """
    from alembic.script import Script, ScriptDirectory
    if not has_branches():
        return
    from_config = ScriptDirectory.from_config.__func__
    name = '_from_filename' if hasattr(Script, '_from_filename') \
        else '_from_path'
    from_file = getattr(Script, name).__func__
    load = ScriptDirectory._load_revisions

    def _from_file(cls, directory, *path):
        found = None
        if getattr(directory, 'reads_headers', False):
            found = make(cls, *os.path.split(os.path.join(*path)))
        return found or from_file(cls, directory, *path)

    def _from_config(cls, config):
        directory = from_config(cls, config)
        if hasattr(config, 'run') \
                and same_function(cls._load_revisions, load):
            kind = type(directory.revision_map)
            directory.revision_map = kind(
                lambda: check(directory, _read(directory)))
        return directory
    setattr(Script, name, classmethod(_from_file))
    ScriptDirectory.from_config = classmethod(_from_config)


def _read(directory):
    """The Scripts of a ScriptDirectory, where their headers will do."""
    directory.reads_headers = True
    try:
        return list(directory._load_revisions())
    finally:
        directory.reads_headers = False


def step_parts(step):
    """Revision, direction, file and message of a step of Alembic.

    Steps are tuples (function, from, to, message) before 0.7.
    """
    if isinstance(step, tuple):
        function, before, after = step[:3]
        direction = function.__name__
        path = None if function is stamp else function.__code__.co_filename
        return ((before if direction == 'downgrade' else after), direction,
                path, step[3] if step[3:] else '')
    if hasattr(step, 'revision') and not getattr(step, 'is_stamp', False):
        script = step.revision
        direction = 'upgrade' if step.is_upgrade else 'downgrade'
        return script.revision, direction, script.path, script.doc or ''
    return ', '.join(step.to_revisions) or 'base', 'stamp', None, ''


def step_parent(step):
    """The revisions that a step of ``downgrade`` leads to, as text."""
    if isinstance(step, tuple):
        return step[2]
    return ', '.join(step.to_revisions)


def step_text(step):
    """What Alembic logs of a step."""
    if isinstance(step, tuple):
        function, before, after = step[:3]
        return '%s %s -> %s' % (getattr(function, '__name__', 'stamp'),
                                before, after) \
            + (', %s' % step[3] if any(step[3:]) else '')
    return native(text_type(step))


def version_table(context):
    """A MigrationContext's table of versions (it has no public name)."""
    return context._version
