"""Other people's tables: what no revision created is not dropped.

It holds for every release of Alembic: ``include_object`` is asked before a
table that the models do not have becomes a difference.
"""
import re

from flask import current_app

from .. import compat, dialects
from ..folder import revision_files
from ..folder.creations import created_tables
from .answers import Answers


def protect(config, context, answers=None, bind=''):
    """Let a comparison have a :class:`Protection`, as the project says."""
    state = current_app.extensions['migrate']
    return Protection(config, context, answers, bind,
                      not state.migrate.protect_tables)


class Protection(object):
    """Keeps a comparison from dropping tables of others.

    :param config: of the migrations folder.
    :param context: the MigrationContext of a database.
    :param answers: the :class:`Answers`, where ``--drop`` may say otherwise.
    :param bind: what the database is called, '' where it has no name.
    :param lenient: whether all tables may be dropped after all, as Alembic
        does it.

    :ivar kept: those that the models have, pairs of schema and name.
    :ivar dropped: those that are to be dropped.
    :ivar left_alone: those that are others'.
    :ivar renamed: those that a comparison sees by their new names.
    """

    def __init__(self, config, context, answers=None, bind='',
                 lenient=False):
        self.config = config
        self.context = context
        self.lenient = lenient
        self.answers = answers or Answers()
        self.bind = bind
        self.default_schema = compat.tables.default_schema(
            context.connection)
        self.models = set(
            (self.schema(table.schema), table.name)
            for metadata in metadata_of(context)
            for table in metadata.tables.values())
        self._created = None
        self._include_object = context.opts.get('include_object')
        self._include_name = context.opts.get('include_name')
        context.opts['include_object'] = self.include_object
        context.opts['include_name'] = self.include_name
        self.renamed = set()
        self.start()

    def start(self):
        """A comparison begins."""
        self.kept, self.dropped, self.left_alone = set(), set(), set()

    def include_object(self, item, name, type_, reflected, compare_to):
        """Whether something is compared: Alembic's ``include_object``."""
        if self._include_object is not None and not self._include_object(
                item, name, type_, reflected, compare_to):
            return False
        if type_ != 'table':
            return True
        key = self.schema(item.schema), name
        if compare_to is not None:
            self.kept.add(key)
        elif reflected:
            return self._is_dropped(*key)
        return True

    def include_name(self, name, type_, parent_names):
        """Whether a name is looked at: Alembic's, from 1.5 on."""
        if self._include_name is not None and not self._include_name(
                name, type_, parent_names):
            return False
        return type_ != 'schema' or self._is_used(self.schema(name))

    def _is_dropped(self, schema, name):
        if dialects.of(self.context.connection).owns_table(name):
            return False
        said = self.answers.of('drop', self.bind, schema, name)
        if said or self.lenient or (schema, name) in self.created:
            self.dropped.add((schema, name))
            return True
        if self._is_used(schema):
            self.left_alone.add((schema, name))
        return False

    def _is_used(self, schema):
        """Whether the models, or a revision, have tables in a schema."""
        return schema is None or self.lenient \
            or any(used == schema for used, _ in self.models) \
            or any(used == schema for used, _ in self.created)

    def schema(self, schema):
        """A schema; None for the default one."""
        return None if schema == self.default_schema else schema

    @property
    def created(self):
        """The tables that the revisions have created."""
        if self._created is None:
            self._created = created_tables(
                revision_files.read(self.config),
                function_suffix(self.context), self.default_schema)
        return self._created


def function_suffix(context):
    """What ends the names of a database's functions in revisions.

    :return: None in a folder of one database.
    """
    token = context.opts.get('upgrade_token') or 'upgrades'
    if not token.endswith('_upgrades'):
        return None
    return re.sub(r'\W', '_', token[:-len('_upgrades')])


def metadata_of(context):
    """The MetaData objects of the models, as a list."""
    found = context.opts['target_metadata']
    if isinstance(found, (list, tuple)):
        return list(found)
    return [] if found is None else [found]


def title(schema, name):
    """A table, as messages and options name it."""
    return '%s.%s' % (schema, name) if schema else name


def mention_left_alone(protections, note):
    """List the tables that were left alone, on one line."""
    several = len(protections) > 1
    names = sorted(
        (protection.bind + ':' if several else '') + title(*each)
        for protection in protections for each in protection.left_alone)
    if names:
        note(u'left alone: %s (not in the models, and no revision created '
             u'%s; --drop TABLE drops one)' % (
                 u', '.join(names), u'it' if len(names) == 1 else u'them'))
