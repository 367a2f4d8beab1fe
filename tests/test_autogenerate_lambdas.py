"""``migrate``: the lambdas that it knows, by their byte code."""
import datetime
import functools
import sys
import textwrap
import uuid

import pytest

from flask_migrate import compat
from flask_migrate.autogenerate import lambdas

HEADER = '''\
import datetime
import random
import secrets
import time
import uuid
import datetime as dt
import uuid as ids
from datetime import date
from datetime import datetime as when
from uuid import UUID, uuid1, uuid4
from uuid import uuid4 as new_id
try:
    from datetime import timezone
    utc = timezone.utc
except ImportError:
    pass
from random import randint
'''
if compat.python.PY2:
    HEADER = HEADER.replace('import secrets\n', '')


def made(text, header=HEADER):
    """A lambda of a module."""
    names = {'__name__': 'models'}
    exec(compile(header + textwrap.dedent(text), 'models.py', 'exec'), names)
    return names['made']


KNOWN = [
    ('uuid.uuid4()', 'uuid.uuid4()'), ('uuid4()', 'uuid.uuid4()'),
    ('new_id()', 'uuid.uuid4()'), ('ids.uuid1()', 'uuid.uuid1()'),
    ('str(uuid.uuid4())', 'str(uuid.uuid4())'),
    ('str(uuid4())', 'str(uuid.uuid4())'),
    ('str(new_id())', 'str(uuid.uuid4())'),
    ('uuid.uuid4().hex', 'uuid.uuid4().hex'),
    ('uuid4().hex', 'uuid.uuid4().hex'),
    ('str(uuid4().hex)', 'str(uuid.uuid4().hex)'),
    ('time.time()', 'time.time()'), ('int(time.time())', 'int(time.time())'),
    ('random.random()', 'random.random()'),
    ('random.randint(1, 6)', 'random.randint(1, 6)'),
    ('random.randint(-5, 300)', 'random.randint(-5, 300)'),
    ('randint(0, 1152921504606846976)',
     'random.randint(0, 1152921504606846976)'),
    ('random.uniform(0, 2.5)', 'random.uniform(0, 2.5)'),
] + ([] if compat.python.PY2 else [
    ('secrets.token_hex()', 'secrets.token_hex()'),
    ('secrets.token_hex(16)', 'secrets.token_hex(16)'),
    ('secrets.token_urlsafe(300)', 'secrets.token_urlsafe(300)'),
    ('secrets.token_bytes(8).hex()', 'secrets.token_bytes(8).hex()')])


@pytest.mark.parametrize('text, wanted', KNOWN)
def test_what_is_known(text, wanted):
    for place in ('made = lambda: %s', 'def f():\n  return lambda: %s\n'
                  'made = f()', 'class A(object):\n  made = lambda: %s\n'
                  'made = A.__dict__["made"]'):
        function = made(place % text)
        assert lambdas.is_lambda(function)
        assert lambdas.library_call(function) == (
            wanted, wanted.split('.')[0].split('(')[-1])
        assert lambdas.asks_for(function) is None


TIMES = [
    ('datetime.datetime.utcnow()', 'time'), ('when.now()', 'time'),
    ('dt.datetime.today()', 'time'), ('datetime.date.today()', 'day'),
    ('date.today()', 'day')]
if not compat.python.PY2:
    TIMES += [
        ('when.now(timezone.utc)', 'time'), ('when.now(utc)', 'time'),
        ('when.now(tz=timezone.utc)', 'time'),
        ('datetime.datetime.now(datetime.timezone.utc)', 'time'),
        ('dt.datetime.now(tz=dt.timezone.utc)', 'time')]
if sys.version_info >= (3, 11):
    TIMES += [('dt.datetime.now(dt.UTC)', 'time')]


@pytest.mark.parametrize('text, wanted', TIMES)
def test_what_asks_for_the_time(text, wanted):
    function = made('made = lambda: ' + text)
    assert lambdas.asks_for(function) == wanted
    assert lambdas.library_call(function) is None


@pytest.mark.parametrize('text', [
    # The function itself, not what it gives.
    'str(uuid.uuid4)', 'uuid.uuid4', 'when.now', 'uuid.uuid4().get_hex',
    # More than a call, or another order.
    'str(uuid.uuid4())[:8]', 'uuid.uuid4().hex + "x"', 'uuid.uuid4().hex[0]',
    '"x" + str(uuid.uuid4())', 'str(uuid.uuid4()).upper()',
    'uuid.uuid4() or None', 'uuid.uuid4() if uuid else 1', '[uuid.uuid4()]',
    '(uuid.uuid4(), 1)', 'not uuid.uuid4()', '-random.random()',
    'uuid.uuid4().int', 'uuid.uuid4().bytes', 'repr(uuid.uuid4())',
    'uuid.UUID(str(uuid.uuid4()))', 'str(str(uuid.uuid4()))',
    'int(time.time() * 1000)', 'int(time.time()) + 1', 'time.time() + 60',
    'random.randint(1, 2) + 1', 'random.randint(1, 2 or uuid)',
    'random.choice([1, 2])', 'random.randint(*(1, 2))',
    'random.randint(a=1, b=2)', 'random.randint(1, time.time())',
    'str(uuid.uuid4(), "x")', 'uuid.uuid4(1)(2)', 'lambda: uuid.uuid4()',
    'uuid.uuid5(uuid.NAMESPACE_DNS, "x")',
    # Other times.
    'when.now() + datetime.timedelta(1)', 'when.now().date()',
    'when.utcnow().isoformat()', 'when.now(None)', 'when.now(tz=None)',
    'when.now(dt)', 'date.today().isoformat()', 'str(date.today())',
    'when.today().year', 'when.fromtimestamp(0)', 'date(2020, 1, 1)',
    '3', 'None', '"x"', 'dict()', 'str()'])
def test_what_is_not(text):
    function = made('made = lambda: ' + text)
    assert lambdas.library_call(function) is None
    assert lambdas.asks_for(function) is None


OWN = '''
class Own(object):
    def __getattr__(self, name):
        return lambda *arguments: 3
    def __call__(self, *arguments):
        return self
'''


@pytest.mark.parametrize('text', [
    # Names that are not the library's.
    OWN + 'uuid = Own()\nmade = lambda: uuid.uuid4()',
    OWN + 'uuid4 = Own()\nmade = lambda: uuid4().hex',
    OWN + 'str = Own()\nmade = lambda: str(uuid.uuid4())',
    OWN + 'def int(x): return 3\nmade = lambda: int(time.time())',
    OWN + 'datetime = Own()\nmade = lambda: datetime.datetime.utcnow()',
    OWN + 'when = Own()\nmade = lambda: when.utcnow()',
    OWN + 'timezone = Own()\nmade = lambda: when.now(timezone.utc)',
    OWN + 'utc = Own()\nmade = lambda: when.now(utc)',
    'class when(when): pass\nmade = lambda: when.now()',
    'import random as r\nrandom = r.Random(5)\nmade = lambda: random.random()',
    'import types\nuuid = types.ModuleType("uuid")\n'
    'uuid.uuid4 = lambda: 3\nmade = lambda: uuid.uuid4()',
    'del uuid\nmade = lambda: uuid.uuid4()',
    # Names of the function around it.
    'def f(uuid):\n  return lambda: uuid.uuid4()\nmade = f(3)',
    'def f():\n  import uuid\n  return lambda: uuid.uuid4()\nmade = f()',
    'def f(n):\n  return lambda: random.randint(1, n)\nmade = f(3)',
    'def f(str):\n  return lambda: str(uuid.uuid4())\nmade = f(3)',
    # Arguments.
    'made = lambda context: uuid.uuid4()',
    'made = lambda uuid=uuid: uuid.uuid4()',
    'made = lambda *uuid: uuid.uuid4()', 'made = lambda **k: uuid.uuid4()',
    'made = lambda uuid4=None: uuid4()',
    # A generator.
    'made = lambda: (yield uuid.uuid4())'])
def test_names_of_the_application(text):
    function = made(text)
    assert lambdas.is_lambda(function)
    assert lambdas.library_call(function) is None
    assert lambdas.asks_for(function) is None


@pytest.mark.skipif(compat.python.PY2, reason='it has no timezone')
def test_a_zone_that_is_called_as_utc():
    function = made('utc = timezone(datetime.timedelta(0, 3600))\n'
                    'made = lambda: when.now(utc)')
    assert lambdas.asks_for(function) is None


@pytest.mark.parametrize('function, wanted', [
    (uuid.uuid4, 'uuid.uuid4'), (datetime.datetime.utcnow, None),
    (uuid.UUID(int=1).__str__, None), (functools.partial(uuid.uuid4), None),
    (functools.wraps(uuid.uuid4)(lambda: 3), None), (len, None)])
def test_functions(function, wanted):
    assert lambdas.function_name(function) == (
        wanted and (wanted, 'uuid'))
