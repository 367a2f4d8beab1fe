"""A migration does not hang in silence: who it waits for, and how to end it.

A thread looks at the server, on a connection of its own, when a revision
takes longer than a few seconds.
"""
import threading
import time

from . import _compat, console
from .locking import OwnConnection

#: Seconds after which a revision that still runs is announced.
LONG = 1.0
#: Seconds after which the server is asked who is in the way.
PATIENCE = 3.0

#: Per blocking session: (number, description, opened later than ours).
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
                  ', in a transaction since ', t.trx_started, ', ',
                  COALESCE(CONCAT('query: ', LEFT(p.info, 100)), 'idle')),
           p.id > {pid}
    FROM information_schema.innodb_trx t
    JOIN information_schema.processlist p ON p.id = t.trx_mysql_thread_id
    WHERE p.id <> {pid} AND {condition}"""


def blockers(own, kind, pid):
    """The sessions that a session waits for, and those that wait for it.

    :param own: an OwnConnection.
    :param kind: name of the dialect.
    :param pid: the session's number.
    :return: two lists of (number, description, opened later than *pid*).
    """
    if kind == 'postgresql':
        return (own.rows(_POSTGRESQL.format(
                    pid=pid, condition='a.pid = ANY(pg_blocking_pids(%d))'
                    % pid)),
                own.rows(_POSTGRESQL.format(
                    pid=pid, condition="mine.state LIKE 'idle%%' AND %d = "
                    "ANY(pg_blocking_pids(a.pid))" % pid)))
    state = own.rows('SELECT command, state FROM information_schema.'
                     'processlist WHERE id = %d' % pid)
    waits = bool(own.rows(
        "SELECT 1 FROM information_schema.innodb_trx WHERE trx_state = "
        "'LOCK WAIT' AND trx_mysql_thread_id = %d" % pid))
    if waits or state and 'lock' in (state[0][1] or ''):
        return own.rows(_MYSQL.format(
            pid=pid, condition="t.trx_state <> 'LOCK WAIT'")), []
    if state and state[0][0] == 'Sleep':
        return [], own.rows(_MYSQL.format(
            pid=pid, condition="(t.trx_state = 'LOCK WAIT' "
            "OR p.state LIKE 'Waiting for%lock')"))
    return [], []


class Watcher(object):
    """Says when a revision takes long, and on whom it waits.

    :param run: the Run whose revision is watched.
    """

    def __init__(self, run):
        self.run = run
        self.seen = []          # descriptions of who was in the way last
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
        own, announced, told = {}, None, None
        patience = min(PATIENCE, (self.run.lock_timeout or PATIENCE) / 3.0)
        try:
            while not self._done.wait(min(0.25, patience)):
                followed = self.run.followed
                if followed is None:
                    continue
                taken = time.time() - followed.start
                if taken > LONG and announced is not followed:
                    announced = followed
                    console.log.info('%s ...', followed.text)
                if taken < patience or followed.server_process is None:
                    continue
                found = self._ask(own, followed)
                if found and found != told:
                    told = self.seen = found
                    if taken >= PATIENCE:
                        for line in found:
                            console.log.warning('%s', line)
                    else:
                        told = None
                self._done.wait(patience)
        finally:
            for connection in own.values():
                connection.close()

    def _ask(self, own, followed):
        """Sentences about who is in the way of a revision."""
        kind, pid = followed.server_process
        try:
            if followed.engine not in own:
                own[followed.engine] = OwnConnection(followed.engine)
            before, behind = blockers(own[followed.engine], kind, pid)
        except Exception:
            # No right to see other sessions, or no more connections.
            return []
        if kind == 'postgresql':
            end = 'SELECT pg_terminate_backend(%s)'
        else:
            end = 'KILL %s'
        found = ['The migration waits for a lock of %s. To end that session: '
                 '%s' % (_compat.native(text), end % number)
                 for number, text, _ in before]
        found += ['%s waits for the migration, which does nothing '
                  'meanwhile%s. To end that session: %s'
                  % (_compat.native(text),
                     ': the migration itself may have opened it through '
                     'db.session, where Session(bind=op.get_bind()) is meant'
                     if later else '', end % number)
                  for number, text, later in behind]
        return found
