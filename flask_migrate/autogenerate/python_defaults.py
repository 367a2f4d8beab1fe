"""What the Python default of a column gives to rows that exist already."""
import datetime
import os
import types
import uuid

from .. import compat


class Value(object):
    """One value for all rows.

    :param value: of Python, or an SQL expression.
    """

    def __init__(self, value):
        self.value = value


class Each(object):
    """A value of its own for every row.

    :param call: Python text.
    :param module: what it needs imported.
    """

    def __init__(self, call, module):
        self.call = call
        self.module = module


def default_of(column):
    """What a column's default gives: Value or Each; None: nothing known.

    The application's own functions are not known to a script, nor is the
    context of an INSERT.
    """
    default = column.default
    if default is None:
        return None
    if getattr(default, 'is_clause_element', False) \
            or getattr(default, 'is_scalar', False):
        return Value(default.arg)
    if getattr(default, 'is_callable', False):
        function = _given(default.arg)
        return function and _called(function)
    return None


def _given(wrapper):
    """The function that a model names, out of SQLAlchemy's wrapper.

    :return: None where it takes the context of an INSERT.
    """
    if getattr(wrapper, '__wrapped__', None) is not None:
        return wrapper.__wrapped__
    code = getattr(wrapper, '__code__', None)
    if code is None or os.sep + 'sqlalchemy' + os.sep not in code.co_filename:
        return None
    for cell in wrapper.__closure__ or ():
        if callable(cell.cell_contents):
            return cell.cell_contents


def _called(function):
    if function in (dict, list, str, int, float, bool):
        return Value(function())
    if _is_lambda(function):
        return _of_lambda(function)
    owner = getattr(function, '__self__', None)
    name = getattr(function, '__name__', '')
    if owner in (datetime.datetime, datetime.date):
        return _time(owner, name)
    module = getattr(function, '__module__', None)
    if module in _MODULES and getattr(
            __import__(module), name, None) == function:
        return Each('%s.%s()' % (module, name), module)
    owner = getattr(owner, '__class__', None)
    if getattr(owner, '__module__', None) == 'random':
        return Each('random.%s()' % name, 'random')
    return None


#: Modules of the standard library whose functions give values for columns.
_MODULES = ('uuid', 'time', 'random', 'secrets')
if compat.python.PY2:
    _MODULES = _MODULES[:3]


def _time(owner, name):
    """The database's own time."""
    from sqlalchemy import func
    if owner is datetime.date or name not in ('utcnow', 'now', 'today'):
        return Value(func.current_date()) if name == 'today' else None
    return Value(func.current_timestamp())


def _is_lambda(function):
    return isinstance(function, types.FunctionType) \
        and function.__name__ == '<lambda>'


#: The names in a usual lambda, and what stands in a script for it.
_LAMBDAS = {
    ('str', 'uuid', 'uuid4'): 'str(uuid.uuid4())',
    ('str', 'uuid4'): 'str(uuid.uuid4())',
    ('uuid', 'uuid4', 'hex'): 'uuid.uuid4().hex',
    ('uuid4', 'hex'): 'uuid.uuid4().hex',
    ('uuid', 'uuid4'): 'uuid.uuid4()',
    ('uuid4',): 'uuid.uuid4()',
}
#: Those of lambdas that ask for the time.
_TIMES = [
    ('datetime', 'utcnow'), ('datetime', 'now'),
    ('datetime', 'datetime', 'utcnow'), ('datetime', 'datetime', 'now'),
    ('datetime', 'now', 'timezone', 'utc'), ('datetime', 'now', 'UTC'),
    ('datetime', 'now', 'utc'),
]


def _of_lambda(function):
    code = function.__code__
    if code.co_argcount or code.co_freevars \
            or [each for each in code.co_consts if each is not None]:
        return None
    known = {'str': str, 'uuid': uuid, 'uuid4': uuid.uuid4}
    names = code.co_names
    if names in _LAMBDAS and all(
            function.__globals__.get(name, known[name]) is known[name]
            for name in names if name in known):
        return Each(_LAMBDAS[names], 'uuid')
    if names in _TIMES and function.__globals__.get('datetime') in (
            datetime, datetime.datetime):
        return _time(datetime.datetime, 'now')
    return None
