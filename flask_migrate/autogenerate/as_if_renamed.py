"""A database seen as if tables, columns and values had new names already.

What is renamed is said once, and the comparison of everything else, of
indexes, constraints, types and the foreign keys of other tables, is made
anew with these eyes: so a script renames first and then changes what is left.
"""
import re

from sqlalchemy import Table, inspect

from .. import compat
from . import as_if_values


class Renames(object):
    """What is renamed in a database.

    :ivar tables: old names by pairs of schema and new name.
    :ivar columns: dicts from old to new name, by pairs of schema and the
        table's new name.
    :ivar values: the renamed values of enums, dicts from old to new, by
        schema, table and column, of which the new names count.
    :ivar checks: conditions by schema, table and name of a CHECK.
    :ivar lengths: of texts, by schema, table and column.
    :ivar enums: the same as *values*, by the key of an enum that is a type
        by itself.
    """

    def __init__(self):
        self.tables = {}
        self.columns = {}
        self.values = {}
        self.checks = {}
        self.lengths = {}
        self.enums = {}

    def old(self, schema, table):
        """The name that a table has in the database."""
        return self.tables.get((schema, table), table)

    def new(self, schema, table):
        """The name that a table of the database gets."""
        for (of_schema, new), old in self.tables.items():
            if (of_schema, old) == (schema, table):
                return new
        return table

    def of_table(self, schema, table):
        """The renamed columns of a table, by its new name."""
        return self.columns.get((schema, table), {})

    def old_column(self, schema, table, column):
        """The name that a column has there, by its table's new name."""
        for old, new in self.of_table(schema, table).items():
            if new == column:
                return old
        return column

    def concern(self, schema, table):
        """Whether a table, by its new name, is not what the database has."""
        return (schema, table) in self.tables \
            or (schema, table) in self.columns \
            or any(each[:2] == (schema, table) for each in self.values)


def inspector(connection, renames):
    """An Inspector of SQLAlchemy's that sees a database so."""
    found = compat.inspection.like(inspect(connection), 'AsIfRenamed',
                                   _METHODS)
    found.renames = renames
    return found


def renamed_sql(found, schema, table, sql):
    """SQL that the database has for a table, with the names to come.

    :param table: its new name.
    """
    return _in_sql(found.renames, found.context.dialect, schema, table)(sql)


def _in_sql(renames, dialect, schema, table):
    new, quote = renames.of_table(schema, table), \
        dialect.identifier_preparer.quote
    return lambda sql: as_if_values.casts(
        _in_text(sql, new, quote), renames.enums)


def _one(name, real):
    """``get_columns()`` and the like, of one table, with new names."""
    change = _CHANGE[name[len('get_'):]]

    def get(self, table_name, schema=None, **kwargs):
        found = real(self, self.renames.old(schema, table_name), schema,
                     **kwargs)
        return change(self, schema, table_name, found)
    return get


def _several(name, real):
    """``get_multi_columns()`` and the like, of SQLAlchemy 2."""
    change = _CHANGE[name[len('get_multi_'):]]

    def get(self, schema=None, filter_names=None, **kwargs):
        if filter_names is not None:
            filter_names = [self.renames.old(schema, each)
                            for each in filter_names]
        changed = {}
        for (of_schema, table), found in real(
                self, schema, filter_names, **kwargs).items():
            table = self.renames.new(of_schema, table)
            changed[of_schema, table] = change(self, of_schema, table, found)
        return changed
    return get


def _table_names(name, real):
    def get(self, schema=None, **kwargs):
        return [self.renames.new(schema, each)
                for each in real(self, schema, **kwargs)]
    return get


def _reflect(name, real):
    def reflect(self, table, *args, **kwargs):
        _reflect_referred(self, table)
        return real(self, table, *args, **kwargs)
    return reflect


def _reflect_referred(self, table):
    """Reflect what foreign keys refer to, before SQLAlchemy does.

    It would not find it under its new name.
    """
    for key in self.get_foreign_keys(table.name, table.schema):
        schema, name = key['referred_schema'], key['referred_table']
        if not self.renames.concern(schema, name) \
                or (schema, name) == (table.schema, table.name):
            continue
        title = '%s.%s' % (schema, name) if schema else name
        if title not in table.metadata.tables:
            compat.tables.reflect_table(
                self, Table(name, table.metadata, schema=schema))


def _columns(self, schema, table, found):
    new = self.renames.of_table(schema, table)
    if not self.renames.concern(schema, table):
        return found
    changed = []
    for each in found or ():
        each = dict(each, name=new.get(each['name'], each['name']))
        place = (schema, table, each['name'])
        each = as_if_values.column(each, self.renames.values.get(place),
                                   self.renames.lengths.get(place))
        if each.get('computed'):
            each['computed'] = dict(each['computed'], sqltext=_in_sql(
                self.renames, self.dialect, schema, table)(
                    each['computed']['sqltext']))
        if each.get('autoincrement') is True \
                and 'nextval(' in str(each.get('default')):
            # Alembic looks by name whether the sequence is the column's.
            each['default'] = None
        changed.append(each)
    return changed


def _primary_key(self, schema, table, found):
    return _with_columns(self, schema, table, [found])[0] if found else found


def _with_columns(self, schema, table, found):
    """Constraints, or indexes, with the new names in them."""
    new, enums = self.renames.of_table(schema, table), self.renames.enums
    in_text = _in_sql(self.renames, self.dialect, schema, table)
    return [_renamed(each, new, in_text)
            for each in found or ()] if new or enums else found


def _checks(self, schema, table, found):
    changed = self.renames.checks
    return [dict(each, sqltext=changed.get(
        (schema, table, each['name']), each['sqltext']))
        for each in _with_columns(self, schema, table, found) or ()]


def _renamed(item, new, in_text):
    item = dict(item)
    for name, value in item.items():
        if name in ('constrained_columns', 'column_names',
                    'include_columns'):
            item[name] = [new.get(each, each) for each in value or ()]
        elif name == 'column_sorting':
            item[name] = dict((new.get(each, each), order)
                              for each, order in value.items())
        elif name == 'sqltext':
            item[name] = in_text(value)
        elif name == 'expressions':
            item[name] = [each and in_text(each) for each in value]
        elif name == 'dialect_options':
            item[name] = dict((option, _in_option(each, new, in_text))
                              for option, each in value.items())
    return item


def _in_option(value, new, in_text):
    if isinstance(value, (list, tuple)):
        return [new.get(each, each) for each in value]
    if isinstance(value, compat.python.string_types):
        return in_text(value)
    return value


#: A text, which stays; else a name: in quotes, or neither of a function nor
#: of a type.
_PART = re.compile(
    r"""('(?:[^']|'')*')|"([^"]+)"|`([^`]+)`"""
    r"""|(?<![\w:])([^\W\d]\w*)(?![\w$])(?!\s*\()""", re.U)


def _in_text(text, new, quote):
    """SQL with new names for columns."""
    def part(match):
        name = match.group(2) or match.group(3) or match.group(4)
        return quote(new[name]) if name in new else match.group()
    return _PART.sub(part, text)


def _foreign_keys(self, schema, table, found):
    changed = []
    for each in _with_columns(self, schema, table, found) or ():
        to_schema = each['referred_schema']
        to = self.renames.new(to_schema, each['referred_table'])
        new = self.renames.of_table(to_schema, to)
        changed.append(dict(each, referred_table=to, referred_columns=[
            new.get(name, name) for name in each['referred_columns']]))
    return changed


def _as_it_is(self, schema, table, found):
    return found


_CHANGE = {
    'columns': _columns, 'pk_constraint': _primary_key,
    'foreign_keys': _foreign_keys, 'indexes': _with_columns,
    'unique_constraints': _with_columns, 'check_constraints': _checks,
    'table_comment': _as_it_is, 'table_options': _as_it_is,
}
_METHODS = [
    ('get_table_names', _table_names), ('reflect_table', _reflect),
    ('reflecttable', _reflect),
] + [('get_' + name, _one) for name in _CHANGE] \
    + [('get_multi_' + name, _several) for name in _CHANGE]
