"""Everything that depends on the version of something installed.

Each piece names what needs it, and goes when that version is dropped.
Nothing here imports the rest of the package, and Alembic is imported only
inside functions: see ``flask_migrate/__init__.py``.
"""
import copy
import inspect
import os
import sys
import traceback
import types

PY2 = sys.version_info[0] == 2

if PY2:
    text_type = unicode  # noqa: F821
    string_types = (basestring,)  # noqa: F821
else:
    text_type = str
    string_types = (str,)


def native(text):
    """Return *text* as the ``str`` of this Python.

    Python 2.7 wants bytes for docstrings, argparse and stderr.
    """
    if PY2 and isinstance(text, text_type):
        return text.encode('utf-8')
    return text


def safe_path():
    """Whether Python leaves the script's folder out (``-P``, 3.11)."""
    return getattr(sys.flags, 'safe_path', False)


def script_file(path):
    """What ``__file__`` is in a script that is run (absolute from 3.9)."""
    return os.path.abspath(path) if sys.version_info >= (3, 9) else path


class TextStream(object):
    """A stream of Python 2.7, without an encoding, that takes any text."""

    encoding = 'utf-8'

    def __init__(self, stream):
        self._stream = stream

    def __getattr__(self, name):
        return getattr(self._stream, name)

    def write(self, text):
        self._stream.write(native(text))


def text_stream(stream):
    """*stream*, able to print what Alembic prints.

    In Python 2.7 a pipe has no encoding: it takes ASCII, or bytes.
    """
    if PY2 and not getattr(stream, 'encoding', None):
        return TextStream(stream)
    return stream


def text(value):
    """Any value, an exception too, as text."""
    if isinstance(value, bytes):
        return value.decode('utf-8', 'replace')
    try:
        return text_type(value)
    except UnicodeError:        # an exception of 2.7 with bytes in it
        return str(value).decode('utf-8', 'replace')


def path_text(path):
    """A path, text or an object of ``pathlib``, as ``str``."""
    return native(path) if isinstance(path, string_types) else str(path)


def importable(name):
    """Whether a module can be imported."""
    try:
        __import__(name)
    except ImportError:
        return False
    return True


def argument_names(function):
    """The names of a function's parameters, in order.

    Python 2.7 has no ``getfullargspec``; Python 3.11 has no ``getargspec``.
    """
    return code_arguments(function.__code__)


def code_arguments(code):
    """The names of the parameters of a function's code."""
    return code.co_varnames[:code.co_argcount
                            + getattr(code, 'co_kwonlyargcount', 0)]


def argument_defaults(function):
    """The defaults of a function's parameters, by name."""
    spec = getattr(inspect, 'getfullargspec',
                   getattr(inspect, 'getargspec', None))(function)
    values = spec.defaults or ()
    return dict(zip(spec.args[len(spec.args) - len(values):], values))


def lazy_module(name, load):
    """Let ``module.attribute`` call ``load(attribute)`` when it is missing.

    Python 3.7 has module ``__getattr__`` (PEP 562); before it, the module is
    given a class (3.5+) or replaced by an object of one (2.7).
    """
    if sys.version_info >= (3, 7):
        return
    module = sys.modules[name]

    class LazyModule(types.ModuleType):
        def __getattr__(self, attribute):
            return load(attribute)

    try:
        module.__class__ = LazyModule
    except TypeError:
        replacement = LazyModule(name, module.__doc__)
        replacement.__dict__.update(module.__dict__)
        # Python 2.7 empties the globals of a module nobody refers to.
        replacement.__dict__['_replaced_module'] = module
        sys.modules[name] = replacement


def reraise(error, cause):
    """Raise *error* because of *cause*, which is being handled.

    ``raise ... from`` is Python 3, as are tracebacks that exceptions carry.
    """
    error.__cause__ = cause
    error.traceback = traceback.format_exc()
    raise error


# ---------------------------------------------------------------- Alembic

# The first Alembic release that knows an argument or a command; all other
# arguments of ours exist in 0.6.
SINCE = {
    'head': '0.7', 'splice': '0.7', 'branch_label': '0.7',
    'version_path': '0.7', 'rev_id': '0.7', 'depends_on': '0.8',
    'verbose': '0.7', 'resolve_dependencies': '0.7',
    'indicate_current': '0.9.9', 'purge': '1.2', 'check_heads': '1.17.1',
    'merge': '0.7', 'merge --splice': '1.18.5', 'show': '0.7', 'edit': '0.8',
    'ensure_version': '1.7.6', 'revisions': '1.2',
}


def alembic_version():
    """The installed Alembic's version as a tuple of numbers.

    ``0.7.5.post2`` and betas are released versions too.
    """
    from alembic import __version__
    numbers = []
    for part in __version__.split('.')[:3]:
        digits = ''.join(c for c in part if c.isdigit())
        if digits != part:
            break
        numbers.append(int(part))
    return tuple(numbers)


def needs_newer_alembic(what, since):
    from alembic import __version__
    return ('%s needs Alembic %s or newer; this is %s. '
            'Upgrade it: pip install "alembic>=%s"'
            % (what, since, __version__, since))


def alembic_command(name, **arguments):
    """Return ``alembic.command.<name>`` and those *arguments* it knows.

    Arguments at rest (None, False, empty, 'head') that this Alembic does not
    know are left out.

    :raises alembic.util.CommandError: where one was set, or the command does
        not exist, naming the Alembic release that is needed.
    """
    from alembic import command
    from alembic.util import CommandError
    function = getattr(command, name, None)
    if function is None:
        raise CommandError(needs_newer_alembic(
            "'%s'" % name.replace('_', '-'), SINCE[name]))
    known = argument_names(getattr(function, '__wrapped__', function))
    kept = {}
    for argument, value in arguments.items():
        if argument in known:
            kept[argument] = value
        elif value and value != 'head':
            since = SINCE.get('%s --%s' % (name, argument),
                              SINCE.get(argument, ''))
            raise CommandError(needs_newer_alembic(
                '--' + argument.replace('_', '-'), since))
    return function, kept


def check_package_folders():
    """Refuse ``__init__.py`` where Alembic takes it for a revision."""
    from alembic import command
    from alembic.util import CommandError
    if not hasattr(command, 'edit'):        # Alembic 0.6
        raise CommandError(needs_newer_alembic('--package', '0.8'))


def environment_context():
    """Alembic's EnvironmentContext (moved to ``alembic.runtime`` in 0.8)."""
    try:
        from alembic.runtime.environment import EnvironmentContext
    except ImportError:
        from alembic.environment import EnvironmentContext
    return EnvironmentContext


def script_heads(script):
    """The heads of a ScriptDirectory (before 0.7: one, or an error)."""
    if hasattr(script, 'get_heads'):
        return list(script.get_heads())
    head = script.get_current_head()
    return [head] if head else []


def script_revisions(script, name):
    """The Script objects that *name* means (``get_revisions``: 0.7)."""
    if hasattr(script, 'get_revisions'):
        return [s for s in script.get_revisions(name) if s is not None]
    names = name if isinstance(name, (tuple, list)) else [name]
    found = [script.get_revision(
        script.get_current_head() if n in ('head', 'heads') else n)
        for n in names if n]
    return [s for s in found if s is not None]


def targets(revisions):
    """What a command is to go to, in the words of this Alembic.

    :raises alembic.util.CommandError: for several, before 0.7.
    """
    if not has_branches():
        from alembic.util import CommandError
        if len(revisions) > 1:
            raise CommandError(needs_newer_alembic(
                'More than one revision', '0.7'))
        revisions = ['head' if each == 'heads' else each
                     for each in revisions]
    return revisions if len(revisions) > 1 else revisions[0]


def has_branches():
    """Whether this Alembic knows several heads (0.7)."""
    from alembic.script import ScriptDirectory
    return hasattr(ScriptDirectory, 'get_revisions')


def finds_cycles():
    """Whether this Alembic refuses revisions that form a circle (1.5)."""
    try:
        from alembic.script.revision import CycleDetected  # noqa: F401
    except ImportError:
        return False
    return True


def format_script(script, verbose=False, **settings):
    """One line (verbose: several) about a Script (``cmd_format``: 0.7)."""
    if hasattr(script, 'cmd_format'):
        return script.cmd_format(verbose, **settings)
    return text_type(script)


def can_be_quiet():
    """Whether Alembic's status lines can be switched off (1.11)."""
    from alembic.config import Config
    return hasattr(Config, 'messaging_opts')


def plan_heads(context):
    """The revisions a database is at, as a tuple (several since 0.7)."""
    if hasattr(context, 'get_current_heads'):
        return tuple(context.get_current_heads())
    revision = context.get_current_revision()
    return (revision,) if revision else ()


def leave_version_table(context):
    """Keep a MigrationContext from creating the version table.

    Alembic has ``dont_mutate`` for that from 1.3 on; 0.6 creates the table
    before it reads.
    """
    if alembic_version() >= (1, 4):
        return
    context._version.create = lambda *args, **kwargs: None
    read = context.get_current_revision

    def get_current_revision():
        if context.as_sql or context.connection.dialect.has_table(
                context.connection, context._version.name,
                context._version.schema):
            return read()
    if not has_branches():
        context.get_current_revision = get_current_revision
        context._current_rev = get_current_revision


def steps(function, heads, context):
    """The steps that an Alembic command takes in one database.

    Alembic 0.6 stamps at once: that becomes a step as well.
    """
    if has_branches() or context.as_sql:
        return function(heads, context)
    stamped = []
    context._update_current_rev = lambda *step: stamped.append(step)
    try:
        found = function(heads, context)
        return list(found) + [(stamp, before, after, '')
                              for before, after in stamped if before != after]
    finally:
        del context._update_current_rev


def starting_revision(heads):
    """Heads as the start of a run that prints SQL (0.6: one text)."""
    if not heads:
        return None
    return heads if has_branches() else heads[0]


def in_transactions(steps, context):
    """Let each step have a transaction where Alembic begins none.

    Without transactional DDL it does so from 1.5 on.  Before, SQLAlchemy
    commits every single statement, and a revision that fails is repeated
    with what it has changed already.
    """
    connection = context.connection
    if alembic_version() >= (1, 5) or connection.in_transaction() \
            or connection.dialect.name not in ('mysql', 'mariadb'):
        return steps
    begin = getattr(context, 'begin_transaction', None)
    if begin is None:                                       # 0.6
        return _in_transactions(steps, connection)

    def begin_transaction(_per_migration=False):
        return connection.begin() if _per_migration else begin()
    context.begin_transaction = begin_transaction
    return steps


def _in_transactions(steps, connection):
    for step in steps:
        transaction = connection.begin()
        yield step
        transaction.commit()


def stamp(**kwargs):
    """What a step of ``stamp`` runs: nothing."""


def script_directory(config):
    from alembic.script import ScriptDirectory
    return ScriptDirectory.from_config(config)


# ------------------------------------------------------------- SQLAlchemy

def url_text(url, hide_password=False):
    """A database URL as text (SQLAlchemy 1.4+ masks it in ``str()``)."""
    if hasattr(url, 'render_as_string'):
        return url.render_as_string(hide_password=hide_password)
    if hide_password and url.password:
        # repr() does that from 0.9 on.
        url = type(url)(url.drivername, url.username, 'HIDDEN', url.host,
                        url.port, url.database)
        return text_type(url).replace(':HIDDEN@', ':***@')
    return text_type(url)


def exact_url_text(url):
    """A database URL as text that means the same URL again.

    SQLAlchemy 0.9 to 1.4 leave '%' in user and password as it is.
    """
    from sqlalchemy.engine.url import make_url
    if make_url(url_text(url)) == url:
        return url_text(url)
    escaped = dict(
        (name, text_type(getattr(url, name)).replace(u'%', u'%25'))
        for name in ('username', 'password') if getattr(url, name))
    if hasattr(url, 'set'):                         # SQLAlchemy 1.4
        return url_text(url.set(**escaped))
    url = copy.copy(url)
    for name, value in escaped.items():
        setattr(url, name, value)
    return url_text(url)


def raw_connection(connection):
    """The DBAPI connection under a SQLAlchemy Connection (named in 1.4.24)."""
    fairy = connection.connection
    return getattr(fairy, 'dbapi_connection', None) or fairy.connection


def copy_table(table, metadata):
    """Copy *table* into *metadata* (``tometadata`` went in SQLAlchemy 2)."""
    copy = getattr(table, 'to_metadata', None) or table.tometadata
    return copy(metadata)


# -------------------------------------------------- the db that was given

def bind_keys(app, db):
    """The names of the databases beside the default one.

    Flask-SQLAlchemy keeps them in ``SQLALCHEMY_BINDS``, Alchemical offers
    ``bind_names``, Flask-SQLAlchemy-Lite names its engines ('default' is the
    one without a name).
    """
    binds = app.config.get('SQLALCHEMY_BINDS')
    if binds is not None:
        return [key for key in binds if key is not None]
    engines = _engines(db)
    names = getattr(db, 'bind_names', None)
    if names is not None:
        return [key for key in (names() if callable(names) else names)
                if key is not None]
    if engines is not None:
        return [key for key in engines if key not in (None, 'default')]
    return []


def _engines(db):
    """The engines by bind key, of a db that has them so, else None.

    ``db.engines`` is Flask-SQLAlchemy 3, -Lite, and Alchemical, which makes
    them when the first one is asked for.
    """
    engines = getattr(db, 'engines', db)
    if engines is None:
        db.get_engine()
        engines = db.engines
    return None if engines is db else engines


def has_engine(db):
    """Whether a db has an engine (a declarative base has none)."""
    for name in ('get_engine', 'engines', 'engine'):
        try:
            getattr(db, name)       # hasattr() of 2.7 hides every error
        except AttributeError:
            continue
        return True
    return False


def has_default(app, db):
    """Whether there is a database without a name.

    Flask-SQLAlchemy 3 has none where only ``SQLALCHEMY_BINDS`` is set; 2.x
    then makes one up in memory, which nobody migrates.
    """
    engines = _engines(db)
    if engines is not None:
        return None in engines or 'default' in engines
    return not app.config.get('SQLALCHEMY_BINDS') or app.config.get(
        'SQLALCHEMY_DATABASE_URI') not in (
            None, '', 'sqlite://', 'sqlite:///:memory:')


def engine_of(app, db, bind=None):
    """The application's own engine for a bind (None: the default one).

    Flask-SQLAlchemy 2 has ``get_engine(app, bind)``.
    """
    engines = _engines(db)
    if engines is not None:
        if bind is None and None not in engines:
            return db.engine
        return engines[bind]
    if bind is None:
        return db.engine
    if argument_names(db.get_engine)[1:2] == ('app',):
        return db.get_engine(app, bind)
    return db.get_engine(bind)


def metadata_of(app, db, bind=None):
    """The tables that belong to a bind (None: to the default one).

    Flask-SQLAlchemy 3 has ``db.metadatas`` with only those binds that have
    models; 2.x keeps all tables in one, marked with ``info['bind_key']``.
    """
    from sqlalchemy import MetaData
    metadatas = getattr(db, 'metadatas', None)
    if metadatas is not None:
        found = metadatas.get(bind)
        return MetaData() if found is None else found
    metadata = getattr(db, 'metadata', None)
    if metadata is None:
        metadata = getattr(getattr(db, 'Model', None), 'metadata', None)
    if metadata is None or not bind_keys(app, db):
        return metadata if bind is None else MetaData()
    own = MetaData(naming_convention=metadata.naming_convention) \
        if hasattr(metadata, 'naming_convention') else MetaData()
    for table in metadata.sorted_tables:
        if table.info.get('bind_key') == bind:
            copy_table(table, own)
    return own


def all_tables(db):
    """Every table of every bind, each marked with ``info['bind_key']``."""
    metadatas = getattr(db, 'metadatas', None)
    if metadatas is None:
        return list(db.metadata.sorted_tables)
    tables = []
    for bind, metadata in metadatas.items():
        for table in metadata.sorted_tables:
            if bind is not None:
                table.info.setdefault('bind_key', bind)
            tables.append(table)
    return tables


# ------------------------------------------- steps of a run, and connections

def step_parts(step):
    """Revision, direction, file and message of a step of Alembic.

    Steps are tuples (function, from, to, message) before 0.7.
    """
    if isinstance(step, tuple):
        function, before, after = step[:3]
        direction = function.__name__
        path = None if function is stamp else function.__code__.co_filename
        return ((before if direction == 'downgrade' else after), direction,
                path, step[3] if step[3:] else '')
    if hasattr(step, 'revision') and not getattr(step, 'is_stamp', False):
        script = step.revision
        direction = 'upgrade' if step.is_upgrade else 'downgrade'
        return script.revision, direction, script.path, script.doc or ''
    return ', '.join(step.to_revisions) or 'base', 'stamp', None, ''


def step_parent(step):
    """The revisions that a step of ``downgrade`` leads to, as text."""
    if isinstance(step, tuple):
        return step[2]
    return ', '.join(step.to_revisions)


def step_text(step):
    """What Alembic logs of a step."""
    if isinstance(step, tuple):
        function, before, after = step[:3]
        return '%s %s -> %s' % (getattr(function, '__name__', 'stamp'),
                                before, after) \
            + (', %s' % step[3] if any(step[3:]) else '')
    return native(text_type(step))


def error_text(error):
    """The message of an exception as ``str``, in any encoding."""
    try:
        return native(text_type(error))
    except UnicodeError:
        return str(error)


def execution_options(connection):
    """The execution options of a Connection (public from 1.3)."""
    if hasattr(connection, 'get_execution_options'):
        return connection.get_execution_options()
    return connection._execution_options


def transaction_of(connection):
    """The transaction that SQLAlchemy 1.4+ has begun, perhaps by itself."""
    return getattr(connection, 'get_transaction', lambda: None)()


def listen(target, **listeners):
    """Listen to events; return a function that stops that.

    SQLAlchemy before 0.9 cannot remove a listener.
    """
    from sqlalchemy import event
    on = [True]

    def guarded(function):
        def listener(*args):
            if on:
                return function(*args)
            return args[2:4]    # statement and parameters, where they count
        return listener

    guards = dict((name, guarded(function))
                  for name, function in listeners.items())
    for name, guard in guards.items():
        # These may return another statement.
        event.listen(target, name, guard,
                     **({'retval': True} if name == 'before_cursor_execute'
                        else {}))

    def stop():
        del on[:]
        for name, guard in guards.items():
            try:
                event.remove(target, name, guard)
            except Exception:
                pass
    return stop


def commits_at_once(connection):
    """Whether each statement of a Connection is committed by itself.

    PyMySQL and MySQLdb have ``get_autocommit``, psycopg2 and psycopg an
    attribute (so has Python 3.12's sqlite3, where -1 is not True).
    """
    if not connection.in_transaction() or execution_options(
            connection).get('isolation_level') == 'AUTOCOMMIT':
        return True
    raw = raw_connection(connection)
    ask = getattr(raw, 'get_autocommit', None)
    return bool(ask()) if ask else getattr(raw, 'autocommit', None) is True


def server_name(connection):
    """What the database server is called (SQLAlchemy 1.4: is_mariadb)."""
    dialect = connection.dialect
    if dialect.name == 'mysql' and getattr(dialect, 'is_mariadb', False):
        return 'MariaDB'
    return {'mysql': 'MySQL or MariaDB', 'mariadb': 'MariaDB',
            'postgresql': 'PostgreSQL', 'sqlite': 'SQLite'}.get(
                dialect.name, dialect.name)


def sqlite_error():
    import sqlite3
    return sqlite3.Error


def server_process(connection):
    """The server's number of a connection's session; None if unknown.

    psycopg2 has ``get_backend_pid``, psycopg ``info``, MySQLdb and PyMySQL
    ``thread_id``, MySQL Connector ``connection_id``.
    """
    raw = raw_connection(connection)
    for name in ('get_backend_pid', 'thread_id', 'connection_id'):
        found = getattr(raw, name, None)
        if found is not None:
            return found() if callable(found) else found
    return getattr(getattr(raw, 'info', None), 'backend_pid', None)
