"""A command on a terminal: what it asks, and what somebody types."""
import os
import pty
import select
import sys

from processes import write


class Terminal(object):
    """A command line that runs on a pseudo-terminal.

    :param project: the Project.
    :param models: Python text, to be put under its application.
    :param command_line: 'manage' or 'flask'.
    """

    def __init__(self, project, models, command_line, *arguments):
        write(project)
        with open(os.path.join(project.path, 'application.py'), 'a') as file:
            file.write(models)
        start = ['manage.py'] if command_line == 'manage' \
            else ['-m', 'flask']
        if command_line == 'flask' and sys.version_info < (3,):
            start = ['-c', 'from flask.cli import main; main()']
        self.output = ''
        environment = dict(os.environ, FLASK_APP='application.py',
                           LC_ALL='C.UTF-8', LANG='C.UTF-8')
        environment.pop('FLASK_DEBUG', None)
        self.number, self.master = pty.fork()
        if not self.number:
            try:
                os.chdir(project.path)
                os.execve(sys.executable, [sys.executable] + start
                          + ['db'] + list(arguments), environment)
            finally:
                os._exit(99)

    def says(self, words, timeout=60):
        """Wait until it has printed the words."""
        while words not in self.output:
            assert self._read(timeout), self.output

    def types(self, text):
        """Type something; what was printed before is forgotten."""
        self.output = ''
        os.write(self.master, text.encode('ascii'))

    def ends(self, timeout=60):
        """Wait for its end; return the exit code."""
        while self._read(timeout):
            pass
        status = os.waitpid(self.number, 0)[1]
        os.close(self.master)
        return os.WEXITSTATUS(status) if os.WIFEXITED(status) \
            else -os.WTERMSIG(status)

    def _read(self, timeout):
        if not select.select([self.master], [], [], timeout)[0]:
            return False
        try:
            data = os.read(self.master, 4096)
        except OSError:             # its end is closed
            return False
        self.output += data.decode('utf-8', 'replace').replace('\r', '')
        return bool(data)
