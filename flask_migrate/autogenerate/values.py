"""Values that somebody types for a column: ``--fill`` and its question."""
import datetime
import decimal
import json
import uuid

from sqlalchemy import func, types

_WORDS = dict.fromkeys(('true', 'yes', 'y', 't', '1', 'on'), True)
_WORDS.update(dict.fromkeys(('false', 'no', 'n', 'f', '0', 'off'), False))
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
    if isinstance(type_, types.TypeDecorator):
        type_ = type_.impl
    for kind, read in _READ:
        if isinstance(type_, kind):
            try:
                return read(type_, text)
            except (ValueError, KeyError, ArithmeticError):
                raise ValueError("'%s' is no value for %s." % (
                    text, type(type_).__name__))
    return _other(type_, text)


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


def _other(type_, text):
    name = type(type_).__name__.upper()
    if name in ('JSON', 'JSONB'):
        return json.loads(text)
    if name == 'UUID':
        return uuid.UUID(text)
    return text


_READ = [
    (types.Boolean, _boolean),
    (types.Integer, lambda type_, text: int(text)),
    (types.Numeric, _number), (types.Enum, _enum),
    ((types.DateTime, types.Date, types.Time), _time),
    (types.String, lambda type_, text: text), (types.TypeEngine, _other),
]
