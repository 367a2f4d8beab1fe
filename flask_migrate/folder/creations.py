"""Which tables the revisions create, read from their text.

Nothing is executed.  A name that is no plain text in the file, or SQL, tells
nothing.
"""
import ast

from .. import compat

_SIGNS = (b'create_table', b'rename_table', b'drop_table',
          b'create_geospatial_table', b'drop_geospatial_table')
#: What the functions of GeoAlchemy2 have in their names.
_GEOSPATIAL = '_geospatial_'


def created_tables(files, suffix, default_schema=None):
    """The tables that the revisions of a folder leave behind.

    :param files: the revision files in their order, chain.Files.
    :param suffix: of the functions for the database at hand, in a folder of
        several databases; None in a folder of one.
    :param default_schema: a schema that is the same as none.
    :return: a set of pairs, schema and name.
    """
    tables = set()
    for file in files:
        for function, names in _calls(file.path, suffix):
            schema, names = names[0], names[1:]
            if schema == default_schema:
                schema = None
            if function == 'create_table':
                tables.add((schema, names[0]))
            elif function == 'drop_table':
                tables.discard((schema, names[0]))
            elif names[1:]:
                tables.discard((schema, names[0]))
                tables.add((schema, names[1]))
    return tables


def _calls(path, suffix):
    """The calls of the upgrade, in order: pairs of function and names."""
    try:
        with open(path, 'rb') as file:
            text = file.read()
        if not any(sign in text for sign in _SIGNS):
            return []
        tree = compat.source.parse(text)
    except (EnvironmentError, SyntaxError, ValueError):
        return []
    functions = dict((node.name, node) for node in tree.body
                     if isinstance(node, ast.FunctionDef))
    found = []
    for name in _start(functions, suffix):
        _follow(functions, name, found, set())
    return found


def _start(functions, suffix):
    """The functions that upgrade the database at hand."""
    names = ['upgrade_%s' % (suffix or '')]
    plain = functions.get('upgrade')
    if plain is not None and (not suffix or plain.args.args):
        names.append('upgrade')
    return [name for name in names if name in functions]


def _follow(functions, name, found, seen):
    """Collect the calls of a function, and of those that it calls."""
    seen.add(name)
    for node in _in_order(functions[name]):
        called = node.func
        if isinstance(called, ast.Attribute):
            function = called.attr.replace(_GEOSPATIAL, '_')
            names = _names(function, node)
            if names:
                found.append((function, names))
        elif getattr(called, 'id', None) in functions \
                and called.id not in seen:
            _follow(functions, called.id, found, seen)


def _in_order(function):
    calls = [node for node in ast.walk(function)
             if isinstance(node, ast.Call)]
    return sorted(calls, key=lambda node: (node.lineno, node.col_offset))


#: How many names a function takes first, and what they are called.
_TAKES = {
    'create_table': [('table_name', 'name')],
    'drop_table': [('table_name', 'name', 'tablename')],
    'rename_table': [('old_table_name', 'old_tablename'),
                     ('new_table_name', 'new_tablename')],
}


def _names(function, call):
    """Schema and names of a call; None where they cannot be read."""
    if function not in _TAKES:
        return None
    given = dict((keyword.arg, keyword.value) for keyword in call.keywords)
    values = [given.get('schema')]
    for number, names in enumerate(_TAKES[function]):
        if number < len(call.args):
            values.append(call.args[number])
        else:
            values.append([given[name] for name in names if name in given]
                          or None)
            values[-1] = values[-1] and values[-1][0]
    try:
        read = [node and ast.literal_eval(node) for node in values]
    except (ValueError, TypeError):
        return None
    if not all(isinstance(each, compat.python.string_types)
               for each in read[1:]):
        return None
    return read
