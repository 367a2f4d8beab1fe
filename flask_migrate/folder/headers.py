"""The headers of revision files, read without executing the files."""
import ast
import io
import re

from .. import compat

_ASSIGNMENT = re.compile(
    r'^(revision|down_revision|branch_labels|depends_on)[ \t]*'
    r'(?::[^=\n]*)?([^=\s]*)=(?!=)[ \t]*(.*?)[ \t]*(?:#.*)?\r?$', re.M)
_CONFLICT = re.compile(r'^(<<<<<<<|>>>>>>>) ', re.M)
_DOCSTRING = re.compile(
    r'\A(?:[ \t]*(?:#[^\n]*)?\r?\n)*("""|\'\'\')([^\\]*?)\1')


class Header(object):
    """What a revision file says of itself at its beginning.

    :ivar revision: its identifier.
    :ivar down_revision: what it follows, and *branch_labels*, *depends_on*:
        None, a text, or a tuple or list of texts.
    :ivar doc: its docstring, or None where only Python can tell.
    """

    def __init__(self, values, doc):
        self.revision = values['revision']
        self.down_revision = values['down_revision']
        self.branch_labels = values.get('branch_labels')
        self.depends_on = values.get('depends_on')
        self.doc = doc


def read(path):
    """The Header of a file; None for one that must be executed to know.

    That is one where a name is computed, or assigned twice, or in another
    place than at the beginning of a line.
    """
    with io.open(path, encoding='utf-8', errors='strict') as file:
        try:
            text = file.read()
        except UnicodeError:
            return None
    values = {}
    for name, operator, value in _ASSIGNMENT.findall(text):
        if name in values or operator:
            return None
        try:
            values[name] = _literal(value)
        except (SyntaxError, ValueError):
            return None
    if not values.get('revision') or 'down_revision' not in values \
            or _CONFLICT.search(text):
        return None
    docstring = _DOCSTRING.match(text)
    return Header(values, docstring and docstring.group(2))


def _literal(value):
    found = ast.literal_eval(value)
    several = found if isinstance(found, (tuple, list)) else (found,)
    for each in several:
        if not (each is None and found is None) \
                and not isinstance(each, compat.python.string_types):
            raise ValueError(value)
    return found
