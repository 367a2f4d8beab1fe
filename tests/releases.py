"""The released Flask-Migrate packages, from the package index.

Nothing of them is kept in this repository: what a test needs is fetched when
it runs.
"""
import glob
import os
import re
import shutil
import subprocess
import sys
import tarfile
import tempfile
import zipfile

import pytest

from servers import REQUIRE_SERVERS

#: A folder that keeps the packages from one test run to the next.
CACHE = 'FLASK_MIGRATE_PEERS'

#: Where each of the 17 texts of a single-database env.py was released; a
#: text that several releases share is taken from one of them.
SINGLE = ['0.1.1', '1.1.0', '1.5.0', '1.8.1', '2.2.1', '2.3.1', '2.4.0',
          '2.5.2', '2.5.3', '2.6.0', '2.7.0', '3.0.1', '4.0.0', '4.0.2',
          '4.0.3', '4.0.4', '4.1.0']

#: The same for the 15 texts with several databases.
MULTIDB = ['1.5.0', '1.8.1', '2.2.1', '2.4.0', '2.5.2', '2.5.3', '2.6.0',
           '2.7.0', '3.0.1', '3.1.0', '4.0.0', '4.0.2', '4.0.3', '4.0.4',
           '4.1.0']

#: The same for the 6 texts of aioflask, and the 6 of aioflask-multidb.
AIOFLASK = ['3.1.0', '4.0.0', '4.0.2', '4.0.3', '4.0.4', '4.1.0']

#: How many processes of pip there are at a time.
AT_ONCE = 4


@pytest.fixture(scope='session')
def releases():
    """The files of the templates: ``releases[version][template][name]``."""
    versions = sorted(set(SINGLE + MULTIDB + AIOFLASK))
    cache = os.environ.get(CACHE)
    folder = tempfile.mkdtemp(prefix='flask-migrate-releases-')
    try:
        failed = _download([version for version in versions
                            if not archive(cache, version)], folder)
        if failed:
            reason = 'The package index gives no Flask-Migrate: ' + failed
            if os.environ.get(REQUIRE_SERVERS, '') not in ('', '0'):
                pytest.fail('%s (%s is set.)' % (reason, REQUIRE_SERVERS))
            pytest.skip(reason)
        found = dict((version, _templates(archive(folder, version)
                                          or archive(cache, version)))
                     for version in versions)
        for name in os.listdir(folder) if cache else ():
            _move(os.path.join(folder, name), cache)
    finally:
        shutil.rmtree(folder)
    return found


def _move(path, cache):
    """Move into the cache, where others never see half a file."""
    if not os.path.isdir(cache):
        os.makedirs(cache)
    target = os.path.join(cache, os.path.basename(path))
    shutil.copy(path, '%s.%d' % (target, os.getpid()))
    os.rename('%s.%d' % (target, os.getpid()), target)


def archive(folder, version):
    """The path of a release's wheel or sdist in a folder, or None."""
    pattern = os.path.join(folder or '', 'Flask[-_]Migrate-*')
    for path in glob.glob(pattern) if folder else ():
        if re.search(r'-%s(-py.*\.whl|\.tar\.gz|\.zip)$'
                     % re.escape(version), path):
            return path
    return None


def _download(versions, folder):
    """Fetch the archives; return why not, or None."""
    pip = [sys.executable, '-m', 'pip']
    download = pip + [
        'download', '--quiet', '--disable-pip-version-check',
        '--retries', '1', '--dest', folder,
        # Whatever Python this is: the package is not for use.
        '--no-deps', '--python-version', '3.11']
    # The last pip for Python 2.7 fails an assertion of its own where its old
    # resolver is asked for another Python's packages.  (It is asked for its
    # version, not imported, which makes setuptools give way.)
    if versions and b'pip 20.3' in subprocess.check_output(
            pip + ['--version']):
        download += ['--use-feature', '2020-resolver']
    running, waiting = [], list(versions)
    while running or waiting:
        while waiting and len(running) < AT_ONCE:
            running.append(subprocess.Popen(
                download + ['Flask-Migrate==' + waiting.pop(0)],
                stdout=subprocess.PIPE, stderr=subprocess.STDOUT))
        process = running.pop(0)
        output = process.communicate()[0].decode('utf-8', 'replace')
        if process.returncode != 0:
            for each in running:
                each.communicate()
            return ' '.join(output.split())[-300:]
    return None


def _templates(path):
    """The files of an archive's templates, by template and name."""
    if path.endswith('.gz'):
        file = tarfile.open(path)
        names = file.getnames()

        def read(name):
            return file.extractfile(name).read()
    else:
        file = zipfile.ZipFile(path)
        names, read = file.namelist(), file.read
    found = {}
    for name in names:
        match = re.search(r'/templates/([\w-]+)/([\w.]+)$', name)
        if match and not name.endswith('.pyc'):
            found.setdefault(match.group(1), {})[match.group(2)] = read(name)
    file.close()
    return found
