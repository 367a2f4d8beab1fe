"""Which revision a database fits: the chain is built once, and compared."""
import os

from ... import compat, dialects
from ...compat.python import text
from ...folder import chain
from ...run.legacy_sql import LegacySQL
from .databases import missing_databases, visit_databases
from .findings import Finding
from .reach import reaches
from .structure import Structure, structure_of


def find_revision(setup):
    """The revision that each database fits."""
    if setup.config is None:
        return
    if not setup.knows_all or chain.broken_chain(setup.files):
        yield Finding(
            'error', 'The revisions cannot be built: they form no chain.',
            'Correct first what else is found.')
        return
    if missing_databases(setup):
        return
    known = []

    def visit(database):
        version_table = compat.alembic.version_table(database.context).name
        known.append((database, version_table, structure_of(
            database.connection, version_table)))
    visit_databases(setup, visit)
    for database, version_table, real in known:
        for finding in _of_database(setup, database, version_table, real):
            yield finding


def _of_database(setup, database, version_table, real):
    refused = list(_refused(setup, database))
    for finding in refused:
        yield finding
    if refused:
        return
    try:
        with dialects.of(database.engine).scratch(
                database.engine) as scratch:
            build = Build(setup, database, version_table)
            build.all(scratch)
    except dialects.NoScratch as error:
        yield Finding(
            'error', u'%s: no scratch database can be made (%s).' % (
                database.title, text(error)),
            'Let its user make databases, or give a copy of it to a user who '
            'may.')
        return
    if build.stopped:
        yield Finding('warning', build.stopped)
    yield _answer(database, build.structures, real)


def _refused(setup, database):
    """Why the chain is not built, if a revision could do harm."""
    names = [name for name in [database.engine.url.database]
             if name and os.sep not in name]
    for script in setup.scripts:
        for node, words in reaches(
                script, names,
                dialects.of(database.engine).schemas_are_databases):
            yield Finding(
                'error', u'%s: the revision is not executed on a scratch '
                u'database: %s, and might reach the real one.' % (
                    script.at(node) if hasattr(node, 'lineno')
                    else script.name, words),
                'Find the revision by its tables and columns, or run '
                '--find-revision on a copy of the folder without that.')
            break


class Build(object):
    """The chain, built revision by revision.

    :ivar structures: pairs of chain.File (None: base) and what is there
        after it, a list.
    :ivar stopped: why it was not built to its end, or None.
    """

    def __init__(self, setup, database, version_table):
        self.setup = setup
        self.database = database
        self.version_table = version_table
        self.structures = [(None, Structure())]
        self.stopped = None

    def all(self, engine):
        from alembic.migration import MigrationContext
        legacy = LegacySQL(self.setup.call, getattr(
            self.setup.state.migrate, 'legacy_sql', True))
        connection = engine.connect()
        try:
            context = MigrationContext.configure(
                connection, opts=dict(
                    dialects.of(engine).context_arguments,
                    transaction_per_migration=True))
            with compat.alembic_context.operations(context):
                for file in chain.in_order(self.setup.files):
                    legacy.on(connection, file.revision)
                    try:
                        self._one(context, file)
                    finally:
                        legacy.off()
                    self.structures.append((file, structure_of(
                        connection, self.version_table)))
        except (Exception, SystemExit) as error:
            self.stopped = u'Revision %s cannot be built on an empty ' \
                u'database: only those before it were looked at. %s: %s' % (
                    file.title, type(error).__name__,
                    u' '.join(text(error).split()))
        finally:
            connection.close()

    def _one(self, context, file):
        module = compat.alembic.load_python_file(*os.path.split(file.path))
        arguments = compat.signatures.argument_names(module.upgrade)
        with compat.alembic.step_transaction(context):
            module.upgrade(*[self.name] * len(arguments))

    @property
    def name(self):
        """What the functions of a folder of several databases are given."""
        name = self.database.name
        return '' if name == 'default' else name


def _answer(database, structures, real):
    """The finding: which revision fits best."""
    owned = set()
    for _, structure in structures:
        owned |= structure.tables
    real = real.of(owned)
    best = max(structure.likeness(real) for _, structure in structures)
    fitting = [(file, structure) for file, structure in structures
               if structure.likeness(real) == best]
    file, structure = fitting[0]
    differences = structure.differences(real)
    if file is None:
        return Finding('note', u'%s fits no revision: it has none of their '
                       u'tables.' % database.title,
                       "'upgrade' makes them; 'stamp base' records that "
                       "nothing is applied.")
    words = u'%s fits revision %s%s' % (
        database.title, u', or '.join(each.title for each, _ in fitting),
        u' best, but for:' if differences else u'.')
    cure = u"'stamp --purge %s' records that." % file.revision
    if len(fitting) > 1:
        cure = u"Their tables and columns are the same: look at what the " \
            u"later ones change in rows. 'stamp --purge REVISION' records " \
            u"the right one."
    return Finding('note', words, cure, differences)
