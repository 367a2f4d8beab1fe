"""The order in which the pieces see the differences of a database.

A piece is a function that is given a :class:`found.Found` and changes its
operations, which are Alembic's (``alembic.operations.ops``) and those of
``operations.py``.  The project's own ``process_revision_directives`` runs
after all of them.  Only Alembic 0.8 and newer has operations: nothing here
is imported on older ones.
"""

#: What is a difference at all: for ``check`` as well as for scripts.
COMPARING = []

#: What a script says.  Questions are asked after the piece that has them.
WRITING = []


def process(found, writing):
    """Let all pieces see the differences of a database.

    :param writing: whether they are for a script.
    :raises Unanswered: where somebody has to be asked before.
    """
    before = list(found.upgrade.ops)
    for piece in COMPARING:
        piece(found)
    for piece in WRITING if writing else ():
        piece(found)
        found.run.questioner.check()
    if found.changed or found.upgrade.ops != before:
        found.reverse()
