"""Values that a new type of a column would change, on MySQL and MariaDB.

Only the strict mode refuses most of them, and numbers are rounded and times
cut off in either.
"""
from .values import NUMBERS, TIMES, among, digits, kind_of, limits

_NUMBER = '^[-+]?([0-9]+([.][0-9]*)?|[.][0-9]+)$'
_DAY = '[0-9]{4}-[0-9]{2}-[0-9]{2}'
_CLOCK = '([01][0-9]|2[0-3]):[0-9]{2}(:[0-9]{2}([.][0-9]+)?)?'
#: Whether a cast changes a time.  Two casts of one value are equal for the
#: optimizer of MariaDB, be they to what they may: so nothing is compared.
_DIFFERS = 'TIMESTAMPDIFF(MICROSECOND, %s, CAST({0} AS %s)) <> 0'
#: How many bytes a text without a length may have.
_BYTES = {'TINYTEXT': 255, 'TEXT': 65535, 'MEDIUMTEXT': 16777215,
          'TINYBLOB': 255, 'BLOB': 65535, 'MEDIUMBLOB': 16777215}


def misfit(column, old, new, target):
    """The condition of rows whose value would be another; None: none.

    :param column: its name, as SQL.
    :param old: the type that it has.
    :param new: the one that it gets.
    :param target: that as SQL.
    """
    before, after = kind_of(old), kind_of(new)
    if before in TIMES and after in NUMBERS + ('boolean',) \
            or (before, after) == ('datetime', 'time'):
        return '%s IS NOT NULL' % column
    write = _WRITE.get(after)
    return write and write(column, old, new, before, target.upper())


def _text(column, old, new, before, target):
    if new.length:
        if before == 'text' and old.length and old.length <= new.length:
            return None
        if before == 'enum' and max(map(len, old.enums)) <= new.length:
            return None
        return 'CHAR_LENGTH(%s) > %d' % (column, new.length)
    most = _BYTES.get(target.split()[0])
    if most is None or before not in ('text', 'json', None) or getattr(
            old, 'length', None) and old.length * 4 <= most \
            or _BYTES.get(type(old).__name__.upper(), most + 1) <= most:
        return None
    return 'LENGTH(%s) > %d' % (column, most)


def _binary(column, old, new, before, target):
    most = new.length or _BYTES.get(target.split()[0])
    if not most or before == 'binary' and (
            old.length or _BYTES.get(type(old).__name__.upper(),
                                     most + 1)) <= most:
        return None
    return 'LENGTH(%s) > %d' % (column, most)


def _enum(column, old, new, before, target):
    if before == 'enum' and set(old.enums) <= set(new.enums):
        return None
    return 'CAST(%s AS CHAR) NOT IN (%s)' % (column, among(new.enums))


def _boolean(column, old, new, before, target):
    if before in ('text', 'enum') + NUMBERS:
        return "CAST(%s AS CHAR) NOT IN ('0', '1')" % column


def _integer(column, old, new, before, target):
    least, most = limits(new)
    if before == 'boolean':
        return None
    if before == 'integer':
        if least <= limits(old)[0] and limits(old)[1] <= most:
            return None
        return '{0} < {1} OR {0} > {2}'.format(column, least, most)
    test = "{0} NOT REGEXP '^[-+]?[0-9]+$'" \
        if before in ('text', 'enum') else '{0} - CAST({0} AS {1}) <> 0'
    return (test + ' OR CAST({0} AS {1}) < {2} OR CAST({0} AS {1}) > {3}'
            ).format(column, 'DECIMAL(65,0)', least, most)


def _decimal(column, old, new, before, target):
    ahead, behind = digits(new, 10)
    if before == 'boolean':
        return None
    if before == 'decimal':
        had = digits(old, 10)
        if had[0] <= ahead and had[1] <= behind:
            return None
    if before == 'integer' and len(str(limits(old)[1])) <= ahead:
        return None
    cast = 'CAST(%s AS DECIMAL(%d,%d))' % (column, ahead + behind, behind)
    if before in ('text', 'enum'):
        return "{0} NOT REGEXP '{1}' OR CAST({0} AS DECIMAL(65,30)) - {2} " \
            '<> 0'.format(column, _NUMBER, cast)
    return '%s - %s <> 0' % (column, cast)


def _float(column, old, new, before, target):
    """A FLOAT keeps six digits and a DOUBLE fifteen."""
    double = 'DOUBLE' in target or (new.precision or 0) > 24
    if before == 'integer':
        return 'ABS(%s) > %d' % (column, 2 ** (53 if double else 24))
    if before == 'float' and (double or type(old).__name__ != 'DOUBLE'):
        return None
    if before in ('text', 'enum'):
        return "%s NOT REGEXP '%s' OR %s" % (
            column, _NUMBER, _digits(column, double))
    if before in ('decimal', 'float'):
        return _digits(column, double)


def _digits(column, double):
    return "CHAR_LENGTH(TRIM(BOTH '0' FROM REPLACE(REPLACE(REPLACE(CAST(" \
        "%s AS CHAR), '-', ''), '+', ''), '.', ''))) > %d" % (
            column, 15 if double else 6)


def _date(column, old, new, before, target):
    if before == 'datetime':
        return (_DIFFERS % ('{0}', 'DATE')).format(column)
    if before in ('text', 'enum'):
        return "{0} NOT REGEXP '^{1}([ T]00:00(:00([.]0+)?)?)?$' " \
            'OR CAST({0} AS DATE) IS NULL'.format(column, _DAY)


def _datetime(column, old, new, before, target):
    fraction = getattr(new, 'fsp', None) or 0
    parts = []
    if before in ('text', 'enum'):
        parts = ["{0} NOT REGEXP '^{1}([ T]{2})?$'",
                 'CAST({0} AS DATETIME(6)) IS NULL',
                 _DIFFERS % ('CAST({0} AS DATETIME(6))', 'DATETIME({3})')]
    elif before == 'datetime' and (getattr(old, 'fsp', 0) or 0) > fraction:
        parts = [_DIFFERS % ('{0}', 'DATETIME({3})')]
    if target.startswith('TIMESTAMP') and 'TIMESTAMP' not in type(
            old).__name__:
        parts.append("CAST({0} AS DATETIME) NOT BETWEEN '1970-01-02' "
                     "AND '2038-01-18'")
    return ' OR '.join(parts).format(column, _DAY, _CLOCK, fraction) or None


def _time(column, old, new, before, target):
    if before in ('text', 'enum'):
        return "{0} NOT REGEXP '^{1}$' OR CAST({0} AS TIME) IS NULL".format(
            column, _CLOCK)


def _json(column, old, new, before, target):
    if before in ('text', 'enum'):
        return 'NOT JSON_VALID(%s)' % column


def _uuid(column, old, new, before, target):
    if before not in ('text', 'enum'):
        return None
    if target.startswith('CHAR'):
        return "{0} NOT REGEXP '^[0-9a-fA-F]{{32}}$'".format(column)
    return "REPLACE({0}, '-', '') NOT REGEXP '^[0-9a-fA-F]{{32}}$'".format(
        column)


_WRITE = {
    'text': _text, 'binary': _binary, 'enum': _enum, 'boolean': _boolean,
    'integer': _integer, 'decimal': _decimal, 'float': _float,
    'date': _date, 'datetime': _datetime, 'time': _time, 'json': _json,
    'uuid': _uuid}
