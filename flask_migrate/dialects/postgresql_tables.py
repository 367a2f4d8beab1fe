"""The tables of a PostgreSQL database, as SQL."""
from .schema import SchemaObject, literal, rows

_TABLES = """
    SELECT c.oid, c.oid::regclass::text, relpersistence, relkind::text,
        array_to_string(reloptions, ', '), pg_get_partkeydef(c.oid),
        pg_get_expr(relpartbound, c.oid),
        (SELECT string_agg(inhparent::regclass::text, ', '
            ORDER BY inhseqno) FROM pg_inherits WHERE inhrelid = c.oid),
        obj_description(c.oid, 'pg_class'), pg_table_is_visible(c.oid)
    FROM pg_class c JOIN pg_namespace n ON n.oid = relnamespace
    WHERE relkind IN ('r', 'p') AND nspname !~ '^pg_'
    AND nspname <> 'information_schema'
    AND NOT EXISTS (SELECT 1 FROM pg_depend d
        WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid
        AND d.deptype = 'e')
    ORDER BY c.oid"""

# In PostgreSQL 12 pg_attribute got attgenerated.
_COLUMNS = """
    SELECT a.attrelid, quote_ident(attname), format_type(atttypid, atttypmod),
        CASE WHEN attcollation <> typcollation AND attcollation <> 0
            THEN (SELECT format('%I.%I', s.nspname, collname)
                FROM pg_collation o JOIN pg_namespace s
                ON s.oid = collnamespace WHERE o.oid = attcollation) END,
        attnotnull, attidentity::text, {generated},
        pg_get_expr(adbin, adrelid), col_description(a.attrelid, attnum),
        attislocal, pg_get_serial_sequence(a.attrelid::regclass::text,
                                           attname)
    FROM pg_attribute a JOIN pg_class c ON c.oid = attrelid
    JOIN pg_namespace n ON n.oid = relnamespace
    JOIN pg_type t ON t.oid = atttypid
    LEFT JOIN pg_attrdef ON adrelid = attrelid AND adnum = attnum
    WHERE relkind IN ('r', 'p') AND attnum > 0 AND NOT attisdropped
    AND nspname !~ '^pg_' AND nspname <> 'information_schema'
    ORDER BY attrelid, attnum"""

_CONSTRAINTS = """
    SELECT conrelid, contype::text, quote_ident(conname),
        pg_get_constraintdef(k.oid),
        obj_description(k.oid, 'pg_constraint')
    FROM pg_constraint k WHERE conrelid <> 0 AND conislocal
    AND contype IN ('p', 'u', 'c', 'x', 'f') AND conparentid = 0
    ORDER BY conrelid, contype <> 'p', conname"""

_INDEXES = """
    SELECT indrelid, pg_get_indexdef(indexrelid), indexrelid::regclass::text,
        obj_description(indexrelid, 'pg_class')
    FROM pg_index JOIN pg_class c ON c.oid = indexrelid
    WHERE NOT relispartition AND NOT EXISTS (SELECT 1 FROM pg_constraint
        WHERE conindid = indexrelid AND contype IN ('p', 'u', 'x'))
    ORDER BY indrelid, indexrelid::regclass::text"""

_SERIALS = """
    SELECT d.refobjid, c.oid::regclass::text, quote_ident(attname),
        format('CREATE SEQUENCE %s AS %s INCREMENT BY %s MINVALUE %s '
            'MAXVALUE %s START WITH %s CACHE %s%s', c.oid::regclass,
            format_type(seqtypid, NULL), seqincrement, seqmin, seqmax,
            seqstart, seqcache, CASE WHEN seqcycle THEN ' CYCLE' ELSE '' END)
    FROM pg_sequence JOIN pg_class c ON c.oid = seqrelid
    JOIN pg_depend d ON d.classid = 'pg_class'::regclass AND d.objid = c.oid
        AND d.deptype = 'a'
    JOIN pg_attribute a ON attrelid = d.refobjid AND attnum = d.refobjsubid
    ORDER BY c.oid"""

_IDENTITY = """
    SELECT d.refobjid, quote_ident(attname),
        format('INCREMENT BY %s MINVALUE %s MAXVALUE %s START WITH %s '
            'CACHE %s%s', seqincrement, seqmin, seqmax, seqstart, seqcache,
            CASE WHEN seqcycle THEN ' CYCLE' ELSE '' END)
    FROM pg_sequence JOIN pg_depend d ON d.classid = 'pg_class'::regclass
        AND d.objid = seqrelid AND d.deptype = 'i'
    JOIN pg_attribute a ON attrelid = d.refobjid AND attnum = d.refobjsubid
    """


def tables(connection):
    """The tables of the user, as :class:`SchemaObject`."""
    generated = rows(connection, "SELECT 1 FROM pg_attribute WHERE attrelid "
                     "= 'pg_attribute'::regclass AND "
                     "attname = 'attgenerated'")
    columns = _by_table(rows(connection, _COLUMNS.replace(
        '{generated}', "attgenerated::text" if generated else "''")))
    constraints = _by_table(rows(connection, _CONSTRAINTS))
    indexes = _by_table(rows(connection, _INDEXES))
    serials = _by_table(rows(connection, _SERIALS))
    identity = dict(((row[0], row[1]), row[2])
                    for row in rows(connection, _IDENTITY))
    for row in rows(connection, _TABLES):
        oid = row[0]
        yield _table(row, columns.get(oid, []), constraints.get(oid, []),
                     indexes.get(oid, []), serials.get(oid, []), identity)


def _by_table(found):
    by_table = {}
    for row in found:
        by_table.setdefault(row[0], []).append(row[1:])
    return by_table


def _table(row, columns, constraints, indexes, serials, identity):
    oid, name, _, kind, _, _, bound, parents, comment, visible = row
    keys = [each for each in constraints if each[0] == 'f']
    others = [each for each in constraints if each[0] != 'f']
    lines = [_column(oid, each, identity) for each in columns
             if each[8] and bound is None]
    lines += ['CONSTRAINT %s %s' % each[1:3] for each in others]
    statements = [each[2] for each in serials] + [_create(row, lines)]
    statements += ['ALTER SEQUENCE %s OWNED BY %s.%s' % (
        sequence, name, column) for sequence, column, _ in serials]
    statements += [definition for definition, _, _ in indexes]
    statements += list(_comments(name, comment, columns, others, indexes))
    plain = kind == 'r' and bound is None and not parents and visible
    return SchemaObject(
        'table', name, statements, table=_unquoted(name) if plain else None,
        after=['ALTER TABLE %s ADD CONSTRAINT %s %s' % (
            name, key[1], key[2]) for key in keys])


def _create(row, lines):
    """The CREATE TABLE.

    :param lines: what stands in its brackets.
    """
    _, name, persistence, _, options, partitioned, bound, parents = row[:8]
    create = 'CREATE %sTABLE %s' % (
        'UNLOGGED ' if persistence == 'u' else '', name)
    if bound is not None:
        create += ' PARTITION OF %s' % parents
    if lines or bound is None:
        create += ' (\n    %s\n)' % ',\n    '.join(lines)
    if bound is not None:
        create += ' %s' % bound
    elif parents:
        create += ' INHERITS (%s)' % parents
    if partitioned:
        create += ' PARTITION BY %s' % partitioned
    if options:
        create += ' WITH (%s)' % options
    return create


def _unquoted(name):
    return name[1:-1].replace('""', '"') if name.startswith('"') else name


def _column(oid, column, identity):
    (name, kind, collation, required, always, generated, default, _, _,
     _) = column
    sql = '%s %s' % (name, kind)
    if collation:
        sql += ' COLLATE %s' % collation
    if generated:
        sql += ' GENERATED ALWAYS AS (%s) %s' % (
            default, {'s': 'STORED', 'v': 'VIRTUAL'}[generated])
    elif always:
        sql += ' GENERATED %s AS IDENTITY (%s)' % (
            {'a': 'ALWAYS', 'd': 'BY DEFAULT'}[always],
            identity.get((oid, name), ''))
    elif default is not None:
        sql += ' DEFAULT %s' % default
    return sql + ' NOT NULL' * bool(required)


def _comments(name, comment, columns, constraints, indexes):
    if comment is not None:
        yield u'COMMENT ON TABLE %s IS %s' % (name, literal(comment))
    for column in columns:
        if column[7] is not None:
            yield u'COMMENT ON COLUMN %s.%s IS %s' % (
                name, column[0], literal(column[7]))
    for constraint in constraints:
        if constraint[3] is not None:
            yield u'COMMENT ON CONSTRAINT %s ON %s IS %s' % (
                constraint[1], name, literal(constraint[3]))
    for _, index, text in indexes:
        if text is not None:
            yield u'COMMENT ON INDEX %s IS %s' % (index, literal(text))
