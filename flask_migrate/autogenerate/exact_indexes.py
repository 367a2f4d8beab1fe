"""Indexes of expressions as they are, with ``%`` and ``:`` in their texts.

Alembic writes what a driver is to be given, with each ``%`` twice, and as a
text in which ``:word`` is a parameter.
"""
import re

from alembic.autogenerate import renderers
from alembic.operations import ops
from sqlalchemy import Column, text

from .. import compat, dialects
from .found import each_of
from .operations import FunctionalIndex

_TOKEN = 'flask_migrate_expression_%d_'
_WRITTEN = re.compile(r'[\w.]*\b(?:text|literal_column)\(u?([\'"])\(?'
                      + _TOKEN.replace('%d', r'(\d+)') + r'\)?\1\)')


class ExactIndex(FunctionalIndex):
    """An index of which some parts are written as SQL of ours.

    :ivar sql: texts, whose numbers the columns and options have.
    """

    sql = ()


def write(found, operations):
    """Write expressions and conditions so that they are what they are."""
    if not dialects.of(found.connection).indexes_expressions:
        return
    reflected = operations is found.downgrade.ops
    for block, each in each_of(operations, ops.CreateIndexOp):
        made = _exact(found, each, reflected)
        if made is not None:
            block[block.index(each)] = made


def _exact(found, operation, reflected):
    """An ExactIndex, where there is something to be exact about."""
    index, sql = operation.to_index(), []
    kind = dialects.of(found.connection)

    def part(thing, as_read=False):
        written = compat.tables.exact_sql(
            thing, found.context.dialect, as_read)
        if written is None:
            return thing
        if not kind.keeps_sql and compat.tables.is_grouped(thing):
            written = '(%s)' % written
        elif not re.search('[%:]', written):
            return thing
        sql.append(written)
        return text(_TOKEN % (len(sql) - 1))

    # Before 1.7 Alembic takes no Column, but its name.
    columns = [each.name if isinstance(each, Column)
               else part(each, reflected)
               for each in getattr(index, 'expressions', index.columns)]
    options = dict((key, part(value) if key.endswith('_where') else value)
                   for key, value in index.kwargs.items())
    if not sql:
        return None
    made = ExactIndex(
        operation.index_name, operation.table_name, columns,
        schema=operation.schema, unique=index.unique, **options)
    made.if_not_exists = getattr(operation, 'if_not_exists', None)
    made.sql = sql
    return made


@renderers.dispatch_for(ExactIndex)
def _exact_index(context, operation):
    plain = ops.CreateIndexOp.__new__(ops.CreateIndexOp)
    plain.__dict__.update(operation.__dict__)
    written = renderers.dispatch(plain)(context, plain)

    def sql(match):
        return '%stext(%s)' % (
            context.opts['sqlalchemy_module_prefix'] or '',
            compat.python.literal(compat.tables.escaped_text(
                operation.sql[int(match.group(2))])))
    return _WRITTEN.sub(sql, written)
