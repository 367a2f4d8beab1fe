"""Which Alembic this is, and what it knows."""
from __future__ import absolute_import


from ..signatures import argument_defaults, argument_names

# The first Alembic release that knows an argument or a command; all other
# arguments of ours exist in 0.6.
SINCE = {
    'head': '0.7', 'splice': '0.7', 'branch_label': '0.7',
    'version_path': '0.7', 'rev_id': '0.7', 'depends_on': '0.8',
    'verbose': '0.7', 'resolve_dependencies': '0.7',
    'indicate_current': '0.9.9', 'purge': '1.2', 'check_heads': '1.17.1',
    'merge': '0.7', 'merge --splice': '1.18.5', 'show': '0.7', 'edit': '0.8',
    'ensure_version': '1.7.6', 'revisions': '1.2', 'adopt': '0.8',
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


def has_branches():
    """Whether this Alembic knows several heads (0.7)."""
    from alembic.script import ScriptDirectory
    return hasattr(ScriptDirectory, 'get_revisions')


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


def finds_cycles():
    """Whether this Alembic refuses revisions that form a circle (1.5)."""
    try:
        from alembic.script.revision import CycleDetected  # noqa: F401
    except ImportError:
        return False
    return True


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


def has_check():
    """Whether this Alembic has the command ``check`` (1.9)."""
    from alembic import command
    return hasattr(command, 'check')


def has_operations():
    """Whether differences are operations, which a hook may change (0.8)."""
    try:
        from alembic.operations import ops  # noqa: F401
    except ImportError:
        return False
    return True


def upgrades(script):
    """The upgrades of a MigrationScript: it has several from 0.8.1 on."""
    found = getattr(script, 'upgrade_ops_list', None)
    return [script.upgrade_ops] if found is None else found


def last_operations(script):
    """Upgrade and downgrade of the last database in a MigrationScript."""
    if hasattr(script, 'upgrade_ops_list'):
        return script.upgrade_ops_list[-1], script.downgrade_ops_list[-1]
    return script.upgrade_ops, script.downgrade_ops


def compare(context, inspector):
    """The operations that Alembic finds with an Inspector of ours.

    Private is ``_produce_net_changes``, from 0.8 to 1.20.

    :return: a list, as in UpgradeOps.
    """
    from alembic.autogenerate import compare
    from alembic.autogenerate.api import AutogenContext
    from alembic.operations import ops
    autogen = AutogenContext(context)
    autogen.inspector = inspector
    found = ops.UpgradeOps([])
    compare._produce_net_changes(autogen, found)
    return found.ops


def type_text(type_, context):
    """A column type as a script writes it.

    Private is ``render._repr_type``, from 0.8 to 1.20.

    :param context: the AutogenContext, which notes what is to be imported.
    """
    from alembic.autogenerate import render
    return render._repr_type(type_, context)


def type_alone(type_, context):
    """A column type as a script writes it, and what that imports.

    :param context: the MigrationContext.
    :return: the text, and a list of lines.
    """
    from alembic.autogenerate.api import AutogenContext
    autogen = AutogenContext(context)
    text = type_text(type_, autogen)
    return text, sorted(autogen.imports)
