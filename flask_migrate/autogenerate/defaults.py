"""Server defaults, compared as the server writes them down.

How a server writes a default is its own affair: ``'7'`` comes back as
``'7'::character varying``, ``7`` or ``(7)``.  Where the texts differ, a
temporary table gets the default of the model, and says how it is written.
"""
import re

from alembic.operations import ops
from sqlalchemy import Column, text
from sqlalchemy.schema import DefaultClause

from .. import compat, dialects
from .enums import enum_of, literal
from .temporary_tables import (
    Written, read_back, temporary_table, type_text)

_CAST = re.compile(r"::[\w \".]+(\(\d+(, ?\d+)?\))?(\[\])*")
_QUOTED_NUMBER = re.compile(r"'(-?\d+(?:\.\d+)?)'$")
_WORDS = {'null': None, 'false': '0', 'true': '1'}


def compare(found):
    """Find the columns whose defaults differ."""
    if not compat.alembic.compares_defaults(found.context):
        return
    columns = [(pair, old, new) for pair, old, new in found.columns()
               if _may_differ(found, old, new)
               or _changes_type(found, pair, old, new)]
    written = _as_written(found, [new for _, _, new in columns
                                  if new.server_default is not None])
    for pair, old, new in columns:
        if new.server_default is not None:
            server = written.get((type_text(found, new), given(found, new)))
            if server is None and _is_of_new_value(found, old, new):
                server = given(found, new)
            # SQLAlchemy before 1.4 reads none of MariaDB's -1 and 0.5.
            if server is None or server == (_text_of(old) or u''):
                continue
            # With another type, a default is to be of that type as well.
            if _alteration(found, pair, new) is None \
                    and _plain(server) == _plain(_text_of(old)):
                continue
        elif _plain(_text_of(old)) is None:
            continue
        if compat.alembic.is_included(pair, new, new.name, 'column', False,
                                      old):
            _report(found, pair, old, new)


def _alteration(found, pair, column):
    """The operation that gives a column another type, or None."""
    for _, each in found.each(ops.AlterColumnOp):
        if each.modify_type is not None \
                and (each.table_name, each.column_name, each.schema or None) \
                == (pair.name, column.name, pair.schema or None):
            return each


def _changes_type(found, pair, old, new):
    return isinstance(old.server_default, DefaultClause) \
        and isinstance(new.server_default, DefaultClause) \
        and _alteration(found, pair, new) is not None


def _may_differ(found, old, new):
    """Whether the texts leave it open that the defaults differ."""
    if not all(each.server_default is None or type(each.server_default)
               is DefaultClause for each in (old, new)):
        return False        # of other kinds, which Alembic compares
    written = _text_of(old)
    if written and 'nextval(' in written and new.server_default is None:
        return False        # what SERIAL is short for
    if new.server_default is None:
        return _plain(written) is not None
    sql = given(found, new)
    return sql is not None and _plain(sql) != _plain(written)


def _text_of(column):
    default = column.server_default
    return None if default is None else compat.python.text(
        getattr(default.arg, 'text', default.arg))


def given(found, column):
    """The default of a model's column as it stands in a CREATE TABLE."""
    dialect = found.context.dialect
    compiler = dialect.ddl_compiler(dialect, None)
    try:
        return compiler.get_column_default_string(column)
    except Exception:
        return None         # made for another kind of database


def _plain(sql):
    """What is left of a default where nothing but its spelling differs."""
    if sql is None:
        return None
    sql = _CAST.sub('', sql.strip())
    while sql.startswith('(') and sql.endswith(')') \
            and sql[1:-1].count('(') == sql[1:-1].count(')') \
            and ')' not in sql[1:-1].split('(')[0]:
        sql = sql[1:-1].strip()
    number = _QUOTED_NUMBER.match(sql)
    if number:
        sql = number.group(1)
    if "'" not in sql:
        sql = sql.lower()
    return _WORDS.get(sql, sql)


def _as_written(found, columns):
    """How the server writes the defaults of models down.

    :return: a dict from type and default to the text.
    """
    wanted = dict(((type_text(found, each), given(found, each)), each)
                  for each in columns)
    pairs = [(key, wanted[key].server_default.arg)
             for key in sorted(key for key in wanted if None not in key)]
    if not pairs:
        return {}
    try:
        return _read_back(found, pairs)
    except Exception:
        # One that the server does not accept is one that is not compared.
        written = {}
        for pair in pairs:
            try:
                written.update(_read_back(found, [pair]))
            except Exception:
                continue
        return written


def _read_back(found, pairs):
    columns = read_back(found, temporary_table(*[
        Column('c%d' % number, Written(kind), server_default=default)
        for number, ((kind, _), default) in enumerate(pairs)]), 'get_columns')
    return dict((key, compat.python.text(column['default'] or u''))
                for (key, _), column in zip(pairs, columns))


def _is_of_new_value(found, old, new):
    """Whether a default is a value that an enum does not have yet."""
    values = [[literal(compat.python.text(each))
               for each in getattr(enum_of(
                   column.type, found.context.dialect), 'enums', ())]
              for column in (old, new)]
    default = _plain((given(found, new) or u'').replace('%%', '%'))
    return default in values[1] and default not in values[0]


def _report(found, pair, old, new):
    """Add the change of a default to the operations."""
    each = found.alteration(pair, old, new)
    each.existing_server_default = old.server_default
    each.modify_server_default = new.server_default


#: What MySQL takes as a default without brackets.
_SIMPLE = re.compile(r"\s*('.*'|(-?[\w.]+|\w+\([^()]*\))"
                     r"( ON UPDATE .*)?|\(.*\))\s*$", re.I | re.S)


def bracket(found, operations):
    """Put expressions into brackets, which MySQL wants, one way."""
    if not dialects.of(found.connection).brackets_defaults:
        return
    for block in operations:
        for each in getattr(block, 'ops', ()):
            default = getattr(each, 'modify_server_default', None)
            sql = getattr(getattr(default, 'arg', None), 'text', None)
            if type(default) is DefaultClause and sql is not None \
                    and not _SIMPLE.match(sql):
                each.modify_server_default = DefaultClause(
                    text(compat.tables.escaped_text('(%s)' % sql)))
