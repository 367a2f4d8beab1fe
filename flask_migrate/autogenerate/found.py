"""The differences of one database, on their way into a script."""
from .operations import Nothing


class Found(object):
    """What differs between one database and its models.

    :param run: the :class:`Comparison`.
    :param context: Alembic's MigrationContext of the database.
    :param script: Alembic's MigrationScript; the differences of databases
        before this one are in it already.

    :ivar name: what the database is called: a bind key, 'default', or ''.
    :ivar upgrade: the UpgradeOps that a piece may change.
    :ivar downgrade: the DowngradeOps, made anew from the UpgradeOps.
    :ivar changed: to be set by a piece that changes an operation in place.
    """

    changed = False

    def __init__(self, run, context, script):
        self.run = run
        self.context = context
        self.connection = context.connection
        self.name = run.database_name()
        self.upgrade = getattr(
            script, 'upgrade_ops_list', [script.upgrade_ops])[-1]
        self.downgrade = getattr(
            script, 'downgrade_ops_list', [script.downgrade_ops])[-1]

    @property
    def metadata(self):
        """The MetaData objects of the models, as a list."""
        found = self.context.opts['target_metadata']
        if isinstance(found, (list, tuple)):
            return list(found)
        return [found]

    def each(self, *kinds):
        """All operations of some kinds, those inside batch blocks too.

        :return: a list of pairs: the list that an operation is in, and it.
        """
        return list(_each(self.upgrade.ops, kinds))

    def reverse(self):
        """Make the downgrade anew, as the upgrade the other way round."""
        self.upgrade.reverse_into(self.downgrade)
        _leave_out_nothing(self.downgrade.ops)


def _each(operations, kinds):
    for operation in list(operations):
        if isinstance(operation, kinds):
            yield operations, operation
        for found in _each(getattr(operation, 'ops', ()), kinds):
            yield found


def _leave_out_nothing(operations):
    operations[:] = [each for each in operations
                     if not isinstance(each, Nothing)]
    for operation in operations:
        if hasattr(operation, 'ops'):
            _leave_out_nothing(operation.ops)
