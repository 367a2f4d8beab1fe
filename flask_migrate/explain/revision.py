"""What is said when a revision fails: where, why, and what it left."""
import os
import re
import sys
import traceback

from .. import compat
from ..errors import MigrationFailed, of_the_same_kind
from ..folder.paths import relative
from .legacy_sql import replacement

#: Characters of a statement that are shown, and how many statements.
SHOWN, MANY = 500, 20

#: What went wrong, by the words of the database or of SQLAlchemy.
HINTS = (
    (r'cannot (run|be executed) (inside|from|within) a transaction block|'
     r'cannot VACUUM from within a transaction',
     'Put the statement into "with op.get_context().autocommit_block():".'),
    (r'unsafe use of new value',
     'PostgreSQL uses a new enum value only after COMMIT: add it inside '
     '"with op.get_context().autocommit_block():".'),
    (r'database is locked',
     'Another connection is writing to the database: another program, or '
     'this migration itself through db.session, where '
     'Session(bind=op.get_bind()) is meant.'),
    (r'one statement at a time',
     'Give each statement an op.execute() of its own.'),
    (r'No support for ALTER of constraints in SQLite|near "(ALTER|DROP|'
     r'CONSTRAINT|MODIFY|TYPE)": syntax error',
     'SQLite alters a table by copying it: use "with '
     'op.batch_alter_table(...) as batch_op:".'),
    (r'syntax error at or near "(user|order|group|table|end)"',
     'The name is a reserved word: quote it, as in "user".'),
    (r'existing_type is required|All MySQL CHANGE/MODIFY COLUMN operations '
     r'require the existing type',
     'Pass existing_type= to op.alter_column().'),
    (r'(column|Column) .*(contains null values|cannot be null)|'
     r'Cannot add a NOT NULL column|NOT NULL constraint failed|'
     r'Data truncated for column|violates not-null',
     'The table has rows without a value: add the column as nullable, '
     'UPDATE the rows, then set nullable=False.'),
)


def failed(failure):
    """The :class:`MigrationFailed` for what a revision raised.

    :param failure: the Failure; its error is being handled.
    """
    error = failure.error
    line = _line(failure.path)
    statement = getattr(error, 'statement', None)
    lines = ['Revision %s%s failed in %s: %s' % (
        failure.revision, failure.doc and ' (%s)' % failure.doc,
        failure.direction, reason(error))]
    if failure.path:
        lines.append('  File: %s%s' % (
            relative(failure.path), line and ', line %d' % line or ''))
    lines += _statement(error, statement)
    lines += ['  %s' % sentence for sentence in failure.obstacles
              if re.search('lock|timed? ?out|cancel|interrupted',
                           str(error), re.I)]
    lines += _effect(failure)
    lines += ['  %s' % sentence for sentence in failure.positions]
    lines += replacement(error) or [
        '  %s' % hint for pattern, hint in HINTS
        if re.search(pattern, str(error))][:1]
    return of_the_same_kind(MigrationFailed(
        '\n'.join(lines), failure.revision, failure.path, line,
        failure.direction, statement,
        failure.effect.permanent if failure.effect else ()), error)


def interrupted(failure):
    """What is said after Ctrl-C or SIGTERM."""
    if failure.revision is None:
        return '\n  '.join(['Interrupted.'] + failure.positions)
    lines = ['Interrupted in revision %s (%s).' % (
        failure.revision, failure.direction)]
    lines += _effect(failure)
    return '\n'.join(
        lines + ['  %s' % sentence for sentence in failure.positions])


def reason(error):
    """The database's own words, or the kind and text of an exception."""
    own = getattr(error, 'orig', None)
    error = error if own is None else own
    text = ' '.join(compat.python.error_text(error).split())
    name = type(error).__name__
    return '%s: %s' % (name, text) if text else name


def _statement(error, statement):
    if not statement:
        return []
    lines = ['  Statement: %s' % _short(' '.join(statement.split()))]
    if getattr(error, 'params', None) \
            and not getattr(error, 'hide_parameters', False):
        parameters = compat.python.native(u'%r' % (error.params,))
        lines.append('  Parameters: %s' % _short(parameters))
    return lines


def _effect(failure):
    effect = failure.effect
    if effect is None:
        return []
    if not effect.permanent:
        return _nothing(effect) + _left(effect)
    if effect.ended:
        why = 'The revision has ended its transaction, by ' \
            'autocommit_block() or a COMMIT, or has none. These'
    else:
        why = '%s cannot roll back DDL. These' % effect.server
    lines = ['  %s statements of the revision took effect:' % why]
    lines += ['    %s' % _short(sql) for sql in effect.permanent[:MANY]]
    if effect.permanent[MANY:]:
        lines.append('    and %d more' % len(effect.permanent[MANY:]))
    if effect.uncertain:
        lines.append('  There may be more: %s' % _PAST)
    lines += _unknown(effect)
    if effect.by_itself and effect.rest:
        lines.append('  The rest was rolled back (but in tables without '
                     'transactions, such as MyISAM).')
    lines += _left(effect)
    if failure.direction == 'upgrade':
        finished = failure.revision
    else:
        finished = failure.parent or 'base'
    lines.append("  Undo them by hand and run the command again, or finish "
                 "the rest by hand and run 'stamp %s'." % finished)
    return lines


_PAST = 'the revision works past its connection, or calls a procedure, or ' \
    'has caught the error of a statement.'


def _unknown(effect):
    return ['  It is not known whether this took effect, as no answer came: '
            '%s' % _short(effect.unknown)] if effect.unknown else []


def _left(effect):
    return ['  %s' % sentence for sentence in effect.left]


def _nothing(effect):
    if effect.uncertain:
        return ['  What the revision did before it failed may be permanent: '
                + _PAST] + _unknown(effect)
    if effect.unknown:
        return _unknown(effect)
    if effect.by_itself:
        return ['  No statement of this revision took effect (but in '
                'tables without transactions, such as MyISAM).']
    return []


def _line(path):
    """The line of the file that was being executed."""
    line = None
    for frame in traceback.extract_tb(sys.exc_info()[2]):
        if path and os.path.abspath(frame[0]) == os.path.abspath(path):
            line = frame[1]
    return line


def _short(text):
    return text if len(text) <= SHOWN else text[:SHOWN] + ' ...'
