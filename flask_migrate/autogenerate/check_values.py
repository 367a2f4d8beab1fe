"""The CHECK that lists the values of an enum which is stored as a text."""
import re

from sqlalchemy import CheckConstraint

from .. import compat
from ..dialects.values import among
from .as_if_values import LITERAL

_NOISE = re.compile(u'::[\\w ]+(\\(\\d+\\))?|[\\s()\\[\\]"`]+')
_ESCAPED = re.compile(u'\\\\(.)')


def find(column):
    """The database's CHECK of a column's values; None: nobody can tell.

    :param column: a :class:`value_pairs.Column`.
    """
    own, others = _names(column)
    form = re.compile(u'%s(in|=anyarray|=)(\\?,)*\\?$' % re.escape(
        _NOISE.sub(u'', column.name.lower())))
    listing = [each for each in column.pair.old.constraints
               if isinstance(each, CheckConstraint)
               and compat.python.text(each.name or u'') not in others
               and form.match(_NOISE.sub(
                   u'', LITERAL.sub(u'?', _sql(each))).lower())]
    named = [each for each in listing if each.name in own]
    # SQLAlchemy before 1.4 makes two for a TypeDecorator.
    unnamed = not any(compat.tables.is_named(each.name) for each in listing)
    if len(listing) == 1 or unnamed and len(set(
            tuple(values(each)) for each in listing)) == 1:
        return listing[0]
    return named[0] if named else None


def _names(column):
    """What the CHECK may be called, and what others of the table are."""
    own, others = ['%s_%s_check' % (column.table, column.name)], []
    for each in column.pair.new.constraints:
        if not isinstance(each, CheckConstraint) \
                or not compat.tables.is_named(each.name):
            continue
        if not compat.tables.belongs_to_type(each):
            others.append(each.name)
        elif any(one is column.new for one in each.columns):
            own.append(each.name)
    return own, others


def values(check):
    """The values that a CHECK lists."""
    return [each.replace(u"''", u"'")
            for each in LITERAL.findall(_sql(check))]


def condition(column, given):
    """The condition of a CHECK, as SQL.

    :param given: the values.
    """
    quote = column.found.context.dialect.identifier_preparer.quote
    return u'%s IN (%s)' % (quote(column.name), among(given))


def _sql(check):
    """Its SQL; MariaDB writes a quote in a text with a backslash."""
    return _ESCAPED.sub(
        lambda match: u"''" if match.group(1) == u"'" else match.group(),
        compat.python.text(check.sqltext))
