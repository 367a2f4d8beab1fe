"""Kinds of model changes, and the way of one there and back.

    python tests/round_trip.py sqlite postgresql mariadb [-k WORDS]

prints the table with whatever Flask-Migrate can be imported.  The way: old
models, migrate, upgrade, rows; new models, migrate, upgrade; migrate again;
downgrade.  Beside the changed table ``item`` there are ``owner``, which it
refers to, ``note``, which refers to it, and a trigger.
"""
from __future__ import print_function

import argparse
import datetime
import decimal
import enum
import json
import os
import re
import shutil
import sys
import tempfile
import traceback
import uuid

from flask import Flask
import sqlalchemy as sa
from sqlalchemy import (
    BigInteger, Boolean, CheckConstraint, Column, Date, DateTime, Enum, Float,
    ForeignKey, ForeignKeyConstraint, Index, Integer, LargeBinary, MetaData,
    Numeric, PrimaryKeyConstraint, String, Table, Text, Time,
    UniqueConstraint, func, text)
from sqlalchemy.types import TypeDecorator

import flask_migrate
import schemas

ALL = ('sqlite', 'postgresql', 'mariadb')
SERVERS = ('postgresql', 'mariadb')


class Color(enum.Enum):
    red = 1
    green = 2


class Shade(enum.Enum):
    red = 1
    green = 2
    blue = 3


class Percent(TypeDecorator):
    """A type of an application."""
    impl = Integer
    cache_ok = True


def enum_type(*values, **options):
    """An Enum without a CHECK, which SQLAlchemy made before 1.4."""
    if hasattr(sa, 'JSON'):             # SQLAlchemy 1.1, as that option
        options['create_constraint'] = False
    return Enum(*values, **options)


class Kind(object):
    """One kind of change.

    :param name: what a developer would call it.
    :param old: takes the MetaData, returns arguments of the table ``item``
        beside ``id`` and ``name``; may add other tables.
    :param new: likewise, after the change.
    :param only: the databases on which there is such a thing.
    :param needs: names that SQLAlchemy must have.
    :param rows: values of columns of ``item`` by name: a list of two.
    :param empty: whether the way back has to be without rows.
    :param lossy: whether values of changed columns come back changed.
    :param bare: whether ``item`` is made by *old* and *new* alone.
    """

    def __init__(self, name, old, new, only=ALL, needs=(), rows=None,
                 empty=False, lossy=(), bare=False):
        self.name = name
        self.old = old
        self.new = new
        self.only = only
        self.needs = needs
        self.rows = rows or {}
        self.empty = empty
        self.lossy = lossy
        self.bare = bare

    def metadata(self, make):
        metadata = MetaData()
        Table('owner', metadata, Column('id', Integer, primary_key=True),
              Column('name', String(50)))
        if self.bare:
            make(metadata)
            return metadata
        arguments = make(metadata)
        options = [each for each in arguments if isinstance(each, dict)]
        arguments = [each for each in arguments
                     if not isinstance(each, dict)]
        Table('item', metadata, Column('id', Integer, primary_key=True),
              Column('name', String(50)), *arguments,
              **(options[0] if options else {}))
        Table('note', metadata, Column('id', Integer, primary_key=True),
              Column('item_id', Integer, ForeignKey(
                  'item.id', name='fk_note_item', ondelete='CASCADE')))
        return metadata

    def can_be(self, database):
        return database in self.only and all(
            hasattr(sa, name) for name in self.needs)


KINDS = []

#: What the kinds declared from here on are about.
ABOUT = []


def kind(name, old, new, **settings):
    """Declare a kind; lists of makers are for ``item``."""
    KINDS.append(Kind(name, old, new, **settings))
    KINDS[-1].about = ABOUT[-1]


def nothing(m):
    return []


def both_ways(added, removed, make, **settings):
    """A change, and the one back."""
    kind(added, nothing, make, **settings)
    settings.pop('empty', None)
    kind(removed, make, nothing, **settings)


def other(m, *arguments, **options):
    Table('other', m, Column('id', Integer, primary_key=True),
          *arguments, **options)
    return []


# Tables ---------------------------------------------------------------------

ABOUT.append('tables')

both_ways('add a table', 'remove a table',
          lambda m: other(m, Column('name', String(50), nullable=False),
                          Column('size', Integer)))
both_ways('add a table with indexes and unique columns',
          'remove a table with indexes and unique columns',
          lambda m: other(m, Column('name', String(50), index=True),
                          Column('code', String(50), unique=True),
                          Column('slug', String(50), unique=True,
                                 index=True)))
both_ways('add a table with an indexed foreign key',
          'remove a table with an indexed foreign key',
          lambda m: other(m, Column('owner_id', Integer,
                                    ForeignKey('owner.id'), index=True)))


def _mutual(m):
    other(m, Column('third_id', Integer, ForeignKey('third.id')))
    Table('third', m, Column('id', Integer, primary_key=True),
          Column('other_id', Integer, ForeignKey('other.id')))
    return []


def _mutual_use_alter(m):
    other(m, Column('third_id', Integer, ForeignKey(
        'third.id', name='fk_other_third', use_alter=True)))
    Table('third', m, Column('id', Integer, primary_key=True),
          Column('other_id', Integer, ForeignKey('other.id')))
    return []


def _association(m):
    Table('owner_item', m,
          Column('owner_id', Integer, ForeignKey('owner.id'),
                 primary_key=True),
          Column('item_id', Integer, ForeignKey('item.id'),
                 primary_key=True))
    return []


def _self_reference(m):
    return other(m, Column('parent_id', Integer, ForeignKey('other.id')))


both_ways('add two tables that refer to each other',
          'remove two tables that refer to each other', _mutual)
both_ways('add two tables that refer to each other (use_alter)',
          'remove two tables that refer to each other (use_alter)',
          _mutual_use_alter)
both_ways('add an association table', 'remove an association table',
          _association)
kind('add a table that refers to itself', nothing, _self_reference)


def _chain(m):
    other(m, Column('name', String(50), index=True))
    Table('child', m, Column('id', Integer, primary_key=True),
          Column('other_id', Integer, ForeignKey('other.id'), index=True))
    return []


both_ways('add a table and one that refers to it',
          'remove a table and one that refers to it', _chain)
kind('add a table with an enum', nothing, lambda m: other(
    m, Column('color', enum_type('red', 'green', name='color'))))
kind('add a table with checks', nothing, lambda m: other(
    m, Column('size', Integer),
    CheckConstraint('size > 0'),
    CheckConstraint('size < 100', name='ck_other_small')))

# Columns --------------------------------------------------------------------

ABOUT.append('columns')

both_ways('add a nullable column', 'remove a nullable column',
          lambda m: [Column('size', Integer)])
both_ways('add a NOT NULL column with a server default',
          'remove a NOT NULL column with a server default',
          lambda m: [Column('size', Integer, nullable=False,
                            server_default='7')])
kind('remove a NOT NULL column',
     lambda m: [Column('size', Integer, nullable=False)], nothing,
     empty=True)
both_ways('add a column with a foreign key',
          'remove a column with a foreign key',
          lambda m: [Column('owner_id', Integer, ForeignKey('owner.id'))])
both_ways('add an indexed column with a foreign key',
          'remove an indexed column with a foreign key',
          lambda m: [Column('owner_id', Integer, ForeignKey('owner.id'),
                            index=True)])
both_ways('add an indexed column', 'remove an indexed column',
          lambda m: [Column('size', Integer, index=True)])
both_ways('add a unique column', 'remove a unique column',
          lambda m: [Column('code', String(50), unique=True)])
both_ways('add an enum column', 'remove an enum column',
          lambda m: [Column('color', enum_type('red', 'green', name='color'))])
both_ways('add a column with an enum class',
          'remove a column with an enum class',
          lambda m: [Column('color', enum_type(Color))],
          rows={'color': ['red', 'green']})
both_ways('add a boolean with a server default',
          'remove a boolean with a server default',
          lambda m: [Column('done', Boolean, nullable=False,
                            server_default=sa.false())])
both_ways('add a column with a check', 'remove a column with a check',
          lambda m: [Column('size', Integer), CheckConstraint(
              'size > 0', name='ck_item_size')])
kind('add a column of a type of the application', nothing,
     lambda m: [Column('share', Percent)])
kind('add a JSON column', nothing, lambda m: [Column('data', sa.JSON)],
     needs=['JSON'])
kind('add a UUID column', nothing,
     lambda m: [Column('token', sa.Uuid)], needs=['Uuid'])
kind('add columns of a dialect', nothing,
     lambda m: [Column('data', _postgresql().JSONB),
                Column('tags', _postgresql().ARRAY(String(20))),
                Column('address', _postgresql().INET)],
     only=['postgresql'])
both_ways('add a column with a comment', 'remove a column with a comment',
          lambda m: [Column('size', Integer, comment=u"how 'big' 100%")],
          only=SERVERS, needs=['Computed'])


def _postgresql():
    from sqlalchemy.dialects import postgresql
    return postgresql


# Types ----------------------------------------------------------------------

ABOUT.append('types, enums, collations')


def change(name, old, new, **settings):
    kind(name, lambda m: [old()], lambda m: [new()], **settings)


def retype(name, old, new, **settings):
    change(name, lambda: Column('value', old), lambda: Column('value', new),
           **settings)


retype('make a text longer', String(10), String(200))
retype('make a text shorter', String(200), String(20))
retype('text of a length to text of any', String(50), Text)
retype('text to integer', String(50), Integer)
retype('integer to text', Integer, String(50))
retype('integer to big integer', Integer, BigInteger)
retype('integer to numeric', Integer, Numeric(10, 2))
retype('more digits', Numeric(8, 2), Numeric(12, 4))
retype('integer to float', Integer, Float)
retype('integer to boolean', Integer, Boolean,
       rows={'value': [0, 1]})
retype('text to date', String(50), Date,
       rows={'value': ['2020-01-01', '2020-01-02']})
retype('date to date and time', Date, DateTime)
retype('date and time with time zone', DateTime, DateTime(timezone=True),
       only=['postgresql'], lossy=['value'])
retype('text to JSON', Text, getattr(sa, 'JSON', Text), needs=['JSON'],
       rows={'value': ['{"a": 1}', '[2]']}, only=['sqlite', 'postgresql'])
retype('text to enum', String(50), enum_type('red', 'green', name='color'),
       rows={'value': ['red', 'green']})
retype('enum to text', enum_type('red', 'green', name='color'), String(50))
retype('add a value to an enum', enum_type('red', 'green', name='color'),
       enum_type('red', 'green', 'blue', name='color'), only=SERVERS)
retype('add a value in the middle of an enum',
       enum_type('red', 'green', name='color'),
       enum_type('red', 'blue', 'green', name='color'), only=SERVERS)
retype('remove a value of an enum',
       enum_type('red', 'green', 'blue', name='color'),
       enum_type('red', 'green', name='color'), only=SERVERS)
retype('change an enum class', enum_type(Color, name='color'),
       enum_type(Shade, name='color'),
       rows={'value': ['red', 'green']}, only=SERVERS)
retype('type of the application to another', Percent, String(20))
retype('collation of a text', String(50, collation='C'), String(50),
       only=['postgresql'])
retype('collation of a text (MariaDB)',
       String(50, collation='utf8mb4_bin'),
       String(50, collation='utf8mb4_general_ci'), only=['mariadb'])
change('type of a NOT NULL column with a server default',
       lambda: Column('value', Integer, nullable=False, server_default='3'),
       lambda: Column('value', BigInteger, nullable=False,
                      server_default='3'))
change('text to integer with a server default',
       lambda: Column('value', String(20), server_default='3'),
       lambda: Column('value', Integer, server_default='3'))
change('integer to boolean with a server default',
       lambda: Column('value', Integer, server_default='0'),
       lambda: Column('value', Boolean, server_default=sa.false()),
       rows={'value': [0, 1]})

# NULL, defaults, comments ----------------------------------------------------

ABOUT.append('NULL, server defaults, comments')

change('make a column NOT NULL', lambda: Column('value', Integer),
       lambda: Column('value', Integer, nullable=False))
change('make a column nullable',
       lambda: Column('value', Integer, nullable=False),
       lambda: Column('value', Integer))
change('make an indexed column NOT NULL',
       lambda: Column('value', Integer, index=True),
       lambda: Column('value', Integer, index=True, nullable=False))


def defaults(name, old, new, kind=Integer, **settings):
    change(name, lambda: Column('value', kind, server_default=old),
           lambda: Column('value', kind, server_default=new), **settings)


defaults('add a server default', None, '5')
defaults('remove a server default', '5', None)
defaults('change a server default', '5', '6')
defaults('change a default text', 'new', "it's", kind=String(50))
defaults('change a default of an expression', text('1 + 1'),
         text('2 + 2'), only=['postgresql', 'mariadb'])
change('add a default of the current time',
       lambda: Column('value', DateTime),
       lambda: Column('value', DateTime, server_default=func.now()))
change('change a default boolean',
       lambda: Column('value', Boolean, server_default=sa.true()),
       lambda: Column('value', Boolean, server_default=sa.false()))
change('change the comment of a column',
       lambda: Column('value', Integer, comment='old'),
       lambda: Column('value', Integer, comment="it's new"),
       only=SERVERS, needs=['Computed'])
both_ways('comment on a table', 'remove the comment on a table',
          lambda m: [{'comment': "it's 100%"}], only=SERVERS,
          needs=['Computed'])

# Constraints ----------------------------------------------------------------

ABOUT.append('constraints, keys, indexes, computed')


def column(*arguments, **options):
    return Column('value', Integer, *arguments, **options)


change('make a column a foreign key', lambda: column(),
       lambda: column(ForeignKey('owner.id')))
change('make a column no foreign key any more',
       lambda: column(ForeignKey('owner.id')), lambda: column())
change('make a column a named foreign key', lambda: column(),
       lambda: column(ForeignKey('owner.id', name='fk_item_owner')))
change('ON DELETE of a foreign key',
       lambda: column(ForeignKey('owner.id')),
       lambda: column(ForeignKey('owner.id', ondelete='CASCADE')))
change('ON UPDATE of a named foreign key',
       lambda: column(ForeignKey('owner.id', name='fk_item_owner')),
       lambda: column(ForeignKey('owner.id', name='fk_item_owner',
                                 onupdate='CASCADE')))
change('make a column unique', lambda: column(),
       lambda: column(unique=True))
change('make a column not unique any more', lambda: column(unique=True),
       lambda: column())
change('index a column', lambda: column(), lambda: column(index=True))
change('do not index a column any more', lambda: column(index=True),
       lambda: column())
change('make an index unique', lambda: column(index=True),
       lambda: column(index=True, unique=True))


def constraint(added, removed, *make, **settings):
    kind(added, lambda m: [column(), Column('other', String(20))],
         lambda m: [column(), Column('other', String(20))]
         + [each() for each in make], **settings)
    kind(removed, lambda m: [column(), Column('other', String(20))]
         + [each() for each in make],
         lambda m: [column(), Column('other', String(20))], **settings)


constraint('add a unique constraint of two columns',
           'remove a unique constraint of two columns',
           lambda: UniqueConstraint('value', 'other'))
constraint('add a named unique constraint',
           'remove a named unique constraint',
           lambda: UniqueConstraint('value', 'other', name='uq_item_two'))
constraint('add a check', 'remove a check',
           lambda: CheckConstraint('value < 100', name='ck_item_value'))
kind('change a check',
     lambda m: [column(), CheckConstraint('value < 100',
                                          name='ck_item_value')],
     lambda m: [column(), CheckConstraint('value < 200',
                                          name='ck_item_value')])
constraint('add an index of two columns', 'remove an index of two columns',
           lambda: Index('ix_item_two', 'value', 'other'))
kind('change the columns of an index',
     lambda m: [column(), Index('ix_item', 'value')],
     lambda m: [column(), Index('ix_item', 'value', 'name')])
constraint('add a partial index', 'remove a partial index',
           lambda: Index('ix_item_part', 'value',
                         postgresql_where=text('value > 1'),
                         sqlite_where=text('value > 1')),
           only=['sqlite', 'postgresql'])
kind('change the condition of a partial index',
     lambda m: [column(), Index('ix_item_part', 'value',
                                postgresql_where=text('value > 1'),
                                sqlite_where=text('value > 1'))],
     lambda m: [column(), Index('ix_item_part', 'value',
                                postgresql_where=text('value > 2'),
                                sqlite_where=text('value > 2'))],
     only=['sqlite', 'postgresql'])
constraint('add a functional index', 'remove a functional index',
           lambda: Index('ix_item_lower', text('lower(other)')),
           only=['sqlite', 'postgresql'])
kind('change a functional index',
     lambda m: [Column('other', String(20)),
                Index('ix_item_lower', text('lower(other)'))],
     lambda m: [Column('other', String(20)),
                Index('ix_item_lower', text('upper(other)'))],
     only=['sqlite', 'postgresql'])
constraint('add a GIN index', 'remove a GIN index',
           lambda: Index('ix_item_gin', text(
               "to_tsvector('english', other)"), postgresql_using='gin'),
           only=['postgresql'])


def _composite(m):
    Table('pair', m, Column('a', Integer, primary_key=True,
                            autoincrement=False),
          Column('b', Integer, primary_key=True, autoincrement=False),
          Column('c', Integer))
    return []


def _refers_to_pair(m):
    _composite(m)
    return [Column('a', Integer), Column('b', Integer),
            ForeignKeyConstraint(['a', 'b'], ['pair.a', 'pair.b'])]


def _beside_pair(m):
    _composite(m)
    return [Column('a', Integer), Column('b', Integer)]


kind('add a foreign key of two columns', _beside_pair, _refers_to_pair)
kind('remove a foreign key of two columns', _refers_to_pair, _beside_pair)


def _keyed(*names):
    def make(m):
        Table('keyed', m,
              Column('a', Integer, nullable=False, autoincrement=False),
              Column('b', Integer, nullable=False, autoincrement=False),
              Column('c', Integer),
              PrimaryKeyConstraint(*names))
        return []
    return make


kind('one more column in a primary key', _keyed('a'), _keyed('a', 'b'))
kind('one column less in a primary key', _keyed('a', 'b'), _keyed('a'))
kind('another column as primary key', _keyed('a'), _keyed('b'))


def _computed(sql, persisted=True):
    return lambda m: [column(), Column('double', Integer, sa.Computed(
        sql, persisted=persisted))]


both_ways('add a computed column', 'remove a computed column',
          lambda m: [Column('double', Integer, sa.Computed(
              'char_length(name)', persisted=True))],
          needs=['Computed'], only=SERVERS)
kind('add a computed column (SQLite)', nothing,
     lambda m: [Column('double', Integer, sa.Computed(
         'length(name)', persisted=False))],
     needs=['Computed'], only=['sqlite'])
kind('change a computed column',
     lambda m: _computed('value * 2')(m), lambda m: _computed('value * 3')(m),
     needs=['Computed'])


def _identity(**options):
    def make(m):
        Table('counted', m, Column('id', Integer, sa.Identity(**options),
                                   primary_key=True),
              Column('name', String(20)))
        return []
    return make


kind('add a table with an identity', nothing,
     lambda m: _identity(always=True)(m), needs=['Identity'],
     only=['postgresql'])
kind('options of an identity', lambda m: _identity(always=False)(m),
     lambda m: _identity(always=True, increment=5)(m), needs=['Identity'],
     only=['postgresql'])
kind('serial to identity', lambda m: Table(
    'counted', m, Column('id', Integer, primary_key=True),
    Column('name', String(20))) is None or [],
    lambda m: _identity()(m), needs=['Identity'], only=['postgresql'])

# Several at once -------------------------------------------------------------

ABOUT.append('several at once')

kind('several changes of one table',
     lambda m: [column(), Column('gone', String(20), index=True)],
     lambda m: [Column('value', BigInteger, nullable=False, index=True),
                Column('owner_id', Integer, ForeignKey('owner.id')),
                UniqueConstraint('name', 'value')])
kind('several changes of several tables',
     lambda m: other(m, Column('item_id', Integer, ForeignKey('item.id')))
     + [column()],
     lambda m: _chain(m) + [column(unique=True),
                            Column('other_id', Integer,
                                   ForeignKey('other.id'))])


# The way there and back ------------------------------------------------------

class Database(object):
    """What ``Migrate`` is given as db."""

    def __init__(self, engine):
        self.engine = engine
        self.metadata = MetaData()

    def get_engine(self, *args, **kwargs):
        return self.engine


class Failure(Exception):
    """A step of the way that went wrong."""


def value_of(column, number):
    """A value for a row; each number has its own."""
    kind = column.type
    if isinstance(kind, TypeDecorator):
        kind = kind.impl
    if getattr(kind, 'enums', None):
        return list(kind.enums)[(number - 1) % 2]
    for types, value in (
            (Boolean, number % 2 == 0),
            ((Float, Numeric), decimal.Decimal(number)),
            (Integer, number), (DateTime, datetime.datetime(2020, 1, number)),
            (Date, datetime.date(2020, 1, number)),
            (Time, datetime.time(number)), (LargeBinary, b'%d' % number)
            if bytes is not str else (LargeBinary, str(number)),
            (getattr(sa, 'Uuid', ()), uuid.UUID(int=number)),
            (String, str(number)),
            (getattr(sa, 'JSON', ()), {'a': number})):
        if isinstance(kind, types):
            return value
    return None


def fill(connection, metadata, rows, tables=None):
    """Insert two rows into each table.

    :param tables: all of them in an order that works, where SQLAlchemy
        knows of none.
    """
    filled = set()
    for table in tables or metadata.sorted_tables:
        for number in (1, 2):
            values = {}
            for column in table.columns:
                if getattr(column, 'computed', None) is not None \
                        or getattr(column, 'identity', None) is not None:
                    continue
                target = [key.target_fullname.split('.')[0]
                          for key in column.foreign_keys]
                if target and target[0] not in filled:
                    continue
                values[column.name] = value_of(column, number)
                if table.name == 'item' and column.name in rows:
                    values[column.name] = rows[column.name][number - 1]
                    if isinstance(column.type, Boolean):
                        values[column.name] = bool(values[column.name])
            connection.execute(table.insert().values(
                **dict((str(key), value) for key, value in values.items()
                       if value is not None)))
        filled.add(table.name)


def contents(connection):
    """All rows, as dicts by column, by table."""
    found = {}
    metadata = MetaData()
    metadata.reflect(connection)
    for name, table in metadata.tables.items():
        if name in ('alembic_version', 'log'):
            continue
        columns = [column.name for column in table.columns]
        quote = connection.dialect.identifier_preparer.quote
        rows = schemas.rows_of(connection, 'SELECT %s FROM %s' % (
            ', '.join(quote(column) for column in columns), quote(name)))
        found[name] = sorted(
            (dict(zip(columns, [comparable(value) for value in row]))
             for row in rows), key=repr)
    return found


def comparable(value):
    """The same for values that are equal, whatever their types."""
    if value is None:
        return None
    if isinstance(value, memoryview):
        value = value.tobytes()
    if isinstance(value, bytes) and bytes is not str:
        return repr(value)
    if isinstance(value, datetime.datetime) and value == datetime.datetime(
            value.year, value.month, value.day, tzinfo=value.tzinfo):
        value = value.date()
    if isinstance(value, (dict, list)):
        value = json.dumps(value, sort_keys=True)
    written = re.sub(r' 00:00:00(\.0+)?$', '', str(value))
    try:
        return str(decimal.Decimal(
            {'True': '1', 'False': '0', 'true': '1', 'false': '0'}.get(
                written, written)).normalize() + 0)
    except decimal.InvalidOperation:
        return written.replace("'", '"')


TRIGGERS = {
    'sqlite': ["CREATE TRIGGER item_log AFTER UPDATE OF name ON item BEGIN "
               "INSERT INTO log VALUES (new.name); END"],
    'mysql': ["CREATE TRIGGER item_log AFTER UPDATE ON item FOR EACH ROW "
              "INSERT INTO log VALUES (new.name)"],
    'postgresql': [
        "CREATE FUNCTION item_log() RETURNS trigger AS 'BEGIN INSERT INTO "
        "log VALUES (new.name); RETURN new; END' LANGUAGE plpgsql",
        "CREATE TRIGGER item_log AFTER UPDATE OF name ON item FOR EACH ROW "
        "EXECUTE PROCEDURE item_log()"]}


def log_exists(metadata):
    return Table('log', metadata, Column('name', String(50)))


class Way(object):
    """A project that takes one kind of change there and back.

    :param engine: of the database; another empty one beside it is
        *reference*, for ``create_all()``.
    """

    def __init__(self, kind, engine, reference, settings=None):
        self.kind = kind
        self.engine = engine
        self.reference = reference
        self.database = Database(engine)
        self.folder = tempfile.mkdtemp()
        self.app = Flask('project')
        self.app.config['SQLALCHEMY_DATABASE_URI'] = str(engine.url)
        flask_migrate.Migrate(
            self.app, self.database,
            directory=os.path.join(self.folder, 'migrations'),
            **(settings or {}))

    def do(self, command, **arguments):
        from alembic.util import CommandError
        try:
            with self.app.app_context():
                return getattr(flask_migrate, command)(**arguments)
        except (Exception, SystemExit) as error:
            if os.environ.get('ROUND_TRIP_TRACE') and not isinstance(
                    error, CommandError):
                traceback.print_exc()
            raise Failure('%s: %s: %s' % (
                command, type(error).__name__,
                ' '.join(str(error).split())[:400]))

    def scripts(self):
        folder = os.path.join(self.folder, 'migrations', 'versions')
        return set(name for name in os.listdir(folder)
                   if name.endswith('.py'))

    def migrate(self):
        """Write a revision; return its text, or None."""
        before = self.scripts()
        self.do('migrate', message='change')
        names = self.scripts() - before
        if not names:
            return None
        with open(os.path.join(self.folder, 'migrations', 'versions',
                               names.pop())) as file:
            return file.read()

    def use(self, make):
        """Let the models be what *make* says."""
        self.database.metadata = self.kind.metadata(make)
        log_exists(self.database.metadata)
        return self.database.metadata

    def execute(self, function):
        connection = self.engine.connect()
        try:
            transaction = connection.begin()
            found = function(connection)
            transaction.commit()
            return found
        finally:
            connection.close()

    def go(self):
        """Go the whole way.

        :return: the text of the revision.
        :raises Failure: where it ends.
        """
        old = self.use(self.kind.old)
        self.do('init')
        self.migrate()
        self.do('upgrade')
        if self.migrate():
            raise Failure('noise before the change')
        self.execute(self._fill)
        before = schemas.schema(self.engine)
        rows = self.execute(contents)
        new = self.use(self.kind.new)
        written = self.migrate()
        if written is None:
            raise Failure('not detected')
        self.written = written
        self.do('upgrade')
        again = self.migrate()
        if again:
            raise Failure('second migrate: %s' % body(again))
        self._check_rows(rows, old, new)
        self._check_trigger()
        self._check_like_create_all(new)
        if self.kind.empty:
            self.execute(lambda connection: [
                connection.execute(table.delete())
                for table in reversed(new.sorted_tables)])
        self.do('downgrade')
        after = schemas.schema(self.engine)
        if after != before:
            raise Failure('downgrade: %s' % difference(before, after))
        self._check_trigger()
        if not self.kind.empty:
            self._check_rows(rows, old, new, back=True)
        self.do('upgrade')
        return written

    def _fill(self, connection):
        fill(connection, self.database.metadata, self.kind.rows)
        for statement in TRIGGERS[
                {'mariadb': 'mysql'}.get(self.engine.dialect.name,
                                         self.engine.dialect.name)]:
            connection.execute(text(statement))

    def _check_trigger(self):
        def update(connection):
            name = schemas.rows_of(connection, 'SELECT name FROM item')
            count = 'SELECT count(*) FROM log'
            before = schemas.rows_of(connection, count)[0][0]
            connection.execute(text('UPDATE item SET name = name'))
            after = schemas.rows_of(connection, count)[0][0]
            if name and after != before + len(name):
                raise Failure('the trigger is lost')
        self.execute(update)

    def _check_rows(self, before, old, new, back=False):
        after = self.execute(contents)
        for name, rows in before.items():
            if name not in new.tables:
                continue
            columns = set(old.tables[name].c.keys()) & set(
                new.tables[name].c.keys())
            columns -= set(self.kind.lossy)
            columns -= set(
                each.name for each in new.tables[name].c
                if getattr(each, 'computed', None) is not None)
            shown = [[dict((column, row[column]) for column in columns)
                      for row in side] for side in (rows, after[name])]
            if sorted(shown[0], key=repr) != sorted(shown[1], key=repr):
                if sorted(map(sorted, [map(repr, row.items())
                                       for row in shown[0]])) != sorted(
                        map(sorted, [map(repr, row.items())
                                     for row in shown[1]])):
                    raise Failure('rows of %s %s: %r -> %r' % (
                        name, 'after downgrade' if back else 'after upgrade',
                        shown[0], shown[1]))

    def _check_like_create_all(self, new):
        new.create_all(self.reference)
        names = schemas.names_given(new)
        expected = schemas.schema(self.reference, names)
        found = schemas.schema(self.engine, names)
        if found != expected:
            raise Failure('not like create_all(): %s'
                          % difference(expected, found))

    def close(self):
        shutil.rmtree(self.folder)


def difference(expected, found):
    lines = []
    for table in sorted(set(expected) | set(found)):
        one, two = expected.get(table, ()), found.get(table, ())
        lines += ['- %s: %s' % (table, line) for line in one
                  if line not in two]
        lines += ['+ %s: %s' % (table, line) for line in two
                  if line not in one]
    return '; '.join(lines) or '%r -> %r' % (expected, found)


def body(written):
    lines = written.split('def upgrade')[1].splitlines()[1:]
    return ' '.join(' '.join(lines).split())[:300]


def empty(engine):
    """Drop all that a database holds."""
    name = engine.dialect.name
    engine.dispose()
    if name == 'sqlite':
        if os.path.exists(engine.url.database):
            os.remove(engine.url.database)
        return
    connection = engine.connect()
    try:
        transaction = connection.begin()
        for statement in (
                ['DROP SCHEMA public CASCADE', 'CREATE SCHEMA public']
                if name == 'postgresql' else
                ['SET FOREIGN_KEY_CHECKS = 0'] + [
                    'DROP TABLE `%s`' % row[0] for row in
                    schemas.rows_of(connection, 'SHOW TABLES')]
                + ['SET FOREIGN_KEY_CHECKS = 1']):
            connection.execute(text(statement))
        transaction.commit()
    finally:
        connection.close()
    engine.dispose()


# The table -------------------------------------------------------------------

def main():
    import servers
    parser = argparse.ArgumentParser()
    parser.add_argument('databases', nargs='*', default=list(ALL))
    parser.add_argument('-k', dest='words', default='')
    parser.add_argument('-v', dest='verbose', action='store_true')
    options = parser.parse_args()
    folder = tempfile.mkdtemp()
    for database in options.databases:
        if database == 'sqlite':
            urls = ['sqlite:///%s/%s.db' % (folder, name)
                    for name in ('one', 'two')]
            report(database, urls, options)
        else:
            with getattr(servers, database)() as server:
                urls = [server.url(server.create_database())
                        for _ in range(2)]
                report(database, urls, options)
    shutil.rmtree(folder)


def report(database, urls, options):
    engines = [sa.create_engine(url) for url in urls]
    held = total = 0
    for each in KINDS:
        if not each.can_be(database) or options.words not in each.name:
            continue
        total += 1
        for engine in engines:
            empty(engine)
        way = Way(each, *engines)
        try:
            written = way.go()
            held += 1
            if options.verbose:
                print('%s: %s\n%s' % (database, each.name, written))
        except Exception as error:
            if not isinstance(error, Failure):
                error = 'the test itself: %s' % ' '.join(
                    traceback.format_exc().split())[-500:]
            print('%s: %s: %s' % (database, each.name, error))
            if options.verbose:
                print(getattr(way, 'written', ''))
        finally:
            way.close()
        sys.stdout.flush()
    print('%s: %d of %d' % (database, held, total))


if __name__ == '__main__':
    main()
