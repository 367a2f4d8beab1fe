"""What is said when a revision fails: where, why, and what state it left."""
import os
import re
import sys
import traceback

from . import compat
from .errors import MigrateError, of_the_same_kind

#: Databases where a failed revision cannot be rolled back as a whole.
NOT_TRANSACTIONAL = ('mysql', 'mariadb', 'oracle')

#: What went wrong, by the words of the database or of SQLAlchemy.
HINTS = (
    (r'cannot (run|be executed) (inside|from|within) a transaction block|'
     r'cannot VACUUM from within a transaction',
     'Put the statement into "with op.get_context().autocommit_block():".'),
    (r'unsafe use of new value',
     'PostgreSQL uses a new enum value only after COMMIT: add it inside '
     '"with op.get_context().autocommit_block():".'),
    (r'Not an executable object|should be explicitly declared as text',
     'SQLAlchemy 2 wants sa.text("...") around SQL in connection.execute().'),
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


class MigrationFailed(MigrateError):
    """A revision failed.

    :ivar revision: its identifier.
    :ivar path: its file.
    :ivar line: number of the line in the file, or None.
    :ivar direction: 'upgrade', 'downgrade' or 'stamp'.
    :ivar statement: the SQL statement that failed, or None.
    :ivar took_effect: the statements of the revision that cannot be rolled
        back.

    .. versionadded:: 5.0.0
    """

    def __init__(self, message, revision=None, path=None, line=None,
                 direction=None, statement=None, took_effect=()):
        MigrateError.__init__(self, message)
        self.revision = revision
        self.path = path
        self.line = line
        self.direction = direction
        self.statement = statement
        self.took_effect = list(took_effect)


def failed(run, followed, error, standing):
    """The :class:`MigrationFailed` for what a revision raised.

    :param run: the Run.
    :param followed: the revision's Followed.
    :param error: what was raised, still being handled.
    :param standing: lines that say where the databases stand.
    """
    revision, direction, path, doc = compat.alembic.step_parts(followed.step)
    line = _line(path)
    statement = getattr(error, 'statement', None)
    lines = ['Revision %s%s failed in %s: %s' % (
        revision, doc and ' (%s)' % doc, direction, reason(error))]
    if path:
        lines.append('  File: %s%s' % (
            _relative(path), line and ', line %d' % line or ''))
    if statement:
        lines.append('  Statement: %s' % ' '.join(statement.split()))
        if getattr(error, 'params', None) \
                and not getattr(error, 'hide_parameters', False):
            lines.append('  Parameters: %s' % (_short(error.params),))
    lines += ['  %s' % seen for seen in run.seen_blockers()
              if re.search('lock|timeout|timed out', str(error), re.I)]
    effect = took_effect(followed)
    lines += _effect_lines(followed, effect, revision, direction)
    lines += ['  %s' % sentence for sentence in standing]
    lines += ['  %s' % hint for pattern, hint in HINTS
              if re.search(pattern, str(error))][:1]
    return of_the_same_kind(MigrationFailed(
        '\n'.join(lines), revision, path, line, direction, statement, effect),
        error)


def interrupted(followed, standing):
    """What is said after Ctrl-C.

    :param followed: the Followed that was running, or None.
    """
    if followed is None:
        return '\n  '.join(['Interrupted.'] + standing)
    revision, direction, path, doc = compat.alembic.step_parts(followed.step)
    lines = ['Interrupted in revision %s (%s).' % (revision, direction)]
    lines += _effect_lines(followed, took_effect(followed), revision,
                           direction)
    return '\n'.join(lines + ['  %s' % sentence for sentence in standing])


def reason(error):
    """The database's own words, or the kind and text of an exception."""
    own = getattr(error, 'orig', None)
    error = error if own is None else own
    text = ' '.join(compat.python.error_text(error).split())
    name = type(error).__name__
    return '%s: %s' % (name, text) if text else name


#: Statements with which MySQL and MariaDB commit what came before them.
_COMMITS = re.compile(
    r'(CREATE|ALTER|DROP)\s+(?!TEMPORARY\b)|(RENAME|TRUNCATE|GRANT|REVOKE|'
    r'COMMIT|BEGIN|START TRANSACTION|LOCK TABLES|ANALYZE|OPTIMIZE|REPAIR)\b',
    re.I)


def without_comments(statement):
    """A statement on one line, without the comments before it."""
    return ' '.join(re.sub(r'\A(\s+|/\*.*?\*/|--[^\n]*(\n|\Z))+', '',
                           statement, flags=re.S).split())


def took_effect(followed):
    """The statements that are permanent: one that is commits all before."""
    permanent = [
        i for i, (sql, committed) in enumerate(followed.statements)
        if committed or followed.kind in NOT_TRANSACTIONAL
        and _COMMITS.match(sql)]
    last = permanent[-1] + 1 if permanent else 0
    return [sql for sql, _ in followed.statements[:last]]


def _effect_lines(followed, effect, revision, direction):
    if not effect:
        if followed.kind in NOT_TRANSACTIONAL and followed.engine is not None:
            return ['  No statement of this revision took effect (but in '
                    'tables without transactions, such as MyISAM).']
        return []
    if followed.kind in NOT_TRANSACTIONAL:
        why = '%s cannot roll back DDL. These' % followed.server
    else:
        why = 'autocommit_block(), or an engine in AUTOCOMMIT, has ' \
            'committed: these'
    lines = ['  %s statements of the revision took effect:' % why]
    lines += ['    %s' % sql for sql in effect]
    if direction == 'upgrade':
        finished = revision
    else:
        finished = compat.alembic.step_parent(followed.step) or 'base'
    lines.append("  Undo them by hand and run the command again, or finish "
                 "the rest by hand and run 'stamp %s'." % finished)
    return lines


def _line(path):
    """The line of the file that was being executed."""
    line = None
    for frame in traceback.extract_tb(sys.exc_info()[2]):
        if path and os.path.abspath(frame[0]) == os.path.abspath(path):
            line = frame[1]
    return line


def _relative(path):
    relative = os.path.relpath(path)
    return path if relative.startswith('..') else relative


def _short(parameters):
    text = compat.python.native(u'%r' % (parameters,))
    return text if len(text) <= 500 else text[:500] + ' ...'
