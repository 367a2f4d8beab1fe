"""The migrations folder: its templates, and making one."""
import errno
from functools import partial
import io
import os
import shutil

from ..compat.flask_sqlalchemy import bind_keys
from ..compat.modules import unpacked
from ..compat.python import text
from ..errors import MigrateError

#: Names of templates that need no files of their own: that of Flask-Migrate
#: for aioflask is the ordinary one, which reaches async engines as well.
ALIASES = {'aioflask': 'flask', 'aioflask-multidb': 'flask-multidb'}


def templates():
    """Pairs of name and first line of the README, for each template."""
    from .config import TEMPLATES
    folder = unpacked(TEMPLATES)
    found = []
    for name in sorted(os.listdir(folder) + list(ALIASES)):
        readme = os.path.join(folder, ALIASES.get(name, name), 'README')
        if os.path.exists(readme):
            with io.open(readme, encoding='utf-8') as file:
                found.append((name, file.readline().strip()))
    return found


def create(state, directory, template, package, x_arg, write):
    """Write a new migrations folder from a template.

    :param state: what ``app.extensions['migrate']`` holds.
    :param directory: path of the folder.
    :param template: name of a template, or path of one.
    :param package: whether to write ``__init__.py`` files.
    :param x_arg: for the Config that the application's callbacks get.
    :param write: prints what is done.
    """
    source, names = _template_files(template)
    _check_free(directory)
    state.migrate.call_configure_callbacks(_config(directory, x_arg))
    made = []
    try:
        for verb, path, make in _steps(directory, source, names, package):
            with _step('%s %s' % (verb, text(os.path.abspath(path))), write):
                make(path, made)
    except (EnvironmentError, MigrateError) as error:
        _remove(made)
        if isinstance(error, MigrateError):
            raise
        raise MigrateError(
            "Can't write the migrations folder '%s': %s. Is a file in its "
            "way, or the permission missing to write there?"
            % (text(directory), text(error.strerror or error)))
    write('The migrations folder is ready: %s'
          % text(os.path.abspath(directory)))


def _steps(directory, source, names, package):
    """What ``init`` makes, in order: words, path and a function each."""
    versions = os.path.join(directory, 'versions')
    for path in (directory, versions):
        if not os.path.isdir(path):
            yield 'Creating directory', path, _make_directories
    for name in names:
        target = 'alembic.ini' if name == 'alembic.ini.mako' else name
        yield ('Generating', os.path.join(directory, target),
               partial(_write, os.path.join(source, name), directory))
    if package:
        for path in (directory, versions):
            yield ('Generating', os.path.join(path, '__init__.py'),
                   _write_nothing)


def mention_binds(db, write):
    """Say that the folder leaves out the databases of the binds."""
    from flask import current_app
    names = bind_keys(current_app, db)
    if names:
        write(
            "The binds (%s) take no part: this folder is for the default "
            "database alone. For all databases, remove it and run "
            "'init --multidb'." % ', '.join(names))


def _config(directory, x_arg):
    from .config import Config, escaped
    config = Config()
    config.set_main_option('script_location', escaped(directory))
    config.config_file_name = os.path.join(directory, 'alembic.ini')
    config.cmd_opts.x = list(x_arg or ())
    return config


def _template_files(template):
    """The folder of a template and the files in it that are copied."""
    from .config import TEMPLATES
    if '/' in template or '\\' in template:
        source = template
    else:
        source = os.path.join(unpacked(TEMPLATES),
                              ALIASES.get(template, template))
    if not os.path.isdir(source):
        raise MigrateError(
            "There is no template '%s'. Take one of %s, or the path of a "
            "folder (with a slash in it)."
            % (text(template), ', '.join(name for name, _ in templates())))
    names = [name for name in sorted(os.listdir(source))
             if os.path.isfile(os.path.join(source, name))
             and not name.endswith('.pyc')]      # pip compiles env.py
    for name in ('alembic.ini.mako', 'env.py', 'script.py.mako'):
        if name not in names:
            raise MigrateError("The template folder '%s' has no %s."
                               % (text(source), text(name)))
    return source, names


def _check_free(directory):
    if os.path.isdir(directory):
        if os.listdir(directory):
            raise MigrateError(
                "The folder '%s' already exists and is not empty: nothing "
                "was written. To start anew, move it away first."
                % text(directory))
    elif os.path.lexists(directory):
        raise MigrateError("'%s' exists and is not a folder: nothing was "
                           "written." % text(directory))


def _make_directories(path, made):
    """Make a folder with those above it, noting which are new."""
    parent = os.path.dirname(os.path.abspath(path))
    if not os.path.isdir(parent):
        _make_directories(parent, made)
    os.mkdir(path)
    made.append(path)


def _write(source, directory, target, made):
    made.append(target)
    if not source.endswith('alembic.ini.mako'):
        shutil.copyfile(source, target)
        return
    with io.open(target, 'w', encoding='utf-8') as file:
        file.write(_rendered(source, directory))


def _rendered(source, directory):
    from mako.template import Template
    from .config import escaped
    return Template(filename=source, input_encoding='utf-8',
                    strict_undefined=False).render_unicode(
                        script_location=escaped(directory))


def file_of_template(template, name, directory):
    """The text of a file as ``init`` would make it, in bytes.

    :param name: one of :data:`checking.NEEDED`.
    """
    from .config import TEMPLATES
    source = os.path.join(TEMPLATES, template, name)
    if not os.path.exists(source):
        return _rendered(source + '.mako', directory).encode('utf-8')
    with open(source, 'rb') as file:
        return file.read()


def _write_nothing(path, made):
    made.append(path)
    io.open(path, 'w').close()


def _remove(made):
    """Take back what a failed ``init`` has written."""
    for path in reversed(made):
        try:
            os.rmdir(path) if os.path.isdir(path) else os.remove(path)
        except EnvironmentError as error:
            if error.errno not in (errno.ENOENT, errno.ENOTEMPTY):
                raise


class _step(object):
    """Print what is done, and whether it succeeded."""

    def __init__(self, what, write):
        self.what = what
        self.write = write

    def __enter__(self):
        self.write(self.what + ' ...', end='')

    def __exit__(self, kind, error, traceback):
        self.write(' done' if error is None else ' FAILED')
