"""Whether Python can read a script that was written."""
import ast

from .. import compat
from ..errors import MigrateError


def check(paths):
    """Refuse a script that could not run: nothing of it would be kept.

    :raises MigrateError: names what is wrong.
    """
    for path in paths:
        with open(path, 'rb') as file:
            source = file.read()
        try:
            missing = _missing(compat.source.parse(source, path))
        except SyntaxError as error:
            raise MigrateError(
                "A difference can't be written as Python: %s. Describe it "
                "with render_item. Nothing was written."
                % (error.text or '').strip())
        if missing:
            raise MigrateError(
                "The script would use %s, which it does not import. Import "
                "it in script.py.mako, or describe it with render_item. "
                "Nothing was written." % ', '.join(missing))


def _missing(tree):
    """The names that are used in a module and are nowhere made."""
    used, made = set(), set(dir(compat.python.builtins))
    made.update(['__file__', '__name__', '__doc__'])
    for node in ast.walk(tree):
        if isinstance(node, ast.Name):
            (used if isinstance(node.ctx, ast.Load) else made).add(node.id)
        elif isinstance(node, (ast.FunctionDef, ast.ClassDef)):
            made.add(node.name)
        elif isinstance(node, ast.alias):
            if node.name == '*':
                return []
            made.add((node.asname or node.name).split('.')[0])
        elif type(node).__name__ == 'arg':              # Python 3
            made.add(node.arg)
        elif isinstance(node, ast.ExceptHandler) and node.name:
            made.add(node.name if isinstance(node.name, str)
                     else node.name.id)
        elif isinstance(node, ast.arguments):
            made.update(each for each in (node.vararg, node.kwarg)
                        if isinstance(each, str))
    return sorted(used - made)
