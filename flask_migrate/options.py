"""The words of the command lines: each option's flags and help, once.

An operation in ``commands.py`` is decorated with those that it takes; the
name under which an option stands here is the name of the parameter, and the
function's signature has the defaults.  Flask-Script and click get them from
there.
"""


#: How the value of an 'optional' option is shown: it must be attached, for
#: what follows may be a revision.
ATTACHED = '[=PATH]'


class Option(object):
    """One option (with flags) or positional argument (without).

    :param name: name of the function's parameter.
    :param flags: such as ``-m`` and ``--message``.
    :param kind: 'text', 'flag' (present or not), 'list' (may be repeated;
        positional: any number), 'number', or 'optional' (a path, attached
        with '='; without one: '').
    :param help: one sentence.
    :param of_command_line: whether it is for the command line itself and no
        parameter of the function.
    :param choices: the texts that a text may be; the first is the default.
    :param instead: what it is in the command lines, instead of the function's
        default.
    :ivar default: what it is where the function does not say.
    """

    def __init__(self, name, flags, kind, help, of_command_line=False,
                 choices=(), instead=None):
        self.name = name
        self.flags = flags
        self.kind = kind
        self.help = help
        self.of_command_line = of_command_line
        self.choices = choices
        self.default = choices[0] if choices else False
        self.instead = instead

    def default_of(self, operation):
        """What it is in the command line where it is not given."""
        if self.instead is not None:
            return self.instead
        return operation.defaults.get(self.name, self.default)

    def __call__(self, function):
        """Decorate an operation."""
        function.__dict__.setdefault('options', []).insert(0, self)
        return function

    def __repr__(self):
        return '<Option %s>' % (', '.join(self.flags) or self.name)


def option(name, *flags, **settings):
    settings.setdefault('kind', 'text')
    return Option(name, flags, **settings)


directory = option(
    'directory', '-d', '--directory',
    help="Migration script directory (default is 'migrations').")
x_arg = option(
    'x_arg', '-x', '--x-arg', kind='list',
    help='Additional argument for env.py, as NAME=VALUE; may be repeated.')
multidb = option(
    'multidb', '--multidb', kind='flag',
    help='Support the databases in SQLALCHEMY_BINDS.')
template = option(
    'template', '-t', '--template',
    help="Template to use, a name or a folder (default is 'flask').")
package = option(
    'package', '--package', kind='flag',
    help='Write empty __init__.py files into the new folders.')
message = option(
    'message', '-m', '--message',
    help='What the revision does, in a few words.')
autogenerate = option(
    'autogenerate', '--autogenerate', kind='flag',
    help='Fill the script with the difference of database and models.')
sql = option(
    'sql', '--sql', kind='flag',
    help='Print the SQL instead of executing it.')
head = option(
    'head', '--head',
    help='Head, or <branch>@head, that the new revision follows.')
splice = option(
    'splice', '--splice', kind='flag',
    help='Allow a revision that is not a head as the one to follow.')
branch_label = option(
    'branch_label', '--branch-label',
    help='Label that starts a branch at the new revision.')
version_path = option(
    'version_path', '--version-path',
    help='Folder, out of version_locations, for the new file.')
rev_id = option(
    'rev_id', '--rev-id',
    help='Identifier of the new revision instead of a random one.')
depends_on = option(
    'depends_on', '--depends-on', kind='list',
    help='Revision that must be applied before; may be repeated.')
tag = option(
    'tag', '--tag',
    help='Any text, for env.py to read with get_tag_argument().')
purge = option(
    'purge', '--purge', kind='flag',
    help='Forget all revisions in the version table before stamping.')
rev_range = option(
    'rev_range', '-r', '--rev-range',
    help="Range of revisions, as [start]:[end]; each an identifier, 'base', "
         "'head', 'current' or a number of steps.")
verbose = option(
    'verbose', '-v', '--verbose', kind='flag',
    help='Say more.')
indicate_current = option(
    'indicate_current', '-i', '--indicate-current', kind='flag',
    help='Mark the revision that the database is at.')
resolve_dependencies = option(
    'resolve_dependencies', '--resolve-dependencies', kind='flag',
    help='Count a revision that others depend on as no head.')
check_heads = option(
    'check_heads', '-c', '--check-heads', kind='flag',
    help='Fail unless the database is at every head.')
head_only = option(
    'head_only', '--head-only', kind='flag',
    help='Nothing any more; scripts of old may still give it.')
_NAMES = "an identifier or its beginning, "
upgrade_target = option(
    'revision',
    help='Where to go: ' + _NAMES + "'head' (the default), 'heads' (several "
         "branches), '+1' (one step), or '<branch>@head'.")
downgrade_target = option(
    'revision',
    help='Where to go: ' + _NAMES + "'-1' (one step, the default), "
         "'base' (before all), or '<branch>@base'; with --sql 'from:to'.")
one_revision = option(
    'revision',
    help='Which one: ' + _NAMES + "'head' (the default), or 'current' (where "
         "the database is).")
edited_revision = option('revision', help=one_revision.help, instead='head')
revisions = option(
    'revisions', kind='list',
    help='Which ones: ' + _NAMES + "each; without any, all heads.")
stamp_targets = option(
    'revision', kind='list',
    help='What to record: ' + _NAMES + "'head' (the default), 'heads' "
         "(several branches), or 'base' (nothing).")
wait = option(
    'wait', '--wait', kind='number',
    help='Seconds to wait for another process that is migrating the same '
         'database; 0: fail at once (default is 600).')
wait_for_database = option(
    'wait_for_database', '--wait-for-database', kind='number',
    help='Seconds to wait for a database server that is starting (default '
         'is 0).')
new_database = option(
    'new_database', '--new-database', kind='flag',
    help='Begin a new SQLite database, although there is one where another '
         'Flask-SQLAlchemy looks.')
no_lock = option(
    'no_lock', '--no-lock', kind='flag',
    help='Take no lock, where nothing else migrates the database.')
lock_timeout = option(
    'lock_timeout', '--lock-timeout', kind='number',
    help='Seconds that a statement may wait for a table lock (PostgreSQL, '
         'MySQL, MariaDB).')
allow_newer = option(
    'allow_newer', '--allow-newer', kind='flag',
    help='Do nothing where the database is at a revision that this code '
         'does not know.')
dry_run = option(
    'dry_run', '--dry-run', '--plan', kind='flag',
    help='Change nothing: show the new script, or list what would be run '
         '(with --sql, as SQL from where the database is).')
rename = option(
    'rename', '--rename', kind='list',
    help='What was renamed, as TABLE.COLUMN:NEW, TABLE:NEW or, a value of '
         'an enum, TABLE.COLUMN:OLD=NEW (old names before the colon); may be '
         'repeated.')
drop = option(
    'drop', '--drop', kind='list',
    help='What may be dropped, as TABLE.COLUMN or TABLE; may be repeated.')
fill = option(
    'fill', '--fill', kind='list',
    help='Value of a new required column in the rows that exist, as '
         'TABLE.COLUMN=VALUE; may be repeated.')
allow_drop_all = option(
    'allow_drop_all', '--allow-drop-all', kind='flag',
    help='Write the script although it drops all tables.')
backup = option(
    'backup', '--backup', kind='optional',
    help='Copy a SQLite database first, beside it or with =PATH to there.')
fix = option(
    'fix', '--fix', kind='flag',
    help='Rewrite env.py, alembic.ini and script.py.mako where they are '
         'those of an earlier release; a copy is kept.')
find_revision = option(
    'find_revision', '--find-revision', kind='flag',
    help='Build the revisions in a scratch database, and say which of them '
         'the database fits.')
from_models = option(
    'from_models', '--from-models', kind='flag',
    help='Take the baseline from the models instead of the database.')
incomplete = option(
    'incomplete', '--incomplete', kind='flag',
    help='Adopt the database although the baseline leaves something out.')
repository = option(
    'repository', '--repository',
    help="Folder of sqlalchemy-migrate's repository, where it was used.")
models = option(
    'models', '--models', kind='flag',
    help='Say also how the models differ from the database.')
exit_code = option(
    'exit_code', '--exit-code', kind='flag', of_command_line=True,
    help='Exit with 0: up to date, 1: revisions are pending, 2: trouble.')
format = option(
    'format', '--format', of_command_line=True, choices=('text', 'json'),
    help='How to print it: text, or json for machines.')
show_traceback = option(
    'show_traceback', '--raise', kind='flag', of_command_line=True,
    help='Show the traceback of an error.')
