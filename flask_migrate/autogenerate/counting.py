"""How many rows a change touches: all that is read beside the comparison."""
from sqlalchemy import Column, Integer, MetaData, Table, func, literal_column

from .. import compat

#: Nobody waits for more rows than these to be counted.
ENOUGH = 10000


def has_rows(connection, schema, table):
    """Whether a table has rows."""
    return count(connection, schema, table, most=1) > 0


def count(connection, schema, table, column=None, filled=False,
          most=ENOUGH + 1):
    """How many rows a table has, up to *most*.

    :param column: a column of which only the rows without a value count.
    :param filled: whether only those with one do.
    """
    columns = [Column(column, Integer)] if column else []
    of = Table(table, MetaData(), *columns, schema=schema)
    rows = compat.tables.select(
        literal_column('1').label('one')).select_from(of)
    if column:
        rows = rows.where(of.c[column] != None if filled  # noqa: E711
                          else of.c[column].is_(None))
    rows = compat.tables.aliased(rows.limit(most), 'counted')
    return connection.execute(compat.tables.select(
        func.count(rows.c.one))).scalar()


def in_words(number):
    """A number of rows, for messages."""
    if number > ENOUGH:
        return 'more than %s rows' % format(ENOUGH, ',')
    return '1 row' if number == 1 else '%s rows' % format(number, ',')
