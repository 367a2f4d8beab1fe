"""Models of the size of large applications, made up, before and after.

A shop, a hospital and a forum: from the nouns of each come its tables, with
mixins, keys, indexes, checks, enums, references to themselves and to each
other, association tables, translations, histories and revisions.  After the
change they differ in more than 20 places.
"""
from sqlalchemy import (
    BigInteger, Boolean, CheckConstraint, Column, Date, DateTime, Float,
    ForeignKey, Index, Integer, LargeBinary, MetaData, Numeric, String, Table,
    Text, UniqueConstraint, func)

from round_trip import enum_type

SHOP = (
    'account address supplier brand category product variant price discount '
    'coupon basket basket_line purchase purchase_line payment refund invoice '
    'invoice_line shipment parcel carrier warehouse shelf stock_item '
    'stock_move review rating wishlist gift_card tax_rate currency country '
    'newsletter campaign banner image attribute').split()
HOSPITAL = (
    'person patient doctor nurse ward room bed admission discharge visit '
    'diagnosis symptom treatment drug prescription dose allergy vaccine '
    'laboratory sample test_result scan device consent contact insurer '
    'policy claim bill department shift roster meal diet transfer '
    'emergency referral').split()
FORUM = (
    'member profile board topic post reply attachment poll poll_option vote '
    'badge award message mailbox folder notification subscription bookmark '
    'report moderation ban warning rank permission grant_right team session '
    'device_token search_log draft quote_note reaction emoji theme widget '
    'page feed').split()

APPLICATIONS = {'shop': SHOP, 'hospital': HOSPITAL, 'forum': FORUM}


def answers(nouns):
    """What ``migrate`` is told; the rest it finds."""
    return {
        'rename': {
            nouns[3] + '.title': 'heading',
            nouns[4] + '.amount': 'total',
            nouns[5] + '_translation': nouns[5] + '_wording'},
        'drop': [nouns[7] + '_history', nouns[11] + '.remark']}


def models(nouns, changed):
    """The MetaData of an application.

    :param changed: whether that after the change.
    """
    metadata = MetaData()
    for number, name in enumerate(nouns):
        _entity(metadata, nouns, number, name, changed)
        if number % 3 == 0:
            _history(metadata, number, name, changed and number == 6)
        if number % 3 == 1:
            _revisions(metadata, name)
        if number % 3 == 2:
            _translation(metadata, name, changed and number == 5)
        if number % 2:
            _association(metadata, nouns, number, name)
        if number % 4 == 0:
            _log(metadata, name)
        if number == 7 and not changed:
            _history(metadata, number, name, False)
    if changed:
        _new_tables(metadata, nouns)
    return metadata


def _mixin(number):
    """Columns that many tables have."""
    columns = [
        Column('created_at', DateTime, nullable=False,
               server_default=func.now()),
        Column('updated_at', DateTime)]
    if number % 2:
        columns.append(Column('version', Integer, nullable=False,
                              server_default='1'))
    if number % 5 == 0:
        columns.append(Column('deleted_at', DateTime, index=True))
    return columns


def _entity(metadata, nouns, number, name, changed):
    at = number if changed else None    # where it differs
    columns = _columns(number, name, at) + _references(
        metadata, nouns, number, name, at) + _mixin(number)
    columns += _constraints(number, name, at)
    Table(name, metadata, Column('id', Integer, primary_key=True), *columns,
          **({'comment': 'All of %s' % name} if at == 25 else {}))


def _columns(number, name, at):
    status = ['new', 'open', 'done']
    if at == 21:
        status.insert(1, 'waiting')
    columns = [
        Column('heading' if at == 3 else 'title',
               String(200 if at == 12 else 80), nullable=at == 15),
        Column('slug', String(60), unique=True),
        Column('total' if at == 4 else 'amount',
               BigInteger if at == 13 else Integer,
               nullable=at != 14, server_default='9' if at == 22 else '5'),
        Column('status', enum_type(*status, name=name + '_status'),
               nullable=False, server_default='new'),
        Column('price', Numeric(12, 4) if at == 2 else Numeric(10, 2),
               index=number % 3 == 0 and at != 18),
        Column('weight', Float), Column('day', Date),
        Column('active', Boolean, index=at == 8),
    ]
    if at != 11:
        columns.append(Column('remark', Text))
    if number % 7 == 0:
        columns.append(Column('picture', LargeBinary))
    if at == 9:
        columns.append(Column('sort', Integer, nullable=False,
                              server_default='0'))
    if at == 10:
        columns.append(Column('source', String(20), nullable=False,
                              default='web'))
    return columns


def _references(metadata, nouns, number, name, at):
    columns = []
    if number:
        columns.append(Column(
            nouns[0] + '_id', Integer, ForeignKey(
                nouns[0] + '.id', name='fk_%s_%s' % (name, nouns[0]),
                ondelete='CASCADE' if at == 20 else None), nullable=False,
            index=True))
    if number > 2:
        columns.append(Column('of_%s_id' % nouns[number - 2], Integer,
                              ForeignKey(nouns[number - 2] + '.id'),
                              unique=at == 27))
    if number % 6 == 0 or at == 23:
        columns.append(Column('parent_id', Integer,
                              ForeignKey(name + '.id')))
    if number % 3 == 1:
        # Its revisions refer to it, and it refers to one of them.
        columns.append(Column('current_revision_id', Integer,
                              ForeignKey(name + '_revision.id')))
    return columns


def _constraints(number, name, at):
    found = [CheckConstraint('weight >= %d' % (-1 if at == 19 else 0),
                             name='ck_%s_weight' % name)]
    if number % 4 == 1 and at != 17:
        found.append(Index('ix_%s_day_status' % name, 'day', 'status'))
    if number % 4 == 2:
        found.append(UniqueConstraint('slug', 'day'))
    if at == 16:
        found.append(UniqueConstraint('title', 'slug',
                                      name='uq_%s_title' % name))
    if at == 24:
        found.append(CheckConstraint('amount < 1000000'))
    if at == 26:
        found.append(Index('ix_%s_title' % name, 'title', unique=True))
    return found


def _history(metadata, number, name, longer):
    Table(name + '_history', metadata,
          Column('id', Integer, primary_key=True),
          Column(name + '_id', Integer, ForeignKey(name + '.id'),
                 nullable=False, index=True),
          Column('what', String(100 if longer else 40), nullable=False),
          Column('happened', DateTime, server_default=func.now()))


def _revisions(metadata, name):
    Table(name + '_revision', metadata,
          Column('id', Integer, primary_key=True),
          Column('of_id', Integer, ForeignKey(name + '.id'),
                 nullable=False),
          Column('number', Integer, nullable=False),
          Column('text', Text),
          UniqueConstraint('of_id', 'number'))


def _translation(metadata, name, renamed):
    Table(name + ('_wording' if renamed else '_translation'), metadata,
          Column(name + '_id', Integer, ForeignKey(name + '.id'),
                 primary_key=True),
          Column('locale', String(10), primary_key=True),
          Column('title', String(80), index=True),
          Column('text', Text))


def _association(metadata, nouns, number, name):
    other = nouns[number - 1]
    Table('%s_%s' % (name, other), metadata,
          Column(name + '_id', Integer, ForeignKey(
              name + '.id', ondelete='CASCADE'), primary_key=True),
          Column(other + '_id', Integer, ForeignKey(
              other + '.id', ondelete='CASCADE'), primary_key=True,
              index=True),
          Column('position', Integer))


def _log(metadata, name):
    Table(name + '_log', metadata,
          Column('id', BigInteger().with_variant(Integer, 'sqlite'),
                 primary_key=True),
          Column(name + '_id', Integer, ForeignKey(
              name + '.id', ondelete='SET NULL')),
          Column('level', enum_type('info', 'error', name='log_level')),
          Column('message', String(200)),
          CheckConstraint('length(message) > 0'))


def _new_tables(metadata, nouns):
    """A table, one between two others, and two that refer to each other."""
    Table('setting', metadata, Column('id', Integer, primary_key=True),
          Column('key', String(40), nullable=False, unique=True),
          Column('level', enum_type('info', 'error', name='log_level')),
          Column(nouns[1] + '_id', Integer, ForeignKey(nouns[1] + '.id'),
                 index=True))
    Table('%s_setting' % nouns[2], metadata,
          Column(nouns[2] + '_id', Integer, ForeignKey(nouns[2] + '.id'),
                 primary_key=True),
          Column('setting_id', Integer, ForeignKey('setting.id'),
                 primary_key=True))
    for one, other in ('lock_owner', 'lock_use'), ('lock_use', 'lock_owner'):
        Table(one, metadata, Column('id', Integer, primary_key=True),
              Column(other + '_id', Integer, ForeignKey(other + '.id')))
