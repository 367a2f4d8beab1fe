"""A folder in which a reader types what a text says."""
import io
import os
import runpy
import subprocess
import sys
import warnings

import flask_migrate
from project import Result, captured

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))

#: Where the package is that is tested: here, or installed.
PACKAGE = os.path.dirname(os.path.dirname(
    os.path.abspath(flask_migrate.__file__)))

#: What a reader's shell must not inherit from the one that runs the tests.
SETTINGS = ('FLASK_', 'WERKZEUG_', 'DATABASE_URL')


class Reader(object):
    """Writes files and types commands in the folder *path*.

    Commands run in this process, each as if in one of its own: the modules
    of the folder are imported anew.

    :param path: the working directory.
    :param environment: environment variables that the text sets.
    """

    def __init__(self, path, **environment):
        self.path = str(path)
        self.environment = environment

    def write(self, name, text):
        path = os.path.join(self.path, name)
        if not os.path.isdir(os.path.dirname(path)):
            os.makedirs(os.path.dirname(path))
        with io.open(path, 'w', encoding='utf-8') as file:
            file.write(u'' + text)

    def read(self, name):
        with io.open(os.path.join(self.path, name), encoding='utf-8') as file:
            return file.read()

    def replace(self, name, old, new):
        """Edit a file; *old* must be in it."""
        text = self.read(name)
        assert old in text, text
        self.write(name, text.replace(old, new))

    def files(self, *folder):
        return sorted(name for name in
                      os.listdir(os.path.join(self.path, *folder))
                      if name != '__pycache__' and not name.endswith('.pyc'))

    def versions(self):
        """The paths of the revision files."""
        return [os.path.join('migrations', 'versions', name)
                for name in self.files('migrations', 'versions')]

    def new_version(self, before):
        """The revision file that was not there *before*, and its id."""
        found, = set(self.versions()) - set(before)
        return found, os.path.basename(found).split('_')[0]

    # In this process -----------------------------------------------------

    def manage(self, *args):
        """``python manage.py ARGS``, which must succeed."""
        return self.succeeds(self.python('manage.py', *args))

    def flask(self, *args):
        """``flask ARGS``, which must succeed."""
        return self.succeeds(self.flask_result(*args))

    def flask_result(self, *args):
        from flask.cli import FlaskGroup

        def main():
            sys.path.insert(0, '')
            FlaskGroup().main(list(args), 'flask')
        return self._run(main)

    def python(self, script, *args):
        """``python SCRIPT ARGS``."""
        def main():
            sys.argv = [script] + list(args)
            sys.path.insert(0, os.path.dirname(os.path.abspath(script)))
            runpy.run_path(script, run_name='__main__')
        return self._run(main)

    @staticmethod
    def succeeds(result):
        assert result.code == 0, result
        return result

    def _run(self, main):
        before = dict(os.environ), os.getcwd(), sys.path[:], sys.argv, \
            set(sys.modules), sys.dont_write_bytecode
        for name in list(os.environ):
            if name.startswith(SETTINGS):
                del os.environ[name]
        os.environ.update(self.environment)
        os.chdir(self.path)
        # A file that is edited twice in a second keeps its old bytecode.
        sys.dont_write_bytecode = True
        try:
            with warnings.catch_warnings():
                warnings.simplefilter('ignore')
                return captured(main)
        finally:
            environment, cwd, sys.path[:], sys.argv, modules, \
                sys.dont_write_bytecode = before
            os.environ.clear()
            os.environ.update(environment)
            os.chdir(cwd)
            for name in set(sys.modules) - modules:
                path = getattr(sys.modules[name], '__file__', None) or ''
                if os.path.abspath(path).startswith(self.path):
                    del sys.modules[name]

    # In a process of its own ---------------------------------------------

    def process(self, *args, **settings):
        """Run a command in a process, with the package that is tested."""
        environment = dict((name, value)
                           for name, value in os.environ.items()
                           if not name.startswith(SETTINGS))
        environment.update(self.environment)
        environment['PYTHONPATH'] = PACKAGE
        environment['PYTHONDONTWRITEBYTECODE'] = '1'
        # "flask" and "python" of this environment come first.
        environment['PATH'] = os.pathsep.join(
            [os.path.dirname(sys.executable), environment.get('PATH', '')])
        running = subprocess.Popen(
            args, cwd=settings.get('cwd', self.path), env=environment,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        stdout, stderr = running.communicate()
        return Result(running.returncode, stdout.decode('utf-8'),
                      stderr.decode('utf-8'))

    # Its database --------------------------------------------------------

    def sql(self, url, *statements):
        """Execute statements; return the rows of the last one."""
        from sqlalchemy import create_engine, text
        engine = create_engine(url)
        connection = engine.connect()
        try:
            transaction = connection.begin()
            for statement in statements:
                result = connection.execute(text(statement))
            rows = [tuple(row) for row in result] \
                if result.returns_rows else []
            transaction.commit()
            return rows
        finally:
            connection.close()
            engine.dispose()

    def columns(self, url, table):
        """The columns of a table by name."""
        return self._reflected(url).tables[table].columns

    def tables(self, url):
        return sorted(set(self._reflected(url).tables)
                      - set(['alembic_version']))

    @staticmethod
    def _reflected(url):
        from sqlalchemy import MetaData, create_engine
        engine = create_engine(url)
        metadata = MetaData()
        metadata.reflect(bind=engine)
        engine.dispose()
        return metadata
