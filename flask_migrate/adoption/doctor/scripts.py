"""Revision files, read and not executed."""
import ast

from ... import compat
from ...folder import revision_files
from ...folder.paths import relative


class Script(object):
    """A file in the folder of revisions.

    :ivar path: its path.
    :ivar tree: what Python makes of it; None where that fails.
    :ivar error: why it fails.
    :ivar file: its :class:`chain.File`; None where the header cannot be
        known without executing it.
    """

    def __init__(self, path):
        self.path = path
        self.tree = self.error = self.file = None
        try:
            with open(path, 'rb') as file:
                self.tree = compat.source.parse(file.read(), path)
        except (EnvironmentError, SyntaxError, ValueError, TypeError) as error:
            self.error = error
        else:
            self.file = revision_files.read_file(path)

    @property
    def name(self):
        """Its path, as a user would write it."""
        return relative(self.path)

    def at(self, node):
        """Where a node of the tree is: file and line."""
        return u'%s:%d' % (self.name, node.lineno)

    def walk(self):
        """All nodes of the tree."""
        return ast.walk(self.tree) if self.tree is not None else ()
