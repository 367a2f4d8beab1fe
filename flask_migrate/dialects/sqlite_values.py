"""Values that a new type of a column would change, on SQLite.

It has no types: batch mode copies a table with a CAST, which makes 12 of
'12abc' and 0 of 'true', and what it does not cast is kept as it is.  So what
SQLAlchemy could not read, or would not find again, is a misfit too.
"""
from .values import NUMBERS, among, kind_of

_CONDITIONS = {
    # A comparison takes a text for a number only where all of it is one.
    'integer': '{0} <> CAST({0} AS INTEGER)',
    'decimal': '{0} <> CAST({0} AS NUMERIC)',
    'float': '{0} <> CAST({0} AS NUMERIC)',
    'boolean': '{0} NOT IN (0, 1)',
    'date': "date({0}, '+0 days') IS NOT {0}",
    'datetime': 'datetime({0}) IS NULL '
                "OR date(substr({0}, 1, 10), '+0 days') "
                'IS NOT substr({0}, 1, 10)',
    'time': "time({0}) IS NULL OR substr({0}, 3, 1) <> ':'",
    'json': 'NOT json_valid({0})',
    'uuid': "length({0}) <> 32 OR lower({0}) GLOB '*[^0-9a-f]*'",
}
_KEPT = [
    ('integer', 'decimal'), ('integer', 'float'), ('decimal', 'float'),
    ('float', 'decimal'), ('boolean', 'integer'), ('boolean', 'decimal'),
    ('boolean', 'float'), ('date', 'datetime')]


def misfit(column, old, new, target):
    """The condition of rows whose value would be another; None: none.

    :param column: its name, as SQL.
    :param old: the type that it has.
    :param new: the one that it gets.
    :param target: that as SQL.
    """
    before, after = kind_of(old), kind_of(new)
    if after == 'enum':
        return '%s NOT IN (%s)' % (column, among(new.enums))
    if before == after or (before, after) in _KEPT:
        return None
    if after == 'text':
        return "typeof({0}) = 'real' AND CAST(CAST({0} AS TEXT) AS REAL) " \
            '<> {0}'.format(column) if before in NUMBERS[1:] else None
    if after in _CONDITIONS:
        return _CONDITIONS[after].format(column)
    if old._type_affinity is not new._type_affinity:
        return '{0} <> CAST({0} AS {1})'.format(column, target)
