"""Columns seen as if values of their enums had new names already."""
import copy
import re

from .. import compat

#: A text in SQL.
LITERAL = re.compile(u"'((?:[^']|'')*)'")
#: A value in a list of PostgreSQL's: in quotes, or bare.
_PART = re.compile(u'"((?:[^"\\\\]|\\\\.)*)"|[^,{}"]+')
_ESCAPED = re.compile(u'\\\\(.)')
_TO_ESCAPE = re.compile(u'(["\\\\])')


def column(described, values, length=None):
    """What an Inspector says of a column, with the new names.

    Of a text, if its rows alone are changed, it says what it did.

    :param values: a dict from old to new, or None.
    :param length: that a text gets, or None.
    """
    type_ = described['type']
    if not length and (not values or not hasattr(
            getattr(type_, 'item_type', type_), 'enums')):
        return described
    described = dict(described, type=with_length(type_, length) if length
                     else kind(type_, values))
    if isinstance(described.get('default'), compat.python.string_types):
        described['default'] = sql(described['default'], values)
    return described


def kind(type_, values):
    """A reflected type with the new names, if it has the values in it."""
    if not getattr(type_, 'enums', None) or getattr(type_, 'name', None):
        return type_
    return with_values(type_, renamed(type_.enums, values))


def with_values(type_, values):
    """A type like a reflected one, with other values."""
    options = dict((name, getattr(type_, name))
                   for name in ('charset', 'collation')
                   if getattr(type_, name, None))
    return type(type_)(*values, **options)


def with_length(type_, length):
    """A text like a reflected one, with another length."""
    type_ = copy.copy(type_)
    type_.length = length
    return type_


def renamed(given, values):
    """A list of values, with the new names."""
    texts = [compat.python.text(each) for each in given]
    return [values.get(each, each) for each in texts]


def sql(text, values):
    """SQL with the new names where a literal is one of the values."""
    def literal(match):
        value = match.group(1).replace(u"''", u"'")
        return u"'%s'" % _renamed(value, values).replace(u"'", u"''")
    return None if text is None \
        else LITERAL.sub(literal, compat.python.text(text))


def _renamed(value, values):
    """A value, or a list of PostgreSQL's, with the new names."""
    def part(match):
        old = match.group(1)
        old = match.group() if old is None else _ESCAPED.sub(u'\\1', old)
        if old not in values:
            return match.group()
        return u'"%s"' % _TO_ESCAPE.sub(u'\\\\\\1', values[old])
    if value in values:
        return values[value]
    if value.startswith(u'{') and value.endswith(u'}'):
        return _PART.sub(part, value)
    return value


def casts(text, enums):
    """SQL of PostgreSQL with the new names where it says whose they are.

    :param enums: dicts from old to new, by the keys of enums.
    """
    for (_, name), values in enums.items():
        text = re.sub(u'''%s(?=::(?:[\\w"]+\\.)?"?%s(?!\\w))''' % (
            LITERAL.pattern, re.escape(name)), lambda match: sql(
                match.group(), values), text)
    return text
