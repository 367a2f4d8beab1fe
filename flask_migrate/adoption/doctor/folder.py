"""Findings about the migrations folder, but for its revisions."""
import ast
import io
import logging
import os

from ... import compat
from ...compat.python import text
from ...folder import checking
from ...folder.paths import relative
from .findings import Finding


def missing(directory):
    """What a migrations folder lacks, a list of paths."""
    if not os.path.isdir(directory):
        return [directory]
    return [os.path.join(directory, name) for name in checking.NEEDED
            if not os.path.isfile(os.path.join(directory, name))]


def files_missing(setup):
    """The files of the migrations folder."""
    if not os.path.isdir(setup.directory):
        sentence, _, cure = checking.no_folder(
            setup.directory, setup.app.root_path).partition('. ')
        yield Finding('error', sentence + '.', cure)
        return
    for path in missing(setup.directory):
        yield Finding(
            'error', u"The migrations folder '%s' has no %s." % (
                text(setup.directory), text(os.path.basename(path))),
            "Restore the file from version control, or copy one from a "
            "folder made by 'init'.")
    if setup.problem:
        yield Finding('error', setup.problem)
    versions = os.path.join(setup.directory, 'versions')
    if not os.path.isdir(versions) and not setup.scripts:
        yield Finding('note', u"There is no folder '%s'. The next command "
                      u"makes it: version control keeps no empty folders."
                      % text(versions))


def loggers(setup):
    """The loggers in alembic.ini."""
    if setup.config is None:
        return
    ini = setup.config.file_config
    path = relative(setup.config.config_file_name)
    if not ini.has_section('loggers'):
        yield Finding(
            'note', u"%s sets no loggers. Commands show their progress all "
            u"the same, in a form of their own." % path)
        return
    for section in ini.sections():
        if section.startswith('logger_') and ini.has_option(
                section, 'qualname'):
            name = ini.get(section, 'qualname')
            level = _level(ini, section)
            if name in ('alembic', 'flask_migrate') and level > logging.INFO:
                yield Finding(
                    'note', u"%s lets the logger '%s' say nothing below %s: "
                    u"commands do not show their progress." % (
                        path, name, logging.getLevelName(level)),
                    "Write 'level = INFO' in [%s]." % section)


def _level(ini, section):
    name = ini.get(section, 'level') if ini.has_option(section, 'level') \
        else 'NOTSET'
    level = logging.getLevelName(name.strip())
    return level if isinstance(level, int) else logging.NOTSET


def logging_of_env_py(setup):
    """What env.py does with the application's loggers."""
    tree = _env_py(setup)
    for node in ast.walk(tree) if tree is not None else ():
        if not isinstance(node, ast.Call):
            continue
        name = getattr(node.func, 'attr', getattr(node.func, 'id', ''))
        keywords = [each.arg for each in node.keywords]
        if name == 'fileConfig' \
                and 'disable_existing_loggers' not in keywords:
            yield Finding(
                'note', u"%s:%d: fileConfig() disables the loggers of the "
                u"application. Commands of this package keep it from doing "
                u"so; the command 'alembic' does not." % (
                    relative(
                        os.path.join(setup.directory, 'env.py')),
                    node.lineno),
                'Where that matters: fileConfig(..., '
                'disable_existing_loggers=False).')


def env_py_compiles(setup):
    """Whether env.py can be compiled."""
    path = os.path.join(setup.directory, 'env.py')
    if os.path.isfile(path):
        try:
            _env_py(setup)
        except (SyntaxError, ValueError) as error:
            yield Finding('error', u'%s cannot be compiled: %s' % (
                relative(path), text(error)),
                'Correct it.')


def _env_py(setup):
    path = os.path.join(setup.directory, 'env.py')
    if not os.path.isfile(path):
        return None
    with io.open(path, 'rb') as file:
        return compat.source.parse(file.read(), path)


CHECKS = [files_missing, env_py_compiles, loggers, logging_of_env_py]
