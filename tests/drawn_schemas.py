"""Schemas that are drawn: what they are, and their MetaData and rows.

A table or column keeps its *uid* when it gets another name, so that rows can
be followed through renames.
"""
import datetime
import decimal
import uuid

import sqlalchemy as sa
from sqlalchemy import (
    CheckConstraint, Column, ForeignKey, Index, Integer, MetaData, String,
    Table, UniqueConstraint)

from round_trip import enum_type

#: Some need quotes, and two of them together fit no name of PostgreSQL.
TABLES = ['item', 'owner', 'order', 'Customer', 'page_view', 'tag', 'group',
          'box', 'a_table_with_a_name_of_many_letters', 'plan', 'crate']
COLUMNS = ['name', 'size', 'order', 'Label', 'created_on', 'remark',
           'amount', 'first_name', 'group', 'key', 'value', 'status',
           'a_column_with_a_name_of_many_letters', 'active', 'rank', 'token']
REFERRING = ['owner_id', 'parent_id', 'ref', 'other_id', 'boss_id']

NUMBERS = ['small', 'integer', 'big', 'money', 'exact', 'real']
TEXTS = ['word', 'line', 'page', 'text']
TIMES = ['day', 'moment']
ENUMS = ['color', 'level']
KINDS = NUMBERS + TEXTS + TIMES + ENUMS + ['flag', 'hour', 'bytes', 'json',
                                           'uuid']
#: Each row may have a value of its own in these, and they can be indexed.
DISTINCT = ['small', 'integer', 'big', 'money', 'exact', 'word', 'line',
            'page', 'day', 'moment', 'uuid']

TYPES = {
    'small': sa.SmallInteger(), 'integer': Integer(), 'big': sa.BigInteger(),
    'money': sa.Numeric(8, 2), 'exact': sa.Numeric(12, 4),
    'real': sa.Float(), 'word': String(10), 'line': String(50),
    'page': String(200), 'text': sa.Text(), 'day': sa.Date(),
    'moment': sa.DateTime(), 'hour': sa.Time(), 'flag': sa.Boolean(),
    'bytes': sa.LargeBinary(),
    'json': getattr(sa, 'JSON', sa.Text)(),
    'uuid': getattr(sa, 'Uuid', lambda: String(36))(),
}

SERVER_DEFAULTS = {
    'flag': [getattr(sa, name, str)() for name in ('true', 'false')],
    'day': ['2020-01-01', '2021-12-31'],
    'moment': [sa.func.now(), '2020-01-01 00:00:00'],
    'hour': ['12:00:00', '13:30:00'], 'color': ['red', 'green'],
    'level': ['low', 'high'],
}
SERVER_DEFAULTS.update(dict.fromkeys(NUMBERS, ['7', '8']))
SERVER_DEFAULTS.update(dict.fromkeys(TEXTS, ['new', "it's 5%"]))
# MariaDB writes the quote as \\' in a TEXT, and then SQLAlchemy reads neither
# the default nor the comment.
SERVER_DEFAULTS['text'] = ['new', 'up to 5%']

PYTHON_DEFAULTS = {
    'flag': [True, False], 'day': [datetime.date(2020, 1, 1)],
    'moment': [datetime.datetime.utcnow, datetime.datetime(2020, 1, 1)],
    'color': ['red'], 'level': ['low'],
    'line': ['new', lambda: str(uuid.uuid4())], 'word': ['new'],
    'page': ["it's", lambda: uuid.uuid4().hex], 'text': ['new'],
    'uuid': [uuid.uuid4], 'hour': [datetime.time(12)],
    'real': [1.5], 'money': [decimal.Decimal('1.50')],
}
PYTHON_DEFAULTS.update(dict.fromkeys(['small', 'integer', 'big', 'exact'],
                                     [3, 4]))

CONVENTION = {
    'ix': 'ix_%(table_name)s_%(column_0_name)s',
    'uq': 'uq_%(table_name)s_%(column_0_N_name)s',
    'ck': 'ck_%(table_name)s_%(constraint_name)s',
    'fk': 'fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s',
}


class Thing(object):
    """A table, column or constraint, which is what its attributes say."""

    def __init__(self, **attributes):
        self.__dict__.update(attributes)

    def __repr__(self):
        return '<%s>' % ' '.join(
            '%s=%r' % pair for pair in sorted(self.__dict__.items())
            if pair[1] not in (None, []) and pair[1] is not False)


class Schema(object):
    """Tables, in an order in which rows can be inserted.

    :ivar enums: their values by name.
    :ivar convention: whether constraints are named by a convention.
    """

    def __init__(self, convention):
        self.tables = []
        self.enums = {'color': ['red', 'green'],
                      'level': ['low', 'high', 'other']}
        self.convention = convention
        self.uids = 0

    def uid(self):
        self.uids += 1
        return self.uids

    def table(self, uid):
        for each in self.tables:
            if each.uid == uid:
                return each

    def columns(self):
        return [(table, column) for table in self.tables
                for column in table.columns]

    def metadata(self):
        metadata = MetaData(naming_convention=CONVENTION) \
            if self.convention else MetaData()
        for table in self.tables:
            self._add(metadata, table)
        return metadata

    def _add(self, metadata, table):
        key = Column('id', Integer, primary_key=True) \
            if table.key == 'id' \
            else Column('code', String(20), primary_key=True)
        columns = dict((each.uid, self._column(each))
                       for each in table.columns)
        made = Table(table.name, metadata, key,
                     *[columns[each.uid] for each in table.columns],
                     **({'comment': table.comment} if table.comment else {}))
        for each in table.uniques:
            made.append_constraint(UniqueConstraint(
                *[columns[uid] for uid in each.uids], name=each.name))
        for each in table.checks:
            made.append_constraint(CheckConstraint(
                _condition(columns[each.uids[0]], each), name=each.name))
        for each in table.indexes:
            Index(each.name, *[columns[uid] for uid in each.uids],
                  unique=each.unique)

    def _column(self, column):
        options = dict((name, True) for name in ('unique', 'index')
                       if getattr(column, name))
        if column.server is not None:
            options['server_default'] = SERVER_DEFAULTS[column.kind][
                column.server]
        if column.python is not None:
            options['default'] = PYTHON_DEFAULTS[column.kind][column.python]
        if column.comment:
            options['comment'] = column.comment
        arguments = []
        if column.foreign:
            target = self.table(column.refers)
            arguments.append(ForeignKey(
                '%s.%s' % (target.name, target.key),
                name=column.foreign.name, ondelete=column.foreign.ondelete))
        return Column(column.name, self.type_of(column), *arguments,
                      nullable=column.nullable, **options)

    def type_of(self, column):
        if column.refers:
            return Integer() if self.table(column.refers).key == 'id' \
                else String(20)
        if column.kind in ENUMS:
            return enum_type(*self.enums[column.kind], name=column.kind)
        return TYPES[column.kind]


def _condition(column, check):
    if column.name in ('order', 'group', 'key', 'Label'):
        return column >= 0 if check.number else column != 'zzz'
    return column.name + (' >= 0' if check.number else " <> 'zzz'")


def value_of(column, number):
    """The value of a column in a row; each row has its own, if it can."""
    kind = column.kind
    if kind in NUMBERS:
        return decimal.Decimal(number) if kind in ('money', 'exact') \
            else number
    return {
        'day': datetime.date(2020, 1, number), 'flag': number % 2 == 0,
        'moment': datetime.datetime(2020, 1, number),
        'hour': datetime.time(number), 'color': ['red', 'green'][number % 2],
        'level': ['low', 'high'][number % 2], 'bytes': b'\x00%c' % number
        if bytes is not str else '\x00' + chr(number),
        'json': {'a': [number]}, 'uuid': uuid.UUID(int=number),
    }.get(kind, u'na\u00efve %d' % number)


def key_of(table, number):
    return number if table.key == 'id' else 'k%d' % number
