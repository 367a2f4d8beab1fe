"""Operations of our own, beside Alembic's, and how they are written."""
from alembic.autogenerate import render_op_text, renderers
from alembic.operations import ops
from sqlalchemy import types

from .. import compat


class Nothing(ops.MigrateOperation):
    """The way back of what needs none; it is never written."""

    def reverse(self):
        return self


class Text(ops.MigrateOperation):
    """Lines of Python, as they are to stand in the script.

    A line that belongs to the block of the one before is indented in the
    same text: a block is one text, with newlines.

    :param lines: texts.
    :param back: the operation that undoes it; by default nothing does.
    """

    def __init__(self, lines, back=None):
        self.lines = list(lines)
        self.back = back

    def reverse(self):
        return Nothing() if self.back is None else self.back

    def to_diff_tuple(self):
        return ('text', self.lines)


class Comment(Text):
    """A comment in the script, before the operation that it is about."""

    def __init__(self, *lines):
        Text.__init__(self, ['# ' + line for line in lines])


@renderers.dispatch_for(Text)
def _text(context, operation):
    return list(operation.lines)


class RenamedColumn(ops.MigrateOperation):
    """A column with a new name; on SQLite without copying the table.

    :param column: the Column, as it is in the database.
    :param declares: whether the database has to be told all of it again.
    """

    def __init__(self, schema, table, old, new, column, declares):
        self.schema = schema
        self.table = table
        self.old = old
        self.new = new
        self.column = column
        self.declares = declares

    def reverse(self):
        return RenamedColumn(self.schema, self.table, self.new, self.old,
                             self.column, self.declares)

    def to_diff_tuple(self):
        return ('rename_column', self.schema, self.table, self.old, self.new)


@renderers.dispatch_for(RenamedColumn)
def _renamed_column(context, operation):
    column, existing = operation.column, {}
    if not isinstance(column.type, types.NullType):
        existing['existing_type'] = column.type
    existing['existing_nullable'] = column.nullable
    default = column.server_default
    if default is not None and not compat.tables.is_computed(default) \
            and 'nextval(' not in str(getattr(default, 'arg', '')):
        existing['existing_server_default'] = default
    if getattr(column, 'comment', None):
        existing['existing_comment'] = column.comment
    text = render_op_text(context, ops.AlterColumnOp(
        operation.table, operation.old, schema=operation.schema, **existing))
    assert text.endswith(')')
    more = ['new_column_name=' + compat.python.literal(operation.new)]
    if operation.declares and column.autoincrement is True \
            and isinstance(column.type, types.Integer):
        more.append('autoincrement=True')
    return (',\n' + ' ' * 11).join([text[:-1]] + more) + ')'


class AlterColumn(ops.AlterColumnOp):
    """A change of a column, with more to say than Alembic writes.

    :ivar arguments: as those of :class:`Block`.
    """

    arguments = ()


class Block(ops.ModifyTableOps):
    """A batch block, with more to say than Alembic writes.

    :ivar arguments: texts ``name=value``, or functions that return one for
        Alembic's AutogenContext.
    """

    arguments = ()


def saying(kind, operation, *arguments):
    """An operation as one of ours, with arguments added.

    :param kind: :class:`AlterColumn` or :class:`Block`.
    """
    new = kind.__new__(kind)
    new.__dict__.update(operation.__dict__)
    new.arguments = tuple(getattr(operation, 'arguments', ())) + arguments
    return new


@renderers.dispatch_for(AlterColumn)
def _alter_column(context, operation):
    written = _by_alembic(ops.AlterColumnOp, context, operation)
    indent = ',\n' + ' ' * 11
    return written[:-1] + ''.join(
        indent + (each(context) if callable(each) else each)
        for each in operation.arguments) + ')'


@renderers.dispatch_for(Block)
def _block(context, operation):
    lines = _by_alembic(ops.ModifyTableOps, context, operation)
    end = ') as batch_op:'
    if lines and lines[0].endswith(end):
        lines[0] = lines[0][:-len(end)] + ''.join(
            ', ' + (each(context) if callable(each) else each)
            for each in operation.arguments) + end
    return lines


def _by_alembic(kind, context, operation):
    plain = kind.__new__(kind)
    plain.__dict__.update(operation.__dict__)
    return renderers.dispatch(plain)(context, plain)


class FunctionalIndex(ops.CreateIndexOp):
    """An index of expressions, which not every Alembic can take back."""

    _made_of = None

    @classmethod
    def from_index(cls, index):
        made = super(FunctionalIndex, cls).from_index(index)
        made._made_of = index
        return made

    def to_index(self, migration_context=None):
        return self._made_of

    def reverse(self):
        return DroppedIndex(self.index_name, self.table_name, self.schema)


class DroppedIndex(ops.MigrateOperation):
    """The same, when it goes."""

    def __init__(self, name, table, schema):
        self.index_name = name
        self.table_name = table
        self.schema = schema


@renderers.dispatch_for(DroppedIndex)
def _dropped_index(context, operation):
    options = {'table_name': operation.table_name}
    if operation.schema:
        options['schema'] = operation.schema
    return '%sdrop_index(%s)' % (
        context.opts['alembic_module_prefix'] or '', ', '.join(
            [compat.python.literal(operation.index_name)]
            + ['%s=%s' % (key, compat.python.literal(value))
               for key, value in sorted(options.items(), reverse=True)]))


class Exact(object):
    """A name that no naming_convention changes."""

    def __init__(self, name):
        self.name = name


def call(context, operation, name, first, *arguments, **options):
    """A call of a function of ``op``, inside a batch block or outside."""
    arguments = (first,) + arguments
    if compat.alembic.is_in_batch(context):
        prefix = 'batch_op.'
    else:
        prefix = context.opts['alembic_module_prefix'] or ''
        arguments = (first, operation.table_name) + arguments[1:]
        if operation.schema:
            options['schema'] = operation.schema
    literal = compat.python.literal
    return '%s%s(%s)' % (prefix, name, ', '.join(
        ['%sf(%s)' % (prefix, literal(each.name)) if isinstance(each, Exact)
         else literal(each) for each in arguments]
        + ['%s=%s' % (key, literal(value))
           for key, value in sorted(options.items())]))
