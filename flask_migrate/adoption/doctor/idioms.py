"""Findings about revisions that were written for SQLAlchemy 1.x.

They run, as ``compat.legacy_sql`` understands them; this is where they are.
"""
import ast

from ... import compat
from .findings import Finding

_EXECUTES = ('execute', 'scalar')


def legacy_sql(setup):
    """Idioms of SQLAlchemy 1.x in the revisions."""
    if not compat.legacy_sql.is_needed():
        return
    wanted = getattr(setup.state.migrate, 'legacy_sql', True)
    for script in setup.scripts:
        for node, then, now in _idioms(script):
            yield Finding(
                'note' if wanted else 'error',
                u'%s: %s is of SQLAlchemy 1.x. %s' % (
                    script.at(node), then,
                    u'It runs because this package understands it.'
                    if wanted else u'Migrate(legacy_sql=False) lets it fail.'),
                u'Write %s.' % now)


def _idioms(script):
    """The idioms in a file: node, words for it, and what to write."""
    for function in script.walk():
        if isinstance(function, ast.FunctionDef):
            names = Names(function)
            for node in _in_order(function):
                found = _of_call(names, node) if isinstance(node, ast.Call) \
                    else _of_subscript(names, node)
                if found:
                    yield (node,) + found


def _in_order(function):
    """The nodes that have a line, in their order."""
    return sorted((node for node in ast.walk(function)
                   if hasattr(node, 'lineno')),
                  key=lambda node: (node.lineno, node.col_offset))


def _of_call(names, node):
    """What a call is, of SQLAlchemy 1.x: two texts, or None."""
    if not isinstance(node.func, ast.Attribute):
        return None
    name = node.func.attr
    if name in ('keys', 'values', 'items') and names.is_row(node.func.value):
        return 'row.%s()' % name, 'row._mapping.%s()' % name
    if name == 'begin' and names.is_connection(node.func.value):
        return 'begin() inside the transaction', 'begin_nested()'
    if name not in _EXECUTES or not node.args \
            or not names.is_connection(node.func.value):
        return None
    if names.is_text(node.args[0]):
        return ('%s("...")' % name, '%s(text("...")), with \\: for a colon '
                'before a letter' % name)
    keywords = [each.arg for each in node.keywords]
    if len(node.args) > 2 or set(keywords) - set([
            'execution_options', 'parameters']):
        return ('%s(statement, name=value)' % name,
                "%s(statement, {'name': value})" % name)
    return None


def _of_subscript(names, node):
    """The same of ``row['name']``."""
    if not isinstance(node, ast.Subscript) \
            or not names.is_row(node.value):
        return None
    # Python before 3.9 has a node around it.
    index = getattr(node.slice, 'value', None)
    if isinstance(index, ast.AST):
        index = _string(index)
    if not isinstance(index, compat.python.string_types):
        return None
    return "row['name']", "row._mapping['name'], or row.name"


def _string(node):
    """The value of a string in the text, or None."""
    try:
        value = ast.literal_eval(node)
    except ValueError:
        return None
    return value if isinstance(value, compat.python.string_types) else None


class Names(object):
    """What the names in a function stand for, as far as its text says.

    :param function: its node.
    """

    def __init__(self, function):
        self.connections, self.texts = set(), set()
        self.results, self.rows = set(), set()
        for node in _in_order(function):
            if isinstance(node, ast.Assign):
                for target in node.targets:
                    self._note(target, node.value)
            elif isinstance(node, ast.For):
                self._note_row(node)
        for node in ast.walk(function):
            if isinstance(node, ast.comprehension):
                self._note_row(node)

    def _note_row(self, loop):
        if isinstance(loop.target, ast.Name) and self._is_result(loop.iter):
            self.rows.add(loop.target.id)

    def _note(self, target, value):
        if not isinstance(target, ast.Name):
            return
        for names, is_one in ((self.connections, self.is_connection),
                              (self.texts, self.is_text),
                              (self.results, self._is_result),
                              (self.rows, self.is_row)):
            if is_one(value):
                names.add(target.id)

    def is_connection(self, node):
        """Whether it is ``op.get_bind()``."""
        return isinstance(node, ast.Name) and node.id in self.connections \
            or isinstance(node, ast.Call) and getattr(
                node.func, 'attr', None) in ('get_bind', 'connection') \
            or isinstance(node, ast.Attribute) and node.attr == 'bind'

    def is_text(self, node):
        """Whether it is a plain string."""
        if isinstance(node, ast.Name):
            return node.id in self.texts
        if isinstance(node, ast.BinOp):
            return self.is_text(node.left)
        if isinstance(node, ast.Call):
            return getattr(node.func, 'attr', None) == 'format' \
                and self.is_text(node.func.value)
        return _string(node) is not None \
            or type(node).__name__ == 'JoinedStr'

    def is_row(self, node):
        """Whether it is one row of a result."""
        return isinstance(node, ast.Name) and node.id in self.rows \
            or self._calls(node, ('fetchone', 'first', 'one')) \
            and self._is_result(node.func.value)

    def _is_result(self, node):
        """Whether it is a result, or the list of its rows."""
        if isinstance(node, ast.Name):
            return node.id in self.results
        if self._calls(node, ('execute',)):
            return self.is_connection(node.func.value)
        return self._calls(node, ('fetchall', 'fetchmany', 'all')) \
            and self._is_result(node.func.value)

    @staticmethod
    def _calls(node, names):
        return isinstance(node, ast.Call) \
            and isinstance(node.func, ast.Attribute) \
            and node.func.attr in names


CHECKS = [legacy_sql]
