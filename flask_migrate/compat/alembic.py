"""What depends on the version of Alembic.

Alembic is imported only inside functions: see ``flask_migrate/__init__.py``.
"""
from __future__ import absolute_import

from .python import argument_names, native, text_type

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


def can_be_quiet():
    """Whether Alembic's status lines can be switched off (1.11)."""
    from alembic.config import Config
    return hasattr(Config, 'messaging_opts')


def plan_heads(context):
    """The revisions a database is at, as a tuple (several since 0.7)."""
    if hasattr(context, 'get_current_heads'):
        return tuple(context.get_current_heads())
    revision = context.get_current_revision()
    return (revision,) if revision else ()


def leave_version_table(context):
    """Keep a MigrationContext from creating the version table.

    Alembic has ``dont_mutate`` for that from 1.3 on; 0.6 creates the table
    before it reads.
    """
    if alembic_version() >= (1, 4):
        return
    context._version.create = lambda *args, **kwargs: None
    read = context.get_current_revision

    def get_current_revision():
        if context.as_sql or context.connection.dialect.has_table(
                context.connection, context._version.name,
                context._version.schema):
            return read()
    if not has_branches():
        context.get_current_revision = get_current_revision
        context._current_rev = get_current_revision


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
    if alembic_version() >= (1, 5) or connection.in_transaction() \
            or connection.dialect.name not in ('mysql', 'mariadb'):
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
    from alembic.script import ScriptDirectory
    return ScriptDirectory.from_config(config)


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
