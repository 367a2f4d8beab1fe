"""The tables and columns of a database, to find out which revision it fits."""
from sqlalchemy import inspect

from ..sqlalchemy_migrate import TABLE
from .of_one_database import LEFT_OVER


class Structure(object):
    """What a database is made of.

    :ivar columns: pairs of table and column, a set.
    :ivar details: the columns with their types, and the indexes, a set.
    """

    def __init__(self, columns=(), details=()):
        self.columns = set(columns)
        self.details = set(details)

    def of(self, tables):
        """Only what belongs to some of the tables."""
        return Structure(
            [each for each in self.columns if each[0] in tables],
            [each for each in self.details if each[0] in tables])

    @property
    def tables(self):
        return set(table for table, _ in self.columns)

    def likeness(self, other):
        """How much of two is the same; columns first, then details."""
        return (_share(self.columns, other.columns),
                _share(self.details, other.details))

    def differences(self, other):
        """What another one has too much or not, lines."""
        found = []
        for words, here, there in ((u'missing', self, other),
                                   (u'more', other, self)):
            lost = here.tables - there.tables
            found += [u'%s: table %s' % (words, each)
                      for each in sorted(lost)]
            found += [u'%s: column %s.%s' % ((words,) + each) for each
                      in sorted(here.columns - there.columns)
                      if each[0] not in lost]
        if not found:
            found = [u'different: %s' % each for each in sorted(set(
                u'.'.join(each[:2]) for each in
                self.details ^ other.details))]
        return found


def _share(one, other):
    return float(len(one & other)) / (len(one | other) or 1) \
        if one or other else 1.0


def structure_of(connection, version_table):
    """The :class:`Structure` of a database."""
    inspector = inspect(connection)
    columns, details = [], []
    for table in inspector.get_table_names():
        if table in (version_table, TABLE) or table.startswith(LEFT_OVER):
            continue
        for column in inspector.get_columns(table):
            columns.append((table, column['name']))
            details.append((table, column['name'], repr(column['type']),
                            bool(column['nullable'])))
        details.extend(
            (table, index['name'] or '', tuple(index['column_names']),
             bool(index['unique'])) for index in inspector.get_indexes(table))
    return Structure(columns, details)
