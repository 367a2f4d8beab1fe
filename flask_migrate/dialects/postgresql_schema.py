"""What is in a PostgreSQL database, as ``pg_get_...def()`` says it."""
from .postgresql_tables import tables
from .schema import Schema, SchemaObject, literal, rows, server_scratch

#: Of the user, and of no extension.  ``{0}`` is the row's catalogue.
USERS = """{1} !~ '^pg_' AND {1} <> 'information_schema'
    AND NOT EXISTS (SELECT 1 FROM pg_depend d
        WHERE d.classid = '{0}'::regclass AND d.objid = {0}.oid
        AND d.deptype = 'e')"""

_EXTENSIONS = """
    SELECT quote_ident(extname), format('CREATE EXTENSION IF NOT EXISTS %I'
        || CASE WHEN nspname = 'pg_catalog' THEN '' ELSE ' SCHEMA %I' END,
        extname, nspname)
    FROM pg_extension JOIN pg_namespace n ON n.oid = extnamespace
    WHERE extname <> 'plpgsql' ORDER BY pg_extension.oid"""

_SCHEMAS = """
    SELECT quote_ident(nspname), format('CREATE SCHEMA %I', nspname)
    FROM pg_namespace WHERE nspname <> 'public' AND """ \
    + USERS.format('pg_namespace', 'nspname') + """
    ORDER BY nspname"""

_ENUMS = """
    SELECT pg_type.oid::regtype::text, format('CREATE TYPE %s AS ENUM (%s)',
        pg_type.oid::regtype, (SELECT string_agg(quote_literal(enumlabel),
            ', ' ORDER BY enumsortorder) FROM pg_enum
            WHERE enumtypid = pg_type.oid))
    FROM pg_type JOIN pg_namespace n ON n.oid = typnamespace
    WHERE typtype = 'e' AND """ + USERS.format('pg_type', 'n.nspname') + """
    ORDER BY pg_type.oid"""

_COMPOSITES = """
    SELECT pg_type.oid::regtype::text, format('CREATE TYPE %s AS (%s)',
        pg_type.oid::regtype, (SELECT string_agg(format('%I %s', attname,
            format_type(atttypid, atttypmod)), ', ' ORDER BY attnum)
            FROM pg_attribute
            WHERE attrelid = typrelid AND NOT attisdropped))
    FROM pg_type JOIN pg_namespace n ON n.oid = typnamespace
    JOIN pg_class c ON c.oid = typrelid AND c.relkind = 'c'
    WHERE """ + USERS.format('pg_type', 'n.nspname') + """
    ORDER BY pg_type.oid"""

_DOMAINS = """
    SELECT pg_type.oid::regtype::text, format('CREATE DOMAIN %s AS %s%s%s%s',
        pg_type.oid::regtype, format_type(typbasetype, typtypmod),
        ' DEFAULT ' || typdefault,
        CASE WHEN typnotnull THEN ' NOT NULL' END,
        (SELECT string_agg(format(' CONSTRAINT %I %s', conname,
            pg_get_constraintdef(pg_constraint.oid)), '' ORDER BY conname)
            FROM pg_constraint
            WHERE contypid = pg_type.oid AND contype = 'c'))
    FROM pg_type JOIN pg_namespace n ON n.oid = typnamespace
    WHERE typtype = 'd' AND """ + USERS.format('pg_type', 'n.nspname') + """
    ORDER BY pg_type.oid"""

# Those of a column that is SERIAL or IDENTITY are the table's.
_SEQUENCES = """
    SELECT pg_class.oid::regclass::text, format(
        'CREATE SEQUENCE %s AS %s INCREMENT BY %s MINVALUE %s MAXVALUE %s '
        'START WITH %s CACHE %s%s', pg_class.oid::regclass,
        format_type(seqtypid, NULL), seqincrement, seqmin, seqmax, seqstart,
        seqcache, CASE WHEN seqcycle THEN ' CYCLE' ELSE '' END)
    FROM pg_sequence JOIN pg_class ON pg_class.oid = seqrelid
    JOIN pg_namespace n ON n.oid = relnamespace
    WHERE NOT EXISTS (SELECT 1 FROM pg_depend o
        WHERE o.classid = 'pg_class'::regclass AND o.objid = pg_class.oid
        AND o.deptype IN ('a', 'i'))
    AND """ + USERS.format('pg_class', 'n.nspname') + """
    ORDER BY pg_class.oid"""

_FUNCTIONS = """
    SELECT pg_proc.oid::regprocedure::text, pg_get_functiondef(pg_proc.oid)
    FROM pg_proc JOIN pg_namespace n ON n.oid = pronamespace
    WHERE prokind <> 'a' AND """ + USERS.format('pg_proc', 'n.nspname') + """
    ORDER BY pg_proc.oid"""

_VIEWS = """
    SELECT CASE relkind WHEN 'v' THEN 'view' ELSE 'materialized view' END,
        pg_class.oid::regclass::text, format('CREATE %s %s%s AS %s%s',
        CASE relkind WHEN 'v' THEN 'VIEW' ELSE 'MATERIALIZED VIEW' END,
        pg_class.oid::regclass,
        ' WITH (' || array_to_string(reloptions, ', ') || ')',
        rtrim(pg_get_viewdef(pg_class.oid), ';'),
        CASE WHEN relkind = 'm' AND NOT relispopulated
            THEN ' WITH NO DATA' ELSE '' END)
    FROM pg_class JOIN pg_namespace n ON n.oid = relnamespace
    WHERE relkind IN ('v', 'm')
    AND """ + USERS.format('pg_class', 'n.nspname') + """
    ORDER BY pg_class.oid"""

_VIEW_INDEXES = """
    SELECT i.indexrelid::regclass::text, pg_get_indexdef(i.indexrelid)
    FROM pg_index i JOIN pg_class ON pg_class.oid = i.indrelid
    JOIN pg_namespace n ON n.oid = relnamespace
    WHERE relkind = 'm' AND """ + USERS.format('pg_class', 'n.nspname') + """
    ORDER BY i.indexrelid"""

_TRIGGERS = """
    SELECT format('%I on %s', tgname, tgrelid::regclass),
        pg_get_triggerdef(pg_trigger.oid, true),
        CASE tgenabled WHEN 'O' THEN NULL ELSE format(
            'ALTER TABLE %s %s TRIGGER %I', tgrelid::regclass,
            CASE tgenabled WHEN 'D' THEN 'DISABLE' WHEN 'R' THEN
            'ENABLE REPLICA' ELSE 'ENABLE ALWAYS' END, tgname) END
    FROM pg_trigger JOIN pg_class c ON c.oid = tgrelid
    JOIN pg_namespace n ON n.oid = relnamespace
    WHERE NOT tgisinternal{of_partitions}
    AND """ + USERS.format('pg_trigger', 'n.nspname') + """
    ORDER BY pg_trigger.oid"""

_RULES = """
    SELECT format('%I on %s', rulename, ev_class::regclass),
        pg_get_ruledef(pg_rewrite.oid)
    FROM pg_rewrite JOIN pg_class c ON c.oid = ev_class
    JOIN pg_namespace n ON n.oid = relnamespace
    WHERE rulename <> '_RETURN'
    AND """ + USERS.format('pg_rewrite', 'n.nspname') + """
    ORDER BY pg_rewrite.oid"""

_STATISTICS = """
    SELECT stxname, pg_get_statisticsobjdef(pg_statistic_ext.oid)
    FROM pg_statistic_ext JOIN pg_namespace n ON n.oid = stxnamespace
    WHERE """ + USERS.format('pg_statistic_ext', 'n.nspname') + """
    ORDER BY pg_statistic_ext.oid"""

#: Kinds that no statement here makes again: a word and who they are.
_LEFT_OUT = (
    ('aggregate', "SELECT pg_proc.oid::regprocedure::text FROM pg_proc "
     "JOIN pg_namespace n ON n.oid = pronamespace WHERE prokind = 'a' AND "
     + USERS.format('pg_proc', 'n.nspname')),
    ('foreign table', "SELECT pg_class.oid::regclass::text FROM pg_class "
     "JOIN pg_namespace n ON n.oid = relnamespace WHERE relkind = 'f' AND "
     + USERS.format('pg_class', 'n.nspname')),
    ('range type', "SELECT pg_type.oid::regtype::text FROM pg_type "
     "JOIN pg_namespace n ON n.oid = typnamespace WHERE typtype = 'r' AND "
     + USERS.format('pg_type', 'n.nspname')),
    ('row-level security policy', "SELECT format('%I on %s', polname, "
     "polrelid::regclass) FROM pg_policy"),
    ('operator', "SELECT pg_operator.oid::regoperator::text FROM pg_operator "
     "JOIN pg_namespace n ON n.oid = oprnamespace WHERE "
     + USERS.format('pg_operator', 'n.nspname')),
    ('collation', "SELECT collname FROM pg_collation "
     "JOIN pg_namespace n ON n.oid = collnamespace WHERE "
     + USERS.format('pg_collation', 'n.nspname')),
    ('text search configuration', "SELECT cfgname FROM pg_ts_config "
     "JOIN pg_namespace n ON n.oid = cfgnamespace WHERE "
     + USERS.format('pg_ts_config', 'n.nspname')),
    ('event trigger', 'SELECT evtname FROM pg_event_trigger'),
    ('publication', 'SELECT pubname FROM pg_publication'),
)

_COMMENTS = (
    ('TYPE', "pg_type", 'pg_type.oid::regtype::text', 'typnamespace',
     "typtype IN ('e', 'c', 'd') AND typrelid = 0"),
    ('FUNCTION', 'pg_proc', 'pg_proc.oid::regprocedure::text',
     'pronamespace', "prokind = 'f'"),
    ('VIEW', 'pg_class', 'pg_class.oid::regclass::text', 'relnamespace',
     "relkind = 'v'"),
    ('MATERIALIZED VIEW', 'pg_class', 'pg_class.oid::regclass::text',
     'relnamespace', "relkind = 'm'"),
    ('SCHEMA', 'pg_namespace', 'quote_ident(n.nspname)', 'oid',
     "n.nspname <> 'public'"),
)


def read(connection):
    """The :class:`Schema` of a PostgreSQL database (11 or newer)."""
    found, last = [], []
    for kind, sql in (('extension', _EXTENSIONS), ('schema', _SCHEMAS),
                      ('type', _ENUMS), ('type', _COMPOSITES),
                      ('domain', _DOMAINS), ('sequence', _SEQUENCES),
                      ('function', _FUNCTIONS)):
        for name, statement in rows(connection, sql):
            found.append(SchemaObject(kind, name, [statement.strip()]))
    found.extend(tables(connection))
    for kind, name, statement in rows(connection, _VIEWS):
        found.append(SchemaObject(kind, name, [statement]))
    for kind, sql in (('index', _VIEW_INDEXES), ('statistics', _STATISTICS),
                      ('rule', _RULES)):
        for name, statement in rows(connection, sql):
            last.append(SchemaObject(kind, name, [statement]))
    for name, statement, state in rows(connection, _triggers(connection)):
        last.append(SchemaObject(
            'trigger', name, [statement] + [state] * bool(state)))
    found.extend(last + list(_comments(connection)))
    return Schema(found, _left_out(connection),
                  # Functions name tables that come after them.
                  before=['SET LOCAL check_function_bodies = off'])


def _triggers(connection):
    """The SELECT for triggers; those of partitions are made by the parent's
    (``tgparentid`` is PostgreSQL 13)."""
    has = rows(connection, "SELECT 1 FROM pg_attribute WHERE attrelid = "
               "'pg_trigger'::regclass AND attname = 'tgparentid'")
    return _TRIGGERS.replace(
        '{of_partitions}', ' AND tgparentid = 0' if has else '')


def _left_out(connection):
    return ['%s %s' % (kind, name) for kind, sql in _LEFT_OUT
            for name, in rows(connection, sql)]


def _comments(connection):
    for kind, catalogue, name, schema, which in _COMMENTS:
        for of, comment in rows(
                connection,
                "SELECT {1}, obj_description({0}.oid, '{0}') FROM {0} "
                "JOIN pg_namespace n ON n.oid = {0}.{2} WHERE {3} AND "
                "obj_description({0}.oid, '{0}') IS NOT NULL AND {4} "
                'ORDER BY 1'.format(catalogue, name, schema, which,
                                    USERS.format(catalogue, 'n.nspname'))):
            yield SchemaObject(
                'comment', '%s %s' % (kind, of),
                [u'COMMENT ON %s %s IS %s' % (kind, of, literal(comment))])


def scratch(engine):
    """A scratch database on the same server."""
    return server_scratch(engine, 'CREATE DATABASE %s TEMPLATE template0',
                          'DROP DATABASE IF EXISTS %s',
                          isolation_level='AUTOCOMMIT')
