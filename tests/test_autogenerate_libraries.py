"""``migrate``: column types of libraries, and libraries beside ours."""
import os
import subprocess
import sys

import pytest
import sqlalchemy as sa
from sqlalchemy.types import TypeDecorator

import libraries
from flask_migrate import compat

pytestmark = pytest.mark.skipif(
    not compat.alembic.has_operations(), reason='needs Alembic 0.8')


def apart(name, url, path):
    """Run a function of libraries.py in a process of its own."""
    process = subprocess.Popen(
        [sys.executable, os.path.splitext(libraries.__file__)[0] + '.py',
         name, url, path], stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    output = process.communicate()[0].decode('utf-8', 'replace')
    if process.returncode == libraries.NOT_INSTALLED:
        pytest.skip(output)
    assert process.returncode == 0, output


@pytest.mark.once
@pytest.mark.parametrize('name', [
    'enum_library', 'enum_library_and_rows', 'geo_alchemy'])
def test_on_postgresql(path, postgresql_url, name):
    apart(name, postgresql_url, path)


@pytest.mark.once
def test_on_mariadb(path, mariadb_url):
    apart('geo_alchemy_on_mariadb', mariadb_url, path)


# sqlalchemy_utils ------------------------------------------------------------

KEY = 'the key that encrypts'


def utils_types():
    """Types of sqlalchemy_utils, as applications declare them."""
    import enum
    from sqlalchemy import Integer, Unicode, UnicodeText
    import sqlalchemy_utils as utils
    from sqlalchemy_utils.types.encrypted.encrypted_type import (
        AesEngine, FernetEngine)
    color = enum.Enum('Color', ['red', 'blue'])
    return dict(
        email=utils.EmailType, short_email=utils.EmailType(100),
        uuid=utils.UUIDType, uuid_text=utils.UUIDType(binary=False),
        url=utils.URLType, ip=utils.IPAddressType, data=utils.JSONType,
        choice=utils.ChoiceType([(u'a', u'A'), (u'b', u'B')]),
        number=utils.ChoiceType([(1, 'A'), (2, 'B')], impl=Integer()),
        color=utils.ChoiceType(color, impl=Integer()),
        password=utils.PasswordType(schemes=['pbkdf2_sha512']),
        at=utils.ArrowType, at_zone=utils.ArrowType(timezone=True),
        secret=utils.EncryptedType(UnicodeText, KEY, AesEngine, 'pkcs5'),
        text=utils.StringEncryptedType(
            Unicode, lambda: KEY, FernetEngine, length=300),
        tags=utils.ScalarListType, zone=utils.TimezoneType(
            backend='zoneinfo'))


@pytest.mark.once
@pytest.mark.filterwarnings('ignore:The .EncryptedType.')
def test_sqlalchemy_utils(tmpdir, database_url):
    pytest.importorskip('sqlalchemy_utils')
    for name in ('arrow', 'cryptography', 'passlib'):
        pytest.importorskip(name)
    there = libraries.Tables(database_url, str(tmpdir))

    def columns():
        return [sa.Column(name, kind)
                for name, kind in sorted(utils_types().items())]
    there.change(item=[])
    added = [] if 'mysql' in database_url else columns()     # it is slow
    text = there.change(other=columns(), item=added)
    assert KEY not in text and __name__ not in text
    assert 'import sqlalchemy_utils.types.email\n' in text
    before = there.project.columns('other')
    text = there.change(item=[])
    there.project.python('downgrade')
    assert there.project.columns('other') == before
    there.end()
    assert there.project.tables() == []
    assert KEY not in text and __name__ not in text


def secrets():
    """Types that hide what they store, and values."""
    import datetime
    import sqlalchemy_utils as utils
    from sqlalchemy_utils.types.encrypted.encrypted_type import (
        AesEngine, AesGcmEngine, FernetEngine)
    word = u'open sesame'
    return [
        (utils.PasswordType(schemes=['pbkdf2_sha512']), word, word),
        (utils.PasswordType(
            onload=lambda **_: dict(schemes=['pbkdf2_sha512'])), word, word),
        (utils.EncryptedType(sa.Unicode, KEY, AesEngine, 'pkcs5'), word, word),
        (utils.StringEncryptedType(sa.Unicode, lambda: KEY, FernetEngine,
                                   length=300), word, word),
        (utils.EncryptedType(sa.Unicode, KEY, AesGcmEngine), word, word),
        (utils.EncryptedType(sa.Date, KEY), datetime.date(2020, 2, 29),
         u'2020-02-29'),
        (utils.EncryptedType(sa.Integer, KEY), 1234567, u'1234567'),
        (utils.EncryptedType(sa.Boolean, KEY), False, u'no')]


@pytest.mark.once
@pytest.mark.filterwarnings('ignore:The .EncryptedType.')
@pytest.mark.parametrize('fill', [False, True])
def test_secrets_of_sqlalchemy_utils(tmpdir, postgresql_url, fill):
    pytest.importorskip('sqlalchemy_utils')
    for name in ('cryptography', 'passlib'):
        pytest.importorskip(name)
    there = libraries.Rows(postgresql_url if fill else None, str(tmpdir))
    cases = secrets()
    there.models(item=[
        sa.Column('c%d' % number, kind, nullable=False,
                  default=None if fill else value)
        for number, (kind, value, _) in enumerate(cases)])
    with open(there.project.python('migrate', fill=[
            u'item.c%d=%s' % (number, text)
            for number, (_, _, text) in enumerate(cases)
            if fill]).path) as file:
        script = file.read()
    there.project.python('upgrade')
    for number, (kind, value, text) in enumerate(cases):
        assert there.rows('c%d' % number) == [value] * 2, kind
        stored = there.values('SELECT c%d FROM item' % number)
        assert text not in compat.python.text(bytes(
            stored[0]) if not isinstance(stored[0], str) else stored[0])
    for secret in (KEY, u'open sesame', 'datetime.date', ': 1234567'):
        assert secret not in script
    assert there.project.python('migrate') is None
    there.end()


@pytest.mark.once
def test_values_of_sqlalchemy_utils(path):
    utils = pytest.importorskip('sqlalchemy_utils')
    import enum
    import uuid
    color = enum.Enum('Color', ['red', 'blue'])
    there = libraries.Rows(None, path)
    number = uuid.UUID(int=7)
    cases = [
        (utils.EmailType(), u'A@B.org', u'a@b.org'),
        (utils.UUIDType(), number, number),
        (utils.UUIDType(binary=False), number, number),
        (utils.UUIDType(), str(number), number),
        (utils.JSONType(), {'a': [1, None]}, {'a': [1, None]}),
        (utils.JSONType(), u'text', u'text'),
        (utils.ChoiceType([(u'a', u'A')]), u'a', u'a'),
        (utils.ChoiceType(color, impl=sa.Integer()), color.blue, color.blue),
        (utils.ScalarListType(), [u'x', u'y'], [u'x', u'y'])]
    script = there.migrate(item=[
        sa.Column('c%d' % number, kind, nullable=False, default=value)
        for number, (kind, value, _) in enumerate(cases)] + [
            sa.Column('each', utils.UUIDType(), nullable=False,
                      default=uuid.uuid4)])
    there.project.python('upgrade')
    for number, (kind, _, wanted) in enumerate(cases):
        assert there.rows('c%d' % number) == [wanted] * 2, (kind, script)
    assert len(set(there.rows('each'))) == 2
    there.end()


# Types of the application ----------------------------------------------------

class Doubled(TypeDecorator):
    """A type whose ``repr()`` is another one: it has the length twice."""
    impl = sa.String
    cache_ok = True

    def __init__(self, length):
        TypeDecorator.__init__(self, length * 2)


def test_a_type_that_is_read_as_another_one(path):
    there = libraries.Tables(None, path)
    there.change(item=[])
    text = there.change(item=[sa.Column('name', Doubled(20))])
    assert "sa.Column('name', sa.String(length=40)" in text, text


@pytest.mark.parametrize('kind', [
    sa.BINARY(16), sa.VARBINARY(100), sa.LargeBinary()])
def test_binary_columns_of_sqlite(path, kind):
    there = libraries.Tables(None, path)
    there.change(item=[sa.Column('data', kind)])
    made = there.values("SELECT type FROM pragma_table_info('item')")
    there.change(item=[])
    there.project.python('downgrade')
    assert there.values("SELECT type FROM pragma_table_info('item')") == made


def test_batch_mode_keeps_binary_columns(path):
    """A copied table has the columns that it had."""
    there = libraries.Tables(None, path)
    for nullable in True, False:
        there.change(item=[
            sa.Column('data', sa.BINARY(16)),
            sa.Column('more', sa.VARBINARY(9), nullable=False),
            sa.Column('name', sa.String(20), nullable=nullable)])
        assert there.values("SELECT type FROM pragma_table_info('item')")[
            1:3] == ['BINARY(16)', 'VARBINARY(9)']
