"""Parameters of statements, as SQLAlchemy 1.x took them."""
import re

from ..python import string_types


def understood(args, kwargs):
    """Statement, positional and named parameters, and options, of a call.

    The options are those of SQLAlchemy 2, which has *parameters* too.
    """
    named = dict(kwargs)
    statement = args[0] if args else named.pop('statement')
    positional, options = args[1:], {}
    if isinstance(statement, string_types):
        return statement, positional, named, options
    given = named.get('execution_options', 0)
    if given is None or hasattr(given, 'keys'):
        options['execution_options'] = named.pop('execution_options')
    given = named.get('parameters', 0)
    if not positional and (given is None or hasattr(given, 'keys')
                           or isinstance(given, (list, tuple))):
        positional = (named.pop('parameters'),)
    return statement, positional, named, options


def parameter_sets(positional, named):
    """The sets of parameters in a call, as SQLAlchemy 1.x took it."""
    if not positional:
        return [named] if named else []
    first = positional[0]
    if len(positional) > 1:
        return list(positional) if _is_set(first) else [positional]
    if isinstance(first, (list, tuple)):
        return list(first) if not first or _is_set(first[0]) else [first]
    return [first] if hasattr(first, 'keys') else [(first,)]


def _is_set(value):
    """Whether a value holds parameters, and is none."""
    return hasattr(value, '__iter__') and not hasattr(value, 'strip')


def is_of_today(parameters):
    """Whether SQLAlchemy 2 takes parameters as they are."""
    from sqlalchemy.engine import RowMapping
    kinds = (dict, RowMapping)
    # Alembic itself gives an empty tuple.
    return parameters in (None, ()) or isinstance(parameters, kinds) or (
        isinstance(parameters, list)
        and all(isinstance(each, kinds) for each in parameters))


def driver_sql(dialect, statement, sets):
    """A plain text and its parameters, as the driver gets them."""
    sets = [each if isinstance(each, dict) else dict(each)
            if hasattr(each, 'keys') and not hasattr(each, '_mapping')
            else tuple(each) for each in sets]
    if dialect.paramstyle == 'numeric_dollar':
        statement, sets = _numbered(statement, sets)
    return statement, sets or None


def _numbered(statement, sets):
    """The same for asyncpg: the drivers of that time used '%'."""
    names = []

    def number(match):
        if match.group() == '%%':
            return '%'
        name = match.group(1)
        if name is None or name not in names:
            names.append(name)
            return '$%d' % len(names)
        return '$%d' % (names.index(name) + 1)
    statement = re.sub(r'%%|%s|%\((\w+)\)s', number, statement)
    return statement, [tuple(each[name] for name in names)
                       if isinstance(each, dict) else each for each in sets]
