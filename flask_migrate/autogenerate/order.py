"""The order in which the pieces see the differences of a database.

A piece is a function that is given a :class:`found.Found` and changes its
operations, which are Alembic's (``alembic.operations.ops``) and those of
``operations.py``.  The project's own ``process_revision_directives`` runs
after all of them.  Only Alembic 0.8 and newer has operations: nothing here
is imported on older ones.
"""
from . import (
    casts, checks, collations, comments, copied_tables, defaults,
    destructive, enum_library, enum_values, enums, exact_indexes,
    foreign_key_indexes, foreign_key_types, generated, index_conditions,
    indexes, listed_checks, misfits, names, ordering, primary_keys,
    real_types, same_types)
from .addressed import refuse_unknown
from .derived_names import refuse_to_make_again
from .renamed_columns import rename_columns
from .renamed_tables import rename_tables
from .renamed_values import mark_doubts, rename_values
from .required_columns import fill_required_columns
from .unimported import refuse_to_drop_all

#: What is renamed: only for scripts, as nothing is what it seems before.
#: They compare again, so that no other piece may come before them.
RENAMING = [
    lambda found: refuse_to_make_again(found.protection),
    refuse_unknown,
    rename_tables,
    lambda found: refuse_to_drop_all(found.protection),
    real_types.know,
    rename_columns,
    rename_values,
]

#: What is a difference at all: for ``check`` as well as for scripts.
COMPARING = [
    real_types.know,
    same_types.forget,
    collations.compare,
    defaults.compare,
    generated.compare,
    enum_values.compare,
    enum_values.compare_listed,
    names.compare_unnamed,
    listed_checks.compare,
    checks.compare,
    primary_keys.compare,
    index_conditions.compare,
    indexes.compare,
]

#: What a script says.  Questions are asked after the piece that has them.
WRITING = [
    indexes.find_dropped,
    names.name_new_constraints,
    names.name_dropped_constraints,
    names.keep_unique,
    index_conditions.keep,
    indexes.make_spatial,
    indexes.keep_expressions,
    fill_required_columns,
    destructive.mark,
    mark_doubts,
]

#: How that is written for a kind of database.  These are given the Found and
#: the operations of one way, first up, then down.
EITHER_WAY = [
    ordering.order,
    enum_library.order,
    foreign_key_indexes.drop,
    foreign_key_indexes.replace,
    foreign_key_types.let_go,
    generated.say_what_exists,
    defaults.bracket,
    casts.cast,
    enums.make_and_drop,
    comments.take_out,
    copied_tables.keep,
    exact_indexes.write,
    misfits.guard,
]


def process(found):
    """Let all pieces see the differences of a database.

    :raises Unanswered: where somebody has to be asked before.
    """
    pieces = COMPARING
    if found.questioner is not None:
        pieces = RENAMING + COMPARING + WRITING
    for piece in pieces:
        piece(found)
        if found.questioner is not None:
            found.questioner.check()
    found.reverse()
    for operations in (found.upgrade.ops, found.downgrade.ops):
        for piece in EITHER_WAY if found.questioner is not None else ():
            piece(found, operations)
