"""The operations that fill a required column, and how they are written."""
from alembic.autogenerate import renderers
from alembic.operations import ops
from sqlalchemy import Column, Integer
from sqlalchemy.sql import functions
from sqlalchemy.sql.elements import ClauseElement

from .. import compat
from .python_defaults import Each
from .operations import Nothing
from .stored_values import is_member, python_text

literal = compat.python.literal


class NowRequired(ops.AlterColumnOp):
    """A column that was just added becomes required."""

    def reverse(self):
        return Nothing()        # it goes


class Fill(ops.MigrateOperation):
    """Give the rows of a table a value in a column that has none there.

    :param column: the model's column.
    :param value: a Value or Each.
    :param key: the columns of the primary key.
    """

    def __init__(self, schema, table, column, value, key):
        self.schema = schema
        self.table = table
        self.column = column
        self.value = value
        self.key = key

    def reverse(self):
        return Nothing()

    def to_diff_tuple(self):
        return ('fill', self.schema, self.table, self.column.name)


class NoRows(ops.MigrateOperation):
    """Stop an upgrade, before anything else, where there are rows.

    :param table: its name at that time.
    :param column: the column that becomes required.
    :param null: the column whose value rows must lack; None: any row.
    :param address: how ``--fill`` names the column.
    :param lack: why nothing is known for them, as the end of a sentence.
    :param unique: whether each needs a value of its own.
    """

    def __init__(self, schema, table, column, null, address, lack, unique):
        self.schema = schema
        self.table = table
        self.column = column
        self.null = null
        self.address = address
        self.lack = lack
        self.unique = unique

    def reverse(self):
        return Nothing()

    def to_diff_tuple(self):
        return ('no_rows', self.schema, self.table, self.column)


_ONE = '''\
%(define)s
op.execute(rows.update().where(rows.c[%(name)s].is_(None)).values({
    %(name)s: %(value)s}))'''

_EACH = '''\
if op.get_context().as_sql:
    raise RuntimeError(%(message)s)
%(define_keys)s
%(define)s
connection, missing = op.get_bind(), sa.column(%(name)s).is_(None)
after = missing
while True:
    found = connection.execute(keys.select().where(missing).where(
        after).order_by(%(order)s).limit(1000)).fetchall()
    if not found:
        break
    connection.execute(
        rows.update().where(sa.and_(
            %(match)s)).values({%(name)s: sa.bindparam('new')}),
        [dict(%(row)s, new=%(value)s) for row in found])%(go_on)s'''

_NO_ROWS = '''\
if not op.get_context().as_sql:
    %(define)s
    if op.get_bind().execute(
            sa.func.count().select().select_from(rows)%(where)s).scalar():
        raise RuntimeError(%(message)s)'''


def _define(context, schema, table, columns, called='rows'):
    """Python text of the table, with some of its columns."""
    types = ['sa.Column(%s, %s)' % (literal(column.name), compat.alembic.
                                    type_text(column.type, context))
             for column in columns]
    more = ['schema=%s' % literal(schema)] if schema else []
    return '%s = sa.Table(%s)' % (called, ', '.join(
        [literal(table), 'sa.MetaData()'] + types + more))


@renderers.dispatch_for(Fill)
def _fill(context, operation):
    column, name = operation.column, literal(operation.column.name)
    if not isinstance(operation.value, Each):
        return _fill_with_one(context, operation, name)
    context.imports.add('import ' + operation.value.module)
    key = operation.key
    return [_EACH % {
        # Not with the column: its type may be none that reads NULL.
        'define_keys': _define(context, operation.schema, operation.table,
                               key, 'keys'),
        'define': _define(context, operation.schema, operation.table,
                          list(key) + [column]),
        'name': name, 'value': operation.value.call,
        'message': literal(
            'This revision gives every row of %s a value of its own: it '
            'cannot be printed as SQL.' % operation.table),
        'order': ', '.join('keys.c[%s]' % literal(each.name)
                           for each in key),
        'match': ',\n            '.join(
            "rows.c[%s] == sa.bindparam('key%d')" % (literal(each.name), i)
            for i, each in enumerate(key)),
        'row': ', '.join('key%d=row[%d]' % (i, i)
                         for i, _ in enumerate(key)),
        'go_on': '\n    after = keys.c[%s] > found[-1][0]'
        % literal(key[0].name) if len(key) == 1 else ''}]


def _fill_with_one(context, operation, name):
    column, value = operation.column, operation.value
    comment = []
    if value.type is not None:
        comment = ['# What %s made of the value here: with another key, '
                   'change it.' % type(column.type).__name__]
        column = Column(column.name, value.type)
    return comment + [_ONE % {
        'define': _define(context, operation.schema, operation.table,
                          [column]),
        'name': name, 'value': value_text(context, column, value.value)}]


@renderers.dispatch_for(NoRows)
def _no_rows(context, operation):
    name = operation.null or operation.column
    where = '.where(rows.c[%s].is_(None))' % literal(name) \
        if operation.null else ''
    columns = [Column(name, Integer())] if operation.null else []
    return [_NO_ROWS % {
        'define': _define(context, operation.schema, operation.table,
                          columns),
        'where': where, 'message': literal(
            '%s is required and %s, and there are rows: %s Nothing was '
            'changed.' % (
                operation.address, operation.lack,
                'each needs a value of its own. Fill them in this file, row '
                'by row.' if operation.unique else
                'they need a value. Remove this file and write it anew with '
                'migrate --fill %s=VALUE, or fill them in it.'
                % operation.address))}]


def value_text(context, column, value):
    """A value as Python text for a script.

    Enums of the application become what their column's type stores.
    """
    if isinstance(value, ClauseElement):
        if isinstance(value, functions.FunctionElement) \
                and not list(value.clauses) and getattr(value, 'name', ''):
            return 'sa.func.%s()' % value.name
        return 'sa.text(%s)' % literal(compat.tables.escaped_text(
            compat.tables.sql_text(value, context.dialect)))
    if is_member(value):
        dialect = context.dialect
        process = column.type.dialect_impl(dialect).bind_processor(dialect)
        value = process(value) if process else value.name
    text, module = python_text(value)
    if module:
        context.imports.add('import ' + module)
    return text
