"""What makes a function an operation of the command lines."""
from functools import wraps
import inspect

from .. import compat, options
from ..run.call import Call

#: The operations by name, in the order of the command line's help.
OPERATIONS = {}
ORDER = []


def operation(function):
    """Declare an operation; its errors become CommandErrors."""
    names = compat.signatures.argument_names(function)[1:]

    def perform(call, *args, **kwargs):
        """Run the operation for a :class:`Call`."""
        # Alembic is imported here, not with the application.
        from ..explain import explained
        call.operation = function.__name__
        call.arguments = dict(compat.signatures.argument_defaults(function),
                              **dict(zip(names, args), **kwargs))
        with explained(call):
            return function(call, *args, **kwargs)

    @wraps(function)
    def run(*args, **kwargs):
        return perform(Call(), *args, **kwargs)
    run.__doc__ = _full_doc(function)
    compat.signatures.hide_first_parameter(run, function)
    run.declared = function
    run.perform = perform
    run.names = names
    run.defaults = compat.signatures.argument_defaults(function)
    run.options = [options.directory, options.x_arg] \
        + function.__dict__.get('options', []) + [options.show_traceback]
    OPERATIONS[function.__name__] = run
    ORDER.append(function.__name__)
    return run


def _full_doc(function):
    """The docstring, with the parameters that all operations have."""
    # Python 3.13 takes the indentation out itself.
    doc = inspect.cleandoc(function.__doc__)
    added = _X_ARG if ':param directory:' in doc else _DIRECTORY + _X_ARG
    place = doc.find('\n:') + 1
    if not place:       # it has no parameters of its own
        place, added = doc.index('.. version'), added + '\n'
    return doc[:place] + added + doc[place:]


_DIRECTORY = """\
:param directory: the migrations folder; by default what ``Migrate`` was
    given.
"""
_X_ARG = """\
:param x_arg: a text, or several, which env.py reads with
    ``context.get_x_argument()``.
"""


def command_name(function):
    """The name of an operation in the command line."""
    return function.__name__.replace('_', '-')


def help_sentence(function):
    """The first paragraph of an operation's docstring, on one line."""
    return ' '.join(function.__doc__.split('\n\n')[0].split())


def application_state():
    """What the current application said to ``Migrate``."""
    from ..errors import MigrateError, NoApplication
    from flask import current_app, has_app_context
    if not has_app_context():
        raise NoApplication(
            'There is no application context. Call this inside '
            '"with app.app_context():".')
    state = getattr(current_app, 'extensions', {}).get('migrate')
    if state is None:
        raise MigrateError(
            "Flask-Migrate does not know the application '%s'. Call "
            "Migrate(app, db), or migrate.init_app(app, db), where the "
            "application is made." % current_app.name)
    if not hasattr(state, 'migrate') or state.db is None:
        raise MigrateError(
            "Flask-Migrate was given no db for the application '%s'. Call "
            "Migrate(app, db) with the application's SQLAlchemy object."
            % current_app.name)
    return state


def configure(call, directory, x_arg=None, opts=None):
    """Give a call the configuration of an existing migrations folder.

    :return: the Config.
    """
    from ..folder.checking import check_folder
    from ..folder.scripts import check_revisions
    state = application_state()
    directory = compat.python.path_text(directory or state.directory)
    check_folder(directory)
    call.config = state.migrate.get_config(directory, x_arg, opts)
    call.config.let_print(call.interactive)
    check_revisions(call.config)
    return call.config


def look(call, name, *args, **arguments):
    """Run an Alembic command that changes no database.

    :return: what it returned.
    """
    from ..run.looking import look
    command, kept = compat.alembic.alembic_command(name, **arguments)
    return look(call, lambda: command(call.config, *args, **kept))
