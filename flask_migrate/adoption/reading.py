"""What is in the databases that are to be adopted."""
from .. import compat, dialects
from ..autogenerate.protection import metadata_of
from ..databases import name_of
from ..errors import MigrateError
from ..run.looking import Run, visit_env_py
from . import sqlalchemy_migrate
from .baseline import baseline_of_models, reflected_tables


class Adopted(object):
    """A database that is to be adopted.

    :ivar name: its bind key; '' for the default one, or the only one.
    :ivar context: Alembic's MigrationContext.
    :ivar heads: the revisions that it is at, of which no file is left.
    :ivar schema: what is in it.
    :ivar repository: sqlalchemy-migrate's, or None.
    :ivar is_empty: whether it has nothing of what it is adopted for.
    """

    def __init__(self, name, context, heads):
        self.name = name
        self.context = context
        self.engine = context.connection.engine
        self.heads = heads
        self.schema = None
        self.tables = []
        self.repository = None
        self.baseline = None
        self.is_empty = False

    def read(self):
        """Read what is in it, but for the tables of migration tools."""
        connection = self.context.connection
        dialect = dialects.of(connection)
        self.schema = dialect.read_schema(connection)
        if self.schema is None:
            raise MigrateError(
                'adopt does not know how to read %s. Write the baseline from '
                'the models: --from-models.' % (dialect.title
                                                or dialect.name))
        names = [each.name for each in self.schema.objects
                 if each.kind == 'table']
        self.repository = sqlalchemy_migrate.of_database(connection, names)
        own = compat.alembic.version_table(self.context).name
        left = [own] + [sqlalchemy_migrate.TABLE] * bool(self.repository)
        self.schema.objects = [
            each for each in self.schema.objects
            if not (each.kind == 'table' and each.name in left)]
        self.is_empty = not self.schema.objects
        self.tables = reflected_tables(connection, [
            each.table for each in self.schema.objects if each.table])

    def take_models(self):
        """Let the models be what is in it."""
        models = metadata_of(self.context)
        self.baseline = baseline_of_models(models)
        self.is_empty = not any(
            compat.tables.has_table(self.context.connection, table.name,
                                    table.schema)
            for metadata in models for table in metadata.tables.values())


class Reading(Run):
    """A run that reads what is in each database.

    :param app: the application.
    :param from_models: whether the models are what counts.
    """

    def __init__(self, call, arguments, app, from_models):
        Run.__init__(self, call, arguments)
        self.app = app
        self.from_models = from_models
        self.found = []

    def function(self, heads, context):
        Run.function(self, heads, context)
        engine = context.connection.engine
        state = self.app.extensions['migrate']
        name = name_of(self.app, state.db, engine) if self.multidb else ''
        found = Adopted('' if name == 'default' else name, context,
                        compat.alembic.as_tuple(heads))
        if self.from_models:
            found.take_models()
        else:
            found.read()
        self.found.append(found)
        return []

    def steps(self, heads, context):
        return []


def read_databases(call, app, from_models):
    """The databases, as env.py configures them."""
    state = app.extensions['migrate']
    run = Reading(call, dict(state.configure_args), app, from_models)
    visit_env_py(call, run)
    return run.found
