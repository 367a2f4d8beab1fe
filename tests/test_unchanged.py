# coding: utf-8
"""Models that have not changed never give a script."""
import datetime
import os
import uuid

import pytest
import sqlalchemy as sa
from sqlalchemy import (
    BigInteger, Boolean, CheckConstraint, Column, Date, DateTime, Float,
    ForeignKey, Index, Integer, Interval, LargeBinary, Numeric, SmallInteger,
    String, Table, Text, Time, Unicode, UnicodeText, UniqueConstraint, func,
    text)
from sqlalchemy.dialects import mysql, postgresql

from flask_migrate import compat
from round_trip import Color, Kind, Percent, Way, enum_type
from test_round_trip import engines_of

pytestmark = pytest.mark.skipif(
    not compat.alembic.has_operations(),
    reason='Alembic before 0.8 has no operations to look at')

#: Where env.py comes from: that of Flask-Migrate 1.8.1 has no options.
FOLDERS = ['ours', '1.8.1']


def columns():
    """Columns of the common types, whatever the database."""
    found = [
        Column('integer', Integer, index=True),
        Column('small', SmallInteger),
        Column('big', BigInteger, unique=True),
        Column('boolean', Boolean),
        Column('required', Boolean, nullable=False),
        Column('string', String(50), nullable=False, unique=True, index=True),
        Column('longest', String(255)),
        Column('unicode', Unicode(80)),
        Column('text', Text),
        Column('unicode_text', UnicodeText),
        Column('numeric', Numeric(10, 2)),
        Column('whole', Numeric(12)),
        Column('any_numeric', Numeric),
        Column('float', Float),
        Column('float53', Float(53)),
        Column('date', Date),
        Column('time', Time),
        Column('datetime', DateTime, default=datetime.datetime.utcnow,
               onupdate=datetime.datetime.utcnow),
        Column('zoned', DateTime(timezone=True)),
        Column('zoned_time', Time(timezone=True)),
        Column('interval', Interval),
        Column('binary', LargeBinary),
        Column('digest', LargeBinary(32)),
        Column('enum', enum_type('red', "it's", name='unchanged_enum')),
        Column('chars', sa.CHAR(2)),
        Column('percent', Percent),
        Column('own', Integer, ForeignKey('other.id')),
        Column('owner', Integer, ForeignKey(
            'other.id', ondelete='CASCADE', onupdate='CASCADE',
            name='fk_unchanged_owner'), index=True),
    ]
    if compat.tables.sqlalchemy_version() >= (1, 3):    # on SQLite
        found += [Column('json', sa.JSON),
                  Column('enum_class', enum_type(Color))]
    if hasattr(sa, 'Uuid'):
        found += [Column('uuid', sa.Uuid, default=uuid.uuid4),
                  Column('double', sa.Double)]
    return found


def defaults():
    """Server defaults in the usual spellings."""
    return [Column('d_' + name, kind, server_default=default)
            for name, kind, default in (
                ('zero', Integer, '0'),
                ('number', Integer, text('7')),
                ('negative', Integer, '-1'),
                ('quoted', Integer, text("'8'")),
                ('empty', String(20), ''),
                ('word', String(20), 'new'),
                ('sql_word', String(20), text("'new'")),
                # SQLAlchemy 1.0 writes what no server understands.
                ('quote', String(20), u"it's 100% \u00e9"
                 if hasattr(sa, 'JSON') else 'it is'),
                ('colon', String(20), 'a:b'),
                ('digits', String(20), '12'),
                ('money', Numeric(10, 2), '0.00'),
                ('half', Float, '0.5'),
                ('true', Boolean, sa.true()),
                ('false', Boolean, sa.false()),
                ('one', Boolean, text('true')),
                ('now', DateTime, func.now()),
                ('current', DateTime, text('CURRENT_TIMESTAMP')),
                ('current_call', DateTime, func.current_timestamp()),
                ('day', Date, '2020-01-01'),
                ('enum', enum_type('a', 'b', name='unchanged_default'), 'a'),
                ('null', String(20), text('NULL')))]


def constraints():
    return [CheckConstraint('percent > 0', name='ck_unchanged'),
            CheckConstraint('small BETWEEN 1 AND 5'),
            UniqueConstraint('small', 'percent'),
            Index('ix_unchanged_two', 'date', 'small')]


def of_postgresql():
    return [
        Column('jsonb', postgresql.JSONB),
        Column('jsonb_default', postgresql.JSONB,
               server_default=text("'{}'::jsonb")),
        Column('json_default', postgresql.JSON, server_default='{"a": 1}'),
        Column('uuid_pg', postgresql.UUID,
               server_default=text('gen_random_uuid()')),
        Column('inet', postgresql.INET),
        Column('cidr', postgresql.CIDR),
        Column('array', postgresql.ARRAY(String(20)), server_default='{}'),
        Column('numbers', postgresql.ARRAY(Integer)),
        Column('bytea', postgresql.BYTEA),
        Column('double_pg', postgresql.DOUBLE_PRECISION),
        Column('interval_pg', postgresql.INTERVAL),
        Column('stamp', postgresql.TIMESTAMP(timezone=True),
               server_default=text("timezone('utc', now())")),
        Column('tsvector', postgresql.TSVECTOR),
        Column('range', postgresql.INT4RANGE),
        Index('ix_unchanged_jsonb', 'jsonb', postgresql_using='gin'),
        Index('ix_unchanged_lower', text('lower(longest)')),
    ]


def of_mysql():
    return [
        Column('tiny', mysql.TINYINT),
        Column('flag', mysql.TINYINT(1)),
        Column('unsigned', mysql.INTEGER(unsigned=True)),
        Column('medium', mysql.MEDIUMTEXT),
        Column('long', mysql.LONGTEXT),
        Column('blob', mysql.LONGBLOB),
        Column('enum_mysql', mysql.ENUM('a', 'b')),
        Column('set', mysql.SET('a', 'b')),
        Column('year', mysql.YEAR),
        Column('exact', mysql.DATETIME(fsp=6)),
        Column('double_mysql', mysql.DOUBLE),
        Column('updated', mysql.TIMESTAMP, nullable=False,
               server_default=text(
                   'CURRENT_TIMESTAMP ON UPDATE CURRENT_TIMESTAMP')),
        Column('collated', mysql.VARCHAR(20, collation='utf8mb4_bin')),
    ]


def of_sqlite():
    found = [Index('ix_unchanged_part', 'integer',
                   sqlite_where=text('integer > 1'))]
    if hasattr(sa, 'JSON'):     # SQLAlchemy 1.0 makes a KeyError of it
        found.append(Index('ix_unchanged_lower', text('lower(longest)')))
    return found


OWN = {'sqlite': of_sqlite,
       'postgresql': lambda: of_postgresql() + [
           Index('ix_unchanged_part', 'integer',
                 postgresql_where=text('integer > 1'))],
       'mariadb': of_mysql}


def models(database):
    """What makes the models."""
    def make(metadata):
        Table('other', metadata, Column('id', Integer, primary_key=True))
        Table('unchanged', metadata, Column('id', Integer, primary_key=True),
              *columns() + OWN[database]() + constraints())
        Table('defaults', metadata,
              Column('id', BigInteger, primary_key=True), *defaults())
        Table('pair', metadata,
              Column('a', Integer, ForeignKey('other.id'), primary_key=True),
              Column('b', String(20), primary_key=True))
    return make


@pytest.mark.parametrize('folder', FOLDERS)
@pytest.mark.parametrize('database', ['sqlite', 'postgresql', 'mariadb'])
def test_no_script(request, tmpdir, releases, database, folder):
    make = models(database)
    with engines_of(request, tmpdir, database) as engines:
        way = Way(Kind('unchanged', make, make, bare=True), *engines)
        try:
            way.use(make)
            way.do('init')
            if folder != 'ours':
                with open(os.path.join(way.folder, 'migrations', 'env.py'),
                          'wb') as file:
                    file.write(releases[folder]['flask']['env.py'])
            way.migrate()
            way.do('upgrade')
            again = way.migrate()
            assert again is None, again.split('def downgrade')[0]
        finally:
            way.close()
