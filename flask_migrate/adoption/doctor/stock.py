"""Which stock files a migrations folder has, and their replacement.

Only a file that is byte for byte one of a release, line ends aside, is
replaced.
"""
import difflib
import hashlib
import os
import shutil

from ...compat.python import text
from ...errors import MigrateError
from ...folder import making
from ...folder.checking import NEEDED
from ...folder.paths import relative
from .findings import Finding
from .generations import STOCK

TEMPLATES = ('flask', 'flask-multidb')


class StockFile(object):
    """A file of a migrations folder that a template has made.

    :ivar content: what is in it, with the line ends of Unix.
    :ivar release: the release of Flask-Migrate that made it, or None.
    :ivar is_current: whether it is this package's.
    :ivar wanted: what this package would make.
    """

    def __init__(self, directory, name):
        self.name = name
        self.path = os.path.join(directory, name)
        with open(self.path, 'rb') as file:
            self.written = file.read()
        self.content = self.written.replace(b'\r\n', b'\n')
        template, self.release = STOCK[name].get(
            hashlib.sha256(self.content).hexdigest(), (None, None))
        current = dict((each, making.file_of_template(each, name, directory)
                        .replace(b'\r\n', b'\n')) for each in TEMPLATES)
        self.is_current = self.content in current.values()
        self.wanted = current[template or self._guess()]

    def _guess(self):
        """The template of a file that was edited."""
        several = any(word in self.content for word in (
            b'upgrade_token', b'multidb', b'engine_name', b'engine_names'))
        return TEMPLATES[several]

    @property
    def title(self):
        return relative(self.path)

    def difference(self):
        """What would have to change in it, lines."""
        texts = [text(each).splitlines() for each in (
            self.content, self.wanted)]
        return list(difflib.unified_diff(
            texts[0], texts[1], self.title,
            self.title + u' (of this package)', lineterm=u''))


def _files(directory):
    return [StockFile(directory, name) for name in NEEDED
            if os.path.isfile(os.path.join(directory, name))]


def generations(setup):
    """Which release made the files of the folder."""
    for each in _files(setup.directory):
        if each.release:
            yield Finding(
                'note', u'%s is that of Flask-Migrate %s, which works as it '
                u'is.' % (each.title, each.release),
                "'doctor --fix' rewrites it to that of this package.")
        elif not each.is_current and each.name == 'env.py':
            yield Finding(
                'note', u'%s was edited, or written by hand, which works as '
                u'it is.' % each.title,
                "'doctor --fix' keeps it, and shows the difference to that "
                "of this package.")


def fix(directory):
    """Rewrite the files of earlier releases; keep those that were edited.

    :return: a list of Findings, what was done.
    :raises MigrateError: where a file cannot be written; all are as before.
    """
    found, done = [], []
    for each in _files(directory):
        if each.is_current:
            continue
        if each.release:
            try:
                copy = _replace(each)
            except EnvironmentError as error:
                for path, old in done:
                    _rename(old, path)
                raise MigrateError(
                    "Can't rewrite '%s': %s. All files are as before."
                    % (each.title, text(error.strerror or error)))
            done.append((each.path, copy))
            found.append(_rewritten(each, copy))
        else:
            found.append(Finding(
                'note', u'%s was edited: it is kept.' % each.title,
                'It works as it is. To have what this package would make, '
                'apply the difference, and keep what you need:',
                each.difference()))
    return found


def _rewritten(file, copy):
    words = u'%s was that of Flask-Migrate %s, and is that of this package ' \
        u'now.' % (file.title, file.release)
    if b'flask_migrate' in file.wanted and not file.name.endswith('.ini'):
        words += u' It needs this package: Flask-Migrate has no ' \
            u'flask_migrate.environment.'
    return Finding('note', words, u"To go back: mv '%s' '%s'" % (
        relative(copy), file.title))


def _replace(file):
    """Replace a file; return the path of its copy."""
    # Where it is a link, what it leads to is replaced.
    path = os.path.realpath(file.path)
    copy = _free(file.path + '.old')
    new = _free(file.path + '.new')
    wanted = file.wanted
    if b'\r\n' in file.written:
        wanted = wanted.replace(b'\n', b'\r\n')
    try:
        shutil.copy2(path, copy)
        shutil.copy2(path, new)         # for the permissions
        with open(new, 'wb') as target:
            target.write(wanted)
        _rename(new, path)
    except EnvironmentError:
        for each in (copy, new):
            if os.path.lexists(each):
                os.remove(each)
        raise
    return copy


def _free(path):
    """A path that nothing has."""
    number, found = 1, path
    while os.path.lexists(found):
        number += 1
        found = '%s%d' % (path, number)
    return found


def _rename(path, target):
    try:
        os.rename(path, target)
    except OSError:
        if not os.path.exists(target):
            raise
        os.remove(target)               # Windows renames over nothing
        os.rename(path, target)


CHECKS = [generations]
