"""Findings about manage.py."""
import ast
import os

from ... import compat
from ...folder.paths import relative
from .findings import Finding

_ENABLE = "or run 'python -m flask_migrate --enable' once, and edit nothing."


def manage_py(setup):
    """The imports of manage.py."""
    enabled = compat.flask_script.is_enabled()
    for path in _paths(setup.app):
        with open(path, 'rb') as file:
            tree = compat.source.parse(file.read(), path)
        for finding in _imports(setup, relative(path), tree):
            if enabled:
                finding = Finding('note', finding.text + u" It works, as "
                                  u"--enable is on for this Python.")
            yield finding


def _imports(setup, path, tree):
    mended = False      # whether something has imported flask_migrate
    own = setup.app.import_name.split('.')[0]
    for line, name in _imported(tree):
        top = name.split('.')[0]
        if name.startswith('flask.ext') \
                and not compat.flask_ext.is_there():
            yield Finding(
                'error', u"%s:%d: '%s' ended with Flask 1.0." % (
                    path, line, name),
                u"Write flask_%s, %s" % (
                    name[len('flask.ext.'):] or u'NAME', _ENABLE))
        elif top == 'flask_script' and compat.flask_script.needs_help():
            yield Finding(
                'note', u"%s:%d: Flask-Script cannot run by itself on this "
                u"Flask and Python. It does after flask_migrate." % (
                    path, line),
                "'python -m flask_migrate --enable' lets every program "
                "import it.") if mended else Finding(
                'error', u"%s:%d: flask_script is imported before "
                u"flask_migrate, which makes it importable on this Flask."
                % (path, line),
                'Import flask_migrate first, ' + _ENABLE)
        # A package of the application's may import flask_migrate.
        mended = mended or top in ('flask_migrate', own) \
            or _is_local(path, top)


def _imported(tree):
    """The modules that a file imports, in order: pairs of line and name."""
    for node in tree.body:
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield node.lineno, alias.name
        elif isinstance(node, ast.ImportFrom) and node.module:
            name = node.module
            if name == 'flask.ext':
                name += '.' + node.names[0].name
            yield node.lineno, name


def _is_local(path, name):
    """Whether a module lies beside a file."""
    folder = os.path.dirname(path)
    return os.path.exists(os.path.join(folder, name + '.py')) \
        or os.path.isdir(os.path.join(folder, name))


def _paths(app):
    """Where a manage.py is, the nearest first; none twice."""
    found = []
    for folder in (os.getcwd(), app.root_path,
                   os.path.dirname(app.root_path)):
        path = os.path.realpath(os.path.join(folder, 'manage.py'))
        if os.path.isfile(path) and path not in found:
            found.append(path)
    return found


CHECKS = [manage_py]
