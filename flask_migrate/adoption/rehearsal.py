"""A baseline tried in a scratch database, and what comes out of it."""
from contextlib import contextmanager
from functools import partial

from .. import compat


def rehearse(schema, wanted, scratch):
    """Make everything in a scratch database.

    :return: the objects in the order in which it worked, and pairs of an
        object and why it could not be made.
    """
    with _operations(scratch) as (run, commit):
        for statement in schema.before:
            run(statement)
        ordered, failed = _make_all(schema, wanted, run)
        for each in ordered:
            words = each.after and each.table not in wanted \
                and _why_not(run, each.after)
            if words:
                failed.append((each, words))
        for statement in schema.after:
            run(statement)
        commit()
    return ordered, failed


def _make_all(schema, wanted, run):
    """Make what can be made, again and again what needs other things."""
    ordered, left = [], _in_order(schema, wanted)
    while True:
        again = []
        for each in left:
            table = wanted.get(each.table)
            words = _why_not(run, table.operations if table
                             else each.statements)
            if words is None:
                ordered.append(each)
            else:
                again.append((each, words))
        if len(again) == len(left):
            return ordered, again
        left = [each for each, _ in again]


def _in_order(schema, wanted):
    """The objects; tables by operations after those by SQL, in their order.

    The foreign keys of the latter come at the end.
    """
    names = list(wanted)
    others = [each for each in schema.objects if each.table not in wanted]
    tables = sorted((each for each in schema.objects
                     if each.table in wanted),
                    key=lambda each: names.index(each.table))
    last = [i for i, each in enumerate(others) if each.kind == 'table']
    at = last[-1] + 1 if last else len([
        each for each in others if each.kind in FIRST])
    return others[:at] + tables + others[at:]


#: Kinds that tables need.
FIRST = ('extension', 'schema', 'type', 'domain', 'sequence', 'function')


def _why_not(run, steps):
    """Take steps; return why that failed, or None."""
    try:
        run(*steps)
    except Exception as error:
        error = getattr(error, 'orig', None) or error
        return ' '.join(compat.python.text(error).split())
    return None


@contextmanager
def _operations(engine):
    """Run statements and operations in a database.

    :return: a function for several at once, all or nothing where the
        database can do that, and one that commits.
    """
    from alembic.migration import MigrationContext
    from alembic.operations import Operations
    connection = engine.connect()
    try:
        transaction = connection.begin()
        operations = Operations(MigrationContext.configure(connection))
        execute = partial(compat.sqlalchemy.execute_as_it_is, connection)

        def run(*steps):
            execute('SAVEPOINT adoption')
            try:
                for step in steps:
                    if isinstance(step, compat.python.string_types):
                        execute(step)
                    else:
                        operations.invoke(step)
            except Exception:
                _try_to(execute, 'ROLLBACK TO SAVEPOINT adoption')
                raise
            _try_to(execute, 'RELEASE SAVEPOINT adoption')
        yield run, transaction.commit
    finally:
        connection.close()


def _try_to(execute, statement):
    try:
        execute(statement)
    except Exception:
        pass            # DDL of MySQL has ended the savepoint


def different(schema, dialect, engine):
    """The objects that a copy has not, or has otherwise."""
    connection = engine.connect()
    try:
        looks = dialect.read_schema(connection).looks()
    finally:
        connection.close()
    return [each for each in schema.objects
            if looks.get((each.kind, each.name)) != each.looks]
