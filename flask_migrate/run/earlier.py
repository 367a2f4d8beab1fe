"""What earlier revisions of a run have left, which has no record of them."""


class Earlier(object):
    """The revisions before the one that runs, on one Connection.

    The entry of a revision in the version table is made at its end; it may
    be rolled back although the revision has committed something before.

    :ivar statements: those that are permanent, of revisions whose entries
        are not.
    :ivar doubtful: whether there may be more of them.
    :ivar pending: whether there are such entries.
    :ivar lost: whether such entries were rolled back.
    """

    doubtful = pending = lost = False

    def __init__(self):
        self.statements = []

    def add(self, statements, doubtful):
        """A revision has ended; its entry is not committed yet."""
        self.pending = True
        self.statements.extend(statements)
        self.doubtful = self.doubtful or doubtful

    def commit(self):
        """What is open is committed, and all entries with it."""
        self.statements, self.doubtful, self.pending = [], False, False

    def roll_back(self):
        """What is open is rolled back."""
        self.lost = self.lost or self.pending
