"""Operations of our own, beside Alembic's, and how they are written."""
from alembic.autogenerate import renderers
from alembic.operations import ops


class Nothing(ops.MigrateOperation):
    """The way back of what needs none; it is never written."""

    def reverse(self):
        return self


class Text(ops.MigrateOperation):
    """Lines of Python, as they are to stand in the script.

    A line that belongs to the block of the one before is indented in the
    same text: a block is one text, with newlines.

    :param lines: texts.
    :param back: the operation that undoes it; by default nothing does.
    """

    def __init__(self, lines, back=None):
        self.lines = list(lines)
        self.back = back

    def reverse(self):
        return Nothing() if self.back is None else self.back

    def to_diff_tuple(self):
        return ('text', self.lines)


class Comment(Text):
    """A comment in the script, before the operation that it is about."""

    def __init__(self, *lines):
        Text.__init__(self, ['# ' + line for line in lines])


@renderers.dispatch_for(Text)
def _text(context, operation):
    return list(operation.lines)
