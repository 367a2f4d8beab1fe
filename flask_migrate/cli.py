"""click: ``flask db``.

``db`` is the group that ``Migrate`` adds to ``app.cli``; ``entry_point`` is
what the ``flask`` command finds without an application, so that it can say
what is wrong with one.  A web worker imports this too: what only a command
needs is imported, and made, when there is one.
"""
import copy
import re

import click
from flask import current_app
from flask.cli import with_appcontext

from . import compat, options
from .entry_point import EntryPoint

#: Stands for the dash of an argument such as -1 or -3:current, which click
#: takes for an option.
_NEGATIVE = u'\0'

#: For the group, and for those of its commands that have no -h of their own.
_HELP = {'help_option_names': ['-h', '--help']}


class Operation(click.Command):
    """A command that takes ``-1`` for a revision, not for an option."""

    optional = ()       # flags of options whose value may be left out

    def get_params(self, ctx):
        # click warns of a flag that is there twice.
        other = copy.copy(self)
        other.params = _without_overridden(self.params)
        return click.Command.get_params(other, ctx)

    def parse_args(self, ctx, args):
        args = [re.sub(r'^-(?=\d)', _NEGATIVE, arg) for arg in args]
        for i, arg in enumerate(args):
            # What follows is no value of it: it may be a revision.
            if arg in self.optional:
                args[i] = arg + '='
        try:
            return click.Command.parse_args(self, ctx, args)
        except click.NoSuchOption as error:
            # click 6 and 7 know the beginning of an option only.
            from .console import near
            error.possibilities = error.possibilities \
                or near(error.option_name, [
                    name for param in self.params for name in param.opts])
            raise


def _without_overridden(params):
    """The parameters of a command, where an application has added its own.

    Its flags are not ours any more.
    """
    own = [each for each in params if not hasattr(each, 'is_ours')]
    names = [each.name for each in own]
    flags = [flag for each in own for flag in each.opts]
    kept = []
    for param in params:
        if hasattr(param, 'is_ours') and set(flags) & set(param.opts):
            param = copy.copy(param)
            param.opts = [flag for flag in param.opts if flag not in flags]
        if param in own or param.opts and param.name not in names:
            kept.append(param)
    return kept


class OperationGroup(click.Group):
    """A group that says "did you mean" after a mistyped command.

    Its commands are made when somebody asks for them.
    """

    _made = False

    @property
    def commands(self):
        """All commands by name: the operations, and what others add."""
        if not self._made:
            for command in _commands():
                self._commands.setdefault(command.name, command)
            self._made = True
        return self._commands

    @commands.setter
    def commands(self, commands):
        self._commands = commands

    def resolve_command(self, ctx, args):
        name = args[0] if args else ''
        if name and not name.startswith('-') \
                and self.get_command(ctx, name) is None:
            from .console import did_you_mean
            ctx.fail("No such command '%s'%s" % (
                name, did_you_mean(name, self.list_commands(ctx))))
        return click.Group.resolve_command(self, ctx, args)


class _Number(click.ParamType):
    name = 'number'

    def convert(self, value, param, ctx):
        try:
            return float(_decoded(value))
        except ValueError:
            self.fail("'%s' is no number" % _decoded(value), param, ctx)


def _parameter(option, default):
    if not option.flags:
        return _ours(click.Argument(
            [option.name], required=False,
            nargs=-1 if option.kind == 'list' else 1,
            default=None if option.kind == 'list' else default))
    settings = {'help': option.help, 'default': default}
    if option.kind == 'flag':
        settings['is_flag'] = True
    elif option.kind == 'list':
        # click 7 takes the type from the default, and chokes on ().
        settings.update(multiple=True, default=(), type=click.STRING)
    elif option.kind == 'number':
        settings['type'] = _Number()
    elif option.choices:
        settings['type'] = click.Choice(option.choices)
    elif option.kind == 'optional':
        settings['metavar'] = options.ATTACHED
    return _ours(click.Option(option.flags + (option.name,), **settings))


def _ours(param):
    param.is_ours = True
    return param


def _commands():
    """The operations as click commands."""
    from .commands import OPERATIONS, ORDER, command_name, help_sentence
    return [_command(OPERATIONS[name], command_name(OPERATIONS[name]),
                     help_sentence(OPERATIONS[name])) for name in ORDER]


def _command(operation, name, help):

    def run(**values):
        return _in_application(operation, values)

    command = Operation(
        name, callback=run, help=help,
        epilog=_arguments_help(operation),
        params=[_parameter(option, option.default_of(operation))
                for option in operation.options])
    command.optional = [flag for option in operation.options
                        if option.kind == 'optional' for flag in option.flags]
    return command


def _arguments_help(operation):
    """What the arguments may be: click shows the help of options only."""
    return '\n\n'.join('%s: %s' % (option.name.upper(), option.help)
                       for option in operation.options if not option.flags)


def _in_application(operation, values):
    from . import console
    ctx = click.get_current_context(silent=True)
    parent = ctx and ctx.parent
    values = dict(dict((name, operation.defaults.get(name))
                       for name in operation.names), **dict(
        (name, _decoded(value)) for name, value in values.items()))
    group = parent.params if parent is not None else {}
    # -d and -x may stand before the command's name as well.
    if not values.get('directory'):
        values['directory'] = group.get('directory')
    values['x_arg'] = list(group.get('x_arg') or ()) \
        + _several(values.get('x_arg'))
    if values.get('depends_on') == ():
        values['depends_on'] = None
    name = parent and parent.info_name
    if current_app:
        console.run(operation, values, name)
    else:
        with_appcontext(console.run)(operation, values, name)


def _several(value):
    """What stands for a list: nothing, one text, or some."""
    if isinstance(value, compat.python.string_types):
        return [value]
    return list(value or ())


def _decoded(value):
    if isinstance(value, compat.python.string_types):
        return value.replace(_NEGATIVE, u'-')
    if isinstance(value, tuple):
        return tuple(_decoded(each) for each in value)
    return value


db = OperationGroup(
    'db', help='Perform database migrations.', context_settings=_HELP,
    params=[_parameter(option, None)
            for option in (options.directory, options.x_arg)])


entry_point = EntryPoint('db', db, help='Perform database migrations.')


def __getattr__(name):
    """The commands by name, as Flask-Migrate's module has them (PEP 562)."""
    if not name.startswith('_'):
        from .commands import OPERATIONS, command_name
    if name.startswith('_') or name not in OPERATIONS:
        raise AttributeError(
            "module 'flask_migrate.cli' has no attribute %r" % name)
    return db.commands[command_name(OPERATIONS[name])]


compat.python.lazy_module(__name__, __getattr__)
