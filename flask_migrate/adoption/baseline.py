"""The baseline: operations where they make the same, else the database's SQL.

What Alembic's operations make of a table is compared with the table, in a
scratch database; where they lose something, the table's own SQL is taken.
Without a scratch database all is the database's own SQL.
"""
import os
import threading
import warnings

from .. import compat, dialects
from .rehearsal import different, rehearse

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
            return different(schema, dialect, scratch)


def _upgrade(path, name):
    """Run ``upgrade()`` of a file."""
    module = compat.alembic.load_python_file(*os.path.split(path))
    arguments = compat.signatures.argument_names(module.upgrade)
    module.upgrade(*[name] * len(arguments))


def baseline_of_models(models):
    """What makes the tables of the models, a list of MetaData."""
    from sqlalchemy import MetaData
    baseline = Baseline()
    for each in models:
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
    wanted = dict((table.name, table) for table in tables)
    try:
        order, failed, others = _what_works(schema, wanted, engine)
    except dialects.NoScratch as error:
        baseline.unchecked = compat.python.text(error)
        baseline.steps = _steps(schema, schema.objects, {})
        return baseline
    baseline.left_out += [
        '%s, which cannot be made again: %s' % (each, words)
        for each, words in failed]
    baseline.left_out += [
        '%s, which comes out different' % each for each in others
        if each not in [one for one, _ in failed]]
    baseline.steps = _steps(schema, order, wanted)
    return baseline


def _what_works(schema, wanted, engine):
    """Take those tables from *wanted* that operations do not make alike.

    :return: the objects in an order that runs, pairs of one that cannot be
        made and why, and those that come out different.
    """
    dialect = dialects.of(engine)
    while True:
        with dialect.scratch(engine) as scratch:
            order, failed = rehearse(schema, wanted, scratch)
            others = different(schema, dialect, scratch)
        lost = set(each.table for each in others
                   + [each for each, _ in failed]).intersection(wanted)
        if not lost:
            return order, failed, others
        for name in lost:
            del wanted[name]


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
