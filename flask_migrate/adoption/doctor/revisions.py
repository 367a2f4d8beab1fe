"""Findings about the revisions: their chain, and what is in the files."""
import ast

from ... import compat
from ...compat.python import text
from ...folder import chain
from .findings import Finding


def compiles(setup):
    """Whether the revisions can be compiled."""
    for script in setup.scripts:
        if script.error is None:
            continue
        line = getattr(script.error, 'lineno', None)
        message = getattr(script.error, 'msg', None) or text(script.error)
        yield Finding(
            'error', u'%s%s: cannot be compiled: %s.' % (
                script.name, line and u':%d' % line or u'',
                text(message).rstrip(u'.')),
            'No command works until it is corrected.')


def not_revisions(setup):
    """Files that are none, in the folder where all are to be."""
    for script in setup.scripts:
        if script.tree is not None \
                and not set(['revision', '*']) & _bound(script):
            yield Finding(
                'error', u"%s is no revision file: it has no 'revision'. No "
                u"command works until it is gone." % script.name,
                "Move it to another folder, or let it begin with "
                "revision = '...' and down_revision = '...'.")


def identifiers(setup):
    """Identifiers that several files have."""
    for same in chain.duplicates(setup.files):
        yield Finding(
            'error', u'Revision %s is in %d files: %s.' % (
                same[0].revision, len(same),
                u' and '.join(file.name for file in same)),
            'Delete the copy, or give one of them an identifier of its own.')


def links(setup):
    """Revisions that follow one that no file has, or each other."""
    if not setup.knows_all:
        return      # it may be in the file that cannot be read
    for file, gone in chain.missing(setup.files):
        yield Finding(
            'error', u"%s follows revision '%s', whose file is missing."
            % (file.name, gone),
            u"Find it in version control: git log --all --oneline -S'%s'. "
            u"Restore it, or let down_revision name another one." % gone)
    circle = chain.cycle(setup.files)
    if circle and not chain.missing(setup.files):
        yield Finding(
            'error', u'The revisions follow each other in a circle: %s.'
            % u' -> '.join(file.title for file in circle + circle[:1]),
            'Correct down_revision in one of these files.')


def several_heads(setup):
    """Heads, and files that follow the same revision."""
    files = setup.files
    heads = [file for file in chain.heads(files) if not _own_branch(
        files, file)]
    if len(heads) < 2 or chain.duplicates(files) or chain.missing(files):
        return      # the cause is named already
    yield Finding(
        'error', u"The revisions have %d heads: %s. 'upgrade' refuses them."
        % (len(heads), u', '.join(file.title for file in heads)),
        "Join them with 'merge heads', or let one follow the other "
        "(down_revision)." if compat.alembic.has_branches() else
        'Let one of them follow the other (down_revision).')


def same_parent(setup):
    """Files with one down_revision."""
    followers = {}
    for file in setup.files:
        for down in file.down:
            followers.setdefault(down, []).append(file)
    for down, files in sorted(followers.items()):
        different = set(file.revision for file in files)
        if len(different) > 1:
            yield Finding(
                'note', u'%d files follow revision %s: %s.' % (
                    len(files), down,
                    u' and '.join(file.name for file in files)),
                'Where they were not meant to be branches, let one follow '
                'the other.')


def _own_branch(files, head):
    """Whether a head belongs to a branch that has a label."""
    below = chain.applied(files, [head.revision])
    return any(file.labels for file in files if file.revision in below)


#: What every module has.
_OF_MODULES = set(['__file__', '__name__', '__doc__', '__package__',
                   '__loader__', '__spec__', '__builtins__', '__path__',
                   '__annotations__', '__class__', '__debug__'])


def unknown_names(setup):
    """Names that nothing in a revision defines or imports."""
    builtins = compat.modules.builtin_names()
    for script in setup.scripts:
        known = _bound(script) | builtins | _OF_MODULES
        if script.tree is None or '*' in known:
            continue
        seen = set()
        for node in script.walk():
            if isinstance(node, ast.Name) and node.id not in known \
                    and isinstance(node.ctx, ast.Load) \
                    and node.id not in seen:
                seen.add(node.id)
                yield _unknown_name(script, node)


def _unknown_name(script, node):
    old = node.id in compat.modules.PYTHON_2_NAMES
    return Finding(
        'error', u"%s: the name '%s' is neither defined nor imported." % (
            script.at(node), node.id),
        u"It is of Python 2: write %s."
        % compat.modules.PYTHON_2_NAMES[node.id] if old
        else 'Add the import to the file.')


def _bound(script):
    """The names that something in a file gives a value, anywhere in it."""
    found = set()
    for node in script.walk():
        if isinstance(node, ast.keyword):
            continue
        if isinstance(node, ast.Name):
            if not isinstance(node.ctx, ast.Load):
                found.add(node.id)
            continue
        if isinstance(node, ast.alias):
            found.add((node.asname or node.name).split('.')[0])
            continue
        for field in ('name', 'arg', 'vararg', 'kwarg', 'rest'):
            value = getattr(node, field, None)
            if isinstance(value, str):
                found.add(value)
        if isinstance(node, ast.Global):
            found.update(node.names)
    return found


def imports_of_the_application(setup):
    """Models that are imported inside revisions."""
    own = _packages_of_the_application(setup)
    for script in setup.scripts:
        for node in script.walk():
            names = []
            if isinstance(node, ast.ImportFrom) and not node.level:
                names = [node.module]
            elif isinstance(node, ast.Import):
                names = [alias.name for alias in node.names]
            for name in names:
                if name and name.split('.')[0] in own:
                    yield Finding(
                        'warning', u"%s: imports '%s' of the application."
                        % (script.at(node), name),
                        "Models change, and the revision then meets columns "
                        "that its database has not. Write what it needs into "
                        "it: table = sa.table('name', sa.column('id')).")


def _packages_of_the_application(setup):
    """The top packages of the application and of its models."""
    names = [setup.app.import_name]
    base = getattr(setup.state.db, 'Model', None)
    kinds = base.__subclasses__() if isinstance(base, type) else []
    for kind in kinds:                  # which grows meanwhile
        names.append(kind.__module__)
        kinds.extend(kind.__subclasses__())
    return set(name.split('.')[0] for name in names) - set([
        '__main__', 'flask_sqlalchemy', 'sqlalchemy', 'flask_migrate'])


CHECKS = [compiles, not_revisions, identifiers, links, several_heads,
          same_parent, unknown_names, imports_of_the_application]
