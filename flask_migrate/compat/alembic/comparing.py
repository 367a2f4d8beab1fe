"""What autogenerate compares, and how it can be told to compare more."""
from __future__ import absolute_import

from collections import namedtuple
import copy
import re
import threading

from ..tables import copy_table
from .versions import alembic_version

#: A table of the database and the one of the models, as Alembic compares
#: them; one of the two is None where the table is new or gone.
Pair = namedtuple('Pair', 'autogen schema name old new')

_OPTION = 'flask_migrate_tables'
_DEFAULTS = 'flask_migrate_defaults'
_SEQUENCES = 'flask_migrate_sequences'
_NEXTVAL = re.compile(r"nextval\('(.+?)'::regclass\)")
_set_up, _mutex = [], threading.Lock()


def note_tables(kwargs):
    """Let Alembic note what it compares, for :func:`noted_tables`.

    :param kwargs: the arguments of ``context.configure()``.
    """
    kwargs[_OPTION] = []
    with _mutex:
        if not _set_up:
            from alembic.autogenerate import comparators
            comparators.dispatch_for('table')(_note)
            _set_up.append(True)


def noted_tables(context):
    """The :class:`Pair` of all tables that were compared."""
    return context.opts.get(_OPTION, [])


def _note(autogen, operations, schema, name, old, new):
    tables = autogen.opts.get(_OPTION)
    if tables is not None:
        tables.append(Pair(autogen, schema, name, old, new))


def is_included(pair, thing, name, kind, reflected, other=None):
    """Ask the application's ``include_object`` (0.9 has another name)."""
    ask = getattr(pair.autogen, 'run_object_filters', None) \
        or pair.autogen.run_filters
    return ask(thing, name, kind, reflected, other)


def take_over_defaults(kwargs):
    """Let server defaults be ours to compare, unless somebody objects."""
    if kwargs.get('compare_server_default') in (None, True):
        # Alembic compares the rest only where it is asked for defaults.
        kwargs[_DEFAULTS] = kwargs['compare_server_default'] = True


def compares_defaults(context):
    """Whether server defaults are ours to compare."""
    return context.opts.get(_DEFAULTS, False)


def compare_no_defaults(context):
    """Leave the comparison of server defaults to us.

    ``DefaultImpl.compare_server_default()`` is there for dialects of others
    to have their own; Alembic does the rest only if it is asked at all.
    """
    context.impl.compare_server_default = lambda *args: False


def know_sequences(context, read):
    """Tell Alembic at once which columns are SERIAL.

    It asks the server for each of them, which is most of what a comparison
    takes where there are many tables, and says of each that it "detected" a
    sequence, as if that were a difference.  A sequence that is not among
    those read is asked for as before.

    :param read: takes a connection, returns the columns that own sequences
        (``Dialect.sequence_owners``).
    """
    ask = context.impl.autogen_column_reflect

    def autogen_column_reflect(inspector, table, column):
        match = _is_serial(column)
        if match:
            known = inspector.info_cache.get(_SEQUENCES)
            if known is None:       # with what else this inspector has read
                known = read(context.connection)
                inspector.info_cache[_SEQUENCES] = known
            if known.get(match.group(1)) == column['name']:
                del column['default']
                return None
        return ask(inspector, table, column)
    context.impl.autogen_column_reflect = autogen_column_reflect


def _is_serial(column):
    from sqlalchemy.types import BigInteger, Integer, SmallInteger
    if isinstance(column['type'], (BigInteger, Integer)) \
            and not isinstance(column['type'], SmallInteger):
        return _NEXTVAL.match(column.get('default') or '')


def table_comments():
    """The operations that say the comment of a table (1.0)."""
    from alembic.operations import ops
    return tuple(getattr(ops, name) for name in (
        'CreateTableCommentOp', 'DropTableCommentOp') if hasattr(ops, name))


def new_table(operation):
    """A Table that an operation creates, which may be changed."""
    from sqlalchemy import MetaData
    table = copy_table(operation.to_table(), MetaData())
    # Alembic before 1.7 and SQLAlchemy before 1.4 leave out some of it.
    if not hasattr(table, 'comment') or table.comment is None:
        comment = getattr(operation.to_table(), 'comment', None)
        if comment is not None:
            table.comment = comment
    return table


def create_table(operation, table):
    """The operation that creates *table*, else as *operation* does."""
    from alembic.operations import ops
    new = ops.CreateTableOp.from_table(table)
    for name in ('_reverse', '_namespace_metadata', 'if_not_exists', 'kw'):
        if hasattr(operation, name):
            setattr(new, name, getattr(operation, name))
    return new


def with_name(operation, name):
    """The same operation, of a constraint with another name."""
    from alembic.operations import ops
    new = copy.copy(operation)
    new.constraint_name = name
    original = getattr(operation, '_orig_constraint', None)    # before 1.7
    if original is not None and isinstance(new, ops.DropConstraintOp):
        # What is dropped comes back as what it was.
        new._orig_constraint = copy.copy(original)
        new._orig_constraint.name = name
    elif original is not None:
        new._orig_constraint = None
    return new


def can_say_using():
    """Whether ``alter_column`` takes ``postgresql_using`` (0.8.8)."""
    return alembic_version() >= (0, 8, 8)


def has_autocommit_block():
    """Whether a revision can leave the transaction (1.2)."""
    return alembic_version() >= (1, 2)


def keep_unique(operation):
    """Let a dropped index come back as unique as it was (1.7 does)."""
    made = getattr(operation, '_orig_index', None) \
        or getattr(operation, '_reverse', None)
    if getattr(made, 'unique', False) and not operation.to_index().unique:
        operation.kw = dict(operation.kw, unique=True)


def batch_reflects_checks():
    """Whether batch mode sees the named checks of a table (1.7)."""
    return alembic_version() >= (1, 7)


def set_option(operation, name, value):
    """Let a dropped index have an option, and come back with it.

    Alembic before 1.6 keeps the index itself, and before 0.9 no options.
    """
    original = getattr(operation, '_orig_index', None)
    if original is not None:
        original.dialect_kwargs[name] = value
    if hasattr(operation, 'kw'):
        operation.kw = dict(operation.kw, **{name: value})


def is_in_batch(autogen):
    """Whether a batch block is being written (no public name)."""
    return autogen._has_batch


def render_column(column, autogen):
    """A Column as Alembic writes it (no public name)."""
    from alembic.autogenerate.render import _render_column
    return _render_column(column, autogen)


def render_default(default, autogen):
    """A server default as Alembic writes it (no public name)."""
    from alembic.autogenerate.render import _render_server_default
    return _render_server_default(default, autogen)
