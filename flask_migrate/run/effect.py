"""What is permanent of a revision that failed."""


class Effect(object):
    """What a :class:`Journal` has of it, for the explanations.

    :ivar permanent: the statements that cannot be rolled back.
    :ivar uncertain: whether there may be more.
    :ivar unknown: the statement of which nobody knows whether it took
        effect, as no answer came; or None.
    :ivar failed: the statement that failed last, or None.
    :ivar left: sentences: what that statement has left, and others that
        were rolled back.
    :ivar rest: whether there were statements that were rolled back.
    :ivar by_itself: whether the kind of database commits by itself.
    :ivar ended: whether it is the revision that has ended its transaction.
    :ivar server: what the server is called.
    """

    def __init__(self, journal, uncertain):
        self.permanent = list(journal.permanent)
        self.uncertain = uncertain
        self.unknown = journal.unknown
        self.failed = journal.failed
        self.left = ['No rollback takes this back: ' + sql
                     for sql in journal.kept]
        self.rest = bool(journal.open or journal.rolled_back)
        self.by_itself = not journal.dialect.rolls_back_ddl
        self.ended = not journal.committed_by_itself
        self.server = journal.server

    @property
    def is_nothing(self):
        """Whether all is as it was before, for certain."""
        return not (self.permanent or self.uncertain or self.unknown
                    or self.left)
