"""Flask-Script: ``manager.add_command('db', MigrateCommand)``.

``from flask_migrate.script import Manager, Command, Option, Server, Shell``
is Flask-Script itself, on every Flask and Python.
"""
import copy
from functools import wraps
import sys

from . import compat, console, options
from .commands import OPERATIONS, ORDER, command_name, help_sentence
from .parsing import command_parser, give_help_on_h, group_parser, mistyped

compat.flask_script.make_flask_script_importable()

#: The public names of Flask-Script (prompts: in 0.6 as in 2.0).
NAMES = ('Command', 'Group', 'Manager', 'Option', 'Server', 'Shell',
         'prompt', 'prompt_bool', 'prompt_choices', 'prompt_pass')

HELP = 'Perform database migrations'

#: What Flask-Migrate had when it had a MigrateCommand: applications add to
#: these with @MigrateCommand.option; any other name is their own command.
COMMANDS_OF_OLD = (
    'init', 'revision', 'migrate', 'edit', 'merge', 'upgrade', 'downgrade',
    'show', 'history', 'heads', 'branches', 'current', 'stamp')


class Missing(object):
    """Stands for what could not be imported; says so when it is used."""

    def __init__(self, reason, *class_statement):
        self.__dict__['reason'] = reason
        if class_statement:         # class Own(Manager)
            self.__dict__['reason'] = class_statement[0][0].reason
            self._explain()

    def _explain(self, *args, **kwargs):
        from .errors import MigrateError
        raise MigrateError(
            "Flask-Script can't be imported (%s). Install it with "
            "'pip install Flask-Script', or use 'flask db'." % self.reason)

    def __getattr__(self, name):
        if name.startswith('__'):
            raise AttributeError(name)
        self._explain()

    __call__ = __setattr__ = _explain


try:
    import flask_script
except Exception as error:
    # Not installed, or too old for this Flask in a way we don't know.
    missing = Missing('%s: %s' % (type(error).__name__, error))
    globals().update(dict.fromkeys(NAMES, missing))
    MigrateCommand = missing
else:
    compat.flask_script.make_flask_script_importable()
    globals().update(compat.flask_script.names(flask_script, NAMES))


def migrate_command(flask_script):
    """Return a new Manager with all operations as its commands."""
    operation = _operation_class(flask_script)
    manager = _manager_class(flask_script, operation)()
    compat.flask_script.set_help(manager, HELP)
    for name in ORDER:
        manager.add_command(
            command_name(OPERATIONS[name]),
            _declared(flask_script, operation(), OPERATIONS[name]))
    return manager


def _operation_class(flask_script):
    """The Command that an operation becomes."""
    class Operation(flask_script.Command):
        def get_options(self):
            return _without_overridden(flask_script.Command.get_options(self))

        def create_parser(self, *args, **kwargs):
            if 'parents' in kwargs:     # as above
                kwargs['parents'] = []
            parser = command_parser(flask_script.Command.create_parser(
                self, *args, **kwargs))
            give_help_on_h(parser)
            return parser
    return Operation


def _manager_class(flask_script, Operation):
    """The Manager that takes what argparse makes hard."""
    class MigrateManager(flask_script.Manager):
        """A Manager whose commands :class:`parsing.Commands` finds."""

        def __deepcopy__(self, memo):
            return _copied(self)

        def option(self, *args, **kwargs):
            add = flask_script.Manager.option(self, *args, **kwargs)

            def decorate(function):
                # It adds to a command that is there, even if that is ours
                # and new to the application.
                if function.__name__ not in COMMANDS_OF_OLD and isinstance(
                        self._commands.get(function.__name__), Operation):
                    del self._commands[function.__name__]
                return add(function)
            return decorate

        def create_parser(self, *args, **kwargs):
            parent = self.parent
            if 'parents' in kwargs:
                # Flask-Script 0.6 repeats the options of manage.py for each
                # command, whose defaults then hide what was given.
                self.parent = None
            try:
                parser = flask_script.Manager.create_parser(
                    self, *args, **kwargs)
            finally:
                self.parent = parent
            return group_parser(parser, [
                name for name, command in self._commands.items()
                if isinstance(command, Operation)])

        def handle(self, prog, *args):
            # Flask-Script 0.5 looks commands up itself.
            if args and isinstance(args[0], compat.python.string_types) \
                    and args[0] not in self._commands \
                    and not args[0].startswith('-'):
                sys.stderr.write('%s: error: %s\n' % (
                    prog, mistyped(args[0], self._commands)))
                sys.exit(2)
            return flask_script.Manager.handle(self, prog, *args)
    return MigrateManager


def _without_overridden(found):
    """The options of a command, where an application has added its own.

    Its flags are not ours any more: argparse would refuse the second one.
    """
    own = [option for each in found if not hasattr(each, 'is_ours')
           for option in (each.get_options()
                          if hasattr(each, 'get_options') else [each])]
    names = [option.kwargs.get('dest') for option in own]
    flags = [flag for option in own for flag in option.args]
    kept = []
    for option in found:
        if hasattr(option, 'is_ours'):
            if option.kwargs.get('dest', option) in names:
                continue
            option = copy.copy(option)
            option.args = [flag for flag in option.args if flag not in flags]
            if not option.args:
                continue
        kept.append(option)
    return kept


def _copied(command):
    """Copy a Manager or Command, to be changed without an effect here.

    What it has of the manager that it was added to stays behind: the
    application hangs on that.
    """
    other = copy.copy(command)
    other.__dict__.pop('parser', None)
    other.parent = None
    operation = getattr(other.__dict__.get('run'), 'operation', None)
    if operation is not None:
        other.run = _run(operation, other)
    for name in ('option_list', '_options'):
        if name in other.__dict__:
            setattr(other, name, copy.deepcopy(getattr(other, name)))
    if '_commands' in other.__dict__:
        other._commands = other._commands.copy()
        for name in other._commands:
            other._commands[name] = _copied(other._commands[name])
    return other


def _declared(flask_script, command, operation):
    """Make a Command of an operation, as ``@manager.option`` does."""
    command.option_list = [_option(flask_script, each,
                                   each.default_of(operation))
                           for each in operation.options]
    command.run = _run(operation, command)
    command.__doc__ = help_sentence(operation).replace('%', '%%')
    return command


def _option(flask_script, option, default):
    settings = {'default': default, 'help': option.help.replace('%', '%%')}
    if option.flags:
        settings['dest'] = option.name
    if option.kind == 'flag':
        settings['action'] = 'store_true'
    elif option.kind == 'list' and option.flags:
        settings['action'] = 'append'
    elif option.kind == 'list':
        settings['nargs'] = '*'
    elif not option.flags:
        settings['nargs'] = '?'
    elif option.kind == 'optional':
        settings['metavar'] = options.ATTACHED
    elif option.kind == 'number':
        settings['type'] = float
    elif option.choices:
        settings['choices'] = option.choices
    made = flask_script.Option(*(option.flags or (option.name,)), **settings)
    made.is_ours = True
    return made


def _run(operation, command):
    """The function that Flask-Script calls: it prints errors and exits."""
    @wraps(operation)
    def run(*args, **kwargs):
        kwargs.update(zip(operation.names, args))
        # Returns nothing: Manager.run() would make an exit code of it.
        console.run(operation, kwargs, getattr(command, 'group', None))
    run.operation = operation
    return run


if 'MigrateCommand' not in globals():
    MigrateCommand = migrate_command(flask_script)
