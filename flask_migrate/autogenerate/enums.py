"""The enums of PostgreSQL, which are types with names of their own.

A type is made before its first column and dropped after its last.  What a
script says of one is said for PostgreSQL alone: the same script may run on
SQLite.
"""
import sys

from alembic.operations import ops
from sqlalchemy import text, types

from .. import compat, dialects
from . import as_if_values
from .operations import Text

_COLUMNS = text(
    "SELECT tn.nspname, t.typname, cn.nspname, c.relname, a.attname, "
    "pg_get_expr(d.adbin, d.adrelid), o.typtype <> 'e', "
    "pg_table_is_visible(c.oid) "
    "FROM pg_attribute a JOIN pg_type o ON o.oid = a.atttypid "
    "JOIN pg_type t ON t.oid IN (o.oid, o.typelem) AND t.typtype = 'e' "
    "JOIN pg_namespace tn ON tn.oid = t.typnamespace "
    "JOIN pg_class c ON c.oid = a.attrelid AND c.relkind IN ('r', 'p') "
    "JOIN pg_namespace cn ON cn.oid = c.relnamespace "
    "LEFT JOIN pg_attrdef d ON d.adrelid = c.oid AND d.adnum = a.attnum "
    "WHERE NOT a.attisdropped AND c.relpersistence <> 't'")


def enum_of(kind, dialect, named=True):
    """The enum that a column type is, or is a list of; None: none.

    :param named: whether one without a name is none.
    """
    while isinstance(kind, types.TypeDecorator):
        kind = kind.load_dialect_impl(dialect)
    if hasattr(kind, 'item_type'):
        return enum_of(kind.item_type, dialect, named)
    try:
        kind = kind.dialect_impl(dialect)
    except Exception:
        return None
    if isinstance(kind, types.Enum) and kind.native_enum \
            and (kind.name or not named):
        return kind
    return None


def key_of(enum):
    return (enum.schema or None, enum.name)


class Enums(object):
    """The enums of a database while operations come and go.

    :ivar values: the values by key, a list.
    :ivar columns: those that the database has, by their names in it.
    :ivar users: the columns by key, a set of (schema, table, column), by
        the names that they get.
    """

    def __init__(self, found):
        self.dialect = found.context.dialect
        self.values, self.users = {}, {}
        inspector = compat.tables.fresh_inspector(found.connection)
        for each in inspector.get_enums(schema='*'):
            key = _visible(each['schema'], each['visible']), each['name']
            self.values[key] = as_if_values.renamed(
                each['labels'], found.renames.enums.get(key, {}))
        self.columns = []
        for row in found.connection.execute(_COLUMNS):
            schema, name = self._known(row[0], row[1])
            table = (None if row[7] else row[2], row[3])
            self.columns.append((
                (schema, name), table, row[4], as_if_values.sql(
                    row[5], found.renames.enums.get((schema, name), {})),
                row[6]))
            self.users.setdefault((schema, name), set()).add(
                _renamed(found.renames, table, row[4]))

    def _known(self, schema, name):
        return (None, name) if (None, name) in self.values \
            else (schema, name)

    def added(self, column, schema, table):
        enum = enum_of(column.type, self.dialect)
        if enum is not None:
            self.users.setdefault(key_of(enum), set()).add(
                (schema or None, table, column.name))
        return enum

    def removed(self, schema, table, column=None):
        for users in self.users.values():
            for each in list(users):
                if each[:2] == (schema or None, table) \
                        and column in (None, each[2]):
                    users.discard(each)


def read(found):
    """The :class:`Enums` of a database, which are read once."""
    if found.known_enums is None:
        found.known_enums = Enums(found)
    return found.known_enums


def _renamed(renames, table, column):
    """A column as operations call it: by the names that it gets."""
    table = (table[0], renames.new(*table))
    return table + (renames.of_table(*table).get(column, column),)


def _visible(schema, visible):
    return None if visible else schema


def is_wanted(found):
    """Whether enums are types here, and nobody else writes them."""
    return dialects.of(found.connection).names_enums \
        and compat.alembic.has_operations() \
        and 'alembic_postgresql_enum' not in sys.modules


def make_and_drop(found, operations):
    """Make the enums that come and drop those that go, one way."""
    if not is_wanted(found):
        return
    if found.enums is None:
        if not any(_touches(each, found) for each in found.upgrade.ops):
            return
        found.enums = read(found)
    enums = found.enums
    before = set(key for key, users in enums.users.items() if users)
    written, alone = [], _of_one_new_table(operations, enums)
    for each in operations:
        for enum in _once(_coming(each, enums)):
            known = key_of(enum) in enums.values
            if not known and (key_of(enum) not in alone
                              or is_made_apart(found.context, enum)):
                written.append(creation(found, enum))
                known = True
            if known and isinstance(each, ops.CreateTableOp):
                made_apart(found, enum)
            enums.values.setdefault(key_of(enum), list(enum.enums))
        written.append(each)
    after = set(key for key, users in enums.users.items() if users)
    for key in sorted(before - after, key=str):
        enums.values.pop(key, None)
        written.append(for_postgresql(
            'op.execute(%r)' % str('DROP TYPE %s' % quoted(found, key))))
    operations[:] = written


def _once(found):
    """Enums, each of them once: a table may have several columns of one."""
    keys = []
    for enum in found:
        if key_of(enum) not in keys:
            keys.append(key_of(enum))
            yield enum


def _of_one_new_table(operations, enums):
    """The keys of enums that one new table needs: it makes them itself."""
    found = {}
    for each in operations:
        kinds = [enum_of(kind, enums.dialect) for kind in _types(each)]
        for key in set(key_of(kind) for kind in kinds if kind is not None):
            found.setdefault(key, []).append(each)
    return [key for key, users in found.items()
            if len(users) == 1 and isinstance(users[0], ops.CreateTableOp)]


def _touches(operation, found):
    """Whether an operation is about a column of an enum."""
    return any(enum_of(kind, found.context.dialect) is not None
               for kind in _types(operation))


def _types(operation):
    if isinstance(operation, ops.CreateTableOp):
        return [each.type for each in operation.to_table().columns]
    if isinstance(operation, ops.DropTableOp):
        return [each.type for each in operation.to_table().columns]
    if isinstance(operation, ops.AddColumnOp):
        return [operation.column.type]
    if isinstance(operation, ops.DropColumnOp):
        return [operation.to_column().type]
    if isinstance(operation, ops.AlterColumnOp):
        return [each for each in (operation.existing_type,
                                  operation.modify_type) if each is not None]
    return [kind for each in getattr(operation, 'ops', ())
            for kind in _types(each)]


def _coming(operation, enums):
    """Follow an operation; return the enums that it needs."""
    if isinstance(operation, ops.CreateTableOp):
        found = [enums.added(each, operation.schema, operation.table_name)
                 for each in operation.to_table().columns]
    elif isinstance(operation, ops.AddColumnOp):
        found = [enums.added(operation.column, operation.schema,
                             operation.table_name)]
    elif isinstance(operation, ops.AlterColumnOp):
        if operation.modify_type is None:
            return []
        enums.removed(operation.schema, operation.table_name,
                      operation.column_name)
        from sqlalchemy import Column
        found = [enums.added(
            Column(operation.column_name, operation.modify_type),
            operation.schema, operation.table_name)]
    elif isinstance(operation, (ops.DropTableOp, ops.DropColumnOp)):
        enums.removed(operation.schema, operation.table_name,
                      getattr(operation, 'column_name', None))
        return []
    else:
        return [enum for each in getattr(operation, 'ops', ())
                for enum in _coming(each, enums)]
    return [each for each in found if each is not None]


def made_apart(found, enum):
    """Let nothing but an operation of its own make an enum."""
    found.context.opts.setdefault('flask_migrate_enums', set()).add(
        key_of(enum))


def is_made_apart(context, kind):
    """Whether an enum exists when a table that uses it is made.

    :param context: a MigrationContext or an AutogenContext.
    """
    return key_of(kind) in context.opts.get('flask_migrate_enums', ())


def quoted(found, key):
    prepare = found.context.dialect.identifier_preparer
    return '.'.join(prepare.quote(each) for each in key if each)


def literal(value):
    return "'%s'" % value.replace("'", "''")


def creation(found, enum):
    """The operation that makes an enum."""
    return for_postgresql('op.execute(%r)' % str(
        'CREATE TYPE %s AS ENUM (%s)' % (
            quoted(found, key_of(enum)),
            ', '.join(literal(each) for each in enum.enums))))


def for_postgresql(*lines, **back):
    """Lines that a script runs on PostgreSQL only."""
    return Text(["if op.get_context().dialect.name == 'postgresql':\n    "
                 + '\n    '.join(lines)], **back)
