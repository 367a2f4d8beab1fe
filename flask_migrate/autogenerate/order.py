"""The order in which the pieces see the differences of a database.

A piece is a function that is given a :class:`found.Found` and changes its
operations, which are Alembic's (``alembic.operations.ops``) and those of
``operations.py``.  The project's own ``process_revision_directives`` runs
after all of them.  Only Alembic 0.8 and newer has operations: nothing here
is imported on older ones.
"""
from .unimported import refuse_to_drop_all

#: What is a difference at all: for ``check`` as well as for scripts.
COMPARING = []

#: What a script says.  Questions are asked after the piece that has them.
WRITING = [
    lambda found: refuse_to_drop_all(found.protection),
]


def process(found):
    """Let all pieces see the differences of a database.

    :raises Unanswered: where somebody has to be asked before.
    """
    before = list(found.upgrade.ops)
    for piece in COMPARING:
        piece(found)
    for piece in WRITING if found.questioner is not None else ():
        piece(found)
        found.questioner.check()
    if found.changed or found.upgrade.ops != before:
        found.reverse()
