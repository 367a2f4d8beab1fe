"""Findings about one database, on the connection of env.py."""
from ... import compat, dialects
from ...autogenerate.derived_names import SPELLED, spelled_otherwise
from ...autogenerate.protection import function_suffix
from ...folder import chain
from ...folder.creations import created_tables
from ..sqlalchemy_migrate import TABLE as OF_SQLALCHEMY_MIGRATE
from .findings import Finding

#: How Alembic calls the copy of a table that it makes on SQLite.
LEFT_OVER = '_alembic_tmp_'


def unknown_revisions(setup, database):
    known = set(file.revision for file in setup.files)
    unknown = [each for each in database.at if each not in known]
    if unknown and setup.knows_all:
        yield Finding(
            'error', u'%s is at revision %s, which has no file here.' % (
                database.title, u', '.join(unknown)),
            u"Find the file: git log --all --oneline -S'%s'. Where it is "
            u"lost, 'doctor --find-revision' says which revision fits, and "
            u"'stamp --purge REVISION' records that." % unknown[0])


def left_overs(setup, database):
    for table in sorted(database.tables):
        if table.startswith(LEFT_OVER):
            yield Finding(
                'error', u"%s has the table %s, which a batch operation that "
                u"was interrupted has left: the next one on %s fails." % (
                    database.title, table, table[len(LEFT_OVER):]),
                u"Make sure that the table %s has its rows, then: DROP TABLE "
                u"%s" % (table[len(LEFT_OVER):], table))


def other_names(setup, database):
    for old, new in spelled_otherwise(
            [(None, each) for each in database.models
             if each not in database.tables],
            [(None, each) for each in database.tables
             if each not in database.models]):
        yield Finding(
            'error', SPELLED % (new[1], old[1]) + u' Flask-SQLAlchemy 3 '
            u'derives some names in another way than older releases.',
            u"Give the model the name that the table has, __tablename__ = "
            u"'%s', or: migrate --rename %s:%s" % (old[1], old[1], new[1]))


def nobodys_tables(setup, database):
    if not setup.knows_all:
        return
    files = chain.in_order(setup.files)
    known = set(name for owner, name in created_tables(
        files, function_suffix(database.context), database.schema)
        if owner is None)
    known.update([OF_SQLALCHEMY_MIGRATE, compat.alembic.version_table(
        database.context).name])
    spelled = set(each.lower().replace('_', '') for each in database.models)
    others = sorted(
        each for each in database.tables
        if each not in known and each.lower().replace('_', '') not in spelled
        and not each.startswith(LEFT_OVER))
    if others:
        yield Finding(
            'note', u'%s has tables that neither the models nor a revision '
            u'have: %s.' % (database.title, u', '.join(others)),
            "They are left alone; 'migrate --drop TABLE' drops one.")


def unnamed_constraints(setup, database):
    if dialects.of(database.engine).names_constraints:
        return
    found = [u'%s: %s' % each for each in
             compat.inspection.unnamed_constraints(database.connection)]
    if found:
        yield Finding(
            'note', u'%s has constraints without a name, which a revision '
            u'cannot drop:' % database.title,
            'MetaData(naming_convention={...}) names those to come; '
            'batch_alter_table(..., naming_convention=...) reaches these.',
            sorted(found))


#: Each is handed the Setup and the Database.
CHECKS = [unknown_revisions, left_overs, other_names, nobodys_tables,
          unnamed_constraints]
