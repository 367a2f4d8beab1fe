"""What the Python default of a column gives to rows that exist already."""
import datetime
import functools

from . import lambdas


class Value(object):
    """One value for all rows.

    :param value: of Python, or an SQL expression.
    :param type: of the column in the script, where it is not the model's.
    :param python: the function of Python that the expression stands for.
    """

    def __init__(self, value, type=None, python=None):
        self.value = value
        self.type = type
        self.python = python


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

    :return: None where it takes the context of an INSERT: that one has no
        wrapper.
    """
    module = getattr(wrapper, '__globals__', {}).get('__name__', '')
    if not module.startswith('sqlalchemy.'):
        return None
    for cell in wrapper.__closure__ or ():
        if callable(cell.cell_contents):
            return cell.cell_contents


def _called(function):
    if any(function is each for each in (dict, list, str, int, float, bool)):
        return Value(function())
    if type(function) is functools.partial:
        return _of_partial(function)
    if lambdas.is_lambda(function):
        found = lambdas.library_call(function)
        kind = lambdas.asks_for(function)
    else:
        name = lambdas.function_name(function)
        found = name and (name[0] + '()', name[1])
        kind = _asks_for(function)
    if kind:
        return Value(_TIMES[kind](), python=function)
    return found and Each(*found)


def _asks_for(function):
    """'time', 'day' or None: what a method of datetime gives."""
    owner = getattr(function, '__self__', None)
    name = getattr(function, '__name__', '')
    if owner is datetime.datetime and name in ('utcnow', 'now', 'today'):
        return 'time'
    if owner is datetime.date and name == 'today':
        return 'day'


def _now():
    from sqlalchemy import func
    return func.current_timestamp()


def _today():
    from sqlalchemy import func
    return func.current_date()


_TIMES = {'time': _now, 'day': _today}


def _of_partial(function):
    """A function of the library with arguments that are plain values."""
    found = lambdas.function_name(function.func)
    named = sorted((function.keywords or {}).items())
    if found is None or not all(
            isinstance(each, _PLAIN) for each in list(function.args)
            + [value for _, value in named]):
        return None
    return Each('%s(%s)' % (found[0], ', '.join(
        [repr(each) for each in function.args]
        + ['%s=%r' % each for each in named])), found[1])


_PLAIN = (int, float, bytes, type(u''))
