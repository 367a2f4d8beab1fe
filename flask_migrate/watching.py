"""A migration does not hang in silence: who it waits for, and how to end it.

A thread looks at the server, on a connection of its own, while a migration
runs.
"""
from collections import namedtuple
import threading
import time

from . import compat, console
from .locking import OwnConnection

#: Seconds after which a revision that still runs is announced.
LONG = 1.0
#: Seconds from one look to the next.
INTERVAL = 0.5
#: Seconds that a migration waits for somebody before that is said.
PATIENCE = 3.0

#: Per session: number, description, opened later than the migration's.
_POSTGRESQL = """
    SELECT a.pid,
           'server process ' || a.pid || ', user '
           || coalesce(a.usename, '?') || ', ' || coalesce(a.state, '?')
           || coalesce(', in a transaction for '
                       || date_trunc('second', now() - a.xact_start), '')
           || coalesce(', query since '
                       || to_char(a.query_start, 'HH24:MI:SS')
                       || ': ' || left(a.query, 100), ''),
           a.backend_start > mine.backend_start
    FROM pg_stat_activity a, pg_stat_activity mine
    WHERE mine.pid = {pid} AND a.pid <> mine.pid AND {condition}"""
_MYSQL = """
    SELECT p.id,
           CONCAT('connection ', p.id, ', user ', p.user, ' from ', p.host,
                  COALESCE(CONCAT(', in a transaction since ',
                                  t.trx_started), ''), ', ',
                  COALESCE(CONCAT('query: ', LEFT(p.info, 100)), 'idle')),
           p.id > {pid}
    FROM information_schema.processlist mine
    JOIN information_schema.processlist p
        ON p.id NOT IN (mine.id, CONNECTION_ID())
    LEFT JOIN information_schema.innodb_trx t
        ON t.trx_mysql_thread_id = p.id
    WHERE mine.id = {pid} AND {condition}"""
#: Who has the row that a transaction waits for: MariaDB and MySQL 5.7, then
#: MySQL 8.
_MYSQL_ROW_LOCKS = tuple(
    """t.trx_id IN (
        SELECT w.{0} FROM {2} w JOIN information_schema.innodb_trx waiting
            ON waiting.trx_id = w.{1}
        WHERE waiting.trx_mysql_thread_id = {{pid}})""".format(*names)
    for names in (('blocking_trx_id', 'requesting_trx_id',
                   'information_schema.innodb_lock_waits'),
                  ('blocking_engine_transaction_id',
                   'requesting_engine_transaction_id',
                   'performance_schema.data_lock_waits')))
#: Who may have a lock, where the server does not tell.
_MYSQL_BUSY = """(p.db = mine.db OR p.db IS NULL)
    AND COALESCE(t.trx_state, '') <> 'LOCK WAIT'
    AND COALESCE(p.state, '') NOT LIKE 'Waiting for%lock'
    AND (t.trx_id IS NOT NULL OR p.command = 'Query')"""
_MYSQL_WAITING = """(p.db = mine.db OR p.db IS NULL)
    AND (t.trx_state = 'LOCK WAIT' OR p.state LIKE 'Waiting for%lock')"""

#: A session on a server: its engine, dialect and number, for the watcher.
Session = namedtuple('Session', 'engine kind number')


def session_of(connection):
    """The Session of a Connection; None where it cannot be watched."""
    kind = connection.dialect.name
    if kind not in ('postgresql', 'mysql', 'mariadb'):
        return None
    number = compat.sqlalchemy.server_process(connection)
    return number and Session(connection.engine, kind, number)


def obstacles(own, session):
    """Who is in the way of a migration.

    :param own: an OwnConnection.
    :param session: the Session of the migration.
    :return: sentences, by the number of a session on the server.
    """
    if session.kind == 'postgresql':
        ask, end = _ask_postgresql, 'SELECT pg_terminate_backend(%d)'
    else:
        ask, end = _ask_mysql, 'KILL %d'
    found = {}
    for number, text, later, sentence in ask(own, session.number):
        if later:
            sentence += (
                ': the migration itself may have opened it through '
                'db.session, where Session(bind=op.get_bind()) is meant')
        if number is not None:
            sentence += '. To end that session: ' + end % number
        found[number] = sentence % ' '.join(compat.python.native(text).split())
    return found


_BEFORE = 'The migration waits for a lock of %s'
_PERHAPS = 'The migration waits for a lock, perhaps of %s'
_BEHIND = '%s waits for the migration, which does nothing meanwhile'
_UNSEEN = 'The migration waits: %s. To see for whom, a user needs the right ' \
    'PROCESS'


def _ask_postgresql(own, pid):
    before = own.rows(_POSTGRESQL.format(
        pid=pid, condition='a.pid = ANY(pg_blocking_pids(%d))' % pid))
    if before:
        return [(number, text, False, _BEFORE)
                for number, text, later in before]
    # Only its own code may keep a migration from going on while another
    # session waits for it.
    return [row + (_BEHIND,) for row in own.rows(_POSTGRESQL.format(
        pid=pid, condition="mine.state LIKE 'idle in%' AND CASE "
        "WHEN a.wait_event_type = 'Lock' "
        "THEN {0} = ANY(pg_blocking_pids(a.pid)) END".format(pid)))]


def _ask_mysql(own, pid):
    state = own.rows('SELECT command, state FROM information_schema.'
                     'processlist WHERE id = %d' % pid)
    command, state = state[0] if state else ('', '')
    try:
        if command == 'Sleep':
            return [tuple(row) + (_BEHIND,) for row in own.rows(
                _MYSQL.format(pid=pid, condition=_MYSQL_WAITING))]
        if own.rows("SELECT 1 FROM information_schema.innodb_trx WHERE "
                    "trx_state = 'LOCK WAIT' AND trx_mysql_thread_id = %d"
                    % pid):
            before, sentence = _row_locks(own, pid), _BEFORE
        elif 'lock' in (state or ''):
            before, sentence = own.rows(_MYSQL.format(
                pid=pid, condition=_MYSQL_BUSY)), _PERHAPS
        else:
            return []
    except Exception:
        # Who lacks the right to see transactions sees only his own sessions.
        if 'lock' not in (state or ''):
            raise
        return [(None, state, False, _UNSEEN)]
    return [(number, text, False, sentence if before[1:] else _BEFORE)
            for number, text, later in before]


def _row_locks(own, pid):
    for condition in _MYSQL_ROW_LOCKS:
        try:
            return own.rows(_MYSQL.format(
                pid=pid, condition=condition.format(pid=pid)))
        except Exception:
            pass            # the other server's table
    return own.rows(_MYSQL.format(pid=pid, condition=_MYSQL_BUSY))


class Watcher(object):
    """Says when a revision takes long, and on whom it waits.

    :param run: the Change whose revisions are watched.
    """

    def __init__(self, run):
        self.run = run
        self.seen = []          # who was in the way of the revision last
        self._followed = None
        self._announced = False
        self._told = set()      # numbers of those who have been named
        self._waits_for = set()
        self._since = time.time()
        self._own = {}          # connections, by engine
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._watch)
        self._thread.daemon = True

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *error):
        self._done.set()
        self._thread.join(2)

    def _watch(self):
        interval = INTERVAL
        if self.run.lock_timeout:
            # Somebody must have been seen before the server gives up; but
            # MariaDB's list stays the same if it is read every 0.1 seconds.
            interval = min(interval, max(self.run.lock_timeout / 4.0, 0.15))
        try:
            while not self._done.wait(interval):
                self._announce(self.run.followed)
                session = self.run.session
                if session is not None:
                    self._look(session)
        finally:
            for connection in self._own.values():
                connection.close()

    def _announce(self, followed):
        if followed is not self._followed:
            self._followed, self._announced = followed, False
            self._told, self.seen = set(), []
        if followed is not None and not self._announced \
                and time.time() - followed.start >= LONG:
            self._announced = True
            console.log.info('%s ...', followed.text)

    def _look(self, session):
        found = self._obstacles(session)
        if set(found) != self._waits_for:
            self._waits_for, self._since = set(found), time.time()
        if found:
            self.seen = list(found.values())
        if time.time() - self._since >= PATIENCE:
            for number in set(found) - self._told:
                self._told.add(number)
                console.log.warning('%s', found[number])

    def _obstacles(self, session):
        try:
            if session.engine not in self._own:
                self._own[session.engine] = OwnConnection(session.engine)
            return obstacles(self._own[session.engine], session)
        except Exception:
            # No right to see other sessions, or no more connections.
            return {}


def end_session(session):
    """Let MySQL or MariaDB stop what an interrupted migration executes.

    Its driver has only closed the connection, and the server goes on.

    :param session: the Session of the migration, or None.
    """
    if session is None or session.kind == 'postgresql':
        return
    try:
        own = OwnConnection(session.engine)
        try:
            for attempt in range(20):
                if not own.rows(
                        "SELECT 1 FROM information_schema.processlist WHERE "
                        "id = %d AND command <> 'Sleep'" % session.number):
                    return
                if attempt == 0:
                    own.rows('KILL %d' % session.number)
                time.sleep(0.05)
        finally:
            own.close()
    except Exception:
        pass                # the server, or just the session, is gone
