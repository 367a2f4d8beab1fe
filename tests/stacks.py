"""Run the whole test suite on every stack of tox.ini.

    python tests/stacks.py                        all of env_list
    python tests/stacks.py 2013 newest313         these
    python tests/stacks.py --workdir DIR          keep the environments in DIR
                                                  and use them again
    python tests/stacks.py 2013 -- -k upgrade     arguments for pytest

The checkout is copied once, one wheel is built from the copy, and every
stack installs that wheel after its pins and tests it on a copy of its own.
Each stack runs the tests that its commands in tox.ini select.
Exits with 1 if a stack failed; one whose Python is missing is only listed.
"""
import argparse
import concurrent.futures
import configparser
import glob
import os
import re
import shlex
import shutil
import signal
import subprocess
import sys
import sysconfig
import tempfile
import time
import zipfile

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
GENERATED = shutil.ignore_patterns(
    '.git', '.tox', '.venv', 'venv', 'build', 'dist', '*.egg-info',
    '*.py[co]', '__pycache__', '.pytest_cache', '.hypothesis')


class Stack:
    """One environment of tox.ini, and what became of it."""

    def __init__(self, name, section):
        self.name = name
        self.base_pythons = section['base_python'].split()
        self.deps = section['deps'].strip().splitlines()
        self.prepare = section.get('commands_pre', '').strip()
        # Of 'pytest -m "these" {posargs}': the words between.
        self.pytest = shlex.split(section['commands'])[1:-1]
        self.python = None      # the interpreter the environment is made with
        self.summary = ''       # the last line of pytest, or what went wrong
        self.failed = False
        self.counts = {}
        self.seconds = 0

    @property
    def version(self):
        names = [self.python] if self.python else self.base_pythons
        return '/'.join(os.path.basename(name).replace('python', '')
                        for name in names)

    def count(self, *words):
        return sum(self.counts.get(word, 0) for word in words)


class Failure(Exception):
    pass


# Reading tox.ini

def read_tox_ini():
    parser = configparser.ConfigParser(interpolation=None)
    parser.read(os.path.join(ROOT, 'tox.ini'))

    def resolve(value):
        return re.sub(r'\{\[(.+?)\](\w+)\}',
                      lambda m: resolve(parser[m.group(1)][m.group(2)]), value)

    stacks = {}
    for title in parser.sections():
        if title.startswith('testenv:'):
            name = title.split(':', 1)[1]
            section = {k: resolve(v) for k, v in dict(
                parser['testenv'], **parser[title]).items()}
            if 'base_python' in section:
                stacks[name] = Stack(name, section)
    return parser['tox'], stacks


# Finding Pythons

def find_python(names):
    """The first of these (python3.13, ...) that runs, or None."""
    pyenv = os.environ.get('PYENV_ROOT', os.path.expanduser('~/.pyenv'))
    for name in names:
        version = name.replace('python', '')
        folders = os.environ['PATH'].split(os.pathsep) + sorted(
            glob.glob('%s/versions/%s[.-]*/bin' % (pyenv, version)))
        for folder in folders:
            python = os.path.join(folder, name)
            # A shim of pyenv exists but fails unless its version is
            # activated (and not just in this folder); a system Python may
            # come without ensurepip.
            if os.access(python, os.X_OK) and not subprocess.call(
                    [python, '-c', 'import ensurepip'], cwd=os.sep,
                    stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL):
                return python


# Running one stack

def run(command, log, cwd, env=None, timeout=900, stop_signal=signal.SIGTERM):
    log.write('\n$ %s\n' % ' '.join(command))
    log.flush()
    process = subprocess.Popen(command, cwd=cwd, env=env, stdout=log,
                               stderr=subprocess.STDOUT,
                               stdin=subprocess.DEVNULL)
    try:
        process.wait(timeout)
    except subprocess.TimeoutExpired:
        process.send_signal(stop_signal)
        try:
            process.wait(30)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        raise Failure('no end after %d seconds' % timeout)
    return process.returncode


def check(command, log, cwd, env=None):
    code = run(command, log, cwd, env)
    if code:
        raise Failure('%s: exit code %d' % (' '.join(command)[:60], code))


def make_environment(stack, folder, tools, log):
    """A virtualenv with the pins of the stack, unless it is there already."""
    stamp = os.path.join(folder, 'stack.txt')
    content = '\n'.join([stack.python] + stack.deps)
    if os.path.exists(stamp) and read(stamp) == content:
        return
    shutil.rmtree(folder, ignore_errors=True)
    parent = os.path.dirname(folder)
    if stack.version in ('2.7', '3.6'):
        # 2.7 has no venv, and that of 3.6 brings a pip of 2018.
        check([os.path.join(tools, 'bin', 'virtualenv'), '-q', '-p',
               stack.python, folder], log, parent)
    else:
        check([stack.python, '-m', 'venv', folder], log, parent)
    check([os.path.join(folder, 'bin', 'python'), '-m', 'pip', 'install']
          + stack.deps, log, parent)
    with open(stamp, 'w') as f:
        f.write(content)


def environ(folder):
    """The variables of an activated environment, and no settings of Python.

    PYTHONPATH could bring in the checkout, and PYTHONDONTWRITEBYTECODE hide
    what *.pyc do.
    """
    env = {name: value for name, value in os.environ.items()
           if not name.startswith('PYTHON')}
    env['VIRTUAL_ENV'] = folder
    env['PATH'] = os.path.join(folder, 'bin') + os.pathsep + env['PATH']
    # Released packages that tests fetch: once for all stacks.
    releases = os.path.join(os.path.dirname(folder), 'releases')
    if not os.path.isdir(releases):
        os.makedirs(releases)
    env.setdefault('FLASK_MIGRATE_PEERS', releases)
    return env


def run_stack(stack, workdir, wheel, options):
    start = time.time()
    folder = os.path.join(workdir, stack.name)
    bin_folder = os.path.join(folder, 'bin')
    try:
        with open(log_path(stack, workdir), 'w') as log:
            make_environment(stack, folder, os.path.join(workdir, 'tools'),
                             log)
            # Without its requirements: they must not move the pins.
            check([os.path.join(bin_folder, 'python'), '-m', 'pip', 'install',
                   '--force-reinstall', '--no-deps', wheel], log, workdir)

            # Each stack has its own copy, so that two at a time do not meet
            # in .pytest_cache, build or *.pyc.
            source = os.path.join(folder, 'source')
            shutil.rmtree(source, ignore_errors=True)
            shutil.copytree(os.path.join(workdir, 'source'), source)

            env = environ(folder)
            if stack.prepare:
                # Its first word is a program of the environment.
                words = shlex.split(stack.prepare)
                check([os.path.join(bin_folder, words[0])] + words[1:],
                      log, source, env)
            # The interrupt lets fixtures stop the servers they started.
            pytest = [os.path.join(bin_folder, 'pytest'), '-rfE',
                      '--color=no'] + stack.pytest + options.pytest
            code = run(pytest, log, source, env, options.timeout,
                       signal.SIGINT)
            log.flush()
            read_summary(stack, read(log_path(stack, workdir)))
        # pytest itself exits with 5 where it collected nothing.
        stack.failed = code != 0 or not stack.count('passed')
        if not stack.summary:
            stack.summary = 'pytest: exit code %d' % code
    except (Failure, OSError) as e:
        stack.failed = True
        stack.summary = str(e)
    stack.seconds = time.time() - start
    return stack


def read_summary(stack, text):
    """Find pytest's closing line, like `= 3 passed, 1 failed in 0.2s =`."""
    for line in reversed(text.splitlines()):
        line = line.strip('= ')
        if re.search(r' in [\d.]+ ?s', line):
            stack.summary = line
            stack.counts = {word: int(number) for number, word in re.findall(
                r'(\d+) (passed|failed|skipped|error)', line)}
            return


def log_path(stack, workdir):
    return os.path.join(workdir, stack.name + '.log')


def read(path):
    with open(path, errors='replace') as f:
        return f.read()


# Before and after

def prepare(workdir, requires):
    """Copy the checkout, build the wheel, and install virtualenv."""
    def ignore(folder, names):
        inside = [n for n in names if os.path.join(folder, n) == workdir]
        return GENERATED(folder, names).union(inside)

    source, build, dist = [os.path.join(workdir, name)
                           for name in ('source', 'build', 'dist')]
    for folder in (source, build, dist):
        shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(ROOT, source, ignore=ignore)
    # Building leaves folders behind that the tests should not see.
    shutil.copytree(source, build)
    subprocess.check_call([sys.executable, '-m', 'pip', 'wheel', '-q',
                           '--no-deps', '-w', dist, build])

    tools = os.path.join(workdir, 'tools')
    if not os.path.exists(os.path.join(tools, 'bin', 'virtualenv')):
        subprocess.check_call([sys.executable, '-m', 'venv', tools])
        subprocess.check_call([os.path.join(tools, 'bin', 'pip'), 'install',
                               '-q'] + requires)
    wheel, = glob.glob(os.path.join(dist, '*.whl'))
    if not wheel.endswith('-py2.py3-none-any.whl'):
        sys.exit('%s is not for every Python' % os.path.basename(wheel))
    return wheel


def missing(stack):
    """Why the stack cannot be run here, if it cannot."""
    if not stack.python:
        return 'no Python %s' % stack.version
    if 'argparse314' in stack.prepare and not shutil.which('npm'):
        return 'no npm'


def report(stacks, workdir):
    for stack in stacks:
        if stack.failed:
            log = read(log_path(stack, workdir)).splitlines()
            print('\n' + (' %s: end of the log ' % stack.name).center(79, '-'))
            print('\n'.join(log[-60:]))
            # Where there are many they do not all fit into the tail.
            print('\n'.join(line for line in log[:-60]
                            if line.startswith(('FAILED ', 'ERROR '))))

    row = '%-12s %-7s %6s %6s %7s %7s  %s'
    print('\n' + row % ('stack', 'Python', 'passed', 'failed', 'skipped',
                        'seconds', ''))
    for stack in stacks:
        why = missing(stack)
        if why:
            print(row % (stack.name, stack.version, '-', '-', '-', '-', why))
        else:
            print(row % (stack.name, stack.version, stack.count('passed'),
                         stack.count('failed', 'error'),
                         stack.count('skipped'), '%.0f' % stack.seconds,
                         stack.failed and 'FAILED' or 'ok'))

    # A stack that failed before its tests did counts as one failure.
    print('\n%d passed, %d failed' % (
        sum(stack.count('passed') for stack in stacks),
        sum(max(stack.count('failed', 'error'), int(stack.failed))
            for stack in stacks)))


def put_argparse314():
    """Put the argparse of Python 3.14 in front of this environment's own.

    Pyodide is CPython compiled for the browser: its package holds the
    standard library, for those who do not have that Python.
    """
    folder = os.path.join(sys.prefix, 'argparse314')
    os.makedirs(folder, exist_ok=True)
    with tempfile.TemporaryDirectory() as temp:
        subprocess.check_call(['npm', 'pack', '--silent', 'pyodide@314.0.7'],
                              cwd=temp)
        archive, = glob.glob(os.path.join(temp, '*.tgz'))
        shutil.unpack_archive(archive, temp)
        library = os.path.join(temp, 'package', 'python_stdlib.zip')
        with zipfile.ZipFile(library) as z:
            z.extract('argparse.py', folder)
            with open(os.path.join(folder, '_colorize.py'), 'wb') as f:
                # 3.14 does not evaluate annotations, 3.13 does.
                f.write(b'from __future__ import annotations\n')
                f.write(z.read('_colorize.py'))
    # Not PYTHONPATH: tests may start programs with variables of their own.
    pth = os.path.join(sysconfig.get_path('purelib'), 'argparse314.pth')
    with open(pth, 'w') as f:
        f.write('import sys; sys.path.insert(0, %r)\n' % folder)
    found = subprocess.check_output(
        [sys.executable, '-c', 'import argparse; print(argparse.__file__)'],
        universal_newlines=True).strip()
    if found != os.path.join(folder, 'argparse.py'):
        sys.exit('argparse still comes from ' + found)


def parse_arguments(argv):
    # argparse would take what follows -- for names.
    end = argv.index('--') if '--' in argv else len(argv)
    parser = argparse.ArgumentParser(
        description='Run the test suite on the stacks of tox.ini.',
        usage='%(prog)s [options] [NAME ...] [-- PYTEST-ARGUMENT ...]')
    parser.add_argument('names', nargs='*', metavar='NAME')
    parser.add_argument('--workdir', help='where environments are kept for '
                        'the next run (default: a temporary folder)')
    parser.add_argument('--workers', type=int, default=2,
                        help='stacks to run at a time (default: 2)')
    parser.add_argument('--timeout', type=int, default=900,
                        help='seconds for one run of pytest (default: 900)')
    parser.add_argument('--put-argparse314', action='store_true',
                        help=argparse.SUPPRESS)
    options = parser.parse_args(argv[:end])
    options.pytest = argv[end + 1:]
    return options


def main(argv):
    options = parse_arguments(argv)
    if options.put_argparse314:
        return put_argparse314()

    tox, stacks = read_tox_ini()
    names = options.names or tox['env_list'].split()
    unknown = [name for name in names if name not in stacks]
    if unknown:
        sys.exit('not in tox.ini: ' + ', '.join(unknown))
    stacks = [stacks[name] for name in names]
    for stack in stacks:
        stack.python = find_python(stack.base_pythons)

    if not options.workdir:
        with tempfile.TemporaryDirectory(prefix='stacks-') as workdir:
            return run_all(stacks, workdir, tox, options)
    workdir = os.path.abspath(options.workdir)
    os.makedirs(workdir, exist_ok=True)
    return run_all(stacks, workdir, tox, options)


def run_all(stacks, workdir, tox, options):
    wheel = prepare(workdir, tox['requires'].split())
    print('testing ' + os.path.basename(wheel), flush=True)
    with concurrent.futures.ThreadPoolExecutor(options.workers) as pool:
        futures = [pool.submit(run_stack, stack, workdir, wheel, options)
                   for stack in stacks if not missing(stack)]
        try:
            for future in concurrent.futures.as_completed(futures):
                stack = future.result()
                print('%s: %s' % (stack.name, stack.summary), flush=True)
        except KeyboardInterrupt:
            # Ctrl-C has reached the running ones; start no more.
            pool.shutdown(cancel_futures=True)
            raise
    report(stacks, workdir)
    return int(any(stack.failed for stack in stacks))


if __name__ == '__main__':
    sys.exit(main(sys.argv[1:]))
