"""The operations have the same names, order, defaults and help everywhere."""
import inspect

import pytest

import flask_migrate
from flask_migrate import Migrate, compat, options
from flask_migrate.commands import (
    OPERATIONS, ORDER, command_name, help_sentence)

try:
    from flask_migrate.cli import db
except ImportError:                 # Flask before 0.11 has no click
    db = None

#: What others pass by position, and by name: never to be changed.
SIGNATURES = {
    'list_templates': [],
    'init': [('directory', None), ('multidb', False), ('template', None),
             ('package', False)],
    'revision': [
        ('directory', None), ('message', None), ('autogenerate', False),
        ('sql', False), ('head', 'head'), ('splice', False),
        ('branch_label', None), ('version_path', None), ('rev_id', None)],
    'migrate': [
        ('directory', None), ('message', None), ('sql', False),
        ('head', 'head'), ('splice', False), ('branch_label', None),
        ('version_path', None), ('rev_id', None), ('x_arg', None)],
    # Both command lines open 'head'.
    'edit': [('directory', None), ('revision', 'current')],
    'merge': [('directory', None), ('revisions', ''), ('message', None),
              ('branch_label', None), ('rev_id', None)],
    'upgrade': [('directory', None), ('revision', 'head'), ('sql', False),
                ('tag', None), ('x_arg', None)],
    'downgrade': [('directory', None), ('revision', '-1'), ('sql', False),
                  ('tag', None), ('x_arg', None)],
    'show': [('directory', None), ('revision', 'head')],
    'history': [('directory', None), ('rev_range', None),
                ('verbose', False), ('indicate_current', False)],
    'heads': [('directory', None), ('verbose', False),
              ('resolve_dependencies', False)],
    'branches': [('directory', None), ('verbose', False)],
    'current': [('directory', None), ('verbose', False),
                ('head_only', False)],
    'stamp': [('directory', None), ('revision', 'head'), ('sql', False),
              ('tag', None), ('purge', False)],
    'check': [('directory', None)],
    'ensure_version': [('directory', None), ('sql', False)],
    'status': [('directory', None), ('models', False)],
    'doctor': [('directory', None), ('fix', False),
               ('find_revision', False)],
    'adopt': [('directory', None), ('from_models', False),
              ('incomplete', False), ('repository', None),
              ('dry_run', False)],
}

#: The options of Flask-Migrate 4.1 and of the alembic command 1.20.
FLAGS = {
    'list-templates': '',
    'init': '--multidb -t --template --package',
    'revision': '-m --message --autogenerate --sql --head --splice '
                '--branch-label --version-path --rev-id --depends-on',
    'migrate': '-m --message --sql --head --splice --branch-label '
               '--version-path --rev-id --depends-on',
    'edit': '',
    'merge': '-m --message --branch-label --rev-id --splice',
    'upgrade': '--sql --tag',
    'downgrade': '--sql --tag',
    'show': '',
    'history': '-r --rev-range -v --verbose -i --indicate-current',
    'heads': '-v --verbose --resolve-dependencies',
    'branches': '-v --verbose',
    'current': '-c --check-heads -v --verbose',
    'stamp': '--sql --tag --purge',
    'check': '',
    'ensure-version': '--sql',
    'status': '--models --exit-code --format',
    'doctor': '--fix --find-revision --format',
    'adopt': '--from-models --incomplete --repository --dry-run',
}


def operation(name):
    return OPERATIONS[name.replace('-', '_')]


def signature(function):
    return [(name, function.defaults[name]) for name in function.names]


@pytest.mark.parametrize('name', sorted(SIGNATURES))
def test_positional_parameters(name):
    function = getattr(flask_migrate, name)
    pinned = SIGNATURES[name]
    assert signature(function)[:len(pinned)] == pinned
    assert 'x_arg' in dict(signature(function))


@pytest.mark.parametrize('name', sorted(FLAGS))
def test_flags(name):
    declared = [flag for option in operation(name).options
                for flag in option.flags]
    assert len(set(declared)) == len(declared)
    wanted = set('-d --directory -x --x-arg'.split() + FLAGS[name].split())
    assert wanted - set(declared) == set()


def test_every_operation_is_pinned():
    assert sorted(OPERATIONS) == sorted(ORDER) == sorted(SIGNATURES)
    assert sorted(map(command_name, OPERATIONS.values())) == sorted(FLAGS)


@pytest.mark.parametrize('name', ORDER)
def test_options_are_parameters(name):
    """Each option has a parameter; each parameter of a user an option."""
    function = OPERATIONS[name]
    declared = [option.name for option in function.options
                if not option.of_command_line]
    parameters = [each for each, _ in signature(function)]
    without = ['progress']          # a function cannot stand in a shell
    assert set(declared) - set(parameters) == set()
    assert set(parameters) - set(declared) - set(without) == set()
    for option in function.options:
        assert option in vars(options).values()


@pytest.mark.parametrize('name', ORDER)
def test_help(name):
    function = OPERATIONS[name]
    sentence = help_sentence(function)
    assert sentence.endswith('.') and sentence[0].isupper()
    assert '%' not in sentence
    assert '.. versionadded::' in function.__doc__
    for option in function.options:
        assert option.help.endswith(('.', ').'))
        assert ':param %s:' % option.name in function.__doc__ \
            or option in (options.directory, options.x_arg) \
            or option.of_command_line \
            or 'those of' in ' '.join(function.__doc__.split())


# The generated commands ---------------------------------------------------

def test_flask_script_has_them_all_in_order():
    from flask_migrate import MigrateCommand
    names = [command_name(OPERATIONS[name]) for name in ORDER]
    found = [name for name in MigrateCommand._commands if name in names]
    assert sorted(found) == sorted(names)
    if type(MigrateCommand._commands) is not dict:  # ordered since 2.0
        assert found == names


@pytest.mark.parametrize('name', sorted(FLAGS))
def test_flask_script_command(name):
    from flask_migrate import MigrateCommand
    command = MigrateCommand._commands[name]
    declared = operation(name)
    assert command.__doc__ == help_sentence(declared)
    assert len(command.option_list) == len(declared.options)
    for made, option in zip(command.option_list, declared.options):
        assert made.args == (option.flags or (option.name,))
        assert made.kwargs.get('dest', made.args[0]) == option.name
        assert made.kwargs['help'] == option.help
        assert made.kwargs['default'] == option.default_of(declared)
        assert (made.kwargs.get('action') == 'store_true') \
            == (option.kind == 'flag')


@pytest.mark.skipif(db is None, reason='needs click, of Flask 0.11')
@pytest.mark.parametrize('name', sorted(FLAGS))
def test_click_command(name):
    command = db.commands[name]
    declared = operation(name)
    assert command.help == help_sentence(declared)
    assert len(command.params) == len(declared.options)
    for made, option in zip(command.params, declared.options):
        assert made.name == option.name
        if option.flags:
            assert tuple(made.opts) == option.flags
            assert made.help == option.help
        if option.kind == 'list':
            assert made.multiple if option.flags else made.nargs == -1
        else:
            assert made.default in (
                option.default_of(declared), None, option.default) \
                or repr(made.default) == 'Sentinel.UNSET'
            assert bool(getattr(made, 'is_flag', False)) \
                == (option.kind == 'flag')


@pytest.mark.skipif(db is None, reason='needs click, of Flask 0.11')
def test_click_group():
    assert sorted(db.commands) == sorted(FLAGS)
    assert [param.name for param in db.params] == ['directory', 'x_arg']


# Names and classes ----------------------------------------------------------

def test_exported_names():
    for name in flask_migrate.__all__ + [
            'Migrate', 'MigrateCommand', 'Manager', 'Config', 'command',
            'current_app', 'alembic_version', 'log', '_get_config',
            'CommandError'] + ORDER:
        assert getattr(flask_migrate, name) is not None
    from flask_migrate import command
    from alembic import command as real
    assert command is real
    assert isinstance(flask_migrate.alembic_version, tuple)
    assert flask_migrate.alembic_version >= (0, 6)
    with pytest.raises(AttributeError):
        flask_migrate.no_such_name
    assert not hasattr(flask_migrate, 'no_such_name')


def test_star_import():
    names = {}
    exec('from flask_migrate import *', names)
    assert set(flask_migrate.__all__) - set(names) == set()


def test_migrate_class():
    code = compat.signatures.argument_names
    assert code(Migrate.__init__)[:7] == (
        'self', 'app', 'db', 'directory', 'command', 'compare_type',
        'render_as_batch')
    assert compat.signatures.argument_defaults(Migrate.__init__) == {
        'app': None, 'db': None, 'directory': 'migrations', 'command': 'db',
        'compare_type': True, 'render_as_batch': True}
    assert code(Migrate.init_app)[:7] == (
        'self', 'app', 'db', 'directory', 'command', 'compare_type',
        'render_as_batch')
    assert code(Migrate.get_config)[:4] == (
        'self', 'directory', 'x_arg', 'opts')
    for name in ('configure', 'call_configure_callbacks'):
        assert inspect.getdoc(getattr(Migrate, name))


def test_version():
    assert flask_migrate.__version__ == '5.0.0'
