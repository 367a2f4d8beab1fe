"""What failed, in the words of somebody who has to mend it at night.

Each function here takes :class:`Facts` and returns a message, or None where
it does not know the failure.  The first line says what is wrong, the second
what to do.
"""
import difflib
import linecache
import os
import re

from .. import chain, compat
from ..compat.python import text
from .database import explain_configuration, explain_database


class Facts(object):
    """An exception, and what the calls that it has passed knew.

    :ivar error: the exception.
    :ivar message: its text.
    :ivar frames: the frames of its traceback, the outermost first.
    :ivar lines: the line number in each.
    :ivar operation: name of the operation, '' outside one.
    :ivar arguments: its arguments by name.
    :ivar config: the Config; None before there is a readable one.
    :ivar folder: the migrations folder, or None likewise.
    :ivar at: the revisions of the database that was being worked on; None
        where nobody had looked yet.
    """

    def __init__(self, error, traceback):
        self.error = error
        self.message = text(error)
        self.frames, self.lines = [], []
        while traceback is not None:
            self.frames.append(traceback.tb_frame)
            self.lines.append(traceback.tb_lineno)
            traceback = traceback.tb_next
        self.operation, self.arguments = self._operation()
        from ..folder.config import Config
        from ..runner import Run
        self.config = self.known(Config)
        self.folder = _folder(self.config)
        if self.folder is None:
            self.config = None
        run = self.known(Run)
        self.at = run.databases[-1].heads if run and run.databases else None

    def known(self, kind):
        """The innermost local variable of a kind in the failed calls."""
        for frame in reversed(self.frames):
            for value in frame.f_locals.values():
                if isinstance(value, kind):
                    return value
        return None

    def _operation(self):
        from ..commands import OPERATIONS
        codes = dict((function.__wrapped__.__code__, name)
                     for name, function in OPERATIONS.items())
        for frame in self.frames:
            if frame.f_code in codes:
                return codes[frame.f_code], dict(
                    (name, frame.f_locals.get(name))
                    for name in compat.python.code_arguments(frame.f_code))
        return '', {}

    @property
    def versions(self):
        return ', '.join(text(each) for each in chain.folders(self.config))

    def files(self):
        return chain.read(self.config) if self.config else []

    def asked_for(self, revision):
        """Whether the user named a revision in an argument."""
        words = []
        for name in ('revision', 'revisions', 'rev_range', 'head',
                     'depends_on'):
            value = self.arguments.get(name) or ()
            one = isinstance(value, compat.python.string_types)
            words.extend([value] if one else value)
        return any(revision in re.split(r'[:@+\s-]+', text(word))
                   or revision == text(word) for word in words)


def _folder(config):
    try:
        return config and config.get_main_option('script_location')
    except Exception:       # alembic.ini is what is wrong
        return None


def explain(error, traceback):
    """A message for an exception; None for one that nobody foresaw."""
    facts = Facts(error, traceback)
    for function in (explain_file, explain_configuration, explain_database,
                     explain_chain, explain_command, explain_access):
        message = function(facts)
        if message:
            return message
    return None


# ------------------------------------------------ the files of the project

def explain_file(facts):
    """A revision file, or env.py, that Python cannot execute."""
    if facts.folder is None:
        return None
    path, line, running = _place(facts)
    if path is None or running:
        return None
    conflict = _conflict(path)
    if conflict:
        return '%s, line %d: merge-conflict markers. Resolve the conflict ' \
            'in this file, then repeat the command.' % (
                _relative(path), conflict)
    kind = type(facts.error).__name__
    what = facts.error.msg if isinstance(facts.error, SyntaxError) \
        else facts.message
    message = '%s, line %s: %s: %s.' % (
        _relative(path), line, kind, _line(what).rstrip('.'))
    source = linecache.getline(path, line or 0).strip()
    if source:
        message += '\n  %s' % text(source)
    if isinstance(facts.error, ImportError):
        message += '\n  Install what the file imports, or correct the name.'
    return message


def _place(facts):
    """File and line in the migrations folder, and whether a step runs.

    For env.py only what happens in the file itself: whatever a command does
    with the database happens below it.
    """
    if isinstance(facts.error, SyntaxError) \
            and _inside(facts, facts.error.filename):
        return facts.error.filename, facts.error.lineno, False
    for i in reversed(range(len(facts.frames))):
        code = facts.frames[i].f_code
        if not _inside(facts, code.co_filename):
            continue
        path = re.sub(r'\.py[co]$', '.py', code.co_filename)
        if os.path.basename(path) != 'env.py':
            return path, facts.lines[i], code.co_name != '<module>'
        below = [frame.f_code.co_filename for frame in facts.frames[i + 1:]]
        if not below or isinstance(facts.error, ImportError) and not any(
                'sqlalchemy' in name for name in below):
            return path, facts.lines[i], False
        return None, None, False
    return None, None, False


def _inside(facts, path):
    """Whether a path is in the migrations folder."""
    if not path or not path.endswith(('.py', '.pyc')):
        return False
    return any(
        os.path.realpath(path).startswith(os.path.realpath(folder) + os.sep)
        for folder in [facts.folder] + chain.folders(facts.config))


def _conflict(path):
    """The line where Git has left a conflict in a file, or None."""
    try:
        with open(path, 'rb') as file:
            for number, line in enumerate(file, 1):
                if line.startswith((b'<<<<<<< ', b'>>>>>>> ')):
                    return number
    except EnvironmentError:
        pass
    return None


def _relative(path):
    try:
        relative = os.path.relpath(path)
    except (EnvironmentError, ValueError):      # another drive of Windows
        return text(path)
    return text(path if relative.startswith('..') else relative)


def _line(message):
    """A message on one line."""
    return ' '.join(text(message).split())


def explain_access(facts):
    """A file of the project that cannot be read or written."""
    error = facts.error
    if not isinstance(error, EnvironmentError) or not facts.folder:
        return None
    path = error.filename
    if path is None or not os.path.abspath(path).startswith(
            os.path.abspath(facts.folder)):
        return None
    return "Can't use %s: %s. Check the permissions of the file and of its " \
        "folder." % (_relative(path), text(error.strerror))


# ------------------------------------------- the chain that revisions form

def explain_chain(facts):
    """Revision files that do not fit together.

    Alembic warns of some of these, and then fails elsewhere.
    """
    ours = 'alembic' in type(facts.error).__module__ \
        or isinstance(facts.error, (UserWarning, KeyError, AssertionError))
    if facts.config is None or not ours:
        return None
    message = broken_chain(facts.files())
    if message is None and isinstance(facts.error, UserWarning) \
            and facts.message.startswith('Revision '):
        return _line(facts.message)
    return message


def check_chain(config):
    """Refuse revisions that form a circle (Alembic itself: from 1.5 on)."""
    from ..errors import MigrateError
    circle = chain.cycle(chain.read(config))
    if circle:
        raise MigrateError(_circle(circle))


def broken_chain(files):
    """What is wrong with revision files; None if they form a chain."""
    for same in chain.duplicates(files):
        return "Revision %s is in %d files: %s. Delete the copy, or give " \
            "one of them an identifier of its own." % (
                same[0].revision, len(same),
                ' and '.join(file.name for file in same))
    for file, gone in chain.missing(files):
        return "%s follows revision '%s', whose file is missing. Restore " \
            "that file from version control, or let down_revision name " \
            "another one." % (file.name, gone)
    circle = chain.cycle(files)
    return _circle(circle) if circle else None


def _circle(circle):
    return "The revisions follow each other in a circle: %s. Correct " \
        "down_revision in one of these files." % ' -> '.join(
            file.title for file in circle + circle[:1])


# ------------------------------------------------ what Alembic says itself

def explain_command(facts):
    """A message of Alembic, in all its releases."""
    from alembic.util import CommandError
    if not isinstance(facts.error, CommandError) \
            and not type(facts.error).__module__.startswith('alembic.'):
        return None
    if hasattr(facts.error, 'diffs'):
        return None
    for pattern, function in COMMANDS:
        match = re.search(pattern, facts.message, re.I)
        message = match and function(facts, *match.groups())
        if message:
            return message
    return _line(facts.message)


def _unknown(facts, revision):
    if not facts.config:
        return None
    files = facts.files()
    ids = [file.revision for file in files]
    if facts.asked_for(revision) or revision in ids:
        near = [each for each in ids if each.startswith(revision)]
        if len(near) > 1:
            return _ambiguous(facts, revision)
        if near:
            return "There is no revision '%s'. Did you mean '%s'? Give at " \
                "least four characters." % (revision, near[0])
        near = difflib.get_close_matches(revision, ids, 1)
        return "There is no revision '%s' in %s.%s 'db history' lists " \
            "those there are." % (
                revision, facts.versions,
                " Did you mean '%s'?" % near[0] if near else '')
    if facts.operation == 'stamp':
        target = facts.arguments.get('revision')
        if not isinstance(target, compat.python.string_types):
            target = ' '.join(target or ['head'])
        cure = "'db stamp --purge %s' forgets it." % target
        return "The database is at revision '%s', which has no file in " \
            "%s.\n  %s" % (revision, facts.versions, cure)
    return (
        "The database is at revision '%s', which has no file in %s.\n"
        "  Either this code is older than the database (a deployment was "
        "rolled back): deploy the newer code, or downgrade with it first. "
        "Or the file was deleted: restore it from version control.%s"
        % (revision, facts.versions,
           "\n  'db upgrade --allow-newer' leaves the database as it is."
           if facts.operation == 'upgrade' else ''))


def _ambiguous(facts, revision):
    matching = [file.revision for file in facts.files()
                if file.revision.startswith(revision)]
    return "'%s' may be any of %s. Give more characters." % (
        revision, ', '.join(matching[:5]))


def _several_heads(facts, *_):
    found = chain.heads(facts.files())
    if len(found) < 2:
        return None
    message = 'The revisions have %d heads: %s.' % (
        len(found), ', '.join(file.title for file in found))
    if not compat.alembic.has_branches():
        return message + "\n  Let one of them follow the other " \
            "(down_revision): joining them needs Alembic 0.7 or newer."
    if facts.operation in ('upgrade', 'stamp', 'downgrade'):
        return message + "\n  Join them with 'db merge heads', or %s each " \
            "of them with 'db %s heads'." % (
                'apply' if facts.operation == 'upgrade' else 'take',
                facts.operation)
    return message + "\n  Join them with 'db merge heads', or name one " \
        "of them."


def _relative_step(facts, steps):
    if facts.at is None:
        return None
    count = abs(int(steps))
    if facts.operation == 'upgrade':
        left = chain.pending(facts.files(), facts.at)
        if not left:
            return "Nothing to upgrade: the database is at the newest " \
                "revision%s." % (', ' + ', '.join(facts.at)
                                 if facts.at else '')
        return "Can't upgrade by %d: only %d pending: %s. 'db upgrade head' " \
            "applies all." % (count, len(left), _listed(left))
    if facts.operation == 'downgrade':
        if not facts.at:
            return 'Nothing to downgrade: the database is at base, no ' \
                'revision is applied.'
        files = facts.files()
        applied = len(files) - len(chain.pending(files, facts.at))
        return "Can't downgrade by %d: only %d applied. 'db downgrade base' " \
            "undoes all." % (count, applied)
    return None


def _behind(facts, *_):
    if facts.operation in ('migrate', 'revision') \
            and facts.arguments.get('head') == 'head' \
            and len(chain.heads(facts.files())) > 1:
        return _several_heads(facts)
    left = chain.pending(facts.files(), facts.at or ())
    if not left:
        return None
    return "Target database is not up to date: it is at %s, and %d %s " \
        "pending: %s.\n  Run 'db upgrade' first, then repeat the command." % (
            ', '.join(facts.at or ()) or 'base', len(left),
            'revision is' if len(left) == 1 else 'revisions are',
            _listed(left))


def _listed(files):
    names = ['%s%s' % (file.revision, file.doc and ' (%s)' % file.doc)
             for file in files[:5]]
    if files[5:]:
        names.append('and %d more' % len(files[5:]))
    return ', '.join(names)


def _ambiguous_walk(facts):
    return "A number of steps is ambiguous here: branches meet. Name the " \
        "revision to go to; 'db history' lists them."


def _no_range(facts):
    return "A range such as 'from:to' only works with --sql. Name one " \
        "revision."


def _not_on_the_way(facts, *_):
    if facts.operation != 'downgrade':
        return None
    return "Can't downgrade to '%s': it is not below the database's " \
        "revision, %s. 'db history' shows the order." % (
            text(facts.arguments.get('revision')),
            ', '.join(facts.at or ()) or 'base')


#: Alembic's messages, 0.6 to 1.20, and what explains them.
COMMANDS = (
    (r"Multiple revisions start with '(.*?)'", _ambiguous),
    (r"Can't locate revision identified by '(.*?)'", _unknown),
    (r"No such revision(?: or branch)? '(.*?)'", _unknown),
    (r"No revision files indicated by symbol '(.*?)'", _unknown),
    (r'Multiple head|Only a single head|more than one head', _several_heads),
    (r"Relative revision (?:.*?@)?\w*([+-]\d+) didn't produce",
     _relative_step),
    (r'Walked too far|Nothing to drop', _not_on_the_way),
    (r'Not a valid downgrade target|is not an ancestor', _not_on_the_way),
    (r'not up to date|not on all head revisions|not at head', _behind),
    (r'Range revision not allowed', _no_range),
    (r'Ambiguous walk', _ambiguous_walk),
)
