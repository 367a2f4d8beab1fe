"""``python -m flask_migrate manage.py db upgrade``: any manage.py, unedited.

Runs a script as ``python manage.py`` would, with Flask-Script importable
whatever the order of its imports, and with ``flask.ext.*`` where Flask no
longer has it.
"""
import os
import runpy
import sys

from . import importing


def main(argv):
    """Run the script that ``argv[0]`` names, with the rest as arguments."""
    if not argv or argv[0] in ('-h', '--help'):
        sys.stderr.write('Usage: python -m flask_migrate SCRIPT [ARGUMENT]...'
                         '\n\nRun SCRIPT, for instance manage.py, with '
                         'Flask-Script made importable.\n')
        return 0 if argv else 2
    if not os.path.exists(argv[0]):
        sys.stderr.write("Error: There is no file '%s'. Usage: python -m "
                         "flask_migrate manage.py db upgrade\n" % argv[0])
        return 2
    importing.make_flask_ext_importable()
    sys.argv[:] = argv
    # As Python does for a script: its own folder, not the current one.
    sys.path[0] = os.path.dirname(os.path.abspath(argv[0]))
    runpy.run_path(argv[0], run_name='__main__')


if __name__ == '__main__':
    sys.exit(main(sys.argv[1:]))
