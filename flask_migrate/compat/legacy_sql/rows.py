"""Results and rows, as SQLAlchemy 1.x had them."""
from functools import partial, wraps

from ..python import string_types


class LegacyResult(object):
    """What a result could do in SQLAlchemy 1.x."""

    __slots__ = ()

    def keys(self):
        """The names of the columns: a view, with what a list can do."""
        keys = self._legacy.plain.keys(self)
        keys.__class__ = self._legacy.kind(LegacyKeys, type(keys))
        return keys

    def _able_row(self, row):
        from sqlalchemy.engine import Row
        if not isinstance(row, Row) or hasattr(type(row), '_legacy'):
            return row
        # The row classes can be made anew in one way in all releases.
        rebuild, (kind, state) = row.__reduce__()
        return rebuild(self._legacy.kind(LegacyRow, kind), state)

    def _able_rows(self, rows):
        return [self._able_row(row) for row in rows]

    def __iter__(self):
        return map(self._able_row, self._legacy.plain.__iter__(self))

    def __next__(self):
        return self._able_row(self._legacy.plain.__next__(self))

    next = __next__

    def partitions(self, *args, **kwargs):
        return map(self._able_rows, self._legacy.plain.partitions(
            self, *args, **kwargs))


def _fetching(name, of_rows):
    def fetch(self, *args, **kwargs):
        found = getattr(self._legacy.plain, name)(self, *args, **kwargs)
        return self._able_rows(found) if of_rows else self._able_row(found)
    fetch.__name__ = name
    return fetch


for _name in ('fetchone', 'first', 'one', 'one_or_none'):
    setattr(LegacyResult, _name, _fetching(_name, False))
for _name in ('fetchall', 'fetchmany', 'all'):
    setattr(LegacyResult, _name, _fetching(_name, True))


class LegacyKeys(object):
    """What else a list of names can do."""

    __slots__ = ()

    def __getitem__(self, index):
        return list(self)[index]

    def index(self, name):
        return list(self).index(name)


def _unless_a_column(method):
    """A method of rows that a column of its name hides, as in 2.x."""
    @wraps(method)
    def find(self):
        mapping, name = self._mapping, method.__name__
        if name in mapping:
            return mapping[name]
        self._legacy.note(u"row.%s()" % name)
        return partial(method, self)
    return property(find)


class LegacyRow(object):
    """What a row could do in SQLAlchemy 1.x."""

    __slots__ = ()

    def __getitem__(self, key):
        if isinstance(key, slice) or hasattr(type(key), '__index__'):
            return self._legacy.plain.__getitem__(self, key)
        self._legacy.note(u"row['name']")
        return self._mapping[_name_in(self._mapping, key)]

    def __contains__(self, key):
        from sqlalchemy.sql import ClauseElement
        column = isinstance(key, ClauseElement)
        if column or isinstance(key, string_types):
            if _name_in(self._mapping, key) in self._mapping:
                self._legacy.note(u"'name' in row")
                return True
        return not column and self._legacy.plain.__contains__(self, key)

    def __reduce__(self):
        rebuild, (kind, state) = self._legacy.plain.__reduce__(self)
        return rebuild, (self._legacy.plain, state)

    @_unless_a_column
    def keys(self):
        return list(self._mapping.keys())

    @_unless_a_column
    def values(self):
        return list(self)

    @_unless_a_column
    def items(self):
        return list(self._mapping.items())

    @_unless_a_column
    def iterkeys(self):
        return iter(self._mapping.keys())

    @_unless_a_column
    def itervalues(self):
        return iter(self)

    @_unless_a_column
    def has_key(self, key):
        return _name_in(self._mapping, key) in self._mapping


def _name_in(mapping, key):
    """What a row knows a column as: in one of plain text by its name."""
    if isinstance(key, string_types) or key in mapping:
        return key
    name = getattr(key, 'name', None)
    table = getattr(getattr(key, 'table', None), 'name', None)
    for each in ('%s_%s' % (table, name), name):
        if each in mapping:
            return each
    return key
