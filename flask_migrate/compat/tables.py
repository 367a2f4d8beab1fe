"""What depends on the version of SQLAlchemy, of tables and columns."""
from __future__ import absolute_import

import re

from .python import string_types, text_type


def copy_table(table, metadata):
    """Copy *table* into *metadata* (``tometadata`` went in SQLAlchemy 2)."""
    copy = getattr(table, 'to_metadata', None) or table.tometadata
    return copy(metadata)


def has_table(connection, name, schema=None):
    """Whether there is a table (``Inspector.has_table`` is 1.4)."""
    return connection.dialect.has_table(connection, name, schema)


def default_schema(connection):
    """The schema of tables that name none; None where there is none."""
    return connection.dialect.default_schema_name


def belongs_to_constraint(index):
    """Whether a reflected index is that of a UNIQUE constraint.

    PostgreSQL and MySQL list it as both.
    """
    if getattr(index, 'info', None) and 'duplicates_constraint' in index.info:
        return True
    from sqlalchemy import UniqueConstraint
    return any(isinstance(each, UniqueConstraint) and each.name == index.name
               for each in index.table.constraints)


def reflect_table(inspector, table):
    """Let an Inspector fill a Table (``reflecttable`` before 1.4)."""
    if hasattr(inspector, 'reflect_table'):
        inspector.reflect_table(table, None)
    else:
        inspector.reflecttable(table, None)


def is_computed(default):
    """Whether a server default is a computed column's, or an identity's."""
    return getattr(default, '__visit_name__', '') in (
        'computed_column', 'identity_column')


def select(*columns):
    """A SELECT (of a list of columns before 1.4)."""
    from sqlalchemy import select
    try:
        return select(*columns)
    except Exception:       # ArgumentError, or TypeError
        return select(list(columns))


def aliased(query, name):
    """A SELECT as a table to select from (``subquery`` from 1.4 on)."""
    return query.subquery(name) if hasattr(query, 'subquery') \
        else query.alias(name)


def is_named(name):
    """Whether a constraint has a name.

    Below a ``naming_convention`` SQLAlchemy has symbols for none, which
    were texts before 1.4.
    """
    return isinstance(name, string_types) and bool(name) \
        and type(name).__name__ != '_defer_none_name'


def belongs_to_type(constraint):
    """Whether a type such as Boolean has made a constraint (1.0)."""
    return bool(getattr(constraint, '_type_bound', False))


def fresh_inspector(connection):
    """An Inspector that has read nothing yet."""
    from sqlalchemy import inspect
    return inspect(connection)


def escaped_text(sql):
    """SQL that stays as it is where ``text()`` looks for parameters."""
    sql = re.sub(r'\\(?=:[\w$]*(?![:\w$]))', r'\\\\', sql)
    return re.sub(r'(?<![:\w\\]):(?=\w)', r'\\:', sql)


def has_unbound_names(text):
    """Whether something in a ``text()`` looks like a parameter only."""
    found = getattr(text, '_bindparams', None) or getattr(
        text, 'bindparams', None)           # SQLAlchemy 0.8
    return isinstance(found, dict) and any(
        each.value is None for each in found.values())


def default_text(default):
    """A server default as a ``text()`` has it; None for other kinds."""
    arg = getattr(default, 'arg', None)
    if isinstance(arg, string_types):
        return escaped_text("'%s'" % arg.replace("'", "''"))
    text = getattr(arg, 'text', None)
    return text if text is None or not has_unbound_names(arg) \
        else escaped_text(text)


def exact_sql(thing, dialect, reflected=False):
    """An expression as the database is to see it; None: it is a column.

    :param reflected: whether its texts are the database's, in which nothing
        is a parameter.
    """
    from sqlalchemy import Column, text
    from sqlalchemy.sql.visitors import replacement_traverse
    if isinstance(thing, Column) or not hasattr(thing, 'compile') \
            or sqlalchemy_version() < (0, 9):       # no literal_binds
        return None
    if is_text(getattr(thing, 'text', None)):
        thing = thing.text          # Alembic puts it into one of its own
    if reflected:
        thing = replacement_traverse(thing, {}, lambda each: text(
            escaped_text(each.text)) if is_text(each) else None)
    sql = text_type(thing.compile(dialect=dialect, compile_kwargs={
        'literal_binds': True, 'include_table': False}))
    doubled = getattr(dialect.identifier_preparer, '_double_percents', True)
    return sql.replace('%%', '%') if doubled else sql


def is_grouped(element):
    """Whether SQLAlchemy puts an expression into brackets in an index."""
    from sqlalchemy.sql.expression import Grouping
    return isinstance(element.self_group(), Grouping)


def is_text(element):
    """Whether an expression is a ``text()``."""
    return getattr(element, '__visit_name__', '') == 'textclause'


def json_type():
    """SQLAlchemy's JSON; None before 1.1."""
    import sqlalchemy
    return getattr(sqlalchemy, 'JSON', None)


def exact_name(name):
    """A name that no naming_convention changes any more (0.9.2)."""
    try:
        from sqlalchemy.sql.elements import conv
    except ImportError:
        return name
    return name if name is None else conv(name)


def copy_column(column):
    """A column like another (``copy`` is deprecated from 1.4 on)."""
    return getattr(column, '_copy', column.copy)()


def sql_text(expression, dialect):
    """An SQL expression as text, its values in it (0.9: literal_binds)."""
    try:
        return str(expression.compile(
            dialect=dialect, compile_kwargs={'literal_binds': True}))
    except TypeError:
        return str(expression.compile(dialect=dialect))


def is_functional(index):
    """Whether an index is of expressions, not of columns alone (0.9)."""
    from sqlalchemy import Column
    return any(not isinstance(each, Column)
               for each in getattr(index, 'expressions', ()))


def condition_of(index, dialect):
    """The condition of a partial index as SQL, or None (0.9.2)."""
    options = getattr(index, 'dialect_options', {})
    try:
        condition = options[dialect.name]['where']
    except Exception:
        return None         # a kind of database that has none
    if condition is None:
        return None
    compiler = getattr(condition, 'compile', None)
    return text_type(condition if compiler is None else compiler(
        dialect=dialect, compile_kwargs={
            'literal_binds': True, 'include_table': False})
    ).replace('%%', '%')


def reflects_collations():
    """Whether PostgreSQL's columns are reflected with theirs (2.1)."""
    return sqlalchemy_version() >= (2, 1)


def conventions_take_all_columns():
    """Whether a ``naming_convention`` can name all columns (1.3)."""
    return sqlalchemy_version() >= (1, 3)


def reflects_checks():
    """Whether an Inspector tells CHECK constraints (1.1)."""
    return sqlalchemy_version() >= (1, 1)


def reflects_expressions():
    """Whether PostgreSQL's indexes of expressions are reflected (2.0)."""
    return sqlalchemy_version() >= (2, 0)


def as_generic(kind):
    """A type of a dialect as one for all of them, where it can be (1.4)."""
    try:
        return kind.as_generic()
    except (AttributeError, NotImplementedError):
        return kind


def left_out_of_repr(enum):
    """What ``repr()`` does not say of an Enum's CHECK, as an argument.

    From 1.1 to 1.3 it has one unless told, from 1.4 on only if told, which
    the first releases of 1.4 do not say either.  1.0 has no such option.
    """
    from sqlalchemy import Enum
    given = getattr(enum, 'create_constraint', None)
    if given is None or 'create_constraint' in repr(enum) \
            or given == Enum('a', name='a').create_constraint:
        return ''
    return 'create_constraint=%r' % given


def makes_check(enum):
    """Whether an Enum that is stored as a text makes a CHECK.

    It does unless told, and from 1.4 on only if told.
    """
    return bool(getattr(enum, 'create_constraint', True))


def values_left_out_of_repr(kind):
    """The values of a SET of MySQL, which ``repr()`` does not say till 1.3.

    :return: None where it is no SET, or says them.
    """
    values = getattr(kind, 'values', None)
    if type(kind).__name__ == 'SET' and values \
            and not any(repr(each) in repr(kind) for each in values):
        return list(values)


def sqlalchemy_version():
    """The installed SQLAlchemy's version, two numbers."""
    from sqlalchemy import __version__
    return tuple(int(each) for each in __version__.split('.')[:2])


def is_identity(default):
    """Whether a server default is an identity (1.4)."""
    return getattr(default, '__visit_name__', '') == 'identity_column'


def is_computed_column(column):
    """Whether the server computes a column (1.3.11)."""
    return getattr(column.server_default, '__visit_name__', '') \
        == 'computed_column'
