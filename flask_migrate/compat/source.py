"""Python source as a tree, read by one thread at a time."""
import ast
import threading

#: CPython to 3.11.7 and 3.12.1 keeps the depth of a conversion where all
#: threads share it, and raises SystemError where two convert (gh-106905).
#: Mako, which writes Alembic's scripts, converts as well.
LOCK = threading.Lock()


def parse(source, path='<unknown>', mode='exec'):
    """The tree of a source.

    :raises SyntaxError, ValueError: it isn't Python, as ``ast.parse()`` says.
    """
    with LOCK:
        return ast.parse(source, path, mode)
