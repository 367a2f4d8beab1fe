"""The parameters of functions."""
import inspect


def argument_names(function):
    """The names of a function's parameters, in order.

    Python 2.7 has no ``getfullargspec``; Python 3.11 has no ``getargspec``.
    """
    return code_arguments(function.__code__)


def code_arguments(code):
    """The names of the parameters of a function's code."""
    return code.co_varnames[:code.co_argcount
                            + getattr(code, 'co_kwonlyargcount', 0)]


def argument_defaults(function):
    """The defaults of a function's parameters, by name."""
    spec = getattr(inspect, 'getfullargspec',
                   getattr(inspect, 'getargspec', None))(function)
    values = spec.defaults or ()
    return dict(zip(spec.args[len(spec.args) - len(values):], values))


def hide_first_parameter(wrapper, function):
    """Let help() and inspect show *function* without its first parameter.

    Python 2.7 has no signatures: it shows ``*args, **kwargs``.
    """
    wrapper.__dict__.pop('__wrapped__', None)
    if hasattr(inspect, 'signature'):
        signature = inspect.signature(function)
        wrapper.__signature__ = signature.replace(
            parameters=list(signature.parameters.values())[1:])


def same_function(one, other):
    """Whether two are the same function of a class (2.7: unbound methods)."""
    return getattr(one, '__func__', one) is getattr(other, '__func__', other)
