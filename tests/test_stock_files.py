"""``doctor --fix``: files that earlier releases made, and edited ones."""
import hashlib
import io
import os

import pytest

from flask_migrate import CommandError
from flask_migrate.adoption.doctor import stock
from flask_migrate.adoption.doctor.generations import STOCK
from flask_migrate.folder import making
from project import Project
from releases import AIOFLASK, MULTIDB, SINGLE

pytestmark = pytest.mark.once
NAMES = ['alembic.ini', 'env.py', 'script.py.mako']
ALL = [(version, 'flask') for version in SINGLE] \
    + [(version, 'flask-multidb') for version in MULTIDB] \
    + [(version, name) for version in AIOFLASK
       for name in ('aioflask', 'aioflask-multidb')]


def read(path):
    with io.open(path, 'rb') as file:
        return file.read()


def contents(project):
    """The files of the folder, by name."""
    return dict((name, read(os.path.join(project.directory, name)))
                for name in os.listdir(project.directory)
                if name not in ('versions', '__pycache__'))


def put(project, files):
    """Put the files of a release's template into the folder."""
    for name, content in files.items():
        path = os.path.join(project.directory,
                            name.replace('.ini.mako', '.ini'))
        with io.open(path, 'wb') as file:
            file.write(content)


def fixed(project):
    """What ``--fix`` says."""
    return [each for each in project.python('doctor', fix=True).findings
            if any(each.text.split(' was ')[0].endswith(name)
                   for name in NAMES)]


def wanted(template, name):
    return making.file_of_template(template, name, 'migrations')


@pytest.fixture
def old(project, releases):
    """A project with the files of Flask-Migrate 2.5.3."""
    project.python('init')
    project.write_revision(
        'a1', "op.create_table('user', sa.Column('id', sa.Integer()))")
    put(project, releases['2.5.3']['flask'])
    return project


def test_the_table_is_that_of_the_releases(releases):
    found = dict((name, set()) for name in NAMES)
    for version, templates in releases.items():
        for template, files in templates.items():
            for name, content in files.items():
                name = name.replace('.ini.mako', '.ini')
                if name in found:
                    key = hashlib.sha256(
                        content.replace(b'\r\n', b'\n')).hexdigest()
                    assert key in STOCK[name], (version, template, name)
                    kind, first = STOCK[name][key]
                    assert first in releases
                    if name != 'alembic.ini':
                        assert kind == template.replace('aio', '')
                    found[name].add(key)
    for name in NAMES:
        assert found[name] == set(STOCK[name])
    assert len(STOCK['env.py']) == 17 + 15 + 6 + 6


@pytest.mark.parametrize('version, template', ALL)
def test_the_files_of_a_release(tmpdir, releases, version,  # noqa: F811
                                template):
    multidb = template.endswith('multidb')
    binds = {'one': 'sqlite:///%s' % tmpdir.join('one.db')}
    project = Project(tmpdir, binds=binds if multidb else None)
    project.python('init', multidb=multidb)
    now = contents(project)
    put(project, releases[version][template])
    before = contents(project)
    assert 'is that of Flask-Migrate' in str(
        [each.text for each in project.python('doctor').findings])
    assert contents(project) == before
    done = fixed(project)
    assert len(done) == 3
    assert all('is that of this package now' in each.text for each in done)
    after = contents(project)
    for name in NAMES:
        assert after[name] == now[name]
        assert after[name + '.old'] == before[name]
        assert any("mv '" in each.cure and name in each.cure
                   for each in done)
    assert fixed(project) == []
    assert contents(project) == after
    project.python('migrate')
    project.python('upgrade')


def test_that_they_work_afterwards(old, command_line):
    old.python('upgrade')
    result = old.command_line(command_line, 'doctor', '--fix')
    assert result.code == 0, result
    assert 'env.py was that of Flask-Migrate 2.5.3' in result.stdout
    assert 'It needs this package' in result.stdout
    assert "To go back: mv '" in result.stdout
    old.write_revision(
        'b2', "op.create_table('item', sa.Column('id', sa.Integer()))",
        down='a1')
    old.python('upgrade')
    assert old.tables() == ['item', 'user']


@pytest.mark.parametrize('name', NAMES)
def test_an_edited_file_is_kept(old, name):
    path = os.path.join(old.directory, name)
    edited = read(path) + b'# mine\n'
    with io.open(path, 'wb') as file:
        file.write(edited)
    for number in (3, 1):
        done = fixed(old)
        assert len(done) == number
        one, = [each for each in done if 'was edited: it is kept' in each.text]
        assert name in one.text
        assert '-# mine' in one.details
        assert read(path) == edited
        assert not os.path.exists(path + '.old')
    texts = [each.text for each in old.python('doctor').findings]
    assert any('env.py was edited' in each for each in texts) \
        == (name == 'env.py')


def test_line_ends_are_kept(old):
    path = os.path.join(old.directory, 'env.py')
    content = read(path).replace(b'\n', b'\r\n')
    with io.open(path, 'wb') as file:
        file.write(content)
    assert len(fixed(old)) == 3
    assert read(path) == wanted('flask', 'env.py').replace(b'\n', b'\r\n')
    assert read(path + '.old') == content
    assert fixed(old) == []


def test_no_copy_is_overwritten(old):
    path = os.path.join(old.directory, 'env.py.old')
    with io.open(path, 'wb') as file:
        file.write(b'precious')
    fixed(old)
    assert read(path) == b'precious'
    assert read(path + '2') != b'precious'


def test_the_permissions_are_kept(old):
    path = os.path.join(old.directory, 'env.py')
    os.chmod(path, 0o640)
    fixed(old)
    assert os.stat(path).st_mode & 0o777 == 0o640


def test_all_or_nothing(old, monkeypatch):
    """A file that cannot be written leaves the others as they were."""
    before = contents(old)
    real, calls = stock._rename, []

    def rename(path, target):
        calls.append(target)
        if len(calls) == 2:
            raise OSError(28, 'No space left on device')
        real(path, target)
    monkeypatch.setattr(stock, '_rename', rename)
    with pytest.raises(CommandError) as caught:
        old.python('doctor', fix=True)
    assert 'No space left on device. All files are as before.' \
        in str(caught.value)
    assert contents(old) == before


def test_a_folder_of_this_package(project):
    project.python('init')
    before = contents(project)
    assert fixed(project) == []
    assert contents(project) == before


def test_without_a_folder(project):
    assert fixed(project) == []
    assert not os.path.exists(project.directory)
