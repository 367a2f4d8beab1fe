"""``python -m flask_migrate manage.py db upgrade``: any manage.py, unedited.

Runs a script as ``python manage.py`` would, with Flask-Script importable
whatever the order of its imports, and with ``flask.ext.*`` where Flask no
longer has it.
"""
import os
import sys
import types

from . import compat

USAGE = """Usage: python -m flask_migrate SCRIPT [ARGUMENT]...
       python -m flask_migrate --enable | --disable | --status

Run SCRIPT, for instance manage.py, as Python would, with Flask-Script and
flask.ext made importable on every Flask and Python.

--enable makes them importable in every program that this Python runs from
now on: python manage.py, gunicorn, celery.  --disable undoes it, --status
says which.
"""

SWITCHES = ('--enable', '--disable', '--status')


def main(argv):
    """Run the script that ``argv[0]`` names, with the rest as arguments."""
    if argv and argv[0] in ('-h', '--help'):
        sys.stdout.write(USAGE)
        return 0
    if argv[:1] and argv[0] in SWITCHES and not argv[1:]:
        return switch(argv[0][2:])
    if not argv or argv[0].startswith('-'):
        sys.stderr.write(USAGE)
        return 2
    try:
        with open(argv[0], 'rb') as file:
            source = file.read()
    except EnvironmentError as error:
        sys.stderr.write("Error: Can't open '%s': %s. Usage: python -m "
                         "flask_migrate manage.py db upgrade\n"
                         % (argv[0], error.strerror))
        return 2
    compat.flask_ext.make_importable()
    sys.argv[:] = argv
    if not compat.python.safe_path():
        # As Python does for a script: its own folder, not the current one.
        sys.path[0] = os.path.dirname(os.path.realpath(argv[0]))
    return run(source, argv[0])


def switch(name):
    """Run the function of ``enabling`` for an option; return an exit code."""
    from . import console, enabling
    try:
        text = getattr(enabling, name)()
    except enabling.MigrateError as error:
        console.report(error)
        return 1
    try:
        sys.stdout.write(text)
    except UnicodeError:        # a terminal that lacks letters of a path
        sys.stdout.write(text.encode('ascii', 'backslashreplace')
                         .decode('ascii'))
    return 0


def run(source, path):
    """Execute a script as ``__main__``.

    :return: the exit code 1 after an exception, which has been printed as
        Python prints it: without a line about this package.
    """
    # Not through runpy: it takes the module away when the script has ended,
    # while threads and exit handlers still want it.
    # Python 2.7 empties the globals of a module that nobody refers to.
    globals()['_this_module'] = sys.modules['__main__']
    main = sys.modules['__main__'] = types.ModuleType('__main__')
    main.__file__ = compat.python.script_file(path)
    main.__builtins__ = sys.modules[map.__module__]
    try:
        code = compile(source, main.__file__, 'exec', 0, True)
    except (SyntaxError, ValueError, TypeError):
        kind, error, _ = sys.exc_info()
        return show(kind, error, None)
    try:
        exec(code, main.__dict__)
    except Exception:
        kind, error, traceback = sys.exc_info()
        return show(kind, error, traceback.tb_next)


def show(kind, error, traceback):
    """Print an exception as Python does at the end of a script."""
    compat.python.set_traceback(error, traceback)
    sys.excepthook(kind, error, traceback)
    return 1


if __name__ == '__main__':
    sys.exit(main(sys.argv[1:]))
