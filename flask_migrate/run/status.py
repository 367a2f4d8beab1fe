"""Where every database stands."""
from .. import compat
from ..folder import chain


class RevisionStatus(object):
    """A revision of the folder, as one database has it.

    :ivar revision: its identifier.
    :ivar message: the first line of its docstring.
    :ivar date: when it was made, a text as the file says it, or None.
    :ivar path: its file.
    :ivar applied: whether the database has it.

    .. versionadded:: 5.0.0
    """

    def __init__(self, file, applied):
        self.revision = file.revision
        self.message = compat.python.text(file.doc)
        self.date = file.created
        self.path = file.path
        self.applied = applied

    def as_dict(self):
        return {'revision': self.revision, 'message': self.message,
                'date': self.date, 'applied': self.applied}


class DatabaseStatus(object):
    """Where one database stands.

    :ivar name: its bind key; 'default', or '' where there is only one.
    :ivar url: its URL without the password.
    :ivar current: the revisions that it is at, a list; empty at base.
    :ivar revisions: all of the folder, a list of :class:`RevisionStatus`,
        the oldest first.
    :ivar unknown: revisions that it is at and no file has.
    :ivar differences: how models and database differ, a list of texts; None
        where nobody asked.
    :ivar error: why nothing is known of it, or None.

    .. versionadded:: 5.0.0
    """

    def __init__(self, name, url, current=(), files=(), error=None):
        self.name = name
        self.url = url
        self.current = sorted(current)
        known = set(file.revision for file in files)
        self.unknown = [each for each in self.current if each not in known]
        applied = chain.applied(files, current)
        self.revisions = [RevisionStatus(file, file.revision in applied)
                          for file in files]
        self.differences = None
        self.error = error

    @property
    def pending(self):
        """The revisions that it has not, in the order of an upgrade."""
        return [each for each in self.revisions if not each.applied]

    @property
    def is_current(self):
        """Whether every revision of the folder is applied, and no other."""
        return not (self.error or self.unknown or self.pending)

    def as_dict(self):
        return {
            'name': self.name, 'url': self.url, 'current': self.current,
            'is_current': self.is_current, 'unknown': self.unknown,
            'revisions': [each.as_dict() for each in self.revisions],
            'differences': self.differences, 'error': self.error}


class Status(object):
    """Where the databases of an application stand.

    :ivar databases: a list of :class:`DatabaseStatus`.
    :ivar heads: the newest revisions of the folder, a list.
    :ivar error: why not everything is known, or None.

    .. versionadded:: 5.0.0
    """

    def __init__(self):
        self.databases = []
        self.heads = []
        self.error = None

    @property
    def pending(self):
        """The identifiers of revisions that some database has not."""
        return _without_repeats(
            each.revision for database in self.databases
            for each in database.pending)

    @property
    def unknown(self):
        """Revisions that some database is at, and no file has."""
        return _without_repeats(each for database in self.databases
                                for each in database.unknown)

    @property
    def is_current(self):
        """Whether every database is up to date."""
        return self.error is None and bool(self.databases) \
            and all(database.is_current for database in self.databases)

    @property
    def exit_code(self):
        """0 up to date, 1 revisions are pending or models differ, 2 trouble.

        Several heads are trouble: 'upgrade' refuses them.
        """
        if self.error or self.unknown or len(self.heads) > 1 \
                or not self.databases \
                or any(database.error for database in self.databases):
            return 2
        differ = any(database.differences for database in self.databases)
        return 1 if self.pending or differ else 0

    def as_dict(self):
        """All of it in dicts and lists, as ``--format json`` prints it."""
        return {
            'is_current': self.is_current, 'heads': self.heads,
            'pending': self.pending, 'unknown': self.unknown,
            'error': self.error,
            'databases': [each.as_dict() for each in self.databases]}

    def lines(self):
        """All of it as a terminal shows it."""
        for database in self.databases:
            for line in _lines_of(database, self.heads):
                yield line
        if len(self.heads) > 1:
            yield u'The revisions have %d heads: %s. Join them with merge.' \
                % (len(self.heads), u', '.join(self.heads))
        if self.error and all(database.error != self.error
                              for database in self.databases):
            yield u'Error: %s' % self.error


def _without_repeats(values):
    found = []
    for each in values:
        if each not in found:
            found.append(each)
    return found


def _lines_of(database, heads):
    yield u'%s: %s' % (database.name or u'database', database.url)
    if database.error:
        yield u'  Nothing is known of it: %s' % database.error
        return
    yield u'  at %s: %s' % (
        u', '.join(database.current) or u'base', _summary(database))
    for each in database.revisions:
        yield u'  [%s] %s%s' % (
            u'X' if each.applied else u' ', each.revision,
            u''.join(u'  ' + part for part in (
                (each.date or u'')[:16], each.message) if part))
    for each in database.unknown:
        yield u'  [?] %s  no file here has this revision' % each
    if database.differences:
        yield u'  The models differ:'
        for each in database.differences:
            yield u'    ' + each
    elif database.differences is not None:
        yield u'  The models are as the database.'


def _summary(database):
    if database.unknown:
        return u'a revision that no file here has'
    pending = len(database.pending)
    if pending:
        return u'%d revision%s pending' % (pending, u's' * (pending > 1))
    return u'up to date'
