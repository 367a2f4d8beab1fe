"""Lambdas that call a function of the standard library, and nothing else.

What a lambda does is known where one that is made from text has the same
byte code, and its names are those of the library.
"""
import datetime
import types

from .. import compat

MODULES = compat.python.VALUE_MODULES

_WHAT = ('co_code', 'co_names', 'co_consts', 'co_argcount', 'co_varnames',
         'co_freevars', 'co_cellvars')
#: What may be made of what a function gives.
_AROUND = ('%s', 'str(%s)', 'int(%s)', '%s.hex', '%s.hex()', 'str(%s.hex)')

#: What lambdas ask for, by what the first name in them is.
_TIMES = tuple('{0}.' + each for each in (
    'utcnow()', 'now()', 'today()', 'now({1})', 'now(tz={1})'))
_ASKED = (
    (datetime.datetime, 'time', _TIMES),
    (datetime.date, 'day', ('{0}.today()',)),
    (datetime, 'day', ('{0}.date.today()',)),
    (datetime, 'time', tuple(each.replace('{0}', '{0}.datetime')
                             for each in _TIMES)),
)
_ZONES = ('timezone.utc', 'UTC', 'utc', '{0}.timezone.utc', '{0}.UTC')


def is_lambda(function):
    return isinstance(function, types.FunctionType) \
        and function.__name__ == '<lambda>'


def function_name(function):
    """A function as a script names it, and its module; None: not known."""
    module = getattr(function, '__module__', None)
    name = getattr(function, '__name__', '')
    if module is None:          # a method of the module's own Random
        module = getattr(type(getattr(function, '__self__', None)),
                         '__module__', None)
    if module in MODULES and getattr(
            __import__(module), name, None) == function:
        return '%s.%s' % (module, name), module
    return None


def library_call(function):
    """What a lambda calls, as Python text, and the module; None: another."""
    arguments = '(%s)' % ', '.join(
        map(repr, compat.python.constants(function.__code__)))
    for text, name, module in _functions(function):
        for around in _AROUND:
            if _is_same(function, around % (text + arguments)) \
                    and _is_own(function, around):
                return around % (name + arguments), module
    return None


def asks_for(function):
    """'time', 'day' or None: what a lambda asks for."""
    for name in function.__code__.co_names:
        for known, kind, texts in _ASKED:
            if function.__globals__.get(name) is not known:
                continue
            for text in texts:
                zones = _zones(function, name) if '{1}' in text else ('',)
                if any(_is_same(function, text.format(name, zone))
                       for zone in zones):
                    return kind
    return None


def _zones(function, name):
    """The ways to say UTC in a lambda that are true there."""
    for zone in _ZONES:
        zone = zone.format(name)
        parts = zone.split('.')
        value = function.__globals__.get(parts[0])
        for each in parts[1:]:
            value = getattr(value, each, None)
        if isinstance(value, datetime.tzinfo) \
                and value.utcoffset(None) == datetime.timedelta(0):
            yield zone


def _functions(function):
    """What a lambda may call: its text there, and in a script; the module."""
    names = function.__code__.co_names
    for name in names:
        value = function.__globals__.get(name)
        if getattr(value, '__name__', None) in MODULES \
                and isinstance(value, types.ModuleType):
            found = [('%s.%s' % (name, each), getattr(value, each, None))
                     for each in names]
        else:
            found = [(name, value)]
        for text, each in found:
            known = callable(each) and function_name(each)
            if known:
                yield (text,) + known


def _is_same(function, text):
    """Whether a lambda of a text does the same, apart from what names are."""
    source = 'lambda: %s\n' % text
    # Where a module imports a name, the code has another instruction for it.
    imports = 'import %s\n' % ', '.join(
        name for name in function.__code__.co_names
        if name in function.__globals__)
    return any(
        all(getattr(each, name) == getattr(function.__code__, name)
            for name in _WHAT)
        for start in ('', imports)
        for each in compile(start + source, '', 'exec').co_consts
        if isinstance(each, types.CodeType))


def _is_own(function, around):
    """Whether Python's own str() or int() is meant."""
    return all(name not in function.__globals__ for name in ('str', 'int')
               if around.startswith(name))
