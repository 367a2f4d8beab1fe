"""The revision files of a migrations folder."""
import glob
import os

from flask import current_app

from . import compat, chain, console, runner
from .databases import forgotten_names
from .errors import MigrateError


def create(config, message, autogenerate, **arguments):
    """Write one revision file, or several, and return the scripts."""
    _check_rev_id(config, arguments.get('rev_id'))
    command, kept = compat.alembic.alembic_command(
        'revision', autogenerate=autogenerate,
        message=_safe_message(config, message), **arguments)
    with _noted_files(config) as files:
        with runner.environment(config) as run, console.status(config):
            scripts = command(config, **kept)
    if _wrote_nothing(run):
        files.remove()
        scripts = None
    elif scripts is None:       # Alembic 0.6 returns none
        scripts = files.scripts()
    if not isinstance(scripts, (list, tuple)):
        scripts = [scripts]
    scripts = [each for each in scripts if each is not None]
    if autogenerate and not run.multidb and len(run.databases) < 2:
        _mention_binds()
    if not scripts:
        if autogenerate:
            console.write(u'No changes in schema detected.')
        return None
    return scripts[0] if len(scripts) == 1 else scripts


def _mention_binds():
    """Say that models were left out, by an env.py for one database."""
    state = current_app.extensions['migrate']
    names = forgotten_names(current_app, state.db)
    if names:
        console.write(
            u"The models of the binds (%s) were left out: this folder was "
            u"made for the default database alone, without 'init --multidb'."
            % u', '.join(names))


def _wrote_nothing(run):
    """Whether autogenerate wrote a script without any operation.

    Alembic before 0.8 does, and puts the text of the functions here.
    """
    texts = [text for name, text
             in run.options.get('template_args', {}).items()
             if name.endswith(('upgrades', 'downgrades'))]
    lines = [line.strip() for text in texts for line in text.splitlines()]
    return bool(texts) and all(
        line in ('', 'pass') or line.startswith('#') for line in lines)


def merge(config, revisions, **arguments):
    """Write a revision that joins *revisions*, by default all heads."""
    if isinstance(revisions, compat.python.string_types):
        revisions = revisions.split()
    revisions = list(revisions or ())
    if not revisions:
        revisions = compat.alembic.script_heads(
            compat.alembic.script_directory(config))
        if len(revisions) < 2:
            console.write(u'There is nothing to merge: %s.'
                          % (u'one head, ' + revisions[0] if revisions
                             else u'no revision'))
            return None
    _check_rev_id(config, arguments.get('rev_id'))
    arguments['message'] = _safe_message(config, arguments.get('message'))
    command, kept = compat.alembic.alembic_command('merge', **arguments)
    with _noted_files(config), runner.environment(config), \
            console.status(config):
        return command(config, revisions, **kept)


def _check_rev_id(config, rev_id):
    """Refuse an identifier that a file has: Alembic might overwrite it."""
    for file in chain.read(config) if rev_id else ():
        if file.revision == rev_id:
            raise MigrateError(
                "There is a revision %s already, in %s. Give another "
                "--rev-id, or none." % (rev_id, file.path))


def _safe_message(config, message):
    """A message that can stand in the docstring of any script.py.mako."""
    if message is None:
        return None
    if isinstance(message, bytes):
        message = message.decode('utf-8')
    message = message.replace(u'\\', u'\\\\').replace(u'"""', u'\\"\\"\\"')
    if message.startswith(u'"'):
        message = u'\\' + message
    if message.endswith(u'"') and not message.endswith(u'\\"'):
        message = message[:-1] + u'\\"'
    declares = _declares_encoding(config) and compat.alembic.has_branches()
    if compat.python.PY2 and not declares:
        # Templates of old had no coding line, which Python 2.7 wants, and
        # Alembic 0.6 writes ASCII.
        message = message.encode('ascii', 'backslashreplace').decode('ascii')
    if compat.python.PY2 and all(ord(c) < 128 for c in message):
        # Alembic makes a path of it, in a folder that may have an e acute.
        message = message.encode('ascii')
    return message


def _declares_encoding(config):
    path = os.path.join(config.get_main_option('script_location'),
                        'script.py.mako')
    with open(path, 'rb') as file:
        file.readline()     # there it is Mako's, and not written
        return b'coding' in file.readline()


class _noted_files(object):
    """Remove the files that a failed command has written."""

    def __init__(self, config):
        self.config = config
        self.pattern = os.path.join(
            glob_escape(config.get_main_option('script_location')),
            'versions', '*.py')

    def __enter__(self):
        self.before = set(glob.glob(self.pattern))
        return self

    def __exit__(self, kind, error, traceback):
        if error is not None:
            self.remove()

    def new(self):
        return set(glob.glob(self.pattern)) - self.before

    def remove(self):
        for path in self.new():
            os.remove(path)

    def scripts(self):
        names = [os.path.basename(path) for path in self.new()]
        return [each for each
                in compat.alembic.script_directory(
                    self.config).walk_revisions()
                if os.path.basename(each.path) in names]


def glob_escape(path):
    """A path as a pattern of itself (``glob.escape`` is Python 3.4+)."""
    return ''.join('[%s]' % c if c in '*?[' else c for c in path)


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


def in_range(config, rev_range, run):
    """The scripts of a range such as ``history`` prints, newest first."""
    script = compat.alembic.script_directory(config)
    base, _, head = (rev_range or ':').strip().partition(':')
    at = tuple(head for met in run.databases for head in met.heads)
    base = at if base == 'current' else base or 'base'
    head = at if head == 'current' else head or 'heads'
    if not hasattr(script, 'get_revisions'):            # Alembic 0.6
        base = base if base != at else (at + ('base',))[0]
        head = 'head' if head == 'heads' else head if head != at \
            else (at + (None,))[0]
    return list(script.walk_revisions(base=base, head=head))


def check(config):
    """Raise where autogenerate would find something."""
    from alembic import autogenerate, command
    from alembic.util import CommandError
    from .errors import DiffsDetected
    diffs, message = [], None
    if hasattr(command, 'check'):                       # Alembic 1.9
        try:
            with runner.environment(config) as run:
                run.leaves_out_empty = False    # Alembic reads the script
                command.check(config)
            return
        except ValueError:
            pass        # Before 1.14 it can't look at several databases.
        except CommandError as error:
            if type(error) is CommandError or hasattr(error, 'diffs'):
                raise
            message = str(error)    # Before 1.13 it does not tell which.
    script = compat.alembic.script_directory(config)

    def compare(heads, context):
        if isinstance(heads, compat.python.string_types):     # Alembic 0.6
            heads = [heads]
        behind = set(compat.alembic.script_heads(script)) - set(heads or ())
        if behind:
            raise CommandError('Target database is not up to date.')
        diffs.extend(autogenerate.compare_metadata(
            context, context.opts['target_metadata']))
        return []

    with runner.environment(config):
        EnvironmentContext = compat.alembic.environment_context()
        with EnvironmentContext(config, script, fn=compare):
            script.run_env()
    if diffs or message:
        raise DiffsDetected(
            message or 'New upgrade operations detected: %s' % diffs, diffs)
    config.print_stdout('No new upgrade operations detected.')
