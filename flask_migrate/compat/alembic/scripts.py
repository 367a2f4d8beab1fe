"""Alembic's folder of revision files, and the files."""
from __future__ import absolute_import

import os
import re

from ..python import PY2, native, text, text_type
from ..sqlalchemy import url_text
from .versions import has_branches, needs_newer_alembic


def script_directory(config):
    """The ScriptDirectory of a Config, of the class that Alembic uses.

    Some applications set ``alembic.command.ScriptDirectory``.
    """
    from alembic import command
    return command.ScriptDirectory.from_config(config)


def tell_of_files():
    """Let our Configs know of the revision files that Alembic writes.

    Private are ``ScriptDirectory._generate_template``, from 0.6 to 1.20, and
    ``write_hooks._run_hooks``, from 1.2 on.
    """
    from alembic.script import ScriptDirectory
    from_config = ScriptDirectory.from_config.__func__
    write = getattr(ScriptDirectory._generate_template, '__func__',
                    ScriptDirectory._generate_template)

    def _from_config(cls, config):
        directory = from_config(cls, config)
        directory.config_of_ours = config
        return directory

    def _generate_template(self, source, path, **values):
        before = getattr(getattr(self, 'config_of_ours', None),
                         'before_writing', None)
        if before is not None:
            before(str(path))
        return write(self, source, path, **values)
    ScriptDirectory.from_config = classmethod(_from_config)
    ScriptDirectory._generate_template = _generate_template
    _tell_of_hooks()


def _tell_of_hooks():
    try:
        from alembic.script import write_hooks
    except ImportError:         # before 1.2
        return
    from alembic.util import CommandError
    run = write_hooks._run_hooks

    def _run_hooks(path, hooks):
        for name, one in _one_by_one(hooks):
            try:
                run(path, one)
            except StopIteration:
                # Before 1.8, where there is no such program; it would end a
                # generator around this.
                error = CommandError('Could not find entrypoint '
                                     'console_scripts.%s'
                                     % one.get(name + '.entrypoint'))
                error.failed_hook = name
                raise error
            except Exception as error:
                error.failed_hook = name
                raise
    write_hooks._run_hooks = _run_hooks


def _one_by_one(hooks):
    """Pairs of name and hook (before 1.16 the options of all are a dict)."""
    if isinstance(hooks, dict):
        return [(name, dict(hooks, hooks=name)) for name in re.split(
            r'\s*,\s*|\s+', hooks.get('hooks', '').strip()) if name]
    return [(hook['_hook_name'], [hook]) for hook in hooks]


def take_any_text():
    """Let Alembic on Python 2.7 work with URLs and folders not in ASCII.

    Private is ``ScriptDirectory._rev_path``, from 0.6 to 1.20.
    """
    if not PY2:
        return
    from alembic import util
    from alembic.script import ScriptDirectory
    path = ScriptDirectory._rev_path.__func__
    real = util.obfuscate_url_pw

    def obfuscate_url_pw(url):
        try:
            return real(url)
        except UnicodeError:
            from sqlalchemy.engine.url import make_url
            return url_text(make_url(url), hide_password=True)

    def _rev_path(self, *args):
        # It joins what it makes of the message to the folder, in bytes.
        args = list(args)
        args[-2] = args[-2] and native(args[-2])
        return path(self, *args)
    util.obfuscate_url_pw = obfuscate_url_pw
    ScriptDirectory._rev_path = _rev_path


def failed_hook(error):
    """The name of the post-write hook that raised an exception, or None."""
    return getattr(error, 'failed_hook', None)


def script_heads(script):
    """The heads of a ScriptDirectory (before 0.7: one, or an error)."""
    if hasattr(script, 'get_heads'):
        return list(script.get_heads())
    head = script.get_current_head()
    return [head] if head else []


def script_revisions(script, name):
    """The Script objects that *name* means (``get_revisions``: 0.7)."""
    if hasattr(script, 'get_revisions'):
        return [s for s in script.get_revisions(name) if s is not None]
    names = name if isinstance(name, (tuple, list)) else [name]
    found = [script.get_revision(
        script.get_current_head() if n in ('head', 'heads') else n)
        for n in names if n]
    return [s for s in found if s is not None]


def new_rev_id():
    """An identifier for a new revision, as Alembic makes them."""
    from alembic.util import rev_id
    return rev_id()


def generate_revision(config, rev_id, message, arguments, folder=None):
    """Write a revision file from the folder's template.

    :param arguments: of the template.
    :param folder: where to write it; by default where it belongs.
    :return: the path of the file.
    """
    directory = script_directory(config)
    if folder is not None:
        write_scripts_to(directory, folder)
    return directory.generate_revision(rev_id, message, refresh=True,
                                       **arguments).path


def walk(script, base, head):
    """The Scripts from *head* down to *base*.

    :param base: a name; a tuple of what the database is at.
    :param head: likewise.
    """
    if not has_branches():
        base = (base + ('base',))[0] if isinstance(base, tuple) else base
        head = (head + (None,))[0] if isinstance(head, tuple) \
            else 'head' if head == 'heads' else head
    return list(script.walk_revisions(base=base, head=head))


def targets(revisions):
    """What a command is to go to, in the words of this Alembic.

    :raises alembic.util.CommandError: for several, before 0.7.
    """
    if not has_branches():
        from alembic.util import CommandError
        if len(revisions) > 1:
            raise CommandError(needs_newer_alembic(
                'More than one revision', '0.7'))
        revisions = ['head' if each == 'heads' else each
                     for each in revisions]
    return revisions if len(revisions) > 1 else revisions[0]


def format_script(script, verbose=False, **settings):
    """One line (verbose: several) about a Script (``cmd_format``: 0.7)."""
    if hasattr(script, 'cmd_format'):
        return script.cmd_format(verbose, **settings)
    return text(script)


def is_unknown(script, heads):
    """Whether a database is at a revision that no file has."""
    for head in heads:
        try:
            if script.get_revision(head) is None:
                return True
        except Exception:
            return True
    return False


def write_scripts_to(directory, folder):
    """Let a ScriptDirectory write new files into another folder.

    Private is ``ScriptDirectory._rev_path``, from 0.6 to 1.20.
    """
    path = directory._rev_path

    def _rev_path(*args):
        found = path(*args)         # a pathlib.Path from 1.16 on
        return type(found)(os.path.join(folder, os.path.basename(
            text_type(found))))
    directory._rev_path = _rev_path
