"""What is said when a revision fails: where, why, and what it left."""
import os
import re
import sys
import traceback

from .. import compat
from ..compat.python import text
from ..errors import MigrateError, MigrationFailed, of_the_same_kind
from ..folder.paths import relative
from .facts import short
from .legacy_sql import replacement

#: How many statements are shown.
MANY = 20

#: Characters of an error that are shown.
LONG = 2000

#: What a statement has whose parameters may be passwords.
_SECRET = re.compile(r'passw|pwd|identified|secret|token', re.I)

#: What is wrong where an earlier run may have done it already.
_ALREADY = re.compile(r"already exists|Duplicate (column|key) name|Can't DROP|"
                      r"Unknown table|Duplicate foreign key", re.I)

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
    doc = compat.alembic.first_sentence(failure.doc).rstrip('.')
    lines = [u'Revision %s%s failed in %s: %s' % (
        failure.revision, doc and u' (%s)' % doc, failure.direction,
        reason(error))]
    if failure.path:
        lines.append(u'  File: %s%s' % (
            relative(failure.path), line and ', line %d' % line or ''))
    lines += _statement(error, statement)
    lines += ['  %s' % sentence for sentence in failure.obstacles
              if re.search('lock|timed? ?out|cancel|interrupted',
                           text(error), re.I)]
    lines += _effect(failure)
    lines += ['  %s' % sentence for sentence in positions(failure)]
    lines += _done_already(failure) + (replacement(error) or _hint(failure))
    return of_the_same_kind(MigrationFailed(
        u'\n'.join(map(text, lines)), failure.revision, failure.path, line,
        failure.direction, statement,
        failure.effect.permanent if failure.effect else ()), error)


def _done_already(failure):
    if failure.effect and failure.effect.by_itself \
            and _ALREADY.search(text(failure.error)):
        return ['  Perhaps an earlier run has done this already, and was '
                'ended before the rest of the revision: compare the database '
                'with it.']
    return []


def _hint(failure):
    """What to do, where the words of the failure tell."""
    words = text(failure.error)
    if failure.printing and isinstance(
            failure.error, (AttributeError, TypeError)):
        return ["  With --sql nothing is executed, and nothing can be read: "
                "run this revision without --sql."]
    if failure.direction == 'upgrade' and re.search(_EXISTS, words, re.I):
        return ["  Something else has made it, such as db.create_all(). If "
                "the database is as the models are, record that with 'db "
                "stamp head'."]
    return ['  %s' % hint for pattern, hint in HINTS
            if re.search(pattern, words)][:1]


#: The words of the databases for a table that is there.
_EXISTS = r'(table|relation) \S+ already exists'


def positions(failure):
    """Where the databases are, and what of earlier revisions is permanent."""
    found, lines = failure.positions, []
    if found is None:
        return lines
    if found.earlier:
        lines.append(
            'Revisions before have ended their transaction, by '
            'autocommit_block() or a COMMIT. They are not recorded as '
            'applied, and would be run again, but these statements of them '
            'took effect:')
        lines += _listed(found.earlier)
        lines.append('Undo them by hand before the next run.')
    if found.doubtful:
        lines.append('What revisions before did past their connection may be '
                     'permanent, although they are not recorded as applied.')
    return lines + found.lines


def _listed(statements):
    lines = ['  ' + short(text(sql)) for sql in statements[:MANY]]
    if statements[MANY:]:
        lines.append('  and %d more' % len(statements[MANY:]))
    return lines


def interrupted(failure):
    """What is said after Ctrl-C or SIGTERM."""
    if failure.revision is None:
        return '\n  '.join(['Interrupted.'] + positions(failure))
    lines = ['Interrupted in revision %s (%s).' % (
        failure.revision, failure.direction)]
    lines += _effect(failure)
    lines += ['  %s' % sentence for sentence in positions(failure)]
    return u'\n'.join(map(text, lines))


def reason(error):
    """The database's own words, or the kind and text of an exception."""
    if isinstance(error, SystemExit) and not hasattr(error, 'orig') \
            and not isinstance(error, MigrateError):
        return u'it called sys.exit(%s). Raise an exception that says why.' \
            % ('' if error.code is None else text(repr(error.code)))
    own = getattr(error, 'orig', None)
    error = error if own is None else own
    said = short(_pointed(text(error)), LONG)
    name = type(error).__name__
    return u'%s: %s' % (name, said) if said else name


def _pointed(words):
    """A message on one line, without what points into the SQL.

    PostgreSQL says "LINE 1: SELEC 1" and, below it, "^"; of a DO, which
    line of it was at work.
    """
    lines = [line for line in words.splitlines() if not re.match(
        r'\s*(\^|LINE \d+:|CONTEXT: .* inline_code_block)', line)]
    return u' '.join(u' '.join(lines).split())


def _statement(error, statement):
    if not statement:
        return []
    lines = [u'  Statement: %s' % short(text(statement))]
    if getattr(error, 'params', None) \
            and not getattr(error, 'hide_parameters', False) \
            and not _SECRET.search(text(statement)):
        parameters = text(u'%r' % (error.params,))
        lines.append(u'  Parameters: %s' % short(parameters))
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
    lines += ['  ' + line for line in _listed(effect.permanent)]
    if effect.uncertain:
        lines.append('  There may be more: %s' % _PAST)
    lines += _unknown(effect)
    if effect.by_itself and effect.rest and not effect.uncertain:
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
            '%s' % short(text(effect.unknown))] if effect.unknown else []


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
