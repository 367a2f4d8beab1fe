"""Whatever ``doctor`` finds is planted here, and a healthy project is well."""
import io
import json
import os
import sqlite3

import pytest
from sqlalchemy.engine import reflection

import flask_migrate
from flask_migrate import compat
from flask_migrate.adoption.doctor import examining
from project import Project


@pytest.fixture
def healthy(user_project):
    """A project with a revision that is applied."""
    user_project.write_revision(
        'a1', "op.create_table('user', sa.Column('id', sa.Integer(), "
        "primary_key=True), sa.Column('name', sa.String(128)))")
    user_project.python('upgrade')
    return user_project


def found(project, level=None):
    """The texts of what is found."""
    return [each.text for each in project.python('doctor').findings
            if level in (None, each.level)]


def finding(project, words):
    """The one finding that has the words."""
    ones = [each for each in project.python('doctor').findings
            if words in each.text]
    assert len(ones) == 1, project.python('doctor').findings
    return ones[0]


def write(project, name, text):
    with io.open(os.path.join(project.path, name), 'w',
                 encoding='utf-8') as file:
        file.write(text)


def replace(project, name, old, new):
    path = os.path.join(project.directory, name)
    with io.open(path, encoding='utf-8') as file:
        text = file.read()
    assert old in text
    with io.open(path, 'w', encoding='utf-8') as file:
        file.write(text.replace(old, new))


def everything(folder):
    """The files below a folder, with what is in them."""
    result = {}
    for parent, _, names in os.walk(folder):
        for name in names:
            path = os.path.join(parent, name)
            with io.open(path, 'rb') as file:
                result[path] = file.read()
    return result


# The command ----------------------------------------------------------------

def test_a_healthy_project(healthy, command_line):
    diagnosis = healthy.python('doctor')
    assert isinstance(diagnosis, flask_migrate.Diagnosis)
    assert diagnosis.findings == [] and diagnosis.error is None
    result = healthy.command_line(command_line, 'doctor')
    assert (result.code, result.stdout) == (0, 'Nothing was found.\n'), result


@pytest.mark.parametrize('header', [
    u'', u'text = """text"""', u'for revision in ["x"]: pass'])
def test_nothing_is_written_or_executed(healthy, header):
    """Not even the files of which Alembic executes one to know its header."""
    trace = os.path.join(healthy.path, 'trace')
    healthy.write_revision('b2', 'raise RuntimeError', down='a1',
                           header=u'open(%r, "w")\n%s' % (trace, header))
    before = everything(healthy.path)
    assert found(healthy) == []
    assert everything(healthy.path) == before


def test_exit_codes_and_text(healthy, command_line):
    healthy.execute('CREATE TABLE other (id INTEGER)')
    result = healthy.command_line(command_line, 'doctor')
    assert result.code == 0
    assert result.stdout.startswith('Note: The database sqlite:///')
    assert result.stdout.endswith('\n1 note.\n')
    healthy.write_revision('b2', down='zz')
    result = healthy.command_line(command_line, 'doctor')
    assert result.code == 1
    lines = result.stdout.splitlines()
    assert lines[0] == "Error: b2_.py follows revision 'zz', whose file is " \
        "missing."
    assert lines[1].startswith('  Find it in version control: git log')
    assert lines[-1] == '1 error, 1 note.'


def test_json(healthy, command_line):
    healthy.write_revision('b2', down='zz')
    result = healthy.command_line(command_line, 'doctor', '--format', 'json')
    assert result.code == 1
    value = json.loads(result.stdout)
    assert value['error'] == value['findings'][0]['text']
    assert sorted(value['findings'][0]) == [
        'cure', 'details', 'level', 'text']


def test_a_check_that_fails_ends_no_other(healthy, monkeypatch):
    def broken(setup):
        """Something odd. More of it."""
        raise ValueError('what')
    healthy.write_revision('b2', down='zz')
    monkeypatch.setattr(examining, 'CHECKS', [broken] + examining.CHECKS)
    assert found(healthy)[0] == \
        'Not examined: Something odd (ValueError: what)'
    assert found(healthy, 'warning') == found(healthy)[:1]
    assert found(healthy, 'error')


def test_outside_an_application():
    with pytest.raises(flask_migrate.CommandError):
        flask_migrate.doctor()


# The folder -----------------------------------------------------------------

def test_no_folder(project):
    one = finding(project, 'There is no migrations folder')
    assert one.level == 'error' and "'db init'" in one.cure
    assert not os.path.exists(project.directory)


@pytest.mark.parametrize('name', ['alembic.ini', 'env.py', 'script.py.mako'])
def test_a_missing_file(healthy, name):
    os.remove(os.path.join(healthy.directory, name))
    assert finding(healthy, 'has no %s.' % name).level == 'error'


def test_no_versions(user_project):
    os.rmdir(user_project.versions)
    assert finding(user_project, 'There is no folder').level == 'note'
    assert not os.path.exists(user_project.versions)


def test_a_wrong_ini(healthy):
    write(healthy, os.path.join('migrations', 'alembic.ini'), u'what\n')
    one = finding(healthy, "Can't read")
    assert one.level == 'error' and 'alembic.ini' in one.text


def test_an_ini_without_loggers(healthy):
    write(healthy, os.path.join('migrations', 'alembic.ini'), u'[alembic]\n')
    assert finding(healthy, 'sets no loggers').level == 'note'


def test_an_ini_that_hides_progress(healthy):
    replace(healthy, 'alembic.ini', u'level = INFO', u'level = ERROR')
    texts = found(healthy, 'note')
    assert [each.split("'")[1] for each in texts] == [
        'alembic', 'flask_migrate']
    assert 'say nothing below ERROR' in texts[0]


def test_an_env_py_that_disables_loggers(healthy):
    replace(healthy, 'env.py', u'run_migrations()', u'if 0:\n'
            u'    from logging.config import fileConfig\n'
            u"    fileConfig('x')\nrun_migrations()")
    one = finding(healthy, 'fileConfig() disables the loggers')
    assert one.level == 'note' and 'env.py:' in one.text


def test_an_env_py_with_a_mistake(healthy):
    replace(healthy, 'env.py', u'run_migrations()', u'run_migrations(')
    assert finding(healthy, 'env.py cannot be compiled').level == 'error'


# Revisions ------------------------------------------------------------------

def test_one_that_does_not_compile(healthy):
    healthy.write_revision('b2', 'if', down='a1')
    one = finding(healthy, 'cannot be compiled')
    assert one.level == 'error' and 'b2_.py:11: ' in one.text


def test_one_that_is_no_revision(healthy):
    with io.open(os.path.join(healthy.versions, 'b.py'), 'w') as file:
        file.write(u'# revision = 1\nrevisions = []\n')
    one = finding(healthy, 'no revision file')
    assert one.level == 'error' and 'b.py' in one.text


def test_an_identifier_twice(healthy):
    healthy.write_revision('a1', name='copy.py')
    assert finding(healthy, 'Revision a1 is in 2 files: a1_.py and copy.py.'
                   ).level == 'error'


def test_one_that_follows_nothing(healthy):
    healthy.write_revision('b2', down='zz')
    one = finding(healthy, "b2_.py follows revision 'zz'")
    assert one.level == 'error' and "git log --all --oneline -S'zz'" \
        in one.cure


def test_a_circle(healthy):
    healthy.write_revision('b2', down='c3')
    healthy.write_revision('c3', down='b2')
    assert finding(healthy, 'in a circle').level == 'error'


def test_several_heads(healthy):
    healthy.write_revision('b2', down='a1')
    healthy.write_revision('c3', down='a1')
    assert finding(healthy, 'The revisions have 2 heads: b2 (b2_.py), '
                   'c3 (c3_.py).').level == 'error'
    assert finding(healthy, '2 files follow revision a1').level == 'note'


def test_branches_that_are_meant(healthy):
    """A branch with a label is one."""
    healthy.write_revision('b2', down='a1')
    healthy.write_revision('c3', header="branch_labels = 'other'")
    assert 'heads' not in ' '.join(found(healthy))


def test_a_name_that_nothing_imports(healthy):
    healthy.write_revision(
        'b2', "for each in [1]:\n    sqlalchemy_utils.UUIDType(each)\n"
        "known = lambda x, *y, **z: (x, y, z, __file__, len)\n"
        "with open('x') as file: file\n"
        "try: pass\nexcept ValueError as error: error\n"
        "import os.path as p, sys; p, sys\n[a for a in known]", down='a1')
    assert found(healthy, 'error') == [
        finding(healthy, "b2_.py:12: the name 'sqlalchemy_utils' is neither "
                "defined nor imported.").text]


@pytest.mark.skipif(compat.python.PY2, reason='they are names there')
def test_a_name_of_python_2(healthy):
    healthy.write_revision('b2', "unicode('x')", down='a1')
    one = finding(healthy, "'unicode'")
    assert one.level == 'error' and 'write str' in one.cure


def test_models_in_a_revision(healthy):
    healthy.write_revision('b2', 'from project import Project\nProject',
                           down='a1')
    one = finding(healthy, "b2_.py:11: imports 'project'")
    assert one.level == 'warning' and 'sa.table(' in one.cure


LEGACY = u'''\
conn = op.get_bind()
conn.execute('DELETE FROM user')
sql = 'SELECT %s FROM user' % 'id'
for row in conn.execute(sql).fetchall():
    print(row['id'])
conn.execute(sa.text('SELECT :id'), id=3)
one = conn.execute(sa.text('SELECT 1')).fetchone()
one.keys()
op.get_bind().scalar("SELECT {}".format(1))
'''
needs_legacy = pytest.mark.skipif(
    not compat.legacy_sql.is_needed(), reason='SQLAlchemy 1.x understands it')


@needs_legacy
def test_idioms_of_sqlalchemy_1(healthy):
    healthy.write_revision('b2', LEGACY, down='a1')
    texts = found(healthy, 'note')
    assert [each.split('b2_.py:')[1].split(' is of')[0] for each in texts] \
        == ['12: execute("...")', '14: execute("...")',
            "15: row['id']".replace('id', 'name'),
            '16: execute(statement, name=value)',
            '18: row.keys()', '19: scalar("...")']


@needs_legacy
def test_idioms_without_their_support(tmpdir):
    project = Project(tmpdir, legacy_sql=False)
    project.python('init')
    project.write_revision('a1', LEGACY)
    assert len(found(project, 'error')) == 6


def test_what_sqlalchemy_2_takes(healthy):
    healthy.write_revision(
        'b2', "conn = op.get_bind()\n"
        "rows = conn.execute(sa.text('SELECT 1'), {'a': 1})\n"
        "for row in rows: row[0], row._mapping['a']\n"
        "op.execute('SELECT 1')\n"
        "{'a': 1}['a'], {}.keys()", down='a1')
    assert found(healthy) == []


# Databases ------------------------------------------------------------------

def test_an_unknown_revision(healthy):
    healthy.execute("UPDATE alembic_version SET version_num = 'zz'")
    one = finding(healthy, 'is at revision zz, which has no file here')
    assert one.level == 'error' and 'doctor --find-revision' in one.cure


def test_what_a_batch_operation_has_left(healthy):
    healthy.execute('CREATE TABLE _alembic_tmp_user (id INTEGER)')
    one = finding(healthy, '_alembic_tmp_user')
    assert one.level == 'error'
    assert one.cure.endswith('DROP TABLE _alembic_tmp_user')


def test_nobodys_tables(healthy):
    for name in ('other', 'migrate_version'):
        healthy.execute('CREATE TABLE %s (id INTEGER)' % name)
    healthy.write_revision(
        'b2', "op.create_table('owned', sa.Column('id', sa.Integer()))",
        down='a1')
    healthy.python('upgrade')
    one = finding(healthy, 'neither the models nor a revision')
    assert one.level == 'note' and one.text.endswith(': other.')


@pytest.mark.skipif(not hasattr(reflection.Inspector,
                                'get_check_constraints'),
                    reason='SQLAlchemy before 1.1 reads no names')
def test_unnamed_constraints(healthy):
    healthy.execute('CREATE TABLE owned (id INTEGER, user_id INTEGER '
                    'REFERENCES user (id), named INTEGER, CONSTRAINT n '
                    'FOREIGN KEY (named) REFERENCES user (id))')
    one = finding(healthy, 'constraints without a name')
    assert one.level == 'note'
    assert one.details == ['owned: foreign key (user_id)']


@pytest.mark.parametrize('database', ['other.db', ''])
def test_an_env_py_with_another_database(healthy, database):
    url = 'sqlite:///' + os.path.join(healthy.path, database) \
        if database else 'sqlite://'
    write(healthy, os.path.join('migrations', 'env.py'), u'''
from alembic import context
from sqlalchemy import create_engine
connection = create_engine(%r).connect()
context.configure(connection=connection)
context.run_migrations()
''' % url)
    one = finding(healthy, 'env.py migrates ' + url)
    assert one.level == 'error' and one.text.endswith('app.db.')


def test_a_database_that_is_not_there_yet(user_project):
    """Connecting to it would make an empty file."""
    path = user_project.engine().url.database
    if os.path.exists(path):
        os.remove(path)
    for arguments in ({}, {'find_revision': True}):
        found = user_project.python('doctor', **arguments).findings
        one, = [each for each in found if 'There is no database' in each.text]
        assert one.level == 'note' and one.cure == "'upgrade' makes it."
        assert not os.path.exists(path)


def test_an_env_py_that_fails(healthy):
    replace(healthy, 'env.py', u'run_migrations()', u'raise ValueError("x")')
    one = finding(healthy, 'ValueError: x')
    assert one.level == 'error'


@pytest.fixture
def with_binds(tmpdir):
    return Project(tmpdir, binds={
        'one': 'sqlite:///%s' % tmpdir.join('one.db'),
        'two': 'sqlite:///%s' % tmpdir.join('one.db')})


def test_binds_of_one_database(with_binds):
    with_binds.python('init', multidb=True)
    one = finding(with_binds, "are one database: sqlite:///")
    assert one.level == 'warning'
    assert one.text.startswith("'one' and 'two'")


def test_binds_that_take_no_part(tmpdir):
    project = Project(tmpdir, binds={
        'one': 'sqlite:///%s' % tmpdir.join('one.db')})
    project.model('Other', bind='one')
    project.python('init')
    project.execute('CREATE TABLE owned (id INTEGER)')
    assert finding(project, 'the binds one take no part').level == 'warning'


def test_a_database_in_memory(tmpdir):
    project = Project(tmpdir, url='sqlite://')
    project.python('init')
    assert finding(project, "'default' is in memory").level == 'warning'


def test_a_file_that_has_moved(tmpdir):
    project = Project(tmpdir, url='sqlite:///app.db')
    project.model('User')
    project.python('init')
    own = project.engine().url.database
    places = [os.path.join(folder, 'app.db') for folder in (
        project.path, os.path.join(project.path, 'instance'))]
    other, = [path for path in places
              if os.path.realpath(path) != os.path.realpath(own)]
    if not os.path.isdir(os.path.dirname(other)):
        os.makedirs(os.path.dirname(other))
    raw = sqlite3.connect(other)
    raw.execute('CREATE TABLE user (id INTEGER)')
    raw.close()
    one = finding(project, 'is new and has no tables')
    assert one.level == 'error' and other in one.text
    assert 'new_database' not in str(one.cure)


def test_a_table_name_that_flask_sqlalchemy_derives_otherwise(project):
    project.model('UserGroup')      # usergroup
    project.python('init')
    project.execute('CREATE TABLE user_group (id INTEGER PRIMARY KEY)')
    one = finding(project, "a table 'usergroup', and the database has "
                  "'user_group'")
    assert one.level == 'error'
    assert 'migrate --rename user_group:usergroup' in one.cure
    assert 'neither the models' not in ' '.join(found(project))


# Versions and manage.py -----------------------------------------------------

@pytest.mark.parametrize('pair', compat.packages.BAD_PAIRS,
                         ids=lambda pair: '%s-%s' % (pair[0], pair[2]))
def test_packages_that_do_not_work_together(healthy, monkeypatch, pair):
    first, since, second, needed, what = pair
    old = needed[:-1] or (0, 1)
    versions = {first: since, second: old}
    monkeypatch.setattr(compat.packages, 'installed_version', versions.get)
    one = finding(healthy, '%s %s does not work with %s %s: ' % (
        first, '.'.join(map(str, since)), second, '.'.join(map(str, old))))
    assert one.level == 'error' and what in one.text
    assert one.cure.startswith('pip install "%s>=' % second)
    versions[second] = needed
    assert found(healthy) == []


def test_versions_are_numbers():
    assert compat.packages.installed_version('pytest') >= (3,)
    assert compat.packages.installed_version('no-such-thing') is None


@pytest.mark.parametrize('newest', [False, True])
def test_a_driver_that_changes(healthy, monkeypatch, newest):
    class Dialect(object):
        driver = 'psycopg' if newest else 'psycopg2'
    monkeypatch.setattr(compat.packages, 'findable',
                        lambda name: name == 'psycopg2')
    monkeypatch.setattr('sqlalchemy.engine.url.URL.get_dialect',
                        lambda url: Dialect)
    healthy.app.config['SQLALCHEMY_BINDS'] = {
        'more': 'postgresql://host/name'}
    with healthy.app.app_context():
        setup = examining.Setup(
            None, healthy.app, healthy.app.extensions['migrate'],
            'none', None, None)
        one, = examining.versions.drivers(setup)
    assert one.level == ('error' if newest else 'note')
    assert one.text.startswith("SQLALCHEMY_BINDS['more'] begins with "
                               "'postgresql://'")
    assert "'postgresql+psycopg2://'" in one.cure


@pytest.fixture
def today(monkeypatch):
    """Flask and Python of today, not enabled."""
    for place, name, value in (
            (compat.flask_script, 'needs_help', True),
            (compat.flask_script, 'is_enabled', False),
            (compat.flask_ext, 'is_there', False)):
        monkeypatch.setattr(place, name, lambda value=value: value)
    return monkeypatch


def test_import_order_in_manage_py(healthy, today):
    text = u'import os\nfrom flask_script import Manager\n'
    write(healthy, 'manage.py', text)
    one = finding(healthy, 'manage.py:2: flask_script is imported before')
    assert one.level == 'error' and '--enable' in one.cure
    write(healthy, 'manage.py', u'import flask_migrate\n' + text)
    assert finding(healthy, 'manage.py:3: Flask-Script').level == 'note'
    today.setattr(compat.flask_script, 'is_enabled', lambda: True)
    write(healthy, 'manage.py', text)
    one = finding(healthy, '--enable is on for this Python')
    assert one.level == 'note' and one.cure == ''


def test_a_package_of_ones_own_before_it(healthy, today):
    write(healthy, 'blog.py', u'')
    write(healthy, 'manage.py', u'import blog\nimport flask_script\n')
    assert finding(healthy, 'manage.py:2').level == 'note'


def test_flask_ext_in_manage_py(healthy, today):
    write(healthy, 'manage.py', u'from flask.ext.script import Manager\n'
          u'from flask.ext import sqlalchemy\n')
    assert finding(healthy, "'flask.ext.script' ended").level == 'error'
    one = finding(healthy, "'flask.ext.sqlalchemy' ended")
    assert one.cure.startswith('Write flask_sqlalchemy, or run')


def test_whether_it_is_enabled(monkeypatch):
    import sys
    monkeypatch.setattr(sys, 'meta_path', [
        each for each in sys.meta_path
        if getattr(each, '__name__', '') != 'FlaskMigrateEnabled'])
    assert not compat.flask_script.is_enabled()
    monkeypatch.setattr(sys, 'meta_path', sys.meta_path + [
        type('FlaskMigrateEnabled', (object,), {})])
    assert compat.flask_script.is_enabled()
