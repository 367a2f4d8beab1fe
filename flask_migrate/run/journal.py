"""What a revision has executed, and what of that is permanent."""
import re

from .. import compat

#: What changes nothing.
_READS = ('SELECT', 'SHOW', 'DESCRIBE', 'DESC ', 'SET ', 'PRAGMA', 'EXPLAIN',
          'BEGIN', 'SAVEPOINT', 'RELEASE', 'ROLLBACK TO')
#: What the text of a revision has that works past SQLAlchemy.
_PAST = re.compile(r'\.connection\b|\braw_connection\b|\.cursor\(|'
                   r'\bexecutescript\b|\bdriver_connection\b')
_ROLLBACK = re.compile(r'ROLLBACK\b(?!.*\bTO\b)', re.I)
_SAVEPOINT = re.compile(r'(?:(SAVEPOINT)|ROLLBACK\b.*?\bTO(?: SAVEPOINT)?) '
                        r'+(\S+)', re.I)


class Effect(object):
    """What is permanent of a revision that failed.

    :ivar permanent: the statements that cannot be rolled back.
    :ivar uncertain: whether there may be more.
    :ivar by_itself: whether the kind of database commits by itself, so that
        it is not the revision that has ended its transaction.
    :ivar server: what the server is called.
    :ivar invalid_index: whether an index that is not valid may be left.
    """

    def __init__(self, permanent, uncertain, by_itself, server):
        self.permanent = permanent
        self.uncertain = uncertain
        self.by_itself = by_itself
        self.server = server


class Journal(object):
    """Follows the statements and transactions of a Connection.

    :param connection: the Connection.
    :param dialect: its Dialect.
    :ivar before_commit: is called before a COMMIT.
    :ivar between: is called before and after a statement.
    """

    before_commit = between = None

    def __init__(self, connection, dialect):
        self.connection = connection
        self.dialect = dialect
        self.server = dialect.server_title(connection)
        self.begin_revision()
        self._stop = compat.sqlalchemy_events.listen(
            connection, commit=self._on_commit, rollback=self._on_rollback,
            before_cursor_execute=self._before_execute,
            after_cursor_execute=self._after_execute)
        self._stop_tracing = compat.sqlite.trace(
            compat.sqlalchemy.raw_connection(connection), self._traced)

    def begin_revision(self):
        """Forget what an earlier revision has executed."""
        self.permanent = []     # statements
        self.open = []          # statements of the open transaction
        self.executing = None   # the statement that is being executed
        self.committing = False     # a COMMIT has begun
        self.uncertain = False
        self._savepoints = {}
        self._past = False      # past SQLAlchemy, in the open transaction

    # What SQLAlchemy says --------------------------------------------------

    def _on_commit(self, connection):
        self._settle()
        if self.before_commit is not None:
            self.before_commit()
        self.committing = True

    def _on_rollback(self, connection):
        self._settle()
        self.open, self._past = [], False

    def _before_execute(self, connection, cursor, statement, parameters,
                        *args):
        self._settle()
        if self.between is not None:
            self.between()
        self.executing = statement
        return statement, parameters

    def _after_execute(self, connection, cursor, statement, *args):
        self.executing = None
        sql = without_comments(statement)
        commits = self.dialect.commits(sql)
        if commits is None:
            self.uncertain = True
        if not self._of_transactions(sql) \
                and not sql.upper().startswith(_READS):
            self.open.append(sql)
        if commits or compat.sqlalchemy.commits_at_once(connection):
            self._all_permanent()
        if self.between is not None:
            self.between()

    def _of_transactions(self, sql):
        """Note what rolls back; SQLAlchemy tells no names of savepoints."""
        if _ROLLBACK.match(sql):
            self.open = []
            return True
        match = _SAVEPOINT.match(sql)
        if match and match.group(1):
            self._savepoints[match.group(2)] = len(self.open)
        elif match:
            del self.open[self._savepoints.get(match.group(2),
                                               len(self.open)):]
        return bool(match)

    def _settle(self):
        """A COMMIT that something follows has succeeded."""
        if self.committing:
            self.committing = False
            self._all_permanent()

    def _all_permanent(self):
        self.uncertain = self.uncertain or self._past
        self._past = False
        self.permanent.extend(self.open)
        self.open = []

    # What sqlite3 says -----------------------------------------------------

    def _traced(self, sql):
        """A statement of SQLite, also one past SQLAlchemy."""
        if self.executing is not None or self.committing:
            return
        word = without_comments(sql).upper()
        if word.startswith(('COMMIT', 'END')):
            self._all_permanent()
        elif word.startswith('ROLLBACK') and not word.startswith(
                'ROLLBACK TO'):
            self.open, self._past = [], False
        elif not word.startswith(_READS):
            self._past = True

    # What became of it -----------------------------------------------------

    def effect(self, error, text):
        """What is permanent, after the revision has failed.

        :param error: what was raised.
        :param text: of the revision's file, or None.
        :return: the :class:`Effect`.
        """
        if self.committing and not _of_a_database(error):
            self._settle()
        if self.executing is not None:
            commits = self.dialect.commits(
                without_comments(self.executing), error)
            if commits:
                self._all_permanent()
            elif commits is None:
                self.uncertain = True
        uncertain = self.uncertain or self._past_without_trace(text)
        return Effect(list(self.permanent), uncertain,
                      not self.dialect.rolls_back_ddl, self.server)

    def _past_without_trace(self, text):
        """Whether a revision may have gone past SQLAlchemy, unseen."""
        return self._stop_tracing is None and (
            text is None or bool(_PAST.search(text)))

    def close(self):
        """Listen no more."""
        self._stop()
        if self._stop_tracing is not None:
            self._stop_tracing()


def _of_a_database(error):
    return hasattr(error, 'orig') or any(
        kind.__name__ in ('DatabaseError', 'InterfaceError',
                          'ForeignKeyViolation', 'LockLost')
        for kind in type(error).__mro__)


def without_comments(statement):
    """A statement on one line, without the comments before it."""
    return ' '.join(re.sub(r'\A(\s+|/\*.*?\*/|--[^\n]*(\n|\Z))+', '',
                           statement, flags=re.S).split())
