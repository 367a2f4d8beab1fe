"""Flask-Script: ``manager.add_command('db', MigrateCommand)``.

``from flask_migrate.script import Manager, Command, Option, Server, Shell``
is Flask-Script itself, on every Flask and Python.
"""
import argparse
import difflib
from functools import wraps
import re
import sys

from . import _compat, console, importing
from .commands import OPERATIONS, ORDER, command_name, help_sentence

importing.make_flask_script_importable()

#: The public names of Flask-Script (prompts: in 0.6 as in 2.0).
NAMES = ('Command', 'Group', 'Manager', 'Option', 'Server', 'Shell',
         'prompt', 'prompt_bool', 'prompt_choices', 'prompt_pass')

HELP = 'Perform database migrations'


class Missing(object):
    """Stands for what could not be imported; says so when it is used."""

    def __init__(self, reason):
        self.__dict__['reason'] = reason

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
    globals().update((name, getattr(flask_script, name)) for name in NAMES
                     if hasattr(flask_script, name))


def migrate_command(flask_script):
    """Return a new Manager with all operations as its commands."""
    class MigrateManager(flask_script.Manager):
        """A Manager whose commands are found by :class:`_Commands`."""

        def create_parser(self, *args, **kwargs):
            parser = flask_script.Manager.create_parser(self, *args, **kwargs)
            for action in parser._actions:
                if isinstance(action, argparse._SubParsersAction):
                    action.__class__ = _Commands
                    action.choices = _AnyName(action.choices)
            return parser

    manager = MigrateManager()
    # Set, not passed: usage= would destroy the usage line of each command,
    # and Flask-Script 0.5 knows no other argument.
    manager.help = manager.description = HELP
    for name in ORDER:
        manager.add_command(command_name(OPERATIONS[name]),
                            _command(flask_script, OPERATIONS[name]))
    return manager


def _command(flask_script, operation):
    """One operation as a Command, as ``@manager.option`` makes them."""
    defaults = _compat.argument_defaults(operation.__wrapped__)
    command = flask_script.Command()
    command.option_list = [_option(flask_script, each, defaults[each.name])
                           for each in operation.options]
    command.run = _run(operation)
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
    if option.kind == 'number':
        settings['type'] = float
    return flask_script.Option(*(option.flags or (option.name,)), **settings)


def _run(operation):
    """The function that Flask-Script calls: it prints errors and exits."""
    @wraps(operation)
    def run(*args, **kwargs):
        from alembic.util import CommandError
        try:
            with console.command_line():
                operation(*args, **kwargs)
        except CommandError as error:
            console.report(error)
            sys.exit(1)
        # Manager.run() would make an exit code of what is returned.
    return run


class _Commands(argparse._SubParsersAction):
    """Finds the parser of a command, and what argparse makes hard.

    It says "did you mean" after a mistyped command, and lets an option have
    a value like ``-3:current``.
    """

    def __call__(self, parser, namespace, values, option_string=None):
        name = values[0]
        if name not in self._name_parser_map:
            message = "no such command '%s'" % name
            near = difflib.get_close_matches(name, self._name_parser_map, 1)
            if near:
                message += ", did you mean '%s'?" % near[0]
            parser.error(message)
        values = list(values)
        for i in reversed(range(2, len(values))):
            if re.match(r'-\d+(:.*)?$', values[i]) \
                    and values[i - 1] in ('-r', '--rev-range'):
                values[i - 1:i + 1] = ['--rev-range=' + values[i]]
        argparse._SubParsersAction.__call__(
            self, parser, namespace, values, option_string)


class _AnyName(dict):
    """The commands for the help; a mistyped one is ours to report."""

    def __contains__(self, name):
        return True


if 'MigrateCommand' not in globals():
    MigrateCommand = migrate_command(flask_script)
