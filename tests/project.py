"""A small application in a folder of its own, and three ways to command it."""
import io
import os
import sys

from flask import Flask
from flask_sqlalchemy import SQLAlchemy

import flask_migrate
from flask_migrate import Migrate

try:
    from flask.cli import FlaskGroup, ScriptInfo
except ImportError:             # Flask before 0.11
    FlaskGroup = ScriptInfo = None

#: The command lines that this stack has.
COMMAND_LINES = ['manage'] + (['flask'] if FlaskGroup else [])


class Result(object):
    """How a command line ended: exit code, and what it printed."""

    def __init__(self, code, stdout, stderr):
        self.code = code
        self.stdout = stdout
        self.stderr = stderr
        self.output = stdout + stderr

    def __repr__(self):
        return 'Result(code=%r)\n--- stdout\n%s\n--- stderr\n%s' % (
            self.code, self.stdout, self.stderr)


class Project(object):
    """An application with a db and a migrations folder, in *path*.

    :param path: folder of the project.
    :param url: database URL; by default ``app.db`` in the folder.
    :param binds: ``SQLALCHEMY_BINDS``.
    :param settings: arguments of ``Migrate``.
    """

    def __init__(self, path, url=None, binds=None, config=None, **settings):
        self.path = str(path)
        self.directory = os.path.join(self.path, 'migrations')
        # Where a relative SQLite URL is: in the instance folder since
        # Flask-SQLAlchemy 3, before in root_path (no argument till 0.11).
        self.app = Flask('project', instance_path=os.path.join(
            self.path, 'instance'))
        self.app.root_path = self.path
        if url is None:
            url = 'sqlite:///' + os.path.join(self.path, 'app.db')
        if url:
            self.app.config['SQLALCHEMY_DATABASE_URI'] = url
        if binds is not None:
            self.app.config['SQLALCHEMY_BINDS'] = binds
        self.app.config['SQLALCHEMY_TRACK_MODIFICATIONS'] = False
        self.app.config.update(config or {})
        self.db = SQLAlchemy(self.app)
        settings.setdefault('directory', self.directory)
        self.migrate = Migrate(self.app, self.db, **settings)

    # The application ----------------------------------------------------

    def model(self, model_name, bind=None, **columns):
        """Add a model.

        ``model('User', name=db.Column(...))`` has an ``id`` of its own.
        """
        values = {'__tablename__': model_name.lower(),
                  'id': self.db.Column(self.db.Integer, primary_key=True)}
        if bind is not None:
            values['__bind_key__'] = bind
        for key, column in columns.items():
            values[key] = column
        return type(model_name, (self.db.Model,), values)

    def engine(self, bind=None):
        from flask_migrate import compat
        with self.app.app_context():
            return compat.flask_sqlalchemy.engine_of(self.app, self.db, bind)

    def query(self, sql, bind=None):
        """All rows of a SELECT, as a list of tuples."""
        from sqlalchemy import text
        connection = self.engine(bind).connect()
        try:
            return [tuple(row) for row in connection.execute(text(sql))]
        finally:
            connection.close()

    def execute(self, sql, bind=None):
        """Execute and commit one statement."""
        from sqlalchemy import text
        connection = self.engine(bind).connect()
        try:
            transaction = connection.begin()
            connection.execute(text(sql))
            transaction.commit()
        finally:
            connection.close()

    def tables(self, bind=None):
        """The names of the tables, without Alembic's own."""
        from sqlalchemy import MetaData
        metadata = MetaData()
        metadata.reflect(bind=self.engine(bind))
        return sorted(set(metadata.tables) - set(['alembic_version']))

    def columns(self, table, bind=None):
        from sqlalchemy import MetaData
        metadata = MetaData()
        metadata.reflect(bind=self.engine(bind))
        return [column.name for column in metadata.tables[table].columns]

    def version(self, bind=None):
        """The revisions in the version table, sorted."""
        return sorted(row[0] for row in self.query(
            'SELECT version_num FROM alembic_version', bind))

    # Its migrations -----------------------------------------------------

    @property
    def versions(self):
        return os.path.join(self.directory, 'versions')

    def scripts(self):
        """The names of the revision files, sorted."""
        return sorted(name for name in os.listdir(self.versions)
                      if name.endswith('.py') and name != '__init__.py')

    def write_revision(self, rev_id, upgrade='pass', downgrade='pass',
                       down=None, header='', name=None):
        """Write a revision file by hand; the bodies may have many lines."""
        def indented(body):
            return '\n'.join('    ' + line for line in body.splitlines())
        path = os.path.join(self.versions, name or '%s_.py' % rev_id)
        with io.open(path, 'w', encoding='utf-8') as file:
            file.write(
                u'"""revision %s"""\nfrom alembic import op\n'
                u'import sqlalchemy as sa\n%s\n\nrevision = %r\n'
                u'down_revision = %r\n\n\ndef upgrade():\n%s\n\n\n'
                u'def downgrade():\n%s\n'
                % (rev_id, header, str(rev_id),
                   down if down is None or isinstance(down, tuple)
                   else str(down),
                   indented(upgrade), indented(downgrade)))
        return path

    # Three ways to command it -------------------------------------------

    def python(self, name, *args, **kwargs):
        """Call ``flask_migrate.<name>`` in an application context."""
        with self.app.app_context():
            return getattr(flask_migrate, name)(*args, **kwargs)

    def manage(self, *args):
        """``python manage.py db ARGS``, in this process."""
        from flask_migrate.script import Manager, MigrateCommand
        manager = Manager(self.app)
        manager.add_command('db', MigrateCommand)
        return run_manager(manager, 'db', *args)

    def flask(self, *args):
        """``flask db ARGS``, in this process."""
        group = FlaskGroup(create_app=lambda *_: self.app)
        return captured(group.main, ['db'] + list(args), 'flask',
                        obj=ScriptInfo(create_app=lambda *_: self.app))

    def command_line(self, which, *args):
        return getattr(self, which)(*args)


def run_manager(manager, *args):
    """``manager.run()`` as the last line of manage.py calls it."""
    argv, sys.argv = sys.argv, ['manage.py'] + list(args)
    try:
        return captured(manager.run)
    finally:
        sys.argv = argv


def captured(function, *args, **kwargs):
    """Call a command line's main function; return a :class:`Result`."""
    stdout, stderr = sys.stdout, sys.stderr
    sys.stdout, sys.stderr = _stream(), _stream()
    environment = os.environ.copy()
    try:
        try:
            function(*args, **kwargs)
            code = 0
        except SystemExit as end:
            code = end.code
            if code is None:
                code = 0
            elif not isinstance(code, int):
                sys.stderr.write(str(code) + '\n')
                code = 1
        return Result(code, _text(sys.stdout), _text(sys.stderr))
    finally:
        sys.stdout, sys.stderr = stdout, stderr
        # 'flask' sets FLASK_RUN_FROM_CLI, which stops app.run() elsewhere.
        for name in set(os.environ) - set(environment):
            del os.environ[name]


def _stream():
    if sys.version_info[0] == 2:
        from cStringIO import StringIO
        return StringIO()
    stream = io.TextIOWrapper(io.BytesIO(), encoding='utf-8')
    return stream


def _text(stream):
    if sys.version_info[0] == 2:
        return stream.getvalue().decode('utf-8')
    stream.flush()
    return stream.buffer.getvalue().decode('utf-8').replace('\r\n', '\n')
