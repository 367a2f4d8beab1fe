"""Writing a revision file: what may stand in it, and what if that fails."""
from contextlib import contextmanager
from functools import wraps
import os
import re
import threading

from .. import compat
from ..errors import MigrateError
from . import revision_files

#: What stands for revisions, so that none can be called so.
_WORDS = ('head', 'heads', 'base', 'current')


def check_identifier(config, rev_id):
    """Refuse an identifier that a file has, or that cannot be one.

    It becomes a part of the file's name, and of what users write.
    """
    if rev_id is None:
        return
    if not re.match(r'\w[\w.]*\Z', compat.python.text(rev_id), re.U) \
            or rev_id in _WORDS:
        raise MigrateError(
            "'%s' cannot be the identifier of a revision. Give --rev-id "
            "letters, digits, '_' and '.', and none of the words %s."
            % (rev_id, ', '.join(_WORDS)))
    for file in revision_files.read(config):
        # Alembic might overwrite it.
        if file.revision == rev_id:
            raise MigrateError(
                "There is a revision %s already, in %s. Give another "
                "--rev-id, or none." % (rev_id, file.path))


def safe_message(config, message):
    """A message that can stand in the docstring of any script.py.mako."""
    if message is None:
        return None
    if isinstance(message, bytes):
        message = message.decode('utf-8')
    message = message.replace(u'\\', u'\\\\').replace(u'"""', u'\\"\\"\\"')
    if message.startswith(u'"'):
        message = u'\\' + message
    # An even number of backslashes before it are backslashes of the message.
    if re.search(r'(?<!\\)(\\\\)*"\Z', message):
        message = message[:-1] + u'\\"'
    return compat.python.in_source(
        message, _declares_encoding(config) and compat.alembic.has_branches())


def _declares_encoding(config):
    path = os.path.join(config.get_main_option('script_location'),
                        'script.py.mako')
    with open(path, 'rb') as file:
        file.readline()     # there it is Mako's, and not written
        return b'coding' in file.readline()


_mutex = threading.Lock()
_writers = {}       # by folder


@contextmanager
def one_writer(directory):
    """Let the threads of this process write in a folder one after another.

    What one has written is what the next one follows.
    """
    with _mutex:
        turn = _writers.setdefault(os.path.realpath(directory),
                                   threading.RLock())
    with turn:
        yield


def alone(function):
    """Let a function, given a call first, be such a writer."""
    @wraps(function)
    def writer(call, *args, **kwargs):
        with one_writer(call.config.get_main_option('script_location')):
            call.config.loaded = None       # there may be another one now
            return function(call, *args, **kwargs)
    return writer


class WrittenFiles(object):
    """The revision files that a command writes, and no others.

    Those of a command that fails are removed; but not after a post-write
    hook: then the revision is complete.

    :param config: the Config of the command.
    :param folder: that is removed afterwards, of a command that only shows.
    """

    def __init__(self, config, folder=None):
        self.config = config
        self.folder = folder
        self.paths = []

    def __enter__(self):
        self.config.before_writing = self._note
        return self

    def __exit__(self, kind, error, traceback):
        self.config.before_writing = None
        hook = compat.alembic.failed_hook(error)
        if hook and self.folder is None:
            compat.python.reraise(_hook_failed(hook, self.paths, error),
                                  error)
        if error is not None:
            self.remove()

    def _note(self, path):
        if os.path.lexists(path):
            raise MigrateError(
                "The file %s exists already, and would be overwritten. Give "
                "another message or --rev-id, or put %%%%(rev)s into "
                "file_template in alembic.ini." % path)
        self.paths.append(path)

    def remove(self):
        for path in self.paths:
            if os.path.exists(path):
                os.remove(path)

    def scripts(self):
        names = [os.path.basename(path) for path in self.paths]
        return [each for each
                in compat.alembic.script_directory(
                    self.config).walk_revisions()
                if os.path.basename(each.path) in names]


def _hook_failed(hook, paths, error):
    return MigrateError(
        "The revision is written: %s. But the post-write hook '%s' failed: "
        "%s.\n  Install the program that it runs, or take the hook out of "
        "alembic.ini. The revision need not be made again." % (
            ', '.join(paths), hook,
            ' '.join(compat.python.error_text(error).split()).rstrip('.')))
