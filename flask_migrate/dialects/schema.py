"""What is in a database, as statements that make it again."""
from contextlib import contextmanager
import re
import uuid

from .. import compat


class SchemaObject(object):
    """A table, a view, a function: what one statement or more make.

    :param kind: 'table', 'view', 'trigger' ...
    :param name: its name, with its schema where that is not the default.
    :param statements: the database's own SQL, a list.
    :param table: name of the table that operations of Alembic may make
        instead; None where only SQL will do.
    :param after: statements for when all objects are there.
    :param looks: what has to be equal in a copy; by default the SQL.
    """

    def __init__(self, kind, name, statements, table=None, after=(),
                 looks=None):
        self.kind = kind
        self.name = name
        self.statements = list(statements)
        self.table = table
        self.after = list(after)
        self.looks = looks or '\n'.join(self.statements + self.after)

    def __str__(self):
        return '%s %s' % (self.kind, self.name)

    __repr__ = __str__


class Schema(object):
    """All of a database, in an order that runs.

    :ivar objects: a list of :class:`SchemaObject`.
    :ivar left_out: what is not described, a list of sentences.
    :ivar before: statements for the beginning of a script that makes it.
    :ivar after: those for its end.
    """

    def __init__(self, objects=(), left_out=(), before=(), after=()):
        self.objects = list(objects)
        self.left_out = list(left_out)
        self.before = list(before)
        self.after = list(after)

    def looks(self):
        """What has to be equal in a copy, by kind and name."""
        return dict(((each.kind, each.name), each.looks)
                    for each in self.objects)


class NoScratch(Exception):
    """No scratch database can be made; says why."""


def rows(connection, sql):
    """The rows of a SELECT, as tuples with text in them."""
    cursor = compat.sqlalchemy.raw_connection(connection).cursor()
    try:
        cursor.execute(sql)
        return [tuple(_text(value) for value in row)
                for row in cursor.fetchall()]
    finally:
        cursor.close()


def _text(value):
    return compat.python.text(value) if isinstance(value, (bytes, bytearray)) \
        else value


def literal(text):
    """A text as SQL."""
    return u"'%s'" % compat.python.text(text).replace(u"'", u"''")


def by_mention(objects):
    """Objects, each after those that its SQL names."""
    ordered, left = [], list(objects)
    while left:
        ready = [each for each in left if not any(
            re.search(r'\b%s\b' % re.escape(other.name), each.statements[0])
            for other in left if other is not each)] or left[:1]
        ordered.extend(ready)
        left = [each for each in left if each not in ready]
    return ordered


@contextmanager
def server_scratch(engine, create, drop, **options):
    """A scratch database on the server of an engine.

    :param create: SQL with ``%s`` for its name.
    :param drop: likewise.
    :param options: of the engine that makes it.
    :return: an engine for it.
    """
    from sqlalchemy.pool import NullPool
    from sqlalchemy import create_engine
    name = 'flask_migrate_scratch_%s' % uuid.uuid4().hex[:12]
    url = engine.url
    server = create_engine(url, poolclass=NullPool, **options)
    _execute(server, create % name)
    try:
        yield create_engine(compat.sqlalchemy.with_database(url, name),
                            poolclass=NullPool)
    finally:
        _execute(server, drop % name)


def _execute(engine, sql):
    try:
        connection = engine.connect()
        try:
            cursor = compat.sqlalchemy.raw_connection(connection).cursor()
            cursor.execute(sql)
            cursor.close()
        finally:
            connection.close()
    except Exception as error:
        error = getattr(error, 'orig', None) or error
        raise NoScratch(re.sub(r'\s+', ' ', compat.python.text(error)))
