"""How a server writes down what it is given: a temporary table says so."""
from sqlalchemy import Column, MetaData, Table, inspect, text
from sqlalchemy.types import UserDefinedType

from .. import compat, dialects

NAME = 'flask_migrate_temporary'


class Written(UserDefinedType):
    """A type of which only the text is known."""

    cache_ok = True

    def __init__(self, spec):
        self.spec = spec

    def get_col_spec(self, **kwargs):
        return self.spec


def type_text(found, column):
    """The type of a column as SQL; None where it is of another database."""
    try:
        return column.type.compile(dialect=found.context.dialect)
    except Exception:
        return None


def copies(found, columns):
    """Columns of the same names and types, without anything else."""
    return [Column(each.name, Written(type_text(found, each)))
            for each in columns]


def temporary_table(*things):
    """A table for :func:`read_back`.

    :param things: its columns and constraints.
    """
    return Table(NAME, MetaData(), *things, **{'prefixes': ['TEMPORARY']})


def read_back(found, table, method, statements=()):
    """Make a temporary table, and read what the server makes of it.

    :param method: the method of SQLAlchemy's Inspector that reads it, or a
        function of the Connection.
    :param statements: SQL to be executed before it is read.
    """
    connection = found.connection
    with compat.sqlalchemy.savepoint(connection):
        table.create(connection, checkfirst=False)
        for sql in statements:
            compat.sqlalchemy.execute_as_it_is(connection, sql)
        read = method(connection) if callable(method) \
            else getattr(inspect(connection), method)(table.name)
        connection.execute(text(
            dialects.of(connection).drop_temporary_table % table.name))
    return read
