"""What the databases with a server have in common."""
import logging
import re
import threading

from .. import compat
from ..errors import MigrateError
from .base import Dialect
from .connections import Borrowed, OwnConnection
from .locks import Lock
from .masking import masked
from .starting import is_starting

log = logging.getLogger('flask_migrate')

#: Seconds until it is said that a second connection does not come.
SLOW = 5.0


#: Sequences stand outside transactions.
_KEPT = re.compile(r'\bsetval\s*\(|\bdblink_exec\s*\(', re.I)

_WITHOUT = (
    'The command can do without it by --no-lock, if nothing else migrates '
    'this database meanwhile.')


class ServerDialect(Dialect):
    """A kind of database with a server, which knows its sessions."""

    #: The statement that ends a session.
    end = None
    #: The statement that ends what a session executes.
    stop = None

    def borrow(self, connection, given=False, interruptible=False):
        return ServerBorrowed(self, connection, given)

    def keeps(self, statement):
        return _KEPT.search(statement) is not None

    def connection_error(self, engine):
        try:
            OwnConnection(engine).close()
        except Exception as error:
            return error
        return None

    def is_starting(self, error):
        return is_starting(error)

    def session_number(self, connection):
        return compat.sqlalchemy.server_process(connection)

    def obstacles(self, own, number):
        with own.mutex:
            own.step_aside()
            found = self._ask(own, number)
        sentences = {}
        for other, text, query, later, sentence in found:
            text = ' '.join(compat.python.native(text).split())
            if query:
                text += ': ' + masked(query)
            sentence %= text
            if later:
                sentence += (
                    ': the migration itself may have opened it through '
                    'db.session, where Session(bind=op.get_bind()) is meant')
            if other is not None:
                sentence += '. To end that session: ' + self.end % other
            sentences[other] = sentence
        return sentences

    def end_deadlock(self, own, number, other):
        """End what this process waits for, being itself in the way.

        :param number: of the migration's session.
        :param other: of the session on which the migration's own thread
            executes a statement, as :meth:`ServerBorrowed.elsewhere` says.
        :return: a sentence, or None where *other* does not wait for it.
        """
        with own.mutex:
            if other is None or not self._waits(own, other, number):
                return None
            own.rows(self.stop % other)
        return (
            'The migration waited for itself: what it executed through '
            'another connection, such as that of db.session, needed a lock '
            'that the migration holds. That statement was cancelled. Use '
            'op.get_bind(), or Session(bind=op.get_bind())')

    def cancel(self, engine, number):
        if number is None:
            return
        try:
            own = OwnConnection(engine)
        except Exception:
            return              # the server is gone, or has no room
        try:
            self._cancel(own, number)
        except Exception:
            pass                # the session is gone
        finally:
            own.close()

    def _cancel(self, own, number):
        own.rows(self.stop % number)

    def _ask(self, own, number):
        """Tuples: number, text, query, opened later, and the sentence."""
        raise NotImplementedError

    def _waits(self, own, other, number):
        """Whether the session *other* waits for *number*."""
        raise NotImplementedError


class ServerBorrowed(Borrowed):
    """A Connection to a server.

    :param dialect: the ServerDialect.
    """

    def __init__(self, dialect, connection, given=False):
        Borrowed.__init__(self, connection, given)
        self.dialect = dialect
        self.raw = compat.sqlalchemy.raw_connection(connection)
        self._thread = threading.current_thread()
        self._elsewhere = None
        self._tell_elsewhere = None
        self.on_return(compat.sqlalchemy_events.on_statements(
            connection.engine, self._note))

    def _note(self, raw, statement):
        if threading.current_thread() is self._thread:
            self._elsewhere = None if raw is self.raw else raw
            if raw is not self.raw and self._tell_elsewhere is not None:
                self._tell_elsewhere(statement)

    def tell_elsewhere(self, note):
        self._tell_elsewhere = note

    def elsewhere(self):
        """The number of another session that the run's thread works on.

        On which it has last begun a statement, through the same engine:
        what this waits for, the migration waits for.
        """
        raw = self._elsewhere
        return raw and compat.sqlalchemy.raw_server_process(raw)

    def cancel(self):
        """Let the server stop what is executed; from any thread.

        psycopg2 and psycopg know a way that needs no room for another
        session, and passes a pooler.
        """
        try:
            self.raw.cancel()
        except Exception:
            self.dialect.cancel(
                self.connection.engine,
                compat.sqlalchemy.raw_server_process(self.raw))

    def executes(self, frame):
        return compat.sqlalchemy.is_inside(frame, self.raw)


class ServerLock(Lock):
    """A lock of a database server, held by a connection of its own."""

    connect = OwnConnection

    def __init__(self, engine):
        with _telling():
            try:
                self.own = self.connect(engine)
                self.name = self._name()
            except BaseException as error:
                self.release()
                if not isinstance(error, Exception):
                    raise
                raise MigrateError(
                    'The lock that keeps two processes from migrating the '
                    'database at once needs a second connection to it, which '
                    'there is not: %s. %s' % (_words(error), _WITHOUT))
        self.key = '%s:%s' % (type(self).__name__, self.name)

    def try_acquire(self):
        try:
            with _telling():
                return self._try()
        except Exception as error:
            raise MigrateError(
                'The lock that keeps two processes from migrating the '
                'database at once cannot be taken: %s. %s'
                % (_words(error), _WITHOUT))

    def holder(self):
        try:
            return self._holder() or ''
        except Exception:
            return ''

    def is_lost(self):
        try:
            return self.own is None or not self._is_held()
        except Exception:
            return True

    def release(self):
        if self.own is None:
            return
        try:
            self._free()        # at once: for a close nobody waits
        except Exception:
            pass
        finally:
            # This frees the lock, whatever happened.
            self.own.close()


def _words(error):
    """A driver's error on one line, without a full stop."""
    error = getattr(error, 'orig', None) or error
    text = ' '.join(compat.python.error_text(error).split())
    return (text[:500] + ' ...' if len(text) > 500 else text).rstrip('.')


class _telling(object):
    """Say so when a pooler lets wait for a connection."""

    def __enter__(self):
        self.timer = threading.Timer(SLOW, log.warning, [
            'The lock of this migration needs a second connection to the '
            'database, which does not come. A pooler, such as PgBouncer, '
            'must have two for a migration. ' + _WITHOUT])
        self.timer.daemon = True
        self.timer.start()

    def __exit__(self, *error):
        self.timer.cancel()
