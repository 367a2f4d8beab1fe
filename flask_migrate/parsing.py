"""What argparse, and Flask-Script around it, lack for our commands.

Flask-Script makes the parsers; they are given another class here, for that
is all that can be changed of a parser which somebody else has made.
"""
import argparse
import re

from . import console, options


def command_parser(parser):
    """Let the parser of a command be a :class:`CommandParser`."""
    if parser.__class__ is argparse.ArgumentParser:
        parser.__class__ = CommandParser
    # A value like -3:current, as argparse takes -3 for one.
    parser._negative_number_matcher = re.compile(r'-\d')
    return parser


def group_parser(parser, ours):
    """Prepare the parser of the group, and that of the commands in it.

    :param ours: the names of the commands that are of this package.
    """
    give_help_on_h(parser)
    # Flask-Script 0.5 has a parser for each command only.
    for action in parser._actions[:]:
        if isinstance(action, argparse._SubParsersAction):
            action.__class__ = Commands
            action.choices = _AnyName(action.choices)
            # Not the names of all, in braces, on one line.
            action.metavar = 'COMMAND'
            action.ours = ours
            action.before = _options_before(parser)
    return parser


def give_help_on_h(parser):
    """Let ``-h`` be ``--help``, unless it is another option.

    Flask-Script 2 has taken it away, for all commands.
    """
    for action in parser._actions:
        if isinstance(action, argparse._HelpAction) \
                and '-h' not in parser._option_string_actions:
            action.option_strings = ['-h'] + list(action.option_strings)
            parser._option_string_actions['-h'] = action


class CommandParser(argparse.ArgumentParser):
    """The parser of a command, which says what it does not take."""

    def parse_known_args(self, args=None, namespace=None):
        args = [self._attached(arg) for arg in args or ()]
        namespace, left = argparse.ArgumentParser.parse_known_args(
            self, args, namespace)
        if left:
            self.error(_not_taken(left[0], self._option_string_actions))
        return namespace, left

    def _attached(self, arg):
        """``--backup`` without a value has the value ''.

        What follows it is no value: it may be a revision.
        """
        action = self._option_string_actions.get(arg)
        if getattr(action, 'metavar', None) == options.ATTACHED:
            return arg + '='
        return arg


def _not_taken(word, known):
    if not word.startswith('-') or word == '-':
        return "no argument '%s' is taken here" % word
    name = word.partition('=')[0]
    return "no such option '%s'%s" % (
        name, console.did_you_mean(name, known))


class Commands(argparse._SubParsersAction):
    """Finds the parser of a command, and what argparse makes hard.

    It says "did you mean" after a mistyped command, names manage.py in the
    usage of a command, and takes options before the command.
    """

    def __call__(self, parser, namespace, values, option_string=None):
        name = values[0]
        if name not in self._name_parser_map:
            parser.error(mistyped(name, self._name_parser_map))
        self._prepare(parser, name, self._name_parser_map[name])
        values = values[:1] + self.before + values[1:]
        del self.before[:]
        argparse._SubParsersAction.__call__(
            self, parser, namespace, values, option_string)

    def _prepare(self, parent, name, parser):
        parser.prog = '%s %s' % (parent.prog, name)
        parser._negative_number_matcher = re.compile(r'-\d')
        if name not in self.ours:
            return
        command_parser(parser)
        give_help_on_h(parser)
        self._command(parser).group = parent.prog.split()[-1]
        if parser.usage:        # Flask-Script 0.6 gives the help as usage
            parser.description, parser.usage = parser.usage, None

    @staticmethod
    def _command(parser):
        """The Command that a parser is for."""
        stack = parser.get_default('func_stack')    # Flask-Script 0.6: none
        return stack[-1] if stack else \
            parser.get_default('func_handle').__self__


def mistyped(name, names):
    return "no such command '%s'%s" % (
        name, console.did_you_mean(name, names))


def _options_before(parser):
    """Let the options of all commands stand before the command as well.

    :return: a list, which will hold those that were given.
    """
    given = []
    for option in (options.directory, options.x_arg):
        if not any(flag in parser._option_string_actions
                   for flag in option.flags):
            parser.add_argument(*option.flags, action=_Before, given=given,
                                metavar=option.name.upper(), help=option.help)
    return given


class _Before(argparse.Action):
    """Keeps an option for the command; the namespace gets nothing."""

    def __init__(self, option_strings, dest, given, **settings):
        argparse.Action.__init__(
            self, option_strings, argparse.SUPPRESS,
            default=argparse.SUPPRESS, **settings)
        self.given = given

    def __call__(self, parser, namespace, value, option_string=None):
        self.given.extend([option_string, value])


class _AnyName(dict):
    """The commands for the help; a mistyped one is ours to report."""

    def __contains__(self, name):
        return True
