"""Rows whose value does not fit a new type stop a script before it begins."""
import re

from alembic.autogenerate import renderers
from alembic.operations import ops

from .. import compat, dialects
from ..dialects import postgresql_values
from ..dialects.values import among, stored
from .found import each_of
from .operations import Nothing
from .protection import title

literal = compat.python.literal

#: How many keys of rows are named.
SHOWN = 5

_ADVICE = (
    u'. Nothing was changed. Change those rows first; where this script is '
    u'to change them, do so above this check, or remove it.')


class Misfits(ops.MigrateOperation):
    """Stop where rows have a value that does not fit, before anything else.

    :param names: what SQLAlchemy calls the databases that it is for.
    :param words: the message: before the number of rows, before keys of
        some, and at the end.
    :param rows: for a SELECT, what follows it; else None.
    :param key: for a SELECT, the columns of the primary key as SQL.
    :param statement: what stops by itself, where there is such a statement.
    """

    def __init__(self, names, words, rows=None, key=(), statement=None):
        self.names = names
        self.words = words
        self.rows = rows
        self.key = key
        self.statement = statement

    def reverse(self):
        return Nothing()

    def to_diff_tuple(self):
        return ('misfits',) + tuple(self.words)


def guard(found, operations):
    """Let a script begin with these checks, one way."""
    upwards = operations is found.upgrade.ops
    guards = list(_of_enums(found, upwards)) \
        + list(_of_checks(found, upwards))
    checked = [column.place for column, _, _ in found.check_changes]
    for _, each in each_of(operations, ops.AlterColumnOp):
        place = (each.schema or None, each.table_name, each.column_name)
        if place not in checked and each.modify_type is not None \
                and each.existing_type is not None:
            guards.append(_of_column(found, each, upwards))
    operations[:0] = [each for each in guards if each is not None]


def _of_column(found, operation, upwards):
    place = _Place(found, operation.schema, operation.table_name,
                   operation.column_name, upwards)
    dialect = found.context.dialect
    old, new = [stored(each, dialect) for each in (
        operation.existing_type, operation.modify_type)]
    try:
        target = compat.python.text(new.compile(dialect=dialect))
    except Exception:       # a type of the application that has no DDL
        return None
    kind = dialects.of(found.connection)
    if kind.casts_types:
        fit = postgresql_values.fit(old, new)
        if fit and place.renamed:
            fit = postgresql_values.or_one_of(fit, place.renamed)
        return fit and place.stopping(fit, target, lambda value: (
            postgresql_values.using(value, old, new, target)))
    test = kind.misfit(place.column, old, new, target)
    if test and place.renamed:
        test = u'(%s) AND %s NOT IN (%s)' % (
            test, place.column, among(place.renamed))
    return test and Misfits(
        kind.names, place.words(target), key=place.key,
        rows=u'FROM %s WHERE %s IS NOT NULL AND (%s)' % (
            place.table, place.column, test))


def _of_enums(found, upwards):
    """The values that enums of PostgreSQL lose."""
    for key, before, after in found.enum_changes:
        if not upwards:
            before, after = after, before
        if not set(before) - set(after):
            continue
        if upwards:
            after = list(after) + sorted(found.renames.enums.get(key, ()))
        for each, (schema, table), column, _, many in found.enums.columns:
            table = found.renames.new(schema, table)
            column = found.renames.of_table(schema, table).get(
                column, column)
            if each == key and found.column(
                    schema, table, column) is not None:
                yield _Place(found, schema, table, column, upwards).stopping(
                    postgresql_values.one_of(after, many), key[1], None)


def _of_checks(found, upwards):
    """The values that a CHECK loses where others are renamed."""
    for column, before, after in found.check_changes:
        if not upwards:
            before, after = after, before
        place = _Place(found, *(column.place + (upwards,)))
        after = list(after) + place.renamed
        if not set(before) - set(after):
            continue
        kind = dialects.of(found.connection)
        target = u'the CHECK of its values'
        yield place.stopping(
            postgresql_values.one_of(after), target, None) \
            if kind.casts_types else Misfits(
                kind.names, place.words(target), key=place.key,
                rows=u'FROM %s WHERE %s NOT IN (%s)' % (
                    place.table, place.column, among(after)))


class _Place(object):
    """A column, as it is called when a script begins.

    :param table: its name after the script, and so the column's.
    :param upwards: whether the script is not yet done.
    """

    def __init__(self, found, schema, table, column, upwards):
        quote = found.context.dialect.identifier_preparer.quote
        pair = [each for each in found.tables
                if (each.name, each.schema or None) == (table,
                                                        schema or None)]
        side = getattr(pair[0], 'old' if upwards else 'new') if pair else None
        names = dict((new, old) for old, new in found.renames.of_table(
            schema, table).items()) if upwards else {}
        values = found.renames.values.get((schema or None, table, column), {})
        #: Values that fit, as the script gives them other names.
        self.renamed = sorted(values if upwards else values.values())
        if upwards:
            table = found.renames.old(schema, table)
        self.names = dialects.of(found.connection).names
        self.address = '%s.%s' % (title(schema, table),
                                  names.get(column, column))
        self.table = '.'.join(quote(each) for each in (schema, table) if each)
        self.column = quote(names.get(column, column))
        self.keys = [names.get(each.name, each.name) for each in (
            () if side is None else side.primary_key.columns)]
        self.key = [quote(each) for each in self.keys]

    def words(self, target):
        before = u'%s: rows whose value does not fit %s: ' % (
            self.address, target)
        if not self.keys:
            return [before, u'', _ADVICE]
        return [before, u' (%s ' % u'/'.join(self.keys), u')' + _ADVICE]

    def stopping(self, fit, target, expression):
        return Misfits(self.names, self.words(target), statement=(
            postgresql_values.stop(
                fit, self.table, self.column, self.key, expression, target,
                self.words(target))))


_STATEMENT = u'''\
if op.get_context().dialect.name in %(names)s:
    op.execute(
        %(statement)s)'''

_SELECT = u'''\
if op.get_context().dialect.name in %(names)s:
    rows = (
        %(rows)s)
    if op.get_context().as_sql:
        op.execute('-- This finds no row, or it must not begin: '
                   'SELECT count(*) ' + rows)
    else:
        many = op.get_bind().execute(
            sa.text('SELECT count(*) ' + rows)).scalar()
        if many:
            keys = op.get_bind().execute(sa.text(
                %(select)s + rows + %(order)s)).fetchall()
            raise RuntimeError(
                %(before)s + str(many)
                + %(between)s
                + ', '.join('/'.join(('%%s' %% (each,))[:40]
                                     for each in row) for row in keys)
                + %(after)s)'''


@renderers.dispatch_for(Misfits)
def _misfits(context, operation):
    before, between, after = operation.words
    names = '(%s,)' % ', '.join(map(literal, operation.names))
    if operation.statement is not None:
        return [_STATEMENT % {'names': names, 'statement': _in_lines(
            compat.tables.escaped_text(operation.statement), 8)}]
    key = u', '.join(operation.key)
    return [_SELECT % {
        'names': names,
        'rows': _in_lines(compat.tables.escaped_text(operation.rows), 8),
        'select': literal(u'SELECT %s ' % (key or u"''")),
        'order': literal(u' ORDER BY %s LIMIT %d' % (key, SHOWN)
                         if key else u' LIMIT 1'),
        'before': literal(before), 'between': literal(between),
        'after': _in_lines(after, 18)}]


def _in_lines(text, indent):
    """A text as Python, in lines of a bearable length."""
    lines = [u'']
    for word in re.findall(u'[^ \n]*[ \n]|[^ \n]+', text):
        if lines[-1].endswith(u'\n') or lines[-1] \
                and len(lines[-1] + word) > 68 - indent:
            lines.append(u'')
        lines[-1] += word
    return (u'\n' + u' ' * indent).join(map(literal, lines))
