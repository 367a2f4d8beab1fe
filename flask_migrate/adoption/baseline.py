"""The baseline: operations where they make the same, else the database's SQL.

What Alembic's operations make of a table is compared with the table, in a
scratch database; where they lose something, the table's own SQL is taken.
Without a scratch database all is the database's own SQL.
"""
from contextlib import contextmanager
from functools import partial
import os
import threading
import warnings

from .. import compat, dialects

_mutex = threading.Lock()


class Table(object):
    """A table that operations make.

    :param operations: Alembic's, a list.
    """

    def __init__(self, name, operations):
        self.name = name
        self.operations = operations


class Baseline(object):
    """What makes a database as it is, step by step.

    :ivar steps: SQL texts, and Alembic's operations.
    :ivar left_out: sentences: what it does not make.
    :ivar unchecked: why it could not be tried, or None.
    """

    def __init__(self):
        self.steps = []
        self.left_out = []
        self.unchecked = None

    def differences(self, schema, engine, path, name=''):
        """What is different in a database that the file makes.

        :param path: of the baseline's file.
        :param name: the bind key, where there are several databases.
        :return: a list of :class:`dialects.schema.SchemaObject`.
        """
        from alembic.migration import MigrationContext
        dialect = dialects.of(engine)
        with dialect.scratch(engine) as scratch:
            connection = scratch.connect()
            try:
                transaction = connection.begin()
                context = MigrationContext.configure(connection)
                with compat.alembic_context.operations(context):
                    _upgrade(path, name)
                transaction.commit()
            finally:
                connection.close()
            return _different(schema, dialect, scratch)


def _upgrade(path, name):
    """Run ``upgrade()`` of a file."""
    module = compat.alembic.load_python_file(*os.path.split(path))
    arguments = compat.signatures.argument_names(module.upgrade)
    module.upgrade(*[name] * len(arguments))


def baseline_of_models(metadata):
    """What makes the tables of the models."""
    from sqlalchemy import MetaData
    baseline = Baseline()
    for each in metadata if isinstance(metadata, (list, tuple)) \
            else [metadata]:
        copies = MetaData()
        for table in each.sorted_tables:
            compat.tables.copy_table(table, copies)
        for table in _operations_of(copies.sorted_tables):
            baseline.steps.extend(table.operations)
    return baseline


def reflected_tables(connection, names):
    """The tables of a database as operations, in an order that runs.

    :param names: of the tables that are wanted.
    :return: a list of :class:`Table`.
    """
    from sqlalchemy import MetaData
    metadata = MetaData()
    # Two threads would put each other's filters back.
    with _mutex, warnings.catch_warnings():
        # What SQLAlchemy does not know comes out different, and is noticed.
        warnings.simplefilter('ignore')
        metadata.reflect(bind=connection, only=lambda name, _: name in names)
        return _operations_of([table for table in metadata.sorted_tables
                               if table.name in names])


def _operations_of(tables):
    """The operations for tables that nobody else uses."""
    from alembic.operations import ops
    found = []
    for table in tables:
        indexes = [ops.CreateIndexOp.from_index(index) for index in
                   sorted(table.indexes, key=lambda index: index.name or '')
                   if not compat.tables.belongs_to_constraint(index)]
        # With its indexes Alembic before 1.5 makes them twice.
        table.indexes.clear()
        found.append(Table(
            table.name, [ops.CreateTableOp.from_table(table)] + indexes))
    return found


def make(schema, tables, engine):
    """Find out what makes a database as it is.

    :param schema: its :class:`dialects.schema.Schema`.
    :param tables: see :func:`reflected_tables`.
    :param engine: of the database, to make a scratch database beside it.
    :return: a :class:`Baseline`.
    """
    baseline = Baseline()
    baseline.left_out = list(schema.left_out)
    dialect = dialects.of(engine)
    wanted = dict((table.name, table) for table in tables)
    try:
        while True:
            with dialect.scratch(engine) as scratch:
                order, failed = _try(schema, wanted, scratch)
                different = _different(schema, dialect, scratch)
            lost = set(each.table for each in different
                       + [each for each, _ in failed]).intersection(wanted)
            if not lost:
                break
            for name in lost:
                del wanted[name]
    except dialects.NoScratch as error:
        baseline.unchecked = compat.python.text(error)
        baseline.steps = _steps(schema, schema.objects, {})
        return baseline
    baseline.left_out += [
        '%s, which cannot be made again: %s' % (each, words)
        for each, words in failed]
    baseline.left_out += [
        '%s, which comes out different' % each for each in different
        if each not in [one for one, _ in failed]]
    baseline.steps = _steps(schema, order, wanted)
    return baseline


def _steps(schema, order, wanted):
    steps = list(schema.before)
    late = []
    for each in order:
        if each.table in wanted:
            steps.extend(wanted[each.table].operations)
        else:
            steps.extend(each.statements)
            late.extend(each.after)
    return steps + late + schema.after


def _try(schema, wanted, scratch):
    """Make everything in a scratch database.

    :return: the objects in the order in which it worked, and pairs of an
        object and why it could not be made.
    """
    ordered, left = [], _in_order(schema, wanted)
    with _operations(scratch) as (run, commit):
        for statement in schema.before:
            run(statement)
        while left:
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
                break
            left = [each for each, _ in again]
        failed = again if left else []
        for each in ordered:
            words = each.after and each.table not in wanted \
                and _why_not(run, each.after)
            if words:
                failed.append((each, words))
        for statement in schema.after:
            run(statement)
        commit()
    return ordered, failed


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


def _different(schema, dialect, engine):
    """The objects that a copy has not, or has otherwise."""
    connection = engine.connect()
    try:
        looks = dialect.read_schema(connection).looks()
    finally:
        connection.close()
    return [each for each in schema.objects
            if looks.get((each.kind, each.name)) != each.looks]
