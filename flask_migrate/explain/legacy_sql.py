"""What to write for SQLAlchemy 1.x where SQLAlchemy 2 refuses it."""
import re

from .. import compat
from ..compat.python import error_text

#: What SQLAlchemy 2 says, what it says that of, and what to write for it.
REPLACEMENTS = (
    (r'columns clause element expected, got \[',
     'select([a, b], condition)', 'select(a, b).where(condition)'),
    (r'Additional keyword arguments are not accepted by this function',
     'select(columns=[a], whereclause=condition, from_obj=[table])',
     'select(a).where(condition).select_from(table)'),
    (r'The "whens" argument to case\(\)',
     'case([(condition, a)])', 'case((condition, a))'),
    (r"\bcase\(\) got an unexpected keyword argument 'whens'",
     "case(value=a, whens={1: 'x'})", "case({1: 'x'}, value=a)"),
    (r'The "\w+" argument to Select\.with_only_columns\(\)',
     'with_only_columns([a])', 'with_only_columns(a)'),
    (r"__init__\(\) got an unexpected keyword argument '(?:bind|reflect)'|"
     r'expected schema argument to be a string, got',
     'MetaData(bind)', "metadata = MetaData(), and Table('name', metadata, "
     "autoload_with=op.get_bind())"),
    (r"got 'autoload'",
     "Table('name', metadata, autoload=True)",
     "Table('name', metadata, autoload_with=op.get_bind())"),
    (r"\b(reflect|create_all|drop_all|create|drop)\(\) missing 1 required "
     r"positional argument: 'bind'", r'\1()', r'\1(op.get_bind())'),
    (r"\b(update|delete|select)\(\) (?:takes 1 positional argument|"
     r"got an unexpected keyword argument 'whereclause')",
     r'table.\1(condition)', r'table.\1().where(condition)'),
    (r"\b(insert)\(\) takes 1 positional argument|"
     r"\b(insert|update)\(\) got an unexpected keyword argument 'values'",
     r'table.\1\2(values)', r'table.\1\2().values(values)'),
    (r"'Engine' object has no attribute '(execute|scalar)'",
     r'engine.\1("...")', r'op.get_bind().\1(text("..."))'),
    (r"'Engine' object has no attribute '(?:table_names|has_table)'|"
     r"'Table' object has no attribute 'exists'|"
     r'argument passed to Dialect\.has_table\(\)',
     "engine.table_names(), engine.has_table('name'), table.exists()",
     "inspect(op.get_bind()).get_table_names(), .has_table('name')"),
    (r"'Connection' object has no attribute '(\w*connect)'",
     r'op.get_bind().\1()', 'op.get_bind()'),
    (r"'Connection' object has no attribute '(run_callable|transaction)'",
     r'op.get_bind().\1(function)', 'function(op.get_bind())'),
    (r"(?:'(?:Select|CompoundSelect|Insert|Update|Delete|TextClause|DDL|"
     r"Sequence)' object has no|nor 'Comparator' object has an) attribute "
     r"'(execute|scalar)'",
     r'statement.\1()', r'op.get_bind().\1(statement)'),
    (r'should be explicitly declared (?:as|with) text',
     'session.execute("..."), where("..."), order_by("...")',
     'the string as text("..."), with \\: for a colon before a letter'),
    (r'Not an executable object: [\'"]',
     'connection.execute("...")',
     'connection.execute(text("...")), with \\: for a colon before a letter'),
    (r"(?:locate column in row for column '|\A)(keys|items|values)'?\Z",
     r'row.\1()', r'row._mapping.\1()'),
    (r'tuple indices must be integers or slices, not (?:str|\w*Column)\Z',
     "row['name']", "row._mapping['name']"),
    (r"'Select' object has no attribute '(?:c|columns)'\Z",
     'select.c', 'select.subquery().c'),
    (r"'Select' object has no attribute 'append_whereclause'",
     'select.append_whereclause(condition)',
     'select = select.where(condition)'),
    (r"'Select' object has no attribute 'append_column'",
     'select.append_column(a)', 'select = select.add_columns(a)'),
    (r"'Select' object has no attribute 'append_from'",
     'select.append_from(table)', 'select = select.select_from(table)'),
    (r"'\w*Table\w*' object has no attribute 'count'",
     'table.count()', 'select(func.count()).select_from(table)'),
    (r"'Query' object has no attribute 'from_self'",
     'query.from_self()', 'select(query.subquery())'),
    (r'autocommit=True is no longer supported',
     'Session(autocommit=True)', 'Session(bind=op.get_bind())'),
    (r"unexpected keyword argument 'convert_unicode'",
     'String(convert_unicode=True)', 'String()'),
    (r"text\(\) got an unexpected keyword argument '(?:bind|autocommit)'",
     'text("...", bind=connection)', 'text("...")'),
    (r"text\(\) got an unexpected keyword argument 'bindparams'",
     'text("...", bindparams=[a])', 'text("...").bindparams(a)'),
    (r"text\(\) got an unexpected keyword argument 'typemap'",
     'text("...", typemap={...})', 'text("...").columns(...)'),
    (r'isolation_level may not be altered',
     "op.get_bind().execution_options(isolation_level='AUTOCOMMIT')",
     'with op.get_context().autocommit_block():'),
    (r"'sqlalchemy\.orm\.mapper\(\)' function is removed",
     'mapper(Class, table)', 'registry().map_imperatively(Class, table)'),
)

#: Names that were in SQLAlchemy 1.x, and what they are now.
NAMES = {
    'Binary': 'LargeBinary', 'PassiveDefault': 'DefaultClause',
    'ThreadLocalMetaData': 'MetaData', 'relation': 'relationship',
    'eagerload': 'joinedload', 'subquery': 'select(...).subquery()',
    'eagerload_all': 'joinedload(...).joinedload(...)',
    'joinedload_all': 'joinedload(...).joinedload(...)',
    'subqueryload_all': 'subqueryload(...).subqueryload(...)',
    'RowProxy': 'sqlalchemy.engine.Row', 'BaseRowProxy':
    'sqlalchemy.engine.Row', 'LegacyRow': 'sqlalchemy.engine.Row',
    'ResultProxy': 'sqlalchemy.engine.CursorResult',
    'KeyedTuple': 'sqlalchemy.engine.Row', 'exceptions': 'sqlalchemy.exc',
    'databases': 'sqlalchemy.dialects',
    'Connectable': 'sqlalchemy.engine.Connection',
}
_GONE = re.compile(
    r"module '?sqlalchemy[\w.]*'? has no attribute '(\w+)'|"
    r"cannot import name '?(\w+)'? from '?sqlalchemy|"
    r"No module named '?sqlalchemy\.(\w+)")


def replacement(error):
    """Lines that say what to write for what is no longer in SQLAlchemy.

    :param error: what it raised.
    :return: none where it is something else.
    """
    text = error_text(error)
    gone = _GONE.search(text)
    if gone:
        name = gone.group(1) or gone.group(2) or gone.group(3)
        return _lines(name, NAMES[name]) if name in NAMES else []
    if not compat.legacy_sql.is_needed():
        return []
    for pattern, then, now in REPLACEMENTS:
        match = re.search(pattern, text)
        if match:
            return _lines(*[_filled(match, each) for each in (then, now)])
    return []


def _filled(match, words):
    """Words with the groups of a match, of which some may be missing."""
    return re.sub(r'\\(\d)', lambda one: match.group(int(one.group(1))) or '',
                  words)


def _lines(then, now):
    return ['  No longer in SQLAlchemy: %s' % then, '  Write: %s' % now]
