"""The operations of alembic-postgresql-enum, in an order that works.

It changes the values of an enum after everything else, and back before: a new
column could not be filled with a new value, and would keep it from going.
"""
import copy

from alembic.autogenerate import renderers
from alembic.operations import ops

from . import enums
from .found import each_of
from .ordering import around_renames


def order(found, operations):
    """Change values before columns that come, and after those that go."""
    theirs = [each for each in operations
              if hasattr(each, 'affected_columns')
              and hasattr(each, 'new_values')]
    if not theirs:
        return
    come, gone = _columns(found, operations)
    first, middle, last = around_renames(found, operations)
    upwards = operations is found.upgrade.ops
    for each in theirs:
        adds = upwards and getattr(
            each, 'operation_name', '') == 'add_enum_value'
        unlisted = (gone if upwards else come).values()
        if each not in middle or not adds and any(
                kind is not None and kind.name == each.name
                for kind in unlisted):
            continue        # theirs would not cast those columns
        changed = copy.copy(each)
        changed.affected_columns = [
            column for column in each.affected_columns
            if _place(found, column) not in (come if upwards else gone)]
        middle.remove(each)
        middle.insert(0 if upwards else len(middle),
                      Committed(changed) if adds else changed)
    operations[:] = first + middle + last


class Committed(ops.MigrateOperation):
    """An operation with a COMMIT after it.

    PostgreSQL uses a value that was added only then; theirs adds it in the
    run's transaction.

    :param operation: another.
    """

    def __init__(self, operation):
        self.operation = operation

    def to_diff_tuple(self):
        return self.operation.to_diff_tuple()


@renderers.dispatch_for(Committed)
def _committed(context, operation):
    written = renderers.dispatch(operation.operation)(
        context, operation.operation)
    lines = written if isinstance(written, list) else [written]
    return ['\n    '.join(['with op.get_context().autocommit_block():'] + [
        line for each in lines for line in each.split('\n')])]


def _place(found, column):
    return (found.protection.schema(column.table_schema), column.table_name,
            column.column_name)


def _columns(found, operations):
    """The columns that come and those that go, with their enums by place."""
    come, gone = {}, {}
    for kinds, columns in (((ops.CreateTableOp, ops.AddColumnOp), come),
                           ((ops.DropTableOp, ops.DropColumnOp), gone)):
        for _, each in each_of(operations, kinds):
            for column in _of(each):
                columns[found.protection.schema(each.schema),
                        each.table_name, column.name] = enums.enum_of(
                            column.type, found.context.dialect)
    return come, gone


def _of(operation):
    if isinstance(operation, (ops.CreateTableOp, ops.DropTableOp)):
        return operation.to_table().columns
    if isinstance(operation, ops.AddColumnOp):
        return [operation.column]
    return [operation.to_column()]
