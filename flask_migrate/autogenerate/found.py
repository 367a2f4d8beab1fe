"""The differences of one database, on their way into a script."""
from alembic.operations import ops

from .. import compat
from .as_if_renamed import Renames, inspector
from .operations import Nothing
from .protection import metadata_of


class Found(object):
    """What differs between one database and its models.

    :param protection: the :class:`Protection` of the comparison.
    :param script: Alembic's MigrationScript; the differences of databases
        before this one are in it already.
    :param questioner: the :class:`Questioner`, where a script is wanted.
    :param warnings: a list for texts that are shown with the script.
    :param last: whether env.py gives no database after it.
    :param records: a list of what is logged meanwhile, if it is held back.

    :ivar context: Alembic's MigrationContext of the database.
    :ivar name: what the database is called: a bind key, 'default', or ''.
    :ivar upgrade: the UpgradeOps that a piece may change.
    :ivar downgrade: the DowngradeOps, made anew from the UpgradeOps.
    :ivar renames: the Renames that it was compared with.
    :ivar renaming: the operations that rename, which a script begins with.
    :ivar renaming_back: how many operations of the way back that makes.
    :ivar check_changes: columns whose values a CHECK lists, with the values
        before and after.
    :ivar listing_checks: pairs of a model's column and the CHECK that lists
        the values of its enum.
    :ivar value_doubts: the ValuePairs that nobody can tell.
    :ivar enum_changes: keys of enums, with their values before and after.
    """

    enums = known_enums = _columns = None

    def __init__(self, protection, script, questioner=None,
                 warnings=None, last=True, records=None):
        self.protection = protection
        self.questioner = questioner
        self.last = last
        self.records = [] if records is None else records
        self.warnings = [] if warnings is None else warnings
        self.answers = protection.answers
        self.name = protection.bind
        self.context = protection.context
        self.connection = protection.context.connection
        self.renames = Renames()
        self.renaming = []
        self.renaming_back = 0
        self.value_doubts, self.check_changes = [], []
        self.enum_changes, self.listing_checks = [], []
        self.index_conditions = {}      # by schema, as they are read
        self.upgrade, self.downgrade = compat.alembic.last_operations(script)

    @property
    def tables(self):
        """The tables that were compared: ``compat.alembic.Pair`` objects."""
        return compat.alembic.noted_tables(self.context)

    def columns(self):
        """The columns that both sides have, as (pair, old, new)."""
        if self._columns is None:       # several pieces ask for them
            self._columns = list(_columns_of(self.tables))
        return self._columns

    def changes_of(self, pair):
        """The operations of one table, which may be added to.

        :param pair: what was compared.
        :return: the ModifyTableOps.
        """
        for each in self.upgrade.ops:
            if isinstance(each, ops.ModifyTableOps) \
                    and each.table_name == pair.name \
                    and (each.schema or None) == (pair.schema or None) \
                    and not any(each is one for one in self.renaming):
                return each
        each = ops.ModifyTableOps(pair.name, [], schema=pair.schema)
        self.upgrade.ops.append(each)
        return each

    def before_values_of(self, pair):
        """A place in a table before values of it are renamed.

        :return: the operations of a ModifyTableOps.
        """
        place = (pair.schema or None, pair.name)
        for each in self.renaming:
            if getattr(each, 'before_values_of', None) == place:
                return each.ops
            if getattr(each, 'renames_values_of', None) == place:
                block = ops.ModifyTableOps(pair.name, [], schema=pair.schema)
                for operations in (self.renaming, self.upgrade.ops):
                    operations.insert([each is one for one in operations
                                       ].index(True), block)
                block.before_values_of = place
                return block.ops
        return self.changes_of(pair).ops

    def alteration(self, pair, old, new):
        """The AlterColumnOp of a column, which may be added to."""
        operations = self.changes_of(pair).ops
        for each in operations:
            if isinstance(each, ops.AlterColumnOp) \
                    and each.column_name == new.name:
                return each
        each = ops.AlterColumnOp(
            pair.name, new.name, schema=pair.schema, existing_type=old.type,
            existing_nullable=old.nullable)
        each.existing_server_default = old.server_default
        if getattr(old, 'comment', None):
            each.existing_comment = old.comment
        operations.append(each)
        return each

    def each(self, *kinds):
        """All operations of some kinds, those inside batch blocks too.

        :return: a list of pairs: the list that an operation is in, and it.
        """
        return list(each_of(self.upgrade.ops, kinds))

    def compare_again(self):
        """Find the differences anew, as if what is renamed was so already."""
        self.known_enums = self._columns = None
        self.protection.start()
        del self.tables[:], self.records[:]
        self.upgrade.ops[:] = self.renaming + compat.alembic.compare(
            self.context, inspector(self.connection, self.renames))

    def table(self, schema, name):
        """The model's table of the database's; None where there is none."""
        for metadata in metadata_of(self.context):
            for table in metadata.tables.values():
                if table.name == name and self.protection.schema(
                        table.schema) == self.protection.schema(schema):
                    return table

    def column(self, schema, table, name):
        """The model's column, likewise."""
        table = self.table(schema, table)
        found = [] if table is None else [
            each for each in table.columns if each.name == name]
        return found[0] if found else None

    def primary_key(self, schema, table):
        """The columns of the primary key, as the model has them."""
        table = self.table(schema, table)
        return [] if table is None else list(table.primary_key.columns)

    def mark(self, kind, schema, table, column, comment):
        """Put a comment before an operation on a table, or on a column."""
        for operations, each in self.each(kind):
            if (each.schema, each.table_name) == (schema, table) \
                    and getattr(each, 'column_name', None) == column:
                operations.insert(operations.index(each), comment)

    def reverse(self):
        """Make the downgrade anew, as the upgrade the other way round."""
        self.upgrade.reverse_into(self.downgrade)
        _leave_out_nothing(self.downgrade.ops)


def _columns_of(tables):
    for pair in tables:
        if pair.old is None or pair.new is None:
            continue
        for new in pair.new.columns:
            old = pair.old.columns.get(new.name)
            if old is not None:
                yield pair, old, new


def each_of(operations, kinds):
    """All operations of some kinds, as :meth:`Found.each` gives them."""
    for operation in list(operations):
        if isinstance(operation, kinds):
            yield operations, operation
        for found in each_of(getattr(operation, 'ops', ()), kinds):
            yield found


def drop_empty(operations):
    """Leave out blocks that have nothing in them."""
    operations[:] = [each for each in operations if getattr(each, 'ops', True)]


def _leave_out_nothing(operations):
    for operation in list(operations):
        if hasattr(operation, 'ops'):
            _leave_out_nothing(operation.ops)
        if isinstance(operation, Nothing) \
                or not getattr(operation, 'ops', True):
            operations.remove(operation)
