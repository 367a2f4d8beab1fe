"""Names of tables that releases of Flask-SQLAlchemy derive differently.

A ``class U(db.Model)`` has the table ``U`` before Flask-SQLAlchemy 3 and
``u`` from then on: that is one table, not one to drop and one to make.
"""
from ..errors import MigrateError
from .protection import title


def refuse_to_make_again(protection):
    """Refuse a script that makes a table under another spelling.

    :param protection: the :class:`Protection` of a comparison that is over.
    :raises MigrateError: says which tables these are, and the cures.
    """
    pairs = [(old, new) for old, new in spelled_otherwise(
                 protection.models - protection.kept,
                 protection.dropped | protection.left_alone)
             if not _is_answered(protection, old)]
    if pairs:
        raise MigrateError('\n  '.join(
            [SPELLED % (title(*new), title(*old)) for old, new in pairs]
            + _CURES))


def spelled_otherwise(wanted, there):
    """Tables that are there under another spelling.

    :param wanted: those of the models, pairs of schema and name.
    :param there: those that no model has, likewise.
    :return: a list of pairs, what is there and what is wanted.
    """
    there = dict((_key(*each), each) for each in there)
    return [(there[_key(*each)], each) for each in sorted(wanted, key=str)
            if _key(*each) in there]


SPELLED = "The models have a table '%s', and the database has '%s'."
_CURES = [
    'Flask-SQLAlchemy 3 derives some names from the classes in another way '
    'than older releases. Nothing was written: the table, with its rows, '
    'would be dropped and made again.',
    "Give the model the name that the table has, __tablename__ = '...', or "
    "have the table renamed with --rename OLD:NEW.",
    'If they are two different tables, name the old one with --drop.']


def _key(schema, name):
    return schema, name.lower().replace('_', '')


def _is_answered(protection, old):
    return any(protection.answers.of(option, protection.bind, *old)
               for option in ('rename', 'drop'))
