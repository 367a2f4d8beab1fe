"""Alembic's configuration of one migrations folder."""
import argparse
import os
import re
import sys

from alembic.config import Config as AlembicConfig

from .. import compat

compat.alembic_context.set_up()

TEMPLATES = os.path.join(
    os.path.dirname(os.path.dirname(os.path.abspath(__file__))), 'templates')


def escaped(text):
    """Write a text so that ConfigParser's interpolation gives it back."""
    return text.replace('%', '%%')


class Config(AlembicConfig):
    """Alembic's Config, which prints to the ``sys.stdout`` of its moment.

    :param template_directory: folder of the templates for ``init``.

    .. versionadded:: 0.1.0
    """

    def __init__(self, *args, **kwargs):
        self.template_directory = kwargs.pop('template_directory', None)
        # Alembic's default is the sys.stdout of the time of its import.
        kwargs.setdefault('stdout', sys.stdout)
        super(Config, self).__init__(*args, **kwargs)
        if self.cmd_opts is None:
            self.cmd_opts = argparse.Namespace()
        for name, value in (('x', []), ('autogenerate', False)):
            if not hasattr(self.cmd_opts, name):
                setattr(self.cmd_opts, name, value)

    #: The run that the Alembic command of this Config belongs to.
    run = None
    #: Alembic's RevisionMap, read already, for its next ScriptDirectory.
    loaded = None

    #: The name of the database that is printed about, where there are several.
    database = ''

    #: Is called with the path of a revision file before it is written.
    before_writing = None

    def let_print(self, visible):
        """Let Alembic's commands print, or keep them quiet."""
        if not visible:
            self.stdout = compat.streams.Silence()
            self.cmd_opts.quiet = True

    def get_template_directory(self):
        """Return the folder that holds the templates of ``init``."""
        return self.template_directory \
            or compat.modules.unpacked(TEMPLATES)

    def print_stdout(self, text, *arg):
        """Print a line; only with *arg* it is a format."""
        if not arg:     # Alembic formats it then, too: a '%' in a path
            text = escaped(compat.python.text(text))
        if self.database:
            text = u'%s: %s' % (escaped(compat.python.text(self.database)),
                                text)
        AlembicConfig.print_stdout(self, text, *[
            compat.python.text(each) for each in arg])

    def set_section_option(self, section, name, value):
        """Set an option; a ``sqlalchemy.url`` becomes the application's."""
        if name == 'sqlalchemy.url':
            value = compat.env_py.real_url(value)
        AlembicConfig.set_section_option(self, section, name, value)

    def set_main_option(self, name, value):
        """Set an option of the main section, as :meth:`set_section_option`."""
        self.set_section_option(self.config_ini_section, name, value)


def read_config(directory, x_arg=None, opts=None):
    """Return the Config of the migrations folder *directory*.

    :raises alembic.util.CommandError: where alembic.ini cannot be read.
    """
    from alembic.util import CommandError
    directory = compat.python.path_text(directory)
    ini = os.path.join(directory, 'alembic.ini')
    config = Config(ini)
    try:
        # ConfigParser interpolates %(here)s, the folder, as well.
        defaults = config.file_config.defaults()
        if '%' in defaults.get('here', ''):
            defaults['here'] = escaped(defaults['here'])
        config.set_main_option('script_location', escaped(directory))
    except (compat.python.ini_error(), UnicodeDecodeError) as error:
        # The error names the file as well.
        reason = re.sub(r'file: .*?, (?=line)', '', str(error))
        raise CommandError("Can't read %s: %s"
                           % (ini, ' '.join(reason.split())))
    for name in opts or ():
        setattr(config.cmd_opts, name, True)
    if isinstance(x_arg, compat.python.string_types):
        x_arg = [x_arg]
    config.cmd_opts.x = list(x_arg or ())
    return config
