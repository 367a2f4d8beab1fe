"""The headers of revision files, read without executing the files."""
import ast
import io
import re

from .. import compat

_NAMES = r'(revision|down_revision|branch_labels|depends_on)\b'
_ASSIGNMENT = re.compile(
    r'^%s[ \t]*(?::[^=\n]*)?=(?!=)[ \t]*(.*?)[ \t]*(?:#.*)?$' % _NAMES, re.M)
_NAME = re.compile(r'\b' + _NAMES)
_SET = re.compile(r'(?:^%s|\b%s\s*=(?!=))' % (_NAMES, _NAMES), re.M)
_COMMENT = re.compile(r'^[ \t]*#.*$', re.M)
_STRING = re.compile(r'(["\'])([\w.-]*)\1$')
_CONFLICTS = ('\n<<<<<<< ', '\n>>>>>>> ')
#: A docstring, after blank lines and comments; its text is the last group.
_DOCSTRING = re.compile(
    r'\A(?:[ \t]*(?:#[^\n]*)?\n)*("""|\'\'\')([^\\]*?)\1')
#: A first statement that is none.
_IMPORT = re.compile(r'\A(?:[ \t]*(?:#[^\n]*)?\n)*(?:from|import) ')
_ENCODING = re.compile(r'^[ \t]*#.*?coding[:=]', re.M)


class Header(object):
    """What a revision file says of itself at its beginning.

    :ivar revision: its identifier.
    :ivar down_revision: what it follows, and *branch_labels*, *depends_on*:
        None, a text, or a tuple or list of texts.
    :ivar doc: its docstring, '' where it has none, or None where only Python
        can tell.
    """

    def __init__(self, values, doc):
        self.revision = values['revision']
        self.down_revision = values['down_revision']
        self.branch_labels = values.get('branch_labels')
        self.depends_on = values.get('depends_on')
        self.doc = doc


def read(path):
    """The Header of a file; None for one that must be executed to know.

    That is one where a name is computed, imported, or assigned twice, or in
    another place than at the beginning of a line.
    """
    # Thousands are read, each at once: a buffer would cost a third more.
    with io.open(path, 'rb', buffering=0) as file:
        content = file.read()
    try:
        text = content.decode('utf-8')
    except UnicodeError:
        return None
    if '\r' in text:
        text = text.replace('\r\n', '\n')
    beginning = text[:200]
    if 'coding' in beginning and _ENCODING.search(beginning) \
            and 'utf-8' not in beginning.lower():
        return None
    docstring = _DOCSTRING.match(text)
    start = docstring.end() if docstring else 0
    values = _values(*_parts(text, start))
    if values is None or not values.get('revision') \
            or 'down_revision' not in values \
            or any(mark in text for mark in _CONFLICTS):
        return None
    if docstring:
        return Header(values, compat.python.native(docstring.group(2)))
    return Header(values, '' if _IMPORT.match(text) else None)


def _parts(text, start):
    """What comes before the first function after *start*, and the rest."""
    end = text.find('\ndef ', start)
    end = len(text) if end < 0 else end
    return text[start:end], text[end:]


def _values(header, rest):
    """The names that a header assigns; None where that is not all."""
    header = _COMMENT.sub('', header)
    values = {}
    found = _ASSIGNMENT.findall(header)
    for name, value in found:
        try:
            values[name] = _literal(value)
        except (SyntaxError, ValueError):
            return None
    if len(values) != len(found) \
            or _count_names(header, len(found)) != len(found) \
            or 'import *' in header or '"""' in header or "'''" in header \
            or _may_set(rest):
        return None
    return values


def _count_names(header, least):
    """How often one of the names stands in a header."""
    # Each has one of these plain texts in it, which are counted faster.
    most = header.count('revision') + header.count('branch_labels') \
        + header.count('depends_on')
    return least if most == least else len(_NAME.findall(header))


def _may_set(rest):
    """Whether code after the header may assign one of the names."""
    # Looking for plain texts is quick.
    return ('revision' in rest or 'branch_labels' in rest
            or 'depends_on' in rest) and _SET.search(rest) is not None


def _literal(value):
    string = _STRING.match(value)
    if string:
        return compat.python.native(string.group(2))
    if value == 'None':
        return None
    found = ast.literal_eval(compat.source.parse(value, mode='eval'))
    several = found if isinstance(found, (tuple, list)) else (found,)
    for each in several:
        if not isinstance(each, compat.python.string_types):
            raise ValueError(value)
    return found
