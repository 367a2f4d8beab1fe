"""Whether revisions can reach more than the connection they are given.

A chain is built on a scratch database only where no revision can get at the
real one, or at anything else that outlives the scratch database.
"""
import ast
import re

from ... import compat

#: What a revision may import.
HARMLESS = set('''
    __future__ alembic sqlalchemy sqlalchemy_utils geoalchemy2 pgvector
    abc base64 binascii bisect calendar codecs collections contextlib copy csv
    datetime decimal enum fractions functools hashlib hmac inspect io
    itertools json locale logging math numbers operator pprint random re
    secrets six string struct textwrap time types typing unicodedata uuid
    warnings zlib zoneinfo pytz dateutil slugify
'''.split())

#: Names that open other connections, execute text or write files.
_REACHING = set('''
    create_engine engine_from_config create_async_engine create_pool
    __import__ import_module exec eval execfile open system popen
'''.split())

#: SQL that reaches beyond the database.
_SQL = re.compile(
    r'(?:^|;)\s*(ATTACH|DETACH|USE|COPY|BACKUP|VACUUM\s+INTO)\b|\bdblink|'
    r'\b(CREATE|ALTER|DROP|RENAME)\s+(DATABASE|ROLE|USER|SERVER|TABLESPACE|'
    r'SUBSCRIPTION|EVENT)\b|\b(INTO\s+(OUT|DUMP)FILE|LOAD_FILE|LOAD\s+DATA|'
    r'pg_(read|write)_|lo_(im|ex)port|SET\s+GLOBAL|ALTER\s+SYSTEM)', re.I)


def reaches(script, databases, schemas_too=False):
    """What in a file could reach further: pairs of a node and words.

    :param script: the :class:`Script`.
    :param databases: the names of the real databases, which SQL may name.
    :param schemas_too: whether a schema is another database.
    """
    texts = set(id(node.value) for node in script.walk()
                if isinstance(node, ast.Expr))      # docstrings
    for node in script.walk():
        found = [] if id(node) in texts and _string(node) is not None \
            else _of_node(node, databases)
        if schemas_too and isinstance(node, ast.keyword) \
                and node.arg == 'schema' and not _is_none(node.value):
            node, found = node.value, [u'it names a schema']
        for words in found:
            yield node, words


def _of_node(node, databases):
    if isinstance(node, ast.Import):
        return [u'it imports %s' % alias.name for alias in node.names
                if alias.name.split('.')[0] not in HARMLESS]
    if isinstance(node, ast.ImportFrom):
        return _of_import(node.module or '', node.level,
                          [alias.name for alias in node.names])
    name = getattr(node, 'attr', getattr(node, 'id', None))
    if name in _REACHING or type(node).__name__ == 'Exec':  # of Python 2
        return [u'it uses %s' % (name or u'exec')]
    value = _string(node)
    if value is None:
        return []
    if _SQL.search(value):
        return [u'its SQL reaches beyond the database']
    return [u"its SQL names the database '%s'" % each for each in databases
            if re.search(r'(?<![\w.])[`"]?%s[`"]?\s*\.\s*[`"\w]'
                         % re.escape(each), value)]


def _of_import(module, level, names):
    top = module.split('.')[0]
    if level or top not in HARMLESS:
        return [u'it imports %s' % (module or u'a module beside it')]
    return [u'it imports %s' % each for each in names
            if each in _REACHING or top == 'alembic' and each in (
                'command', 'config')]


def _string(node):
    """The value of a string in the text, or None."""
    if type(node).__name__ not in ('Str', 'Constant'):
        return None
    value = ast.literal_eval(node)
    return value if isinstance(value, compat.python.string_types) else None


def _is_none(node):
    try:
        return ast.literal_eval(node) is None
    except ValueError:
        return False
