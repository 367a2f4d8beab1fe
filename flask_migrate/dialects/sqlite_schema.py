"""What is in a SQLite database."""
from contextlib import contextmanager
import os
import re
import shutil
import tempfile

from sqlalchemy import types

from .schema import Schema, SchemaObject, rows
from .sqlite_foreign_keys import quoted

#: What Alembic's operations lose, or write another way.
_OWN_WORDS = re.compile(
    r'\b(AUTOINCREMENT|COLLATE|ON\s+(DELETE|UPDATE|CONFLICT)|DEFERRABLE|'
    r'MATCH|GENERATED|AS\s*\(|CHECK|STRICT|WITHOUT\s+ROWID|CONSTRAINT)\b',
    re.I)
_COMMENTS = re.compile(r'--[^\n]*|/\*.*?\*/', re.S)
_OWN_INDEX = re.compile(
    r'\b(WHERE|DESC|COLLATE)\b|\(.*\(', re.I | re.S)
_VIRTUAL = re.compile(r'\s*CREATE\s+VIRTUAL', re.I)
#: The tables that SQLite makes itself.
_OWN_TABLES = re.compile(r'^sqlite_', re.I)


def read(connection):
    """The :class:`Schema` of a SQLite database."""
    found = rows(connection, 'SELECT type, name, tbl_name, sql '
                 'FROM sqlite_master ORDER BY rowid')
    virtual = [name for kind, name, _, sql in found
               if _VIRTUAL.match(sql or '')]
    found = [row for row in found if row[3] and not is_own_table(row[1])
             and not _is_shadow(row[2], virtual)]
    objects = []
    for kind, name, table, sql in found:
        if kind == 'table':
            indexes = [row[3] for row in found
                       if row[0] == 'index' and row[2] == name]
            objects.append(_table(connection, name, sql, indexes))
    # Triggers last: a table may be older than what its trigger names.
    for wanted in ('view', 'trigger'):
        objects.extend(SchemaObject(kind, name, [sql], looks=_folded(sql))
                       for kind, name, _, sql in found if kind == wanted)
    return Schema(objects)


def declared_types(connection, table, schema=None):
    """The types of a table's columns as they were written, by name."""
    return dict((row[1], row[2]) for row in rows(
        connection, 'PRAGMA %stable_info(%s)' % (
            quoted(schema) + '.' if schema else '', quoted(table))))


def is_own_table(name):
    """Whether SQLite makes a table itself, such as ``sqlite_sequence``."""
    return bool(_OWN_TABLES.match(name))


_TOKEN = re.compile(
    r"""--[^\n]*|/\*.*?\*/|'(?:[^']|'')*'|"(?:[^"]|"")*"|`[^`]*`|\[[^]]*\]"""
    r"""|[\w$]+|[^\s\w]""", re.S | re.U)


def untold(connection, table):
    """What no PRAGMA tells of a table.

    :return: the collations of its columns, a dict, and whether it is made
        with AUTOINCREMENT.
    """
    found = rows(connection, "SELECT sql FROM sqlite_master WHERE type = "
                 "'table' AND name = '%s'" % table.replace("'", "''"))
    depth, parts, counts = 0, [[]], False
    for token in _TOKEN.findall(found[0][0] if found else ''):
        depth += {'(': 1, ')': -1}.get(token, 0)
        counts = counts or token.upper() == 'AUTOINCREMENT'
        if depth == 1 and token in '(,':
            parts.append([])
        elif depth == 1 and token[:2] not in ('--', '/*'):
            parts[-1].append(token)
    collations = {}
    for part in parts[1:]:
        for word, name in zip(part, part[1:]):
            if word.upper() == 'COLLATE':
                collations[_unquoted(part[0])] = _unquoted(name)
    return collations, counts


def _unquoted(name):
    if name[0] in '"`[':
        return name[1:-1].replace('""', '"')
    return name


def know_binary(dialect):
    """Let a dialect read BINARY and VARBINARY, which become NUMERIC else.

    A comparison finds another type then, and a table that batch mode copies
    gets it.  What the application says of them itself stays.
    """
    if 'BINARY' not in dialect.ischema_names:
        dialect.ischema_names = dict(
            {'BINARY': types.BINARY, 'VARBINARY': types.VARBINARY},
            **dialect.ischema_names)


def _is_shadow(table, virtual):
    """Whether a table belongs to a virtual one, which makes it."""
    return any(table.startswith(name + '_') for name in virtual)


def _table(connection, name, sql, indexes):
    columns = rows(connection, 'PRAGMA table_info(%s)' % quoted(name))
    own = _OWN_WORDS.search(_COMMENTS.sub(' ', sql)) \
        or any(map(_OWN_INDEX.search, indexes)) \
        or any(not column[2] for column in columns) \
        or _VIRTUAL.match(sql)
    return SchemaObject(
        'table', name, [sql] + indexes, table=None if own else name,
        looks='; '.join(map(_folded, [sql] + sorted(indexes))) if own
        else _details(connection, name, columns))


def _folded(sql):
    return ' '.join(sql.split())


def _details(connection, table, columns):
    """All that the PRAGMAs say of a table."""
    keys = sorted(row[2:] for row in rows(
        connection, 'PRAGMA foreign_key_list(%s)' % quoted(table)))
    indexes = sorted(
        ('' if index[1].startswith('sqlite_autoindex') else index[1],
         index[2], [row[2] for row in rows(
             connection, 'PRAGMA index_info(%s)' % quoted(index[1]))])
        for index in rows(connection,
                          'PRAGMA index_list(%s)' % quoted(table)))
    # An INTEGER PRIMARY KEY is NOT NULL whether or not it says so.
    columns = [(name, kind.upper(), notnull or int(bool(
        key and kind.upper() == 'INTEGER')), default, key)
        for _, name, kind, notnull, default, key in
        (column[:6] for column in columns)]
    return repr((columns, keys, indexes))


@contextmanager
def scratch(engine):
    """A scratch database, in a file of its own."""
    from sqlalchemy import create_engine
    folder = tempfile.mkdtemp()
    try:
        copy = create_engine('sqlite:///' + os.path.join(folder, 'scratch.db'))
        try:
            yield copy
        finally:
            copy.dispose()
    finally:
        shutil.rmtree(folder, ignore_errors=True)
