"""``migrate``: what the rows of a table get in a new required column."""
import datetime
import decimal
import enum
import functools
import random
import time
import uuid

import pytest
import sqlalchemy as sa
from flask import current_app
from sqlalchemy import Column, Integer, func, text
from sqlalchemy.dialects.sqlite.base import SQLiteTypeCompiler
from sqlalchemy.types import TypeDecorator

import libraries
from flask_migrate import CommandError, MigrationFailed, compat
from round_trip import Color

try:
    import secrets
except ImportError:     # Python 2.7
    secrets = None
try:
    from datetime import timezone
except ImportError:
    timezone = None

#: Whether an Enum takes the application's (1.1), and SQLite has JSON (1.3).
ENUMS = hasattr(sa, 'JSON')
JSON = hasattr(SQLiteTypeCompiler, 'visit_JSON')

pytestmark = pytest.mark.skipif(
    not compat.alembic.has_operations(), reason='needs Alembic 0.8')


class Guid(TypeDecorator):
    """A type of an application, which a script imports."""
    impl = sa.String(36)
    cache_ok = True

    def process_bind_param(self, value, dialect):
        return str(value if isinstance(value, uuid.UUID)
                   else uuid.UUID(value))

    def process_result_value(self, value, dialect):
        return uuid.UUID(value)


class Secret(TypeDecorator):
    """One whose ``repr()`` leaves out what it needs, as that of a key."""
    impl = sa.String
    cache_ok = True

    def __init__(self, key=None, length=50):
        TypeDecorator.__init__(self, length)
        self._key = key

    def process_bind_param(self, value, dialect):
        return self._key + value[::-1]

    def process_result_value(self, value, dialect):
        assert value.startswith(self._key)
        return value[len(self._key):][::-1]


class Keyed(TypeDecorator):
    """A type of the application that takes its key when it is used."""
    impl = sa.String(50)
    cache_ok = True

    def process_bind_param(self, value, dialect):
        return current_app.config['KEY'] + value[::-1]

    def process_result_value(self, value, dialect):
        key = current_app.config['KEY']
        assert value.startswith(key)
        return value[len(key):][::-1]


class AroundKeyed(TypeDecorator):
    """A type over such a type."""
    impl = Keyed
    cache_ok = True

    def process_bind_param(self, value, dialect):
        return u'%d' % value

    def process_result_value(self, value, dialect):
        return int(value)


class Hint(Secret):
    """One that PostgreSQL stores as JSON."""
    impl = sa.Text

    def __init__(self, key=None):
        TypeDecorator.__init__(self)
        self._key = key

    def load_dialect_impl(self, dialect):
        if dialect.name != 'postgresql':
            return dialect.type_descriptor(sa.Text())
        from sqlalchemy.dialects import postgresql
        return dialect.type_descriptor(postgresql.JSONB())


class Epoch(TypeDecorator):
    """Times as numbers."""
    impl = Integer
    cache_ok = True

    def process_bind_param(self, value, dialect):
        return int((value - datetime.datetime(1970, 1, 1)).total_seconds())


class Day(TypeDecorator):
    impl = sa.Date
    cache_ok = True


class BySql(TypeDecorator):
    """One that the database encrypts, with a key that repr() leaves out."""
    impl = sa.String
    cache_ok = True

    def __init__(self, key=None):
        TypeDecorator.__init__(self, 50)
        self._key = key

    def bind_expression(self, value):
        return func.replace(value, 'o', self._key, type_=self)


class KeyedBySql(TypeDecorator):
    """The same with a key that it takes when it is used."""
    impl = sa.String(50)
    cache_ok = True

    def bind_expression(self, value):
        return func.replace(value, 'o', '<key>', type_=self)


class Small(TypeDecorator):
    """One whose SQL has nothing to hide."""
    impl = sa.String(50)
    cache_ok = True

    def bind_expression(self, value):
        return func.lower(value, type_=self)


class Letters(TypeDecorator):
    """An enum of the application, by a type of its own."""
    impl = sa.String(9)
    cache_ok = True

    def process_bind_param(self, value, dialect):
        return value.name[0]

    def process_result_value(self, value, dialect):
        return [each for each in Color if each.name[0] == value][0]


class Size(str, enum.Enum):
    small = 's'


class Level(enum.IntEnum):
    low = 1


def unwritable():
    class Hidden(TypeDecorator):
        """One that no script can import."""
        impl = sa.Integer
        cache_ok = True

        def process_bind_param(self, value, dialect):
            return None if value is None else len(value)
    return Hidden()


There = libraries.Rows


@pytest.fixture
def there(path):
    return There(None, path)


def required(name, kind, default=None):
    return Column(name, kind, nullable=False, default=default)


# Defaults --------------------------------------------------------------------

def scalars(postgresql):
    """Types and values; the rows get them."""
    found = [
        (sa.Enum(Color, name='color') if ENUMS
         else sa.Enum('red', 'green', name='color'),
         Color.red if ENUMS else 'red'),
        (sa.Enum('red', 'green', name='shade'), 'green'),
        (sa.PickleType(), {'a': [1, None]}),
        (sa.LargeBinary(), b"\x00'\xff%"),
        (sa.Numeric(6, 2), decimal.Decimal('1.50')),
        (sa.Date(), datetime.date(2020, 2, 29)),
        (sa.DateTime(), datetime.datetime(2020, 2, 29, 12, 30)),
        (sa.Time(), datetime.time(23, 59)),
        (sa.Interval(), datetime.timedelta(1, 5)),
        (sa.Boolean(name='ck_boolean'), False),
        (sa.Unicode(50), u"it's 100% :new \xfc"),
        (Guid(), uuid.UUID(int=7)),
        (Secret('key'), u'word'), (Hint('key'), u'word'),
        (unwritable(), 'four'),
        (sa.BigInteger(), 2 ** 40),
    ]
    if JSON:
        found += [(sa.JSON(), {'a': [1, None, u"it's"]}), (sa.JSON(), [])]
    if hasattr(sa, 'Uuid'):
        found += [(sa.Uuid(), uuid.UUID(int=8))]
    if postgresql:
        from sqlalchemy.dialects import postgresql
        found += [(postgresql.ARRAY(sa.Integer), [1, 2]),
                  (postgresql.JSONB(), {'a': 1})]
    return found


def callables():
    """Types and functions; each row gets a value of its own."""
    found = [
        (Guid(), uuid.uuid4),
        (sa.String(36), lambda: str(uuid.uuid4())),
        (sa.Numeric(20, 18), random.random),
        (sa.BigInteger(), lambda: random.randint(1, 1152921504606846976)),
        (sa.BigInteger(), functools.partial(random.randint, 1, b=2 ** 60)),
    ]
    if hasattr(sa, 'Uuid'):
        found += [(sa.Uuid(), uuid.uuid4)]
    if secrets is not None:
        found += [
            (sa.String(64), secrets.token_hex),
            (sa.String(64), functools.partial(secrets.token_hex, 16)),
            (sa.String(64), lambda: secrets.token_urlsafe(16)),
            (sa.LargeBinary(), secrets.token_bytes)]
    return found


def times():
    """Types and functions of one value, and what the rows may get."""
    now, day = datetime.datetime.utcnow(), datetime.timedelta(1)
    late = now - day, now + day
    days = (late[0].date(), late[1].date())
    found = [
        (sa.DateTime(), datetime.datetime.utcnow, late),
        (sa.DateTime(), lambda: datetime.datetime.now(), late),
        (sa.DateTime(), func.now(), late),
        (sa.Date(), datetime.date.today, days), (Day(), lambda: (
            datetime.date.today()), days),
        (Integer(), text('1+1'), (2, 2)),
        (sa.String(5), func.lower('A'), ('a', 'a')),
        (sa.Numeric(20, 6), time.time, (10 ** 9, 10 ** 11)),
        (sa.BigInteger(), lambda: int(time.time()), (10 ** 9, 10 ** 11)),
        (sa.String(5), str, ('', '')), (Integer(), int, (0, 0)),
    ]
    if JSON:
        found += [(sa.JSON(), list, ([], []))]
    if timezone is not None:
        found += [(sa.DateTime(), lambda: datetime.datetime.now(
            tz=timezone.utc), late)]
    return found


def test_defaults(tmpdir, some_database_url):
    there = There(some_database_url, str(tmpdir))
    ones = scalars('postgresql' in some_database_url)
    many, late = callables(), times()
    if 'mysql' in some_database_url:        # it is slow
        many, late = many[:2], late[:4]
    there.models(item=[
        required('%s%d' % (name, number), case[0], case[1])
        for name, cases in (('one', ones), ('many', many), ('late', late))
        for number, case in enumerate(cases)])
    with open(there.project.python('migrate').path) as file:
        script = file.read()
    there.project.python('upgrade')
    assert there.project.python('migrate') is None
    for number, (kind, value) in enumerate(ones):
        wanted = len(value) if value == 'four' else value
        assert there.rows('one%d' % number) == [wanted] * 2, (kind, script)
    for number, (_, function) in enumerate(many):
        found = there.rows('many%d' % number)
        assert len(set(found)) == 2 and None not in found, (function, script)
    for number, (_, default, wanted) in enumerate(late):
        for found in there.rows('late%d' % number):
            assert wanted[0] <= found <= wanted[1], (default, script)
    # The application's types only, and none with the key.
    assert 'import test_autogenerate_fills\n' in script
    assert 'flask' not in script and 'import round_trip' not in script
    assert 'Color' not in script and "Secret('key" not in script


def own(context=None):
    return 3


UNKNOWN = [
    (Integer(), own), (Integer(), functools.partial(own)),
    (Integer(), lambda: 3), (Integer(), lambda context: 3),
    (sa.String(50), lambda: str(uuid.uuid4())[:8]),
    (sa.String(50), lambda: uuid.uuid4().hex + 'x'),
    (Integer(), lambda: random.choice([1, 2])),
    (sa.DateTime(), lambda: datetime.datetime.now() + datetime.timedelta(1)),
    (sa.DateTime(), lambda: datetime.datetime.now),
    (Integer(), random.Random(5).random),
    (Integer(), functools.partial(random.randint, 1)),
    (Integer(), functools.wraps(uuid.uuid4)(lambda context: 3)),
    (Integer(), random.seed),
    # The type that a script has makes something else of them.
    (BySql('0'), 'word'), (KeyedBySql(), 'word'),
    (Epoch(), datetime.datetime.utcnow),
    (Secret('key'), datetime.datetime.now), (Keyed(), 'no key here'),
    (Secret('key'), lambda: uuid.uuid4().hex),
    (unwritable(), lambda: str(uuid.uuid4()))]


def test_what_counts_as_no_default(there):
    script = there.migrate(item=[
        required('c%d' % number, kind, default)
        for number, (kind, default) in enumerate(UNKNOWN)])
    assert 'update()' not in script and 'word' not in script, script
    for number, (_, default) in enumerate(UNKNOWN):
        assert '--fill item.c%d=VALUE' % number in script, default
    with pytest.raises(MigrationFailed) as error:
        there.project.python('upgrade')
    assert '--fill item.c0=VALUE' in str(error.value)
    assert there.project.columns('item') == ['id']


# Secrets, and other types that have more than repr() says --------------------

def keyed(path, **settings):
    there = There(None, path, **settings)
    models = there.models

    def with_key(**tables):
        models(**tables)
        there.project.app.config['KEY'] = '<key>'
    there.models = with_key
    return there


@pytest.mark.once
@pytest.mark.parametrize('given', ['default', 'fill', 'fill from Python'])
def test_a_secret_is_nowhere_but_encrypted(path, caplog, given):
    caplog.set_level('DEBUG')
    there = keyed(path)
    secret = u'open sesame'
    default = secret if given == 'default' else None
    columns = [('a', Keyed()), ('b', Secret('<other>'))]
    there.models(item=[required(name, kind, default)
                       for name, kind in columns])
    answers = [] if default else [
        'item.a=' + secret, 'item.b=' + secret]
    output = there.project.manage('migrate', '--dry-run', *[
        part for each in answers for part in ('--fill', each)]).output
    assert '# What Keyed made of the value here: with another key' in output
    if given == 'fill from Python':
        answers = dict(each.split('=') for each in answers)
    with open(there.project.python('migrate', fill=answers).path) as file:
        output += file.read()
    output += there.project.manage('upgrade').output + caplog.text
    assert secret not in output and 'test_autogenerate_fills' in output
    assert output.count(secret[::-1]) == 4
    assert there.values('SELECT a FROM item') == [
        '<key>' + secret[::-1]] * 2
    assert there.values('SELECT b FROM item') == [
        '<other>' + secret[::-1]] * 2
    with there.project.app.app_context():
        assert there.rows('a') == there.rows('b') == [secret] * 2


def test_types_over_types_and_values_of_other_kinds(path):
    there = keyed(path)
    day = datetime.date(2020, 2, 29)
    cases = [(AroundKeyed(), 1234, 1234), (Day(), day, day),
             (Epoch(), datetime.datetime(1970, 1, 2), 86400),
             (sa.String(9), Size.small, 's'), (Integer(), Level.low, 1),
             (Small(), u'WORD', u'word')]
    if ENUMS:
        cases += [(Letters(), Color.green, Color.green)]
    script = there.change(item=[
        required('c%d' % number, kind, value)
        for number, (kind, value, _) in enumerate(cases)])
    assert there.values('SELECT c0 FROM item') == ['<key>4321'] * 2
    assert ': 1234}' not in script
    with there.project.app.app_context():
        for number, (kind, _, wanted) in enumerate(cases):
            assert there.rows('c%d' % number) == [wanted] * 2, kind


@pytest.mark.once
def test_arrays_of_types_of_the_application(tmpdir, postgresql_url):
    from sqlalchemy.dialects.postgresql import ARRAY
    there = There(postgresql_url, str(tmpdir))
    number = uuid.UUID(int=9)
    there.change(item=[required('c', ARRAY(Guid()), [str(number)])])
    assert there.rows('c') == [[number]] * 2
    script = there.migrate(item=[
        required('c', ARRAY(Guid()), [str(number)]),
        required('d', ARRAY(Secret('key')), [u'word'])])
    assert 'sa.func.count()' in script and 'word' not in script


def test_the_type_that_the_project_writes(path):
    """Its ``render_item`` may write another one than the model's."""
    def render_item(kind, thing, context):
        return 'sa.String(36)' if isinstance(thing, Guid) else False
    there = There(None, path, render_item=render_item)
    value = uuid.UUID(int=7)
    script = there.change(item=[required('c', Guid(), value)])
    assert there.rows('c') == [value] * 2
    assert __name__ not in script
    script = there.migrate(item=[required('c', Guid(), value),
                                 required('d', Guid(), uuid.uuid4)])
    assert 'sa.func.count()' in script


# --fill ----------------------------------------------------------------------

def fills(postgresql):
    """Types, texts, and the values that the rows get."""
    at = datetime.datetime(2020, 2, 29, 12, 30)
    found = [
        (sa.Date(), '2020-02-29', at.date()),
        (sa.DateTime(), '2020-02-29 12:30', at),
        (sa.DateTime(), '2020-02-29T12:30:00', at),
        (sa.Time(), '12:30', at.time()),
        (sa.Interval(), '1 day 00:00:05', datetime.timedelta(1, 5)),
        (sa.Interval(), '90', datetime.timedelta(0, 90)),
        (sa.Boolean(name='ck_yes'), 'yes', True),
        (sa.Boolean(name='ck_no'), '0', False),
        (sa.Enum('red', 'green', name='color'), 'green', 'green'),
        (sa.Numeric(6, 2), '1.50', decimal.Decimal('1.50')),
        (sa.Float(), '2.5', 2.5), (Integer(), '-7', -7),
        (sa.LargeBinary(), u"it's", b"it's"), (sa.PickleType(), 'x', u'x'),
        (sa.Unicode(9), u"\xfc 'x' %s", u"\xfc 'x' %s"),
        (sa.String(9), '', ''),
        (Guid(), str(uuid.UUID(int=7)), uuid.UUID(int=7)),
        (Secret('key'), 'word', u'word'),
    ]
    if JSON:
        found += [(sa.Enum(Color, name='shade'), 'red', Color.red),
                  (sa.JSON(), '{"a": [1, null]}', {'a': [1, None]}),
                  (sa.JSON(), '"x"', u'x')]
    if hasattr(sa, 'Uuid'):
        found += [(sa.Uuid(), str(uuid.UUID(int=8)), uuid.UUID(int=8))]
    if postgresql:
        from sqlalchemy.dialects import postgresql
        found += [(postgresql.ARRAY(sa.Integer), '[1, 2]', [1, 2]),
                  (postgresql.UUID(), str(uuid.UUID(int=9)), None)]
    return found


def test_fill_with_text(tmpdir, some_database_url):
    there = There(some_database_url, str(tmpdir))
    cases = fills('postgresql' in some_database_url)
    there.models(item=[required('c%d' % number, kind)
                       for number, (kind, _, _) in enumerate(cases)])
    there.project.python('migrate', fill=[
        u'item.c%d=%s' % (number, value)
        for number, (_, value, _) in enumerate(cases)])
    there.project.python('upgrade')
    for number, (kind, value, wanted) in enumerate(cases):
        found = there.rows('c%d' % number)
        if wanted is None:
            found, wanted = [str(each) for each in found], value
        assert found == [wanted] * 2, kind
    assert there.project.python('migrate') is None


REFUSED = [
    (sa.Date(), '29.2.2020'), (sa.DateTime(), 'tomorrow'),
    (sa.Time(), '25:00'), (sa.Interval(), 'long'), (sa.Interval(), ''),
    (sa.Boolean(), 'perhaps'), (sa.Enum('red', name='color'), 'blue'),
    (sa.Numeric(6, 2), '1,5'), (sa.Float(), 'x'), (Guid(), 'x'),
    (Integer(), 'NULL'), (sa.String(9), 'NULL'), (sa.Date(), 'NULL'),
    (sa.Boolean(), 'NULL'), (sa.PickleType(), 'NULL'), (Integer(), None),
    (Guid(), None), (sa.Integer(), object())]
if JSON:
    REFUSED += [(sa.JSON(), '{a: 1}'), (sa.JSON(), 'NULL'),
                (sa.Enum(Color, name='color'), 'blue')]


def test_fill_from_python(there):
    at = datetime.datetime(2020, 2, 29, 12, 30)
    cases = [(Integer(), 5, 5), (sa.Numeric(6, 2), decimal.Decimal('1.5'),
                                 decimal.Decimal('1.50')),
             (sa.DateTime(), at, at), (sa.LargeBinary(), b'\xff\0', b'\xff\0'),
             (sa.Boolean(name='ck'), False, False),
             (sa.PickleType(), {'a': (1, None)}, {'a': (1, None)}),
             (Guid(), uuid.UUID(int=7), uuid.UUID(int=7)),
             (unwritable(), [1, 2, 3], 3),
             (sa.String(9), func.lower('A'), 'a')]
    if JSON:
        cases += [(sa.JSON(), {'a': None}, {'a': None}),
                  (sa.Enum(Color, name='color'), Color.red, Color.red)]
    there.models(item=[required('c%d' % number, kind)
                       for number, (kind, _, _) in enumerate(cases)])
    there.project.python('migrate', fill=dict(
        ('item.c%d' % number, value)
        for number, (_, value, _) in enumerate(cases)))
    there.project.python('upgrade')
    for number, (kind, _, wanted) in enumerate(cases):
        assert there.rows('c%d' % number) == [wanted] * 2, kind


def test_what_fill_refuses(there):
    there.models(item=[required('c%d' % number, kind)
                       for number, (kind, _) in enumerate(REFUSED)])
    before = there.project.scripts()
    for number, (kind, value) in enumerate(REFUSED):
        address = 'item.c%d' % number
        with pytest.raises(CommandError) as error:
            there.project.python('migrate', fill={address: value})
        assert str(error.value).startswith('--fill ' + address), kind
        assert 'is no value for' in str(error.value)
    assert there.project.scripts() == before
