"""Every operation through every interface, seen in database and files."""
import io
import os
import re

import pytest

from flask_migrate import compat
from flask_migrate.commands import OPERATIONS
from project import COMMAND_LINES, Result

ALEMBIC = compat.alembic.alembic_version()


def needs_alembic(*version):
    text = '.'.join(str(number) for number in version)
    return pytest.mark.skipif(ALEMBIC < version,
                              reason='needs Alembic %s' % text)


def words(name, arguments):
    """What stands on a command line for the arguments of a function."""
    found = []
    for option in OPERATIONS[name].options:
        value = arguments.pop(option.name, None)
        if value is None:
            continue
        values = value if isinstance(value, list) else [value]
        for each in values:
            found += option.flags[-1:]
            if option.kind != 'flag':
                found.append(each)
    assert not arguments
    return found


class Interface(object):
    """One way to command a project: 'python', 'manage' or 'flask'."""

    def __init__(self, which, project):
        self.which = which
        self.project = project

    def __call__(self, name, **arguments):
        """Run a command that succeeds."""
        if self.which == 'python':
            return self.project.python(name, **arguments)
        result = self.project.command_line(
            self.which, name.replace('_', '-'), *words(name, arguments))
        assert result.code == 0, result
        return result

    def refused(self, name, **arguments):
        """Run a command that fails; return its message."""
        from alembic.util import CommandError
        if self.which == 'python':
            with pytest.raises(CommandError) as error:
                self.project.python(name, **arguments)
            return str(error.value)
        result = self.project.command_line(
            self.which, name.replace('_', '-'), *words(name, arguments))
        assert result.code == 1, result
        # After what Alembic logs: one line, and perhaps a hint.
        assert result.stderr.count('Error: ') == 1, result
        assert 'Traceback' not in result.output
        return result.stderr


@pytest.fixture(params=['python'] + COMMAND_LINES)
def interface(request, project):
    return Interface(request.param, project)


@pytest.fixture
def user(interface):
    """A project with a User model, after ``init``."""
    project = interface.project
    project.model('User', name=project.db.Column(project.db.String(128)))
    project.python('init')
    return project


@pytest.fixture
def chain(interface):
    """A project with three revisions, each of which makes a table."""
    project = interface.project
    project.python('init')
    down = None
    for name in ('aaaa1', 'bbbb2', 'cccc3'):
        write_table_revision(project, name, down)
        down = name
    return project


def write_table_revision(project, name, down, **settings):
    project.write_revision(
        name, "op.create_table('t_%s', sa.Column('id', sa.Integer))" % name,
        "op.drop_table('t_%s')" % name, down=down, **settings)


@pytest.fixture
def branches(chain):
    """Beside the chain a second branch from its middle, labelled."""
    write_table_revision(chain, 'dddd4', 'bbbb2',
                         header="branch_labels = ('side',)")
    return chain


def read(project, name):
    with io.open(os.path.join(project.versions, name),
                 encoding='utf-8') as file:
        return file.read()


def output(result):
    return result.stdout if isinstance(result, Result) else ''


def revisions_of(scripts):
    return [script.revision for script in scripts]


# init ------------------------------------------------------------------

def test_init_writes_the_folder(interface):
    project = interface.project
    result = interface('init')
    assert sorted(os.listdir(project.directory)) == [
        'README', 'alembic.ini', 'env.py', 'script.py.mako', 'versions']
    assert os.listdir(project.versions) == []
    if interface.which != 'python':
        for name in ('migrations', 'versions'):
            assert 'Creating directory' in result.stdout
        for name in ('README', 'alembic.ini', 'env.py', 'script.py.mako'):
            assert ('%s ... done\n' % os.path.join(project.directory, name)
                    in result.stdout), result


def test_init_refuses_a_folder_that_is_not_empty(interface):
    project = interface.project
    os.mkdir(project.directory)
    path = os.path.join(project.directory, 'notes.txt')
    io.open(path, 'w').close()
    assert 'not empty' in interface.refused('init')
    assert os.listdir(project.directory) == ['notes.txt']


def test_init_takes_an_empty_folder(interface):
    os.mkdir(interface.project.directory)
    interface('init')
    assert os.path.exists(interface.project.versions)


def test_init_package(interface):
    if ALEMBIC < (0, 8):
        assert 'needs Alembic 0.8' in interface.refused('init', package=True)
        assert not os.path.exists(interface.project.directory)
        return
    interface('init', package=True)
    for folder in (interface.project.directory, interface.project.versions):
        assert '__init__.py' in os.listdir(folder)
    interface('revision')
    assert len(interface.project.scripts()) == 1


def test_init_multidb(interface):
    interface('init', multidb=True)
    with io.open(os.path.join(interface.project.directory,
                              'env.py')) as file:
        assert 'multidb=True' in file.read()


@pytest.mark.parametrize('template', ['flask', 'flask-multidb'])
def test_init_template(interface, template):
    interface('init', template=template)
    with io.open(os.path.join(interface.project.directory,
                              'env.py')) as file:
        assert ('multidb=True' in file.read()) == ('multi' in template)


def test_init_from_a_folder_of_ones_own(interface, tmpdir):
    own = tmpdir.mkdir('templates').mkdir('own')
    own.join('README').write('Our own.\n')
    own.join('env.py').write('# ours\n')
    own.join('script.py.mako').write('# ${up_revision}\n')
    own.join('alembic.ini.mako').write(
        '[alembic]\n# script_location = ${script_location}\n')
    own.join('notes.txt').write('Copied too.')
    interface('init', template=str(own))
    assert sorted(os.listdir(interface.project.directory)) == [
        'README', 'alembic.ini', 'env.py', 'notes.txt', 'script.py.mako',
        'versions']
    with io.open(os.path.join(interface.project.directory,
                              'alembic.ini')) as file:
        assert '# script_location = ' + interface.project.directory \
            in file.read()


def test_init_with_an_unknown_template(interface):
    message = interface.refused('init', template='falsk')
    assert "'falsk'" in message and 'flask-multidb' in message
    assert not os.path.exists(interface.project.directory)


def test_list_templates(interface):
    result = interface('list_templates')
    if interface.which == 'python':
        assert [name for name, _ in result] == [
            'aioflask', 'aioflask-multidb', 'flask', 'flask-multidb']
    else:
        assert 'flask - ' in result.stdout
        assert 'flask-multidb - ' in result.stdout


def test_directory(interface, tmpdir):
    other = str(tmpdir.join('elsewhere'))
    interface('init', directory=other)
    interface('revision', directory=other, message='one')
    assert len(os.listdir(os.path.join(other, 'versions'))) >= 1
    assert not os.path.exists(interface.project.directory)
    interface('upgrade', directory=other)
    assert len(interface.project.version()) == 1


# The main job ------------------------------------------------------------

def test_the_main_job(user, command_line):
    def run(*args):
        result = user.command_line(command_line, *args)
        assert result.code == 0, result
        return result

    result = run('migrate', '-m', 'Add user')
    assert "Detected added table 'user'" in result.stderr
    assert len(user.scripts()) == 1
    assert user.tables() == []
    result = run('upgrade')
    assert 'Running upgrade ' in result.stderr
    assert 'Add user' in result.stderr
    assert user.tables() == ['user']
    assert run('current').stdout.strip().endswith(
        user.version()[0] + (' (head)' if ALEMBIC >= (0, 7) else
                             ' (head), Add user'))
    assert 'Nothing to do' in run('upgrade').stdout
    assert 'No changes in schema detected.' in run('migrate').output
    assert len(user.scripts()) == 1
    run('downgrade', '-1')
    assert user.tables() == []


# revision, migrate -------------------------------------------------------

def test_revision(interface, user):
    interface('revision', message='by hand')
    name, = user.scripts()
    assert name.endswith('_by_hand.py')
    assert read(user, name).count('    pass') == 2
    interface('upgrade')
    assert user.version() == [name.split('_')[0]]
    assert user.tables() == []


def test_revision_autogenerate(interface, user):
    interface('revision', autogenerate=True)
    interface('upgrade')
    assert user.tables() == ['user']


def test_migrate_makes_nothing_of_no_changes(interface, user):
    interface('migrate', message='first')
    interface('upgrade')
    result = interface('migrate', message='second')
    assert len(user.scripts()) == 1
    if interface.which == 'python':
        assert result is None
    else:
        assert 'No changes in schema detected.' in result.output


@needs_alembic(0, 7)
@pytest.mark.parametrize('name', ['revision', 'migrate'])
def test_options_of_a_new_revision(interface, user, name):
    interface(name, rev_id='aaaa1', message='one', branch_label='trunk')
    assert user.scripts() == ['aaaa1_one.py']
    assert "branch_labels = ('trunk',)" in read(
        user, 'aaaa1_one.py').replace("u'", "'")
    user.python('upgrade')
    user.model('Group')
    interface(name, rev_id='bbbb2', head='trunk@head')
    user.python('upgrade')
    user.model('Role')
    interface(name, rev_id='cccc3', head='bbbb2')
    text = read(user, 'cccc3_.py')
    assert "down_revision = 'bbbb2'" in text
    assert ("create_table('role'" in text) == (name == 'migrate')


@needs_alembic(0, 7)
def test_splice(interface, chain):
    assert 'head' in interface.refused('revision', head='aaaa1')
    assert len(chain.scripts()) == 3
    interface('revision', head='aaaa1', splice=True, rev_id='eeee5')
    assert "down_revision = 'aaaa1'" in read(chain, 'eeee5_.py')


@needs_alembic(0, 8)
def test_depends_on(interface, chain):
    interface('revision', head='base', rev_id='eeee5', depends_on=['bbbb2'],
              branch_label='own')
    assert "depends_on = 'bbbb2'" in read(chain, 'eeee5_.py')
    interface('upgrade', revision='eeee5')
    assert chain.tables() == ['t_aaaa1', 't_bbbb2']


@needs_alembic(0, 7)
def test_version_path(interface, tmpdir, chain):
    other = tmpdir.mkdir('more')
    ini = os.path.join(chain.directory, 'alembic.ini')
    with io.open(ini, encoding='utf-8') as file:
        text = file.read()
    with io.open(ini, 'w', encoding='utf-8') as file:
        file.write(text.replace(u'[alembic]\n', (
            u'[alembic]\nversion_locations = %s:%s\n' if ALEMBIC >= (1, 16)
            else u'[alembic]\nversion_locations = %s %s\n')
            % (chain.versions, other)))
    interface('revision', rev_id='eeee5', version_path=str(other))
    assert 'eeee5_.py' in [each.basename for each in other.listdir()]
    assert len(chain.scripts()) == 3


def test_a_message_in_any_words(interface, user):
    interface('revision', message='the "quick" brown \\fox\'s """end"""')
    interface('upgrade')
    assert len(user.version()) == 1


# upgrade, downgrade --------------------------------------------------------

@pytest.mark.parametrize('target, expected', [
    ('head', 'cccc3'), ('bbbb2', 'bbbb2'), ('+1', 'aaaa1'), ('+2', 'bbbb2'),
    ('heads', 'cccc3'),
    pytest.param('aaaa1+2', 'cccc3', marks=needs_alembic(0, 7)),
    pytest.param('aa+1', 'bbbb2', marks=needs_alembic(0, 7)),
    pytest.param('head-1', 'bbbb2', marks=needs_alembic(0, 7)),
    ('bb', 'bbbb2')])
def test_targets_of_upgrade(interface, chain, target, expected):
    interface('upgrade', revision=target)
    assert chain.version() == [expected]
    assert len(chain.tables()) == int(expected[-1])


@pytest.mark.parametrize('target, expected', [
    ('-1', ['bbbb2']), ('-2', ['aaaa1']), ('base', []), ('aaaa1', ['aaaa1']),
    (None, ['bbbb2'])])
def test_targets_of_downgrade(interface, chain, target, expected):
    chain.python('upgrade')
    if target is None:
        interface('downgrade')
    else:
        interface('downgrade', revision=target)
    assert chain.version() == expected
    assert len(chain.tables()) == (int(expected[0][-1]) if expected else 0)


@needs_alembic(0, 7)
def test_branches_as_targets(interface, branches):
    interface('upgrade', revision='side@head')
    assert branches.version() == ['dddd4']
    interface('downgrade', revision='side@-1' if ALEMBIC >= (0, 8) else '-1')
    assert branches.version() == ['bbbb2']
    interface('upgrade', revision='heads')
    assert branches.version() == ['cccc3', 'dddd4']
    assert 'heads' in interface.refused('upgrade', revision='head')


def test_sql(interface, chain, capsys):
    text = output(interface('upgrade', sql=True)) + capsys.readouterr()[0]
    assert text.count('CREATE TABLE t_') == 3
    assert chain.tables() == []
    text = output(interface('upgrade', revision='aaaa1:bbbb2', sql=True)) \
        + capsys.readouterr()[0]
    assert text.count('CREATE TABLE t_') == 1
    text = output(interface('downgrade', revision='cccc3:aaaa1', sql=True)) \
        + capsys.readouterr()[0]
    assert text.count('DROP TABLE t_') == 2
    text = output(interface('stamp', revision='aaaa1', sql=True)) \
        + capsys.readouterr()[0]
    assert 'alembic_version' in text and "'aaaa1'" in text
    assert chain.tables() == []


@needs_alembic(0, 7)
def test_sql_of_downgrade_without_a_range(interface, chain, capsys):
    text = output(interface('downgrade', sql=True)) + capsys.readouterr()[0]
    assert 'DROP TABLE t_cccc3' in text and 'DROP TABLE t_bbbb2' not in text


ENV_PY_THAT_SHOWS = u'''
import io
with io.open(%r, 'w') as file:
    file.write(u'%%s %%s' %% (context.get_tag_argument(),
                              sorted(context.get_x_argument())))
'''


def show_arguments(project):
    """Let env.py write its arguments into a file; return the path."""
    path = os.path.join(project.path, 'arguments.txt')
    with io.open(os.path.join(project.directory, 'env.py'), 'a') as file:
        file.write(u'from alembic import context\n'
                   + ENV_PY_THAT_SHOWS % path)
    return path


def shown(path):
    with io.open(path) as file:
        return file.read().replace("u'", "'")


@pytest.mark.parametrize('name', ['upgrade', 'downgrade', 'stamp'])
def test_tag_and_x_arg_reach_env_py(interface, chain, name):
    chain.python('upgrade', revision='bbbb2')
    path = show_arguments(chain)
    interface(name, revision='cccc3' if name == 'upgrade' else 'aaaa1',
              tag='v1', x_arg=['a=1', 'b=2'])
    assert shown(path) == "v1 ['a=1', 'b=2']"


@pytest.mark.parametrize('name', ['current', 'check', 'migrate'])
def test_x_arg_of_other_commands(interface, chain, name):
    chain.python('upgrade')
    if name == 'check' and ALEMBIC < (0, 8):
        pytest.skip('needs Alembic 0.8')
    path = show_arguments(chain)
    for table in ('aaaa1', 'bbbb2', 'cccc3'):
        chain.execute('DROP TABLE t_' + table)
    interface(name, x_arg=['a=1'])
    assert shown(path) == "None ['a=1']"


# stamp ----------------------------------------------------------------------

def test_stamp(interface, chain):
    interface('stamp', revision='bbbb2')
    assert chain.version() == ['bbbb2']
    interface('stamp')
    assert chain.version() == ['cccc3']
    interface('stamp', revision='base')
    assert chain.version() == []
    assert chain.tables() == []


@needs_alembic(1, 2)
def test_stamp_several_and_purge(interface, branches):
    interface('stamp', revision=['cccc3', 'dddd4'])
    assert branches.version() == ['cccc3', 'dddd4']
    branches.execute("UPDATE alembic_version SET version_num = 'gone' "
                     "WHERE version_num = 'cccc3'")
    interface('stamp', revision='bbbb2', purge=True)
    assert branches.version() == ['bbbb2']


# What only looks ---------------------------------------------------------

def test_current(interface, chain):
    result = interface('current')
    if interface.which == 'python':
        assert result == []
    chain.python('upgrade', revision='bbbb2')
    result = interface('current')
    if interface.which == 'python':
        assert revisions_of(result) == ['bbbb2']
    else:
        assert 'bbbb2' in result.stdout and 'cccc3' not in result.stdout


@needs_alembic(0, 7)
def test_current_verbose(interface, chain):
    chain.python('upgrade')
    result = interface('current', verbose=True)
    if interface.which != 'python':
        assert 'Parent: bbbb2' in result.stdout


def test_current_head_only_is_still_accepted(interface, chain):
    chain.python('upgrade', revision='bbbb2')
    interface('current', head_only=True)


@needs_alembic(1, 17, 1)
def test_current_check_heads(interface, chain):
    chain.python('upgrade', revision='bbbb2')
    assert 'not up to date' in interface.refused('current',
                                                 check_heads=True)
    chain.python('upgrade')
    interface('current', check_heads=True)


@pytest.mark.parametrize('rev_range, expected', [
    (None, 'cba'), ('aaaa1:bbbb2', 'ba'), ('bbbb2:', 'cb'), (':bbbb2', 'ba'),
    ('base:head', 'cba'),
    ('current:', 'cb'), (':current', 'ba'),
    pytest.param('-1:current', 'b', marks=needs_alembic(1, 6)),
    pytest.param('-2:', 'cba', marks=needs_alembic(1, 6))])
def test_history(interface, chain, rev_range, expected):
    chain.python('upgrade', revision='bbbb2')
    result = interface('history', rev_range=rev_range)
    if ALEMBIC < (0, 7) and not (rev_range or ':').startswith((':', 'base')):
        expected = expected[:-1]        # there the start is left out
    expected = ['%s%d' % (letter * 4, 'abc'.index(letter) + 1)
                for letter in expected]
    if interface.which == 'python':
        assert revisions_of(result) == expected
    else:
        # 'Rev: ...' is Alembic 0.6, which prints the verbose form.
        assert re.findall(r'^(?:\S+ -> |Rev: )(\w+)', result.stdout,
                          re.M) == expected, result


@needs_alembic(0, 7)
def test_history_verbose(interface, chain):
    result = interface('history', verbose=True)
    if interface.which != 'python':
        assert 'Path: ' + chain.versions in result.stdout


@needs_alembic(0, 9, 9)
def test_history_indicate_current(interface, chain):
    chain.python('upgrade', revision='bbbb2')
    result = interface('history', indicate_current=True)
    if interface.which != 'python':
        line, = [line for line in result.stdout.splitlines()
                 if '(current)' in line]
        assert 'bbbb2' in line


def test_heads(interface, chain):
    result = interface('heads')
    if interface.which == 'python':
        assert revisions_of(result) == ['cccc3']
    else:
        assert 'cccc3' in result.stdout and 'aaaa1' not in result.stdout


@needs_alembic(0, 7)
def test_heads_of_branches(interface, branches):
    result = interface('heads', verbose=True)
    if interface.which == 'python':
        assert sorted(revisions_of(result)) == ['cccc3', 'dddd4']
    else:
        assert 'dddd4' in result.stdout and 'Parent: bbbb2' in result.stdout


@needs_alembic(0, 8)
def test_heads_resolve_dependencies(interface, chain):
    chain.write_revision('eeee5', header="depends_on = 'cccc3'")

    def found(**arguments):
        result = interface('heads', **arguments)
        if interface.which == 'python':
            return sorted(revisions_of(result))
        return sorted(line.split(' ')[0] for line
                      in result.stdout.strip().splitlines())
    assert found() == ['cccc3', 'eeee5']
    assert found(resolve_dependencies=True) == ['eeee5']


@needs_alembic(0, 7)
def test_branches(interface, branches):
    result = interface('branches')
    if interface.which == 'python':
        assert revisions_of(result) == ['bbbb2']
    else:
        assert 'bbbb2' in result.stdout and 'dddd4' in result.stdout


@needs_alembic(0, 7)
@pytest.mark.parametrize('revision', [None, 'bbbb2', 'current'])
def test_show(interface, chain, revision):
    chain.python('upgrade', revision='bbbb2')
    result = interface('show', **({'revision': revision} if revision else {}))
    expected = 'bbbb2' if revision else 'cccc3'
    if interface.which == 'python':
        assert revisions_of(result) == [expected]
    else:
        assert 'Rev: ' + expected in result.stdout


@needs_alembic(0, 8)
def test_edit(interface, chain, monkeypatch):
    editor = os.path.join(chain.path, 'editor.sh')
    with io.open(editor, 'w') as file:
        # The last argument: python-editor 0.5 puts an empty one before it.
        file.write(u'#!/bin/sh\nfor file; do :; done\n'
                   u'echo "# edited" >> "$file"\n')
    os.chmod(editor, 0o755)
    monkeypatch.setenv('EDITOR', editor)
    monkeypatch.delenv('VISUAL', raising=False)
    chain.python('upgrade', revision='aaaa1')
    interface('edit', revision='head')
    interface('edit', revision='bbbb2')
    interface('edit', revision='current')
    for name in ('aaaa1_.py', 'bbbb2_.py', 'cccc3_.py'):
        assert read(chain, name).count('# edited') == 1, name


@needs_alembic(0, 7)
def test_merge(interface, branches):
    interface('merge', revisions=['cccc3', 'dddd4'], message='join',
              rev_id='eeee5')
    assert branches.scripts()[-1] == 'eeee5_join.py'
    interface('upgrade')
    assert branches.version() == ['eeee5']
    assert len(branches.tables()) == 4


@needs_alembic(0, 7)
def test_merge_takes_all_heads(interface, branches):
    interface('merge', branch_label='joined', rev_id='eeee5')
    interface('upgrade', revision='joined@head')
    assert branches.version() == ['eeee5']
    result = interface('merge')
    assert len(branches.scripts()) == 5
    if interface.which == 'python':
        assert result is None


@needs_alembic(1, 18, 5)
def test_merge_splice(interface, branches):
    write_table_revision(branches, 'eeee5', 'dddd4')
    assert 'head' in interface.refused('merge', revisions=['cccc3', 'dddd4'])
    interface('merge', revisions=['cccc3', 'dddd4'], splice=True,
              rev_id='ffff6')
    assert 'ffff6_.py' in branches.scripts()


@needs_alembic(0, 8)
def test_check(interface, user):
    message = interface.refused('check')
    assert 'user' in message
    interface('migrate')
    assert 'not up to date' in interface.refused('check')
    interface('upgrade')
    interface('check')


@needs_alembic(1, 7, 6)
def test_ensure_version(interface, chain, capsys):
    text = output(interface('ensure_version', sql=True)) \
        + capsys.readouterr()[0]
    assert 'CREATE TABLE alembic_version' in text
    interface('ensure_version')
    assert chain.version() == []


# What an old Alembic lacks -----------------------------------------------

@pytest.mark.parametrize('name, arguments, version', [lacked for lacked in (
    ('merge', {'revisions': ['a', 'b']}, (0, 7)),
    ('stamp', {'revision': ['aaaa1', 'bbbb2']}, (0, 7)),
    ('show', {}, (0, 7)),
    ('edit', {}, (0, 8)),
    ('ensure_version', {}, (1, 7, 6)),
    ('revision', {'rev_id': 'x'}, (0, 7)),
    ('revision', {'depends_on': ['x']}, (0, 8)),
    ('history', {'verbose': True}, (0, 7)),
    ('history', {'indicate_current': True}, (0, 9, 9)),
    ('stamp', {'purge': True}, (1, 2)),
    ('current', {'check_heads': True}, (1, 17, 1))) if ALEMBIC < lacked[2]])
def test_what_this_alembic_lacks_is_refused(interface, chain, name, arguments,
                                            version):
    message = interface.refused(name, **arguments)
    assert 'needs Alembic %s or newer' % '.'.join(map(str, version)) \
        in message
    assert len(chain.scripts()) == 3
