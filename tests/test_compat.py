# -*- coding: utf-8 -*-
"""What depends on the version of something installed."""
import os
import re
import sys
import types

import pytest

from flask_migrate import compat

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))


def sources():
    import flask_migrate
    folder = os.path.dirname(flask_migrate.__file__)
    for parent, _, names in os.walk(folder):
        for name in sorted(names):
            path = os.path.join(parent, name)
            if name.endswith('.py') and 'templates' not in path:
                with open(path) as file:
                    yield os.path.relpath(path, folder), file.read()


def test_versions_are_compared_in_one_folder_only():
    found = [name for name, text in sources()
             if re.search(r'sys\.version_info|__version__\b(?! =)', text)]
    assert [name for name in found
            if not name.startswith('compat' + os.sep)] == []


def test_source_becomes_a_tree_in_one_place_only():
    # CPython may raise SystemError where two threads do it (gh-106905).
    found = [name for name, text in sources()
             if re.search(r'ast\.parse|literal_eval\((?!compat|node)', text)]
    assert found == [os.path.join('compat', 'source.py')]


def test_it_imports_nothing_of_ours():
    for name, text in sources():
        if name.startswith('compat' + os.sep):
            above = r'\.' * (name.count(os.sep) + 1)
            assert not re.search(r'^\s*from %s|import flask_migrate' % above,
                                 text, re.M), name
            assert not re.search(r'^(import|from) (alembic|sqlalchemy)\b',
                                 text, re.M), name


def test_sources_are_ascii_lines_of_79_characters():
    for name, text in sources():
        for number, line in enumerate(text.splitlines(), 1):
            assert len(line) < 80 and max(line or ' ') < '\x7f', (
                name, number)


# Python ----------------------------------------------------------------------

def test_native():
    assert type(compat.python.native(u'caf\xe9')) is str
    assert compat.python.native('plain') == 'plain'


def test_text():
    assert compat.python.text(b'caf\xc3\xa9') == u'caf\xe9'
    assert compat.python.text(u'caf\xe9') == u'caf\xe9'
    said = u'caf\xe9'.encode('utf-8') if compat.python.PY2 else u'caf\xe9'
    assert compat.python.text(ValueError(said)) == u'caf\xe9'


def test_arguments():
    def function(one, two=2, three='3'):
        four = one
        return four
    assert compat.signatures.argument_names(function) == (
        'one', 'two', 'three')
    assert compat.signatures.argument_defaults(function) == {
        'two': 2, 'three': '3'}
    assert compat.signatures.argument_defaults(test_native) == {}


def test_lazy_module(monkeypatch):
    asked = []

    def load(name):
        asked.append(name)
        if name == 'there':
            return 'value'
        raise AttributeError(name)
    module = types.ModuleType('lazy_for_test')
    module.__getattr__ = load           # what Python 3.7 looks for
    monkeypatch.setitem(sys.modules, 'lazy_for_test', module)
    compat.python.lazy_module('lazy_for_test', load)
    import lazy_for_test
    assert lazy_for_test.there == 'value'
    assert asked[-1] == 'there'
    assert not hasattr(lazy_for_test, 'nowhere')
    from lazy_for_test import there
    assert there == 'value'


def test_script_file(tmpdir, monkeypatch):
    monkeypatch.chdir(tmpdir)
    assert os.path.abspath(compat.python.script_file('manage.py')) \
        == os.path.abspath('manage.py')


# Alembic ---------------------------------------------------------------------

@pytest.mark.parametrize('text, numbers', [
    ('0.6.0', (0, 6, 0)), ('0.7.5.post2', (0, 7, 5)), ('1.20.1', (1, 20, 1)),
    ('1.0.0b1', (1, 0)), ('2.0', (2, 0))])
def test_alembic_version(monkeypatch, text, numbers):
    import alembic
    monkeypatch.setattr(alembic, '__version__', text)
    assert compat.alembic.alembic_version() == numbers


def test_alembic_commands_get_what_they_know(monkeypatch):
    from alembic import command
    from alembic.util import CommandError

    def merge(config, revisions, message=None):
        pass
    monkeypatch.setattr(command, 'merge', merge, raising=False)
    function, kept = compat.alembic.alembic_command(
        'merge', message='why', splice=False, branch_label=None, head='head')
    assert function is merge and kept == {'message': 'why'}
    with pytest.raises(CommandError) as error:
        compat.alembic.alembic_command('merge', splice=True)
    assert str(error.value).startswith('--splice needs Alembic 1.18.5')
    with pytest.raises(CommandError) as error:
        compat.alembic.alembic_command('merge', branch_label='x')
    assert str(error.value).startswith('--branch-label needs Alembic 0.7')
    monkeypatch.delattr(command, 'merge')
    with pytest.raises(CommandError) as error:
        compat.alembic.alembic_command('merge')
    assert "'merge' needs Alembic 0.7 or newer" in str(error.value)
    assert 'pip install "alembic>=0.7"' in str(error.value)


def test_since_names_every_argument_that_alembic_got_later():
    """What 0.6 does not have is refused with a version, never without."""
    from alembic import command
    from flask_migrate.commands import OPERATIONS
    of_old = set('directory template package message autogenerate sql tag '
                 'revision rev_range head_only'.split())
    for name, operation in OPERATIONS.items():
        function = getattr(command, name, None)
        known = function and compat.signatures.argument_names(
            getattr(function, '__wrapped__', function)) or ()
        for option in operation.options:
            assert option.name in of_old or option.name not in known \
                or option.name in compat.alembic.SINCE, option
    for name in ('merge', 'show', 'edit', 'ensure_version'):
        assert name in compat.alembic.SINCE


# SQLAlchemy ------------------------------------------------------------------

@pytest.mark.parametrize('text', [
    'sqlite://', 'sqlite:////tmp/app.db',
    'postgresql://user:secret@localhost/name',
    'postgresql://user:p%40ss%2Fw%25rd@localhost:5433/name'])
def test_url_text_means_the_same_url(text):
    from sqlalchemy.engine.url import make_url
    url = make_url(text)
    again = make_url(compat.sqlalchemy.exact_url_text(url))
    for name in ('drivername', 'username', 'password', 'host', 'port',
                 'database'):
        assert getattr(again, name) == getattr(url, name)
    hidden = compat.sqlalchemy.url_text(url, hide_password=True)
    assert 'secret' not in hidden and 'rd@' not in hidden


def test_listeners_stop():
    from sqlalchemy import create_engine, text
    engine = create_engine('sqlite://')
    seen = []
    connection = engine.connect()
    stop = compat.sqlalchemy_events.listen(
        connection, after_cursor_execute=lambda *args: seen.append(args[2]))
    connection.execute(text('SELECT 1'))
    stop()
    connection.execute(text('SELECT 2'))
    connection.close()
    assert seen == ['SELECT 1']


def test_a_raw_connection_is_left_as_it_was():
    class Raw(object):
        def cursor(self):
            return 'cursor'

        def commit(self):
            return 'commit'
    raw, calls = Raw(), []
    raw.commit = mine = lambda: 'mine'
    stop = compat.raw_use.on_use(raw, lambda: calls.append(1))
    assert (raw.cursor(), raw.commit()) == ('cursor', 'mine')
    assert calls == [1, 1]
    stop()
    assert vars(raw) == {'commit': mine}
