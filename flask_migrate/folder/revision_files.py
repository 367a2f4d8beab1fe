"""The revision files read without executing them, to explain a failure.

Alembic's own messages about broken files differ from release to release, or
say "KeyError"; what is in the files does not.
"""
import ast
import io
import os
import re

from .. import compat

_CREATED = re.compile(r'^\s*Create Date: *(\S.*?)\s*$', re.M)


class File(object):
    """What one revision file says.

    :ivar path: its path.
    :ivar revision: its identifier.
    :ivar down: the identifiers that it follows, a tuple.
    :ivar needs: *down*, and the identifiers that it depends on.
    :ivar labels: the labels of its branch.
    """

    def __init__(self, path, values, doc):
        self.path = path
        self.revision = values['revision']
        self.down = _several(values.get('down_revision'))
        self.needs = self.down + _several(values.get('depends_on'))
        self.labels = _several(values.get('branch_labels'))
        self._doc = doc

    @property
    def doc(self):
        """The first line of its docstring."""
        return getattr(self._doc, 'doc', self._doc) or u''

    @property
    def created(self):
        """When it was made, as its docstring says; None if it does not."""
        try:
            with io.open(self.path, encoding='utf-8') as file:
                found = _CREATED.search(file.read(4096))
        except (EnvironmentError, UnicodeError):
            return None
        return found and found.group(1)

    @property
    def name(self):
        """The file's name, for messages."""
        return compat.python.text(os.path.basename(self.path))

    @property
    def title(self):
        """Identifier and file name, for messages."""
        return u'%s (%s)' % (self.revision, self.name)


def _several(value):
    if not value:
        return ()
    return tuple(value) if isinstance(value, (tuple, list, set)) else (value,)


def of_script(script):
    """The File of one of Alembic's Scripts."""
    values = {'revision': script.revision}
    for name in ('down_revision', 'depends_on', 'branch_labels'):
        values[name] = getattr(script.module, name, None)
    return File(compat.python.native(script.path), values, script)


def folders(config):
    """The folders that hold the revision files of a Config."""
    try:
        directory = compat.alembic.script_directory(config)
        return compat.alembic.version_folders(directory)
    except Exception:       # it has none, or alembic.ini is wrong
        return [os.path.join(config.get_main_option('script_location'),
                             'versions')]


def read(config):
    """All revision files of a Config, a list of Files.

    Alembic knows them, unless it cannot load them: then those that can be
    read.
    """
    try:
        if not compat.alembic.has_branches():
            raise ValueError    # 0.6 is content with files that do not fit
        directory = compat.alembic.script_directory(config)
        return [of_script(each) for each in directory.walk_revisions()][::-1]
    except Exception:
        return _all_that_can_be_read(folders(config))


def all_can_be_read(config):
    """Whether there is no file that only Alembic may understand."""
    return None not in _files(folders(config))


def _all_that_can_be_read(folders):
    return [file for file in _files(folders) if file is not None]


def _files(folders):
    return [read_file(path) for path in _paths(folders)]


def paths(config):
    """The paths of the revision files of a Config."""
    try:
        found = compat.alembic.revision_files(
            compat.alembic.script_directory(config))
    except Exception:       # alembic.ini is wrong
        found = None
    if found is None:
        return _paths(folders(config))
    return [os.path.join(*each) for each in found]


def _paths(folders):
    return [os.path.join(parent, name) for folder in folders
            for parent, _, names in os.walk(folder) for name in sorted(names)
            if name.endswith('.py') and name != '__init__.py']


def read_file(path):
    """The File of a path, read and not executed; None: that cannot be."""
    try:
        with open(path, 'rb') as file:
            tree = compat.source.parse(file.read())
    except (EnvironmentError, SyntaxError, ValueError):
        return None
    values = {}
    for node in tree.body:
        # 'revision: str = ...' is what newer templates write.
        targets = getattr(node, 'targets', None) or [
            getattr(node, 'target', None)]
        name = getattr(targets[0], 'id', None)
        if name in ('revision', 'down_revision', 'depends_on',
                    'branch_labels'):
            try:
                values[name] = ast.literal_eval(node.value)
            except (ValueError, TypeError, AttributeError):
                return None     # computed, or given in a loop
    if not values.get('revision'):
        return None
    doc = compat.python.text(ast.get_docstring(tree) or u'').strip()
    return File(path, values, doc.splitlines()[0] if doc else u'')
