# coding: utf-8
"""What a database holds, read past Alembic, in a form that can be compared."""
import re

from sqlalchemy import MetaData, inspect, text


def rows_of(connection, sql):
    result = connection.execute(text(sql))
    return [tuple(row) for row in result] if result.returns_rows else []


def schema(engine, named=None):
    """The tables of a database, as a dict of sorted texts.

    :param named: names of constraints that count; None: all do.
    """
    kinds = {'sqlite': _sqlite, 'postgresql': _postgresql}
    connection = engine.connect()
    try:
        found = kinds.get(engine.dialect.name, _mysql)(connection, engine)
    finally:
        connection.close()
    found.pop('alembic_version', None)
    return dict((table, sorted(_nameless(line, named) for line in lines))
                for table, lines in found.items())


def _nameless(line, named):
    """Leave out the names of what nobody has named: «name»."""
    return re.sub(u'«(.*?)»', lambda match: match.group(1)
                  if named is None or match.group(1) in named
                  else '...', line)


def names_given(metadata):
    """The names of constraints and indexes that models give."""
    names = set()
    for table in metadata.tables.values():
        for each in list(table.constraints) + list(table.indexes):
            if getattr(each, 'name', None) and type(
                    each.name).__name__ != '_NONE_NAME':
                names.add(str(each.name))
    return names


# PostgreSQL ------------------------------------------------------------------

def _postgresql(connection, engine):
    found = {}
    for table, in rows_of(
            connection, "SELECT relname FROM pg_class WHERE relkind IN "
            "('r', 'p') AND relnamespace = 'public'::regnamespace"):
        found[table] = []
    queries = [
        "SELECT relname, attname || ' ' || format_type(atttypid, atttypmod) "
        "|| CASE WHEN attnotnull THEN ' NOT NULL' ELSE '' END || "
        "coalesce(' = ' || pg_get_expr(adbin, adrelid), '') || "
        "attidentity::text || attgenerated::text || "
        "coalesce(' ' || collname, '') || "
        "coalesce(' -- ' || col_description(c.oid, attnum), '') "
        "FROM pg_class c JOIN pg_attribute a ON attrelid = c.oid AND "
        "attnum > 0 AND NOT attisdropped LEFT JOIN pg_attrdef ON "
        "adrelid = c.oid AND adnum = attnum LEFT JOIN pg_collation l ON "
        "l.oid = attcollation AND collname <> 'default' WHERE relkind = 'r'",
        u"SELECT relname, '«' || conname || '» ' || "
        "pg_get_constraintdef(k.oid) FROM pg_constraint k JOIN pg_class c "
        "ON c.oid = conrelid WHERE contype <> 'n'",
        u"SELECT c.relname, replace(pg_get_indexdef(i.oid), "
        u"quote_ident(i.relname), "
        u"'«' || i.relname || '»') FROM pg_index x JOIN pg_class i ON "
        "i.oid = indexrelid JOIN pg_class c ON c.oid = indrelid",
        "SELECT relname, obj_description(oid) FROM pg_class "
        "WHERE obj_description(oid) IS NOT NULL AND relkind = 'r'",
    ]
    for query in queries:
        for table, line in rows_of(connection, query):
            if table in found:
                found[table].append(line)
    found['(types)'] = [
        '%s: %s' % tuple(row) for row in rows_of(
            connection, "SELECT typname, string_agg(enumlabel, ', ' ORDER "
            "BY enumsortorder) FROM pg_type t JOIN pg_enum e ON "
            "e.enumtypid = t.oid GROUP BY typname")]
    found['(sequences)'] = [row[0] for row in rows_of(
        connection, "SELECT relname FROM pg_class WHERE relkind = 'S'")]
    return found


# MySQL, MariaDB --------------------------------------------------------------

def _mysql(connection, engine):
    found = {}
    for table, in rows_of(connection, 'SHOW TABLES'):
        created = rows_of(connection, 'SHOW CREATE TABLE `%s`' % table)[0][1]
        lines = [line.strip().rstrip(',') for line
                 in created.splitlines()[1:]]
        lines[-1] = re.sub(r' AUTO_INCREMENT=\d+', '', lines[-1])
        found[table] = [re.sub(u'((?:KEY|CONSTRAINT) )`([^`]+)`',
                               u'\\1«\\2»', line) for line in lines]
    return found


# SQLite ----------------------------------------------------------------------

def _sqlite(connection, engine):
    found = {}
    for table, sql in rows_of(
            connection, "SELECT name, sql FROM sqlite_master WHERE "
            "type = 'table' AND name NOT LIKE 'sqlite_%'"):
        lines = found[table] = []
        pragma = 'table_xinfo' if rows_of(
            connection, "PRAGMA table_xinfo('%s')" % table) else 'table_info'
        for row in rows_of(connection, "PRAGMA %s('%s')" % (pragma, table)):
            lines.append('%s %s%s default %s pk %s %s' % (
                row[1], row[2], ' NOT NULL' if row[3] else '',
                _unparenthesized(row[4]), row[5], row[6:]))
        lines += _of_sqlite_sql(sql)
        foreign = {}
        for row in rows_of(connection,
                           "PRAGMA foreign_key_list('%s')" % table):
            foreign.setdefault(row[0], []).append(row)
        for number, parts in foreign.items():
            parts.sort(key=lambda row: row[1])
            lines.append('foreign %s -> %s %s %s' % (
                [row[3] for row in parts], parts[0][2],
                [row[4] for row in parts], parts[0][5:]))
        for row in rows_of(connection, "PRAGMA index_list('%s')" % table):
            columns = [each[2] for each in rows_of(
                connection, "PRAGMA index_info('%s')" % row[1])]
            if row[3] == 'u':
                lines.append('unique %s' % columns)
        for name, sql in rows_of(
                connection, "SELECT name, sql FROM sqlite_master WHERE "
                "type = 'index' AND sql IS NOT NULL AND tbl_name = '%s'"
                % table):
            lines.append(_plain(sql))
    # Names and checks of constraints stand in the text alone.
    metadata = MetaData()
    metadata.reflect(engine)
    inspector = inspect(engine)
    for table in found:
        if hasattr(inspector, 'get_check_constraints'):
            found[table] += [u'«%s» CHECK %s' % (
                each['name'] or '', _plain(each['sqltext'])) for each in
                inspector.get_check_constraints(table)]
        for kind in 'get_unique_constraints', 'get_foreign_keys':
            found[table] += [u'«%s» %s' % (
                each['name'] or '', each.get('column_names')
                or each.get('constrained_columns'))
                for each in getattr(inspector, kind)(table)]
    return found


def _of_sqlite_sql(sql):
    """What no PRAGMA tells."""
    found = []
    for name, rest in re.findall(
            r'[(,]\s*"?(\w+)"? \w+((?: ?\([\d, ]+\))?[^,]*)', sql):
        for pattern in (r'COLLATE "?\w+"?',
                        r'(?:GENERATED ALWAYS )?AS \(.*\)'
                        r'( STORED| VIRTUAL)?'):
            match = re.search(pattern, rest)
            if match:
                found.append('%s %s' % (name,
                                        match.group().replace('"', '')))
    return found


def _plain(sql):
    return re.sub(r'\s+', ' ', sql.replace('"', '')).replace(
        'IF NOT EXISTS ', '')


def _unparenthesized(default):
    while default and default.startswith('(') and default.endswith(')') \
            and '(' not in default[1:-1].replace('()', ''):
        default = default[1:-1]
    return default
