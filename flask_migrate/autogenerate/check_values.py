"""The CHECK that lists the values of an enum which is stored as a text."""
import re

from sqlalchemy import CheckConstraint

from .. import compat
from ..dialects.values import among
from .as_if_values import LITERAL

_NOISE = re.compile(u'::[\\w ]+(\\(\\d+\\))?|[\\s()\\[\\]"`]+')


def find(column):
    """The database's CHECK of a column's values; None: there is none.

    :param column: a :class:`value_pairs.Column`.
    """
    form = re.compile(u'%s(in|=anyarray|=)(\\?,)*\\?$' % re.escape(
        _NOISE.sub(u'', column.name.lower())))
    for each in sorted((each for each in column.pair.old.constraints
                        if isinstance(each, CheckConstraint)),
                       key=lambda each: str(each.name)):
        plain = _NOISE.sub(u'', LITERAL.sub(u'?', _sql(each))).lower()
        if form.match(plain):
            return each


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
    return compat.python.text(check.sqltext)
