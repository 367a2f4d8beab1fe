"""What an application says about its migrations."""
import weakref

from . import compat


#: The settings that are not Alembic's, and their defaults.
SETTINGS = {'wait': 600, 'lock_timeout': None, 'protect_tables': True,
            'legacy_sql': True, 'wait_for_database': 0,
            'pending_page': False}


class MigrateState(object):
    """What ``app.extensions['migrate']`` holds for env.py to read.

    All attributes may be changed by the application.  While env.py runs,
    its thread sees what env.py files of every age can work with.
    """

    def __init__(self, migrate, db, **configure_args):
        self.migrate = migrate
        self.directory = migrate.directory
        self._db = db
        self._configure_args = configure_args
        self._metadata = None

    def view(self, env_py):
        """The :class:`compat.env_py.View` for an env.py, given its path."""
        return compat.env_py.View(self._db, self._configure_args, env_py)

    @property
    def db(self):
        view = compat.env_py.view_of(self)
        return self._db if view is None else view.db

    @db.setter
    def db(self, db):
        self._db = db

    @property
    def configure_args(self):
        view = compat.env_py.view_of(self)
        return self._configure_args if view is None else view.configure_args

    @configure_args.setter
    def configure_args(self, configure_args):
        self._configure_args = configure_args

    @property
    def metadata(self):
        # env.py files of Flask-Migrate 0.1 found the db itself here.
        return self.db.metadata if self._metadata is None else self._metadata

    @metadata.setter
    def metadata(self, metadata):
        self._metadata = metadata


def _click_group():
    from .cli import db
    return db


class Migrate(object):
    """Database migrations for a Flask application.

    :param app: the application; None where :meth:`init_app` is called later.
    :param db: the Flask-SQLAlchemy object, or any object with ``engine`` and
        ``metadata``.
    :param directory: folder of the migrations, relative to the working
        directory of the command; text or a path object.
    :param command: name of the command group of ``flask``.
    :param compare_type: whether autogenerate compares column types.
    :param render_as_batch: whether autogenerate writes batch operations,
        without which SQLite cannot alter a table.
    :param kwargs: any argument of Alembic's ``context.configure()``; what
        env.py itself passes wins.

    .. versionadded:: 0.1.0
    .. versionchanged:: 5.0.0
        *db* need not be given here to be given to :meth:`init_app`, and the
        settings below are new: *wait* (seconds to wait for another process
        that is migrating the same database, default 600), *lock_timeout*
        (seconds that a statement may wait for a table lock on PostgreSQL,
        MySQL and MariaDB; default: what the server says), *protect_tables*
        (whether autogenerate leaves tables alone that no revision created),
        *legacy_sql* (whether revisions written for SQLAlchemy 1.x run on
        SQLAlchemy 2 as they did then, default True),
        *wait_for_database* (seconds to wait for a database server that is
        starting; default 0), *pending_page* (whether a request that fails
        for want of a table or column, with debug on, is answered by a page
        that names the pending revisions; default False).
    """

    def __init__(self, app=None, db=None, directory='migrations',
                 command='db', compare_type=True, render_as_batch=True,
                 **kwargs):
        self.configure_callbacks = []
        self._states = weakref.WeakSet()
        self._db = db
        self._directory = compat.python.path_text(directory)
        self.command = command
        for name, value in SETTINGS.items():
            setattr(self, name, kwargs.pop(name, value))
        self.alembic_ctx_kwargs = dict(kwargs, compare_type=compare_type,
                                       render_as_batch=render_as_batch)
        # An application factory has no extensions yet: it calls init_app.
        if app is not None and hasattr(app, 'config'):
            self.init_app(app)

    @property
    def db(self):
        """The db; one that is assigned holds for all applications."""
        return self._db

    @db.setter
    def db(self, db):
        self._db = db
        for state in self._states:
            state.db = db

    @property
    def directory(self):
        """The folder; one that is assigned holds for all applications."""
        return self._directory

    @directory.setter
    def directory(self, directory):
        self._directory = compat.python.path_text(directory)
        for state in self._states:
            state.directory = self._directory

    def init_app(self, app, db=None, directory=None, command=None,
                 compare_type=None, render_as_batch=None, **kwargs):
        """Bind to an application; arguments left out keep what was said.

        :param app: the application.
        :param db: see :class:`Migrate`, as all the others.

        .. versionadded:: 0.1.0
        """
        if db is not None:
            self._db = db
        self._directory = compat.python.path_text(directory or self._directory)
        self.command = command or self.command
        for name in SETTINGS:
            setattr(self, name, kwargs.pop(name, getattr(self, name)))
        for name, value in (('compare_type', compare_type),
                            ('render_as_batch', render_as_batch)):
            if value is not None:
                kwargs[name] = value
        self.alembic_ctx_kwargs.update(kwargs)
        state = app.extensions['migrate'] = MigrateState(
            self, self.db, **self.alembic_ctx_kwargs)
        self._states.add(state)
        compat.flask_app.add_command_group(app, _click_group, self.command)
        if self.pending_page:
            from .pending_page import answer_failures
            answer_failures(app)

    def configure(self, function):
        """Register a function that is given the Config of every command.

        :param function: takes the :class:`flask_migrate.Config` and returns
            it, changed or not.
        :return: *function*, so that this is a decorator.

        .. versionadded:: 1.8.0
        """
        self.configure_callbacks.append(function)
        return function

    def call_configure_callbacks(self, config):
        """Pass *config* through the registered functions, in order."""
        for function in self.configure_callbacks:
            config = function(config) or config
        return config

    def get_config(self, directory=None, x_arg=None, opts=None):
        """Return the Alembic configuration of the migrations folder.

        :param directory: the folder; the one of this object by default.
        :param x_arg: a text, or several, for ``context.get_x_argument()``.
        :param opts: names that are set to True in ``config.cmd_opts``.
        :return: a :class:`flask_migrate.Config`.

        .. versionadded:: 1.8.0
        """
        from .folder.config import read_config
        config = read_config(directory or self.directory, x_arg, opts)
        return self.call_configure_callbacks(config)
