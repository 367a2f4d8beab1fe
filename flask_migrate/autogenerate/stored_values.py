"""What a script writes for a value, so that it is stored as the model would.

A value goes through the column's own type.  Where a script has no such type
(an ``EncryptedType`` without its key), and where nobody is to read the value
in a script (a type that encrypts), the script has what the type makes of it.
"""
import datetime
import decimal
import json
import re
import uuid

import sqlalchemy
from sqlalchemy.sql.elements import ClauseElement
from sqlalchemy.types import Enum, TypeDecorator

from .. import compat
from .column_types import stored_type
from .python_defaults import Each, Value


def storable(given, kind, context):
    """A Value or Each that a script can store in columns of a type.

    :param context: the MigrationContext.
    :raises ValueError: where there is none.
    """
    if isinstance(given, Each):
        return _storable_each(given, kind, context)
    value = given.value
    if isinstance(value, ClauseElement):
        return _storable_sql(given, kind, context)
    if value is None and type(kind).__name__.upper() not in ('JSON', 'JSONB'):
        raise _no_value(kind)
    if is_member(value) and not isinstance(kind, TypeDecorator):
        if isinstance(kind, Enum):
            return given
        value = _plain_member(kind, value)
    made = _made(kind, value, context)
    if (made is None or _is_seen(value, made.value)) \
            and _can_be_written(value) \
            and _stores_the_same(kind, value, context):
        return Value(value)
    if made is None:
        raise _no_value(kind)
    return made


def _storable_each(given, kind, context):
    try:
        value = eval(given.call, {given.module: __import__(given.module)})
    except Exception as error:
        raise ValueError('%s: %s' % (given.call, error))
    if value is None or not _stores_the_same(kind, value, context):
        raise _no_value(kind)
    return given


def _storable_sql(given, kind, context):
    """An expression of SQL: it does not go through a type."""
    if given.python is not None and _is_decorator(kind):
        made = _made(kind, given.python(), context)
        if made is None or not isinstance(made.value, datetime.date):
            raise _no_value(kind)
    return given


def _no_value(kind):
    """The value is left out: it may be a secret."""
    return ValueError('This is no value for %s that a script can store.'
                      % type(kind).__name__)


def is_member(value):
    """Whether a value is of an enum of the application."""
    return hasattr(type(value), '__members__')


def _plain_member(kind, member):
    """The number or text that a member is, as in an ``IntEnum``."""
    if not isinstance(member, (int, float) + compat.python.string_types):
        raise _no_value(kind)
    return member.value


def python_text(value):
    """A value as Python text, and the module that it takes, or None."""
    for kind, module in ((datetime.date, 'datetime'),
                         (datetime.time, 'datetime'),
                         (datetime.timedelta, 'datetime'),
                         (decimal.Decimal, 'decimal'), (uuid.UUID, 'uuid')):
        if isinstance(value, kind):
            text = repr(value)
            return text if text.startswith(module) \
                else '%s.%s' % (module, text), module
    return compat.python.literal(value), None


def _is_of_sqlalchemy(kind):
    return type(kind).__module__.startswith('sqlalchemy.')


def _is_decorator(kind):
    """Whether a type of the application, or a library, makes the values."""
    return isinstance(kind, TypeDecorator) and not _is_of_sqlalchemy(kind)


def _made(kind, value, context):
    """What a decorator makes of a value; None where a script can't have it.

    :return: a Value, with the type that stores it as it is.
    """
    own = type(kind)
    if not _is_decorator(kind) \
            or own.bind_processor != TypeDecorator.bind_processor \
            or own.bind_expression != TypeDecorator.bind_expression:
        return None
    try:
        value = _bound(kind, value, context.dialect)
        inner = kind.load_dialect_impl(context.dialect)
        stored = storable(Value(value), inner, context)
    except Exception:
        return None
    return Value(stored.value, stored.type or (
        inner if isinstance(inner, TypeDecorator)
        else stored_type(kind, context.dialect)))


def _bound(decorator, value, dialect):
    try:
        return decorator.process_bind_param(value, dialect)
    except NotImplementedError:     # it leaves them as they are
        return value


def _is_seen(value, stored):
    """Whether a value is no secret: it can be seen in what is stored."""
    return _letters(value) == _letters(stored) \
        or isinstance(value, uuid.UUID) and value.bytes == stored


def _letters(value):
    """A value as letters and digits, as with addresses in small letters."""
    if not isinstance(value, (bytes, compat.python.text_type)):
        try:
            value = json.dumps(value, default=compat.python.text)
        except (TypeError, ValueError):
            value = repr(value)
    return re.sub(r'[\W_]+', '', compat.python.text(value).lower(),
                  flags=re.UNICODE)


def _stores_the_same(kind, value, context):
    """Whether the type that a script has stores a value as a type does."""
    parts = (kind, kind.dialect_impl(context.dialect),
             getattr(kind, 'item_type', kind))
    if all(map(_is_of_sqlalchemy, parts)):
        return True
    try:
        return _sent(_as_written(kind, context), value, context.dialect) \
            == _sent(kind, value, context.dialect)
    except Exception:
        return False


def _as_written(kind, context):
    """The type that a script has in the place of a model's."""
    text, imports = compat.alembic.type_alone(kind, context)
    names = {'sa': sqlalchemy}
    for line in imports:
        exec(line, names)
    return eval(text, names)


def _sent(kind, value, dialect):
    """A value as the driver gets it, and the SQL around it."""
    process = kind.dialect_impl(dialect).bind_processor(dialect)
    around = kind.bind_expression(sqlalchemy.bindparam('value'))
    if around is not None:
        compiled = around.compile(dialect=dialect)
        if isinstance(kind, TypeDecorator) and len(compiled.params) > 1:
            raise _no_value(kind)       # the other may be a key
        around = compat.python.text(compiled), dict(compiled.params)
    return process(value) if process else value, around


def _can_be_written(value):
    """Whether Python reads the text of a value as the same."""
    text, module = python_text(value)
    try:
        return eval(text, {module: module and __import__(module)}) == value
    except Exception:
        return False
