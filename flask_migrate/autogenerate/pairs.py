"""Which of what is dropped was renamed to which of what is added.

The options tell, or somebody on the terminal.  Nothing is guessed.
"""
from ..errors import MigrateError
from .addressed import refuse_unrenamed
from .counting import has_rows
from .protection import title
from .questioner import Question


class Pair(object):
    """A dropped and an added thing that may be one.

    :param found: the :class:`Found` of its database.
    :param schema: of the table.
    :param table: its name in the database.
    :param old: the old name: of the table, or of a column of it.
    :param new: the new one.
    :param column: whether it is a column.
    :param score: how much they look alike.
    """

    def __init__(self, found, schema, table, old, new, column, score):
        self.found = found
        self.schema = schema
        self.table = table
        self.old = old
        self.new = new
        self.column = column
        self.score = score

    @property
    def said(self):
        """What ``--rename`` says of the old one."""
        return self.found.answers.of('rename', *self._address())

    @property
    def goes(self):
        """Whether ``--drop`` says that the old one goes."""
        return self.found.answers.of('drop', *self._address())

    def _address(self):
        return (self.found.name, self.schema, self.table,
                self.old if self.column else None)

    @property
    def key(self):
        return ('rename', self.found.name, self.schema, self.table,
                self.old, self.new)

    @property
    def place(self):
        """Where both of them cannot be paired with another."""
        return (self.schema, self.table) if self.column \
            else (self.schema,)

    def names(self):
        """What a question calls the old one and the new one."""
        return self.title(self.old), self.title(self.new)

    def title(self, name):
        """The old or new one, as messages and options name it."""
        text = title(self.schema, self.table if self.column else name)
        if self.column:
            text = '%s.%s' % (text, name)
        return '%s:%s' % (self.found.name, text) if self.found.name else text

    def options(self):
        """The options that answer."""
        old = self.title(self.old)
        return '--rename %s:%s or --drop %s' % (old, self.new, old)

    def has_rows(self):
        return has_rows(self.found.connection, self.schema, self.table)


class RenameQuestion(Question):
    """Whether the old one of a pair was renamed to the new one."""

    def __init__(self, pair):
        Question.__init__(
            self, pair.key, u'Was %s renamed to %s? [y/N]' % pair.names(),
            read_yes)

    def is_moot(self, answers):
        return any(answer is True and key[:4] == self.key[:4]
                   and (key[4] == self.key[4] or key[5] == self.key[5])
                   for key, answer in answers.items()
                   if key[0] == 'rename')


def read_yes(line):
    """What was answered to a question with ``[y/N]``."""
    if line.lower() in ('', 'n', 'no'):
        return False
    if line.lower() in ('y', 'yes'):
        return True
    raise ValueError(u'Please answer y or n.')


def renamed(found, pairs, columns):
    """The pairs that are one thing with a new name.

    :param pairs: candidates, any order; those with a score of 0 are pairs
        only if an option says so.
    :param columns: whether they are columns; None: they are values.
    :return: a list of those, and a list of those nobody can tell.
    """
    accepted = [pair for pair in pairs if pair.said == pair.new]
    if columns is not None:
        refuse_unrenamed(found, accepted, columns)
    rest = [pair for pair in pairs
            if pair.score and not pair.said and not pair.goes]
    rest.sort(key=lambda pair: (-pair.score, pair.old, pair.new))
    unknown = []
    for pair in rest:
        if not _free([pair], accepted):
            continue
        answer = found.questioner.ask(RenameQuestion(pair))
        if answer:
            accepted.append(pair)
        elif answer is None:
            unknown.append(pair)
    return accepted, _free(unknown, accepted)


def _free(pairs, accepted):
    """Those whose sides are not taken by an accepted pair."""
    return [pair for pair in pairs if not any(
        each.place == pair.place
        and (each.old == pair.old or each.new == pair.new)
        for each in accepted)]


def doubt(pair):
    """What is written, and shown, of a pair that may be one."""
    return ('%s may have been renamed to %s: then its data is lost here.'
            % (pair.title(pair.old), pair.title(pair.new)),
            'migrate %s says which.' % pair.options())


def stop_for_rows(found, pairs):
    """Refuse to guess where a drop would lose rows that are here.

    Where there are none, a developer's database says nothing of others: it
    is a warning.
    """
    with_rows = [pair for pair in pairs if pair.has_rows()]
    if with_rows:
        raise MigrateError('\n  '.join(
            ['This may have been renamed; as a drop, its data would be lost. '
             'Nothing was written. Say which with these options:']
            + ['%s -> %s: %s' % (pair.title(pair.old), pair.title(pair.new),
                                 pair.options()) for pair in with_rows]))
    for pair in pairs:
        found.warnings.append(' '.join(doubt(pair)))
