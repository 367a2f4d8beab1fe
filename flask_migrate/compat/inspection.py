"""What SQLAlchemy's inspector says of a database."""
from __future__ import absolute_import


def like(inspector, title, methods):
    """A copy of an Inspector with other methods, of those that it has.

    :param methods: pairs of a name and a function that is given it and the
        method, and returns the one in its place.
    """
    base = type(inspector)
    changed = {}
    for name, change in methods:
        if hasattr(base, name):
            changed[name] = change(name, getattr(base, name))
            changed[name].__name__ = name       # Alembic 1.20 asks for it
    kind = type(title, (base,), changed)
    found = kind.__new__(kind)
    found.__dict__.update(inspector.__dict__)
    return found


def unnamed_constraints(connection):
    """Constraints that have no name: pairs of table and what it is.

    SQLAlchemy before 1.1 reads no names from SQLite, and has no
    ``get_check_constraints``.
    """
    from sqlalchemy import inspect
    inspector = inspect(connection)
    if not hasattr(inspector, 'get_check_constraints'):
        return
    kinds = (('foreign key', 'constrained_columns',
              inspector.get_foreign_keys),
             ('unique constraint', 'column_names',
              inspector.get_unique_constraints))
    for table in inspector.get_table_names():
        for kind, columns, find in kinds:
            for each in find(table):
                if not each.get('name'):
                    yield table, '%s (%s)' % (kind, ', '.join(each[columns]))


def table_names(connection):
    """The names of the tables in the default schema."""
    from sqlalchemy import inspect
    return inspect(connection).get_table_names()
