"""What the text of a statement tells of what it does."""
import re

#: What changes nothing that a failure could leave behind.
_READS = re.compile(r'''(?:
    SHOW\b|DESCRIBE\b|DESC\b|PRAGMA\b|EXPLAIN\b(?!\W+ANALY[SZ]E\b)
    |START\s+TRANSACTION\b|COMMIT\b(?!\s+PREPARED\b)|END\b
    |SAVEPOINT\b|RELEASE\b|ROLLBACK\s+TO\b
    |BEGIN\b(?!\s+NOT\b)|SET\b(?!\s+STATEMENT\b)
)''', re.I | re.X)
#: But not what MySQL executes although it stands in a comment.
_COMMENTS = re.compile(r'\A(\s+|/\*(?!M?!).*?\*/|(?:--|#)[^\n]*(\n|\Z))+',
                       re.S)
_TEXTS = re.compile(r"'(?:[^'\\]|''|\\.)*'", re.S)
_CALLS = re.compile(r'([\w.]+)\s*\(')
#: What stands before a bracket in a SELECT and calls nothing that writes.
_PURE = frozenset('''
    abs all and any array array_agg array_length as avg between bigint by case
    cast ceil ceiling char char_length character coalesce concat concat_ws
    convert count current_database current_schema current_setting
    current_timestamp database date date_format date_part date_trunc datetime
    day decimal dense_rank distinct else except exists extract filter
    first_value float floor format format_type from gen_random_uuid
    generate_series get_lock greatest group_concat having hex if ifnull iif in
    instr int integer intersect interval json_agg json_array json_build_object
    json_each json_extract jsonb_agg jsonb_array_elements jsonb_build_object
    jsonb_each julianday lag last_insert_id last_insert_rowid last_value lead
    least left length like limit lower lpad ltrim max md5 min mod month not
    now nullif numeric on or over partition pg_sleep position power printf
    quote_ident quote_literal random rank regexp_matches regexp_replace
    release_lock replace right round row row_number rpad rtrim schema select
    sign sleep some split_part sqrt strftime string_agg substr substring sum
    then time to_char to_date to_json to_jsonb to_number to_regclass
    to_timestamp trim typeof union unix_timestamp unnest upper user using uuid
    values varchar version when where with within year
'''.split())


def without_comments(statement):
    """A statement on one line, without the comments before it."""
    return ' '.join(_COMMENTS.sub('', statement).split())


def may_change(sql):
    """Whether a statement may change something in a database.

    A SELECT may, where it calls a function that nobody here knows, and where
    it makes a table.

    :param sql: without comments before it.
    """
    if not re.match(r'SELECT\b', sql, re.I):
        return not _READS.match(sql)
    sql = _TEXTS.sub("''", sql).lower()
    return re.search(r'\binto\b', sql) is not None or any(
        name.rpartition('.')[2] not in _PURE
        and not name.startswith(('pg_get_', 'pg_catalog.', 'pragma_'))
        for name in _CALLS.findall(sql))
