"""Primary keys: the columns that they are made of."""
from alembic.autogenerate import renderers
from alembic.operations import ops

from .. import compat, dialects
from .names import short
from .operations import call


def compare(found):
    """Find the primary keys of other columns."""
    for pair in found.tables:
        if pair.old is None or pair.new is None:
            continue
        old, new = [[column.name for column in table.primary_key.columns]
                    for table in (pair.old, pair.new)]
        if set(old) == set(new) or not new or not _may_be_seen(pair, old):
            continue
        if compat.alembic.is_included(
                pair, pair.new.primary_key, pair.new.primary_key.name,
                'primary_key_constraint', False, pair.old.primary_key):
            _report(found, pair, old, new)


def _may_be_seen(pair, old):
    """Whether the application wants the columns to be seen at all."""
    return all(compat.alembic.is_included(
        pair, pair.old.columns[name], name, 'column', True) for name in old)


def _report(found, pair, old, new):
    operations = found.changes_of(pair).ops
    before = pair.old.primary_key.name
    after = pair.new.primary_key.name
    if not compat.tables.is_named(after):
        after = before or short('pk_%s' % pair.name)
    if not before and not dialects.of(found.connection).copies_tables:
        before = short('pk_%s' % pair.name)     # MySQL needs no name
    drops = [number for number, each in enumerate(operations)
             if isinstance(each, ops.DropColumnOp)]
    operations.insert(drops[0] if drops else len(operations), PrimaryKey(
        pair.name, pair.schema, (before, old), (after, new)))


class PrimaryKey(ops.MigrateOperation):
    """Another primary key; Alembic writes none.

    :param old: name and columns, before; there may be none.
    :param new: the same, afterwards.
    """

    def __init__(self, table, schema, old, new):
        self.table_name = table
        self.schema = schema
        self.old = old
        self.new = new

    def reverse(self):
        return PrimaryKey(self.table_name, self.schema, self.new, self.old)

    def to_diff_tuple(self):
        return ('modify_primary_key', self.schema, self.table_name,
                self.old[1], self.new[1])


@renderers.dispatch_for(PrimaryKey)
def _primary_key(context, operation):
    lines = []
    if operation.old[0] and operation.old[1]:
        lines.append(call(context, operation, 'drop_constraint',
                          operation.old[0], type_='primary'))
    if operation.new[1]:
        name = operation.new[0] or 'pk_' + operation.table_name
        lines.append(call(context, operation, 'create_primary_key', name,
                          list(operation.new[1])))
    return lines
