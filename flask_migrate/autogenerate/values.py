"""Values that somebody types for a column: ``--fill`` and its question."""
import datetime
import decimal
import json
import re
import uuid

from sqlalchemy import func, types

_WORDS = dict.fromkeys(('true', 'yes', 'y', 't', '1', 'on'), True)
_WORDS.update(dict.fromkeys(('false', 'no', 'n', 'f', '0', 'off'), False))
_BINARY = (types.LargeBinary, types._Binary)
_INTERVAL = re.compile(
    r'(?:(\d+) days?)?\s*(?:(\d+):(\d+)(?::(\d+(?:\.\d+)?))?)?$')
_FORMATS = {
    types.DateTime: ('%Y-%m-%d %H:%M:%S.%f', '%Y-%m-%d %H:%M:%S',
                     '%Y-%m-%d %H:%M', '%Y-%m-%d'),
    types.Date: ('%Y-%m-%d',),
    types.Time: ('%H:%M:%S.%f', '%H:%M:%S', '%H:%M'),
}


def read_value(type_, text):
    """A value for a column, as text says it.

    :raises ValueError: says what is wrong with it.
    """
    name = type(type_).__name__
    if name.upper() == 'INTERVAL':
        kind, read = type_, _interval
    elif isinstance(type_, types.TypeDecorator):
        # What an EncryptedType of sqlalchemy_utils encrypts.
        kind = getattr(type_, 'underlying_type', type_.impl)
        # What a type makes bytes of may be text.
        read = (lambda type_, text: text) if is_binary(kind) \
            else _reader(kind)
    else:
        kind, read = type_, _reader(type_)
    try:
        if text == 'NULL' and text not in getattr(kind, 'enums', ()):
            raise ValueError(text)
        return read(kind, text)
    except (ValueError, KeyError, ArithmeticError):
        raise ValueError("'%s' is no value for %s." % (text, name))


def is_binary(type_):
    """Whether a column takes bytes as they are."""
    return isinstance(type_, _BINARY)


def _reader(type_):
    return [read for kind, read in _READ if isinstance(type_, kind)][0]


def _boolean(type_, text):
    return _WORDS[text.lower()]


def _number(type_, text):
    return decimal.Decimal(text) if getattr(type_, 'asdecimal', True) \
        else float(text)


def _enum(type_, text):
    if text not in type_.enums:
        raise ValueError(text)
    return text


def _time(type_, text):
    if text.lower() in ('now', 'today'):
        return func.current_date() if isinstance(type_, types.Date) \
            else func.current_timestamp()
    kind = [each for each in _FORMATS if isinstance(type_, each)][0]
    for number, format in enumerate(_FORMATS[kind], 1):
        try:
            found = datetime.datetime.strptime(
                text.replace('T', ' '), format)
            break
        except ValueError:
            if number == len(_FORMATS[kind]):
                raise
    return found.date() if kind is types.Date \
        else found.time() if kind is types.Time else found


def _interval(type_, text):
    """Seconds, or ``[DAYS days] [HOURS:MINUTES[:SECONDS]]``."""
    found = _INTERVAL.match(text)
    if not text or not found:
        return datetime.timedelta(seconds=float(text))
    days, hours, minutes, seconds = [
        float(each or 0) for each in found.groups()]
    return datetime.timedelta(days, hours=hours, minutes=minutes,
                              seconds=seconds)


def _other(type_, text):
    name = type(type_).__name__.upper()
    if name in ('JSON', 'JSONB'):
        return json.loads(text)
    if name == 'UUID':
        found = uuid.UUID(text)
        return found if getattr(type_, 'as_uuid', True) else str(found)
    if hasattr(type_, 'item_type'):
        found = json.loads(text)
        if not isinstance(found, list):
            raise ValueError(text)
        return found
    return text


_READ = [
    (types.Boolean, _boolean),
    (types.Integer, lambda type_, text: int(text)),
    # Float is no Numeric in SQLAlchemy 2.1.
    ((types.Numeric, types.Float), _number), (types.Enum, _enum),
    ((types.DateTime, types.Date, types.Time), _time),
    (types.String, lambda type_, text: text),
    (_BINARY, lambda type_, text: text.encode('utf-8')),
    (types.TypeEngine, _other),
]
