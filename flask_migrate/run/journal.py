"""What a revision has executed, and what of that is permanent."""
import re
import sys

from .. import compat
from .driver_errors import is_interrupt, is_lost, of_a_database
from .earlier import Earlier
from .effect import Effect
from .past import Past
from .statements import may_change, without_comments

_ROLLBACK = re.compile(r'ROLLBACK\b(?!.*\bTO\b)', re.I)
_COMMIT = re.compile(r'(?:COMMIT|END)\b', re.I)
_SAVEPOINT = re.compile(r'(?:(SAVEPOINT)|ROLLBACK\b.*?\bTO(?: SAVEPOINT)?) '
                        r'+(\S+)', re.I)
#: What may commit, outside a transaction, before it fails.
_PROCEDURE = re.compile(r'(?:CALL|DO)\b', re.I)


class Journal(object):
    """Follows the statements and transactions of a Connection.

    :param connection: the Connection.
    :param dialect: its Dialect.
    :ivar before_commit: is called before a COMMIT.
    :ivar between: is called before and after a statement.
    :ivar earlier: what there is of earlier revisions: an Earlier.
    """

    before_commit = between = None
    committing = False      # a COMMIT has begun
    executing = None        # the statement that is being executed
    open = permanent = ()
    uncertain = False
    _seen_open = False      # a transaction, by the server's last answer
    _aborted = False        # it, by an error, before a statement

    def __init__(self, connection, dialect):
        self.connection = connection
        self.dialect = dialect
        self.server = dialect.server_title(connection)
        raw = compat.sqlalchemy.raw_connection(connection)
        self._stop_tracing = compat.sqlite.trace(raw, self._traced)
        self.past = Past(raw, self._stop_tracing is not None)
        self.earlier = Earlier()
        self.begin_revision()
        self._stop = compat.sqlalchemy_events.listen(
            connection, begin=self._on_begin, commit=self._on_commit,
            rollback=self._on_rollback, prepare_twophase=self._on_prepare,
            before_cursor_execute=self._before_execute,
            after_cursor_execute=self._after_execute)

    def begin_revision(self):
        """Forget what an earlier revision has executed, if it is recorded."""
        self._settle()
        if self.open:
            self.earlier.add(self.permanent, self.uncertain or self.past.seen)
        self.permanent = []     # statements
        self.open = []          # statements of the open transaction
        self.uncertain = False
        self.unknown = self.failed = None
        self.rolled_back = False
        self.committed_by_itself = False    # by DDL, say
        self._at_once = False   # whether each statement is committed
        self._ended = False     # by a statement: COMMIT or ROLLBACK
        self._beside = []       # statements that complete one
        self._savepoints = {}
        self._past = False      # past SQLAlchemy, in the open transaction
        self.past.seen = False
        self.kept = []          # statements that no rollback takes back

    # What SQLAlchemy says --------------------------------------------------

    def _on_begin(self, connection):
        self._settle()
        self._ended = False

    def _on_commit(self, connection):
        self._settle()
        self._look_past()
        if self.before_commit is not None:
            self.before_commit()
        if compat.sqlalchemy.is_aborted(connection):
            self._roll_back()
        self.committing = True

    def _on_prepare(self, connection, xid):
        # What it promises, a COMMIT does in any case.
        if self.before_commit is not None:
            self.before_commit()

    def _on_rollback(self, connection):
        if self.committing:
            # After a COMMIT that succeeds comes a BEGIN.
            self.committing = False
            if is_lost(sys.exc_info()[1]):
                self.unknown = 'COMMIT'
        self._settle()
        self._look_past()
        self._roll_back()

    def _before_execute(self, connection, cursor, statement, parameters,
                        *args):
        self._settle()
        self._at_once = compat.sqlalchemy.commits_at_once(connection)
        self._look_past()
        self._aborted = compat.sqlalchemy.is_aborted(connection)
        if self.between is not None:
            self.between()
        self.executing, self._beside = statement, []
        return statement, parameters

    def _after_execute(self, connection, cursor, statement, *args):
        self.executing = None
        sql = without_comments(statement)
        commits = self.dialect.commits(sql)
        ends = self._of_transactions(sql)
        if not ends and may_change(sql):
            self.open.append(sql)
        self.open.extend(self._beside)
        self._beside = []
        if commits and self._aborted:
            self._roll_back()
        elif commits:
            self._ended = bool(_COMMIT.match(sql))
            self._all_permanent(by_itself=not self._ended)
        elif self._at_once or compat.sqlalchemy.has_open(
                connection, self._ended) is False:
            # As after a COMMIT that the driver knows nothing of.
            self._all_permanent()
        elif commits is None:
            self.uncertain = True
        self._seen_open = compat.sqlalchemy.server_has_open(connection)
        if self.between is not None:
            self.between()

    def _look_past(self):
        """See whether a transaction has ended past SQLAlchemy.

        By a function of the application, say, of which the text of the
        revision tells nothing.
        """
        # SQLAlchemy before 1.4 may commit unheard where it begins to do so
        # after each statement.
        if self._seen_open and not self._at_once \
                and self._stop_tracing is None \
                and compat.sqlalchemy.server_has_open(
                    self.connection) is False:
            self.uncertain = True
        self._seen_open = False

    def note(self, statement):
        """Note what is executed beside the statement that is executed."""
        self._beside.append(without_comments(statement))

    def note_elsewhere(self, statement):
        """Note what is executed on another connection."""
        if may_change(without_comments(statement)):
            self.past.note()

    def _of_transactions(self, sql):
        """Note what rolls back; SQLAlchemy tells no names of savepoints."""
        if _ROLLBACK.match(sql):
            self._ended = True
            self._roll_back()
            return True
        match = _SAVEPOINT.match(sql)
        if match and match.group(1):
            self._savepoints[match.group(2)] = len(self.open)
        elif match:
            self._take_back(self._savepoints.get(match.group(2),
                                                 len(self.open)))
        return bool(match)

    def _settle(self):
        """Something follows a COMMIT, which has succeeded, or a failure."""
        if self.committing:
            self.committing = False
            self._all_permanent()
        if self.executing is not None:
            self._fail(sys.exc_info()[1])

    def _fail(self, error):
        """Note what has become permanent by a statement that failed."""
        self.failed = sql = without_comments(self.executing)
        self.executing = None
        self._seen_open = False     # a deadlock ends the transaction
        # An error that was caught is not known any more.
        commits = self.dialect.commits(sql, error or Exception())
        if (commits is not False or self._at_once) and (
                is_lost(error) or is_interrupt(error)):
            self.unknown = sql
        if commits:
            self._all_permanent(by_itself=True)
        if commits is None or commits and error is None \
                or self._at_once and _PROCEDURE.match(sql):
            self.uncertain = True
        elif not (self._at_once or commits) and compat.sqlalchemy \
                .server_has_open(self.connection) is False:
            self._roll_back()       # as SQLite does for INSERT OR ROLLBACK

    def _all_permanent(self, by_itself=False):
        self.uncertain = self.uncertain or self._past
        self._past = False
        self.permanent.extend(self.open)
        self.committed_by_itself |= by_itself
        self.open = []
        self.earlier.commit()

    def _roll_back(self):
        self.rolled_back = self.rolled_back or bool(self.open)
        self.earlier.roll_back()
        self._take_back(0)
        self._past = False

    def _take_back(self, start):
        """What is open, from an index on, is rolled back."""
        self.kept.extend(filter(self.dialect.keeps, self.open[start:]))
        del self.open[start:]

    # What sqlite3 says -----------------------------------------------------

    def _traced(self, sql):
        """A statement of SQLite, also one past SQLAlchemy."""
        if self.executing is not None or self.committing:
            return
        sql = without_comments(sql)
        if _COMMIT.match(sql):
            self._all_permanent()
        elif _ROLLBACK.match(sql):
            self._roll_back()
        elif may_change(sql):
            self._past = True
            if compat.sqlite.is_at_once(
                    compat.sqlalchemy.raw_connection(self.connection)):
                self.uncertain = True       # executescript() has committed

    # What became of it -----------------------------------------------------

    def effect(self, error, text):
        """What is permanent, after the revision has failed.

        :param error: what was raised.
        :param text: of the revision's file, or None.
        :return: the :class:`Effect`.
        """
        if self.executing is not None:
            self._fail(error)
        self.end(error)
        return Effect(self, self.uncertain or self.past.may_be(text))

    def end(self, error):
        """See whether a COMMIT at the end has succeeded.

        :param error: with which the run has ended, or None.
        """
        if self.committing and is_interrupt(error):
            self.unknown = 'COMMIT'
        elif self.committing and not of_a_database(error):
            self._settle()

    def close(self):
        """Listen no more."""
        self._stop()
        self.past.close()
        if self._stop_tracing is not None:
            self._stop_tracing()
