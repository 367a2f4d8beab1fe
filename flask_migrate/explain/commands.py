"""What Alembic itself says of a command, in all its releases."""
import difflib
import os
import re

from .. import compat
from ..compat.python import text
from ..folder import chain
from .facts import on_one_line


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
    return on_one_line(facts.message)


def _unknown(facts, revision):
    if not facts.config:
        return None
    if facts.operation == 'history' and not facts.asked_for(revision) \
            and re.search(r'[+-]\d', text(facts.arguments.get('rev_range'))):
        return _relative_step(facts)
    files = facts.files()
    ids = [file.revision for file in files]
    if facts.arguments.get('backup') == '' \
            and revision == facts.arguments.get('revision'):
        return "There is no revision '%s'. If it is the path of the " \
            "backup, write --backup=%s." % (revision, revision)
    if facts.asked_for(revision) or revision in ids:
        return _mistyped(facts, revision, ids)
    if facts.operation == 'stamp':
        target = facts.arguments.get('revision')
        if not isinstance(target, compat.python.string_types):
            target = ' '.join(target or ['head'])
        cure = "'db stamp --purge %s' forgets it." % target
        return "The %s is at revision '%s', which has no file in " \
            "%s.\n  %s" % (facts.database, revision, facts.versions, cure)
    return _lost(facts, revision, files)


def _mistyped(facts, revision, ids):
    """What is near a revision that somebody has asked for."""
    near = [each for each in ids if each.startswith(revision)]
    if len(near) > 1:
        return _ambiguous(facts, revision)
    if near:
        return "There is no revision '%s'. Did you mean '%s'? Give at " \
            "least four characters." % (revision, near[0])
    near = difflib.get_close_matches(revision, ids, 1)
    return "There is no revision '%s' in %s.%s 'db history' lists those " \
        "there are." % (
            revision, facts.versions,
            " Did you mean '%s'?" % near[0] if near else '')


def _lost(facts, revision, files):
    """What is known of a revision without a file, and the ways on."""
    heads, there = chain.heads(files), ''
    if heads:
        there = ' The %s there: %s; the newest file: %s.' % (
            'heads' if heads[1:] else 'head',
            ', '.join(each.revision for each in heads), _newest(files))
    newer = " 'db upgrade --allow-newer' leaves the database as it is." \
        if facts.operation == 'upgrade' else ''
    return '\n  '.join([
        "The %s is at revision '%s', which has no file in %s.%s" % (
            facts.database, revision, facts.versions, there),
        "Either this code is older than the database (a deployment was "
        "rolled back): deploy the newer code, or downgrade with it first."
        "%s Or the file was deleted, or is on another branch: restore it "
        "from version control. Git finds it: git log --all --oneline "
        "--name-status -S'%s'" % (newer, revision),
        "If it is lost, 'db doctor --find-revision' says which revision the "
        "database fits, and 'db stamp --purge REVISION' records that. Where "
        "the other revisions are of no use either, move them away: 'db "
        "adopt' begins anew."])


def _newest(files):
    """The file that was made last, as far as files say when."""
    files = chain.in_order(files) or files
    last = max(range(len(files)),
               key=lambda i: (files[i].created or '', i))
    file = files[last]
    return '%s%s' % (file.title, ', of %s' % file.created[:16]
                     if file.created else '')


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


def _no_revision_in(facts, name):
    return "%s in %s is no revision file: it has no 'revision'. Move it to " \
        "another folder, or let it begin with revision = '...' and " \
        "down_revision = '...'." % (name, facts.versions)


#: [<branch>@][<revision>](+|-)<steps>
_STEPS = re.compile(r'(?:[^@]*@)?(\w*)([+-]\d+)\Z')


def explain_steps(facts):
    """A number of steps that leads nowhere, and in which Alembic stumbles."""
    if facts.operation not in ('upgrade', 'downgrade') or not facts.places \
            or os.path.basename(facts.places[-1][0]) != 'revision.py' \
            or 'alembic' not in facts.places[-1][0]:
        return None
    return _relative_step(facts)


def _relative_step(facts, *_):
    if facts.operation == 'history':
        return "The range '%s' leads beyond the first or the last revision: " \
            "there are %d." % (text(facts.arguments.get('rev_range')),
                               len(facts.files()))
    target = _STEPS.match(text(facts.arguments.get('revision')))
    if target is None:
        return None
    start, steps = target.groups()
    if start:
        return "There is no revision %s step%s %s '%s'. 'db history' lists " \
            "those there are." % (
                steps[1:], 's' * (steps[1:] != '1'),
                'above' if steps[0] == '+' else 'below', start)
    if facts.at is None:
        return None
    known = [file.revision for file in facts.files()]
    unknown = [each for each in facts.at if each not in known]
    return _unknown(facts, unknown[0]) if unknown else \
        _too_far(facts, abs(int(steps)))


def _too_far(facts, count):
    if facts.operation == 'upgrade':
        left = chain.pending(facts.files(), facts.at)
        if not left:
            return "Nothing to upgrade: the %s is at the newest " \
                "revision%s." % (facts.database, ', ' + ', '.join(facts.at)
                                 if facts.at else '')
        return "Can't upgrade by %d: only %d pending: %s. 'db upgrade head' " \
            "applies all." % (count, len(left), _listed(left))
    if facts.operation == 'downgrade':
        if not facts.at:
            return 'Nothing to downgrade: the %s is at base, no ' \
                'revision is applied.' % facts.database
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
    return "Target %s is not up to date: it is at %s, and %d %s " \
        "pending: %s.\n  Run 'db upgrade' first, then repeat the command." % (
            facts.database, ', '.join(facts.at or ()) or 'base', len(left),
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
    return "Can't downgrade to '%s': it is not below the revision of the " \
        "%s, %s. 'db history' shows the order." % (
            text(facts.arguments.get('revision')), facts.database,
            ', '.join(facts.at or ()) or 'base')


#: Alembic's messages, 0.6 to 1.20, and what explains them.
COMMANDS = (
    (r"Multiple revisions start with '(.*?)'", _ambiguous),
    (r"Can't locate revision identified by '(.*?)'", _unknown),
    (r"No such revision(?: or branch)? '(.*?)'", _unknown),
    (r"No revision files indicated by symbol '(.*?)'", _unknown),
    (r'Multiple head|Only a single head|more than one head', _several_heads),
    (r"Relative revision (?:.*?@)?\w*[+-]?\d+ didn't produce",
     _relative_step),
    (r'Walked too far|Nothing to drop', _not_on_the_way),
    (r'Not a valid downgrade target|is not an ancestor', _not_on_the_way),
    (r'not up to date|not on all head revisions|not at head', _behind),
    (r'Range revision not allowed', _no_range),
    (r'Ambiguous walk', _ambiguous_walk),
    (r'Could not determine revision id from filename (\S+)\.',
     _no_revision_in),
)
