"""The revision files of a migrations folder, as Alembic's Scripts.

Alembic executes every file to know its header.  Here the headers are read,
and a file is executed when somebody asks for more: what a command does not
run costs next to nothing.
"""
import os

from .. import compat
from ..errors import MigrateError
from . import chain, headers, revision_files


class Unexecuted(object):
    """The module of a revision file, which is executed when needed.

    :param header: the Header.
    :param load: executes the file and returns its module.
    """

    def __init__(self, header, load):
        self.revision = header.revision
        self.down_revision = header.down_revision
        self.branch_labels = header.branch_labels
        self.depends_on = header.depends_on
        self._header = header
        self._load = load
        self._module = None
        compat.alembic.mark_encoding(self)

    def _executed(self):
        if self._module is None:
            self._module = self._load()
        return self._module

    @property
    def __doc__(self):
        doc = self._header.doc
        return self._executed().__doc__ if doc is None else doc

    def __getattr__(self, name):
        if name.startswith('__') or name == compat.alembic.ENCODED:
            raise AttributeError(name)
        return getattr(self._executed(), name)


def _script(kind, folder, filename):
    """A Script of a file whose header can be read; else None."""
    path = os.path.join(folder, filename)
    header = headers.read(path)
    if header is None:
        return None
    return kind(Unexecuted(header, lambda: compat.alembic.load_python_file(
        folder, filename)), header.revision, compat.python.shown_path(path))


def _checked(directory, scripts):
    """The Scripts of a directory, if they form a chain.

    Alembic warns where they do not, goes on without one file or the other,
    and changes the database.
    """
    found = list(scripts)
    broken = chain.broken_chain(
        [revision_files.of_script(each) for each in found])
    if broken:
        raise MigrateError(broken)
    return found


compat.alembic.read_scripts_by(_script, _checked)
compat.alembic.tell_of_files()
compat.alembic.take_any_text()


def check_revisions(config):
    """Refuse revisions that form no chain, before anything is done."""
    directory = compat.alembic.script_directory(config)
    if compat.alembic.has_branches():
        compat.alembic.load_revisions(directory)
        config.loaded = directory.revision_map
    else:
        # One that Python cannot read is for Alembic to report.
        broken = revision_files.all_can_be_read(config) \
            and chain.broken_chain(revision_files.read(config))
        if broken:
            raise MigrateError(broken)


def heads(config, verbose, resolve_dependencies):
    """The heads of the folder; a command line prints them."""
    script = compat.alembic.script_directory(config)
    if resolve_dependencies:
        compat.alembic.alembic_command('heads', resolve_dependencies=True)
        found = compat.alembic.script_revisions(script, 'heads')
    else:
        found = compat.alembic.script_revisions(
            script, tuple(compat.alembic.script_heads(script)))
    for each in found:
        config.print_stdout(compat.alembic.format_script(
            each, verbose, include_branches=True, tree_indicators=False))
    return found


def branch_points(config):
    """The scripts from which branches start."""
    script = compat.alembic.script_directory(config)
    return [each for each in script.walk_revisions()
            if each.is_branch_point]
