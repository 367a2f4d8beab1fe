"""What Alembic's batch mode needs on SQLite, and no other statement gets.

It copies the rows to a table ``_alembic_tmp_...``, drops the table, with its
triggers, and renames the copy.
"""
import re

from ..compat.sqlite import error, execute
from ..errors import MigrateError
from .sqlite_foreign_keys import children, quoted

#: How Alembic calls the copy of a table, and how before 1.0.
PREFIX, OLD_NAME = '_alembic_tmp_', '_alembic_batch_temp'

_NAME = r'(?:"((?:[^"]|"")+)"|\[([^]]+)\]|`([^`]+)`|(\w+))'
_DROP = re.compile(r'\s*DROP TABLE (?:IF EXISTS )?(?:%s\.)?%s\s*;?\s*$'
                   % (_NAME, _NAME), re.I)
_RENAME = re.compile(r'\s*ALTER TABLE (?:%s\.)?"?(?:%s|%s).*? RENAME TO %s'
                     r'\s*;?\s*$' % (_NAME, PREFIX, OLD_NAME, _NAME), re.I)


#: Which transaction it is, and what to do.
_OPEN = 'the transaction that was open before the migration. End that ' \
    'transaction first.'
_OWN = "the transaction. They are before it, where the revision's own file " \
    "says batch_alter_table: write a comment there that names it."


def _name(match):
    """The last name that a pattern has found."""
    found = [name for name in match.groups()[-4:] if name]
    return found[0].replace('""', '"')


class Batch(object):
    """Sees the statements of a run, and mends what batch mode breaks.

    Views and triggers on the table survive a rename only with
    ``legacy_alter_table`` (SQLite 3.26), with which an ordinary rename would
    leave them and foreign keys behind.

    :ivar own: whether the run decides on foreign keys, before it begins.
    """

    own = False

    def __init__(self, raw, settings):
        self.raw = raw
        self.settings = settings
        self.triggers = {}      # of tables that were dropped
        self.note = None        # is called with what is executed here
        self.renaming = False

    def before(self, statement):
        """A statement is about to be executed."""
        self.settle()
        table = _DROP.match(statement)
        if table:
            self._before_drop(_name(table))
        elif _RENAME.match(statement):
            self.renaming = True
            self.settings.alter_as_of_old(True)

    def settle(self):
        """Put back what a rename that failed has left."""
        if self.renaming:
            self.renaming = False
            self.settings.alter_as_of_old(False)

    def _before_drop(self, table):
        if not execute(self.raw, "SELECT 1 FROM sqlite_master WHERE lower("
                       "name) IN (lower(?), ?)", (PREFIX + table, OLD_NAME)):
            return                              # an ordinary one
        if execute(self.raw, 'PRAGMA foreign_keys')[0][0]:
            self._refuse_to_cascade(table)
        self.triggers[table.lower()] = execute(
            self.raw, "SELECT name, sql FROM sqlite_master WHERE "
            "type = 'trigger' AND lower(tbl_name) = lower(?)", (table,))

    def _refuse_to_cascade(self, table):
        found = children(self.raw, table)
        if found:
            raise MigrateError(
                "The batch operation on '%s' would delete what refers to it "
                "in %s: foreign keys are on, and cannot be switched off "
                "inside %s" % (
                    table, ', '.join("'%s'" % name for name in found),
                    _OWN if self.own else _OPEN))

    def after(self, statement):
        """A statement has been executed."""
        match = _RENAME.match(statement)
        if not match:
            return
        self.settle()
        table = _name(match)
        for name, sql in self.triggers.pop(table.lower(), []):
            try:
                execute(self.raw, sql)
                if self.note is not None:
                    self.note(sql)
                self._check(table)
            except error() as reason:
                raise MigrateError(
                    "The trigger '%s' does not fit the new table '%s' (%s). "
                    "Drop it in the revision first: op.execute('DROP TRIGGER "
                    "%s')." % (name, table, reason, name))

    def _check(self, table):
        """Let SQLite read the triggers, which it does not at their making."""
        columns = [quoted(row[1]) for row in execute(
            self.raw, 'PRAGMA table_info(%s)' % quoted(table))]
        table = quoted(table)
        for statement in (
                'INSERT INTO %s DEFAULT VALUES' % table,
                'UPDATE %s SET %s' % (table, ', '.join(
                    '%s = %s' % (column, column) for column in columns)),
                'DELETE FROM %s' % table):
            execute(self.raw, 'EXPLAIN ' + statement)
