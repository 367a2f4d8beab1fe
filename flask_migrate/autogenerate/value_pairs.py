"""Values that go from an enum and values that come, which may be the same."""
from .. import compat, dialects
from ..dialects.values import stored
from ..errors import MigrateError
from . import as_if_values
from .alike import RESEMBLE, resemblance
from .answers import rename_option
from .pairs import Pair
from .protection import title

text = compat.python.text


class Column(object):
    """A column of an enum, in the database and in the models.

    :param found: the :class:`found.Found` of its database.
    :param pair: of its tables.
    :param old: the database's, under its new name.
    :param new: the models'.
    """

    def __init__(self, found, pair, old, new):
        self.found = found
        self.pair = pair
        self.schema = pair.schema or None
        self.table = pair.name
        self.name = new.name
        self.old = old
        self.new = new

    @property
    def place(self):
        return (self.schema, self.table, self.name)

    def address(self):
        """Its names in the database."""
        renames = self.found.renames
        names = dict((new, old) for old, new in renames.of_table(
            self.schema, self.table).items())
        return (self.schema, renames.old(self.schema, self.table),
                names.get(self.name, self.name))

    def said(self):
        """What ``--rename`` says of its values, a dict from old to new."""
        found = {}
        for address in (self.address(), self.place):
            given = self.found.answers.of(
                'values', self.found.name, *address) or {}
            found.update((text(old), text(new))
                         for old, new in given.items())
        return found


class Values(object):
    """The values of a column's enum, or of all columns of one enum.

    :param columns: a list of :class:`Column`.
    :param known: the values in the database; None: it does not tell.
    :param wanted: those of the models.
    :param key: of the enum, where it is a type by itself.
    :param check: the CHECK that lists them, where one does.
    """

    def __init__(self, columns, known, wanted, key=None, check=None):
        self.found = columns[0].found
        self.columns = columns
        self.known = known
        self.wanted = wanted
        self.key = key
        self.check = check

    @property
    def title(self):
        """The column, or the first, as messages and options name it."""
        schema, table, column = self.columns[0].address()
        name = '%s.%s' % (title(schema, table), column)
        return '%s:%s' % (self.found.name, name) if self.found.name else name

    def pairs(self):
        """All pairs of a value that goes and one that comes."""
        said = {}
        for each in self.columns:
            for old, new in each.said().items():
                self._check(old, new, said)
                said[old] = new
        if self.known is None:
            return [ValuePair(self, old, new, 0, new)
                    for old, new in sorted(said.items())]
        gone, come = self.gone(), self.come()
        if self._obstacle():
            return []
        same = len(gone) == len(come)
        return [ValuePair(self, old, new, _score(old, new, same),
                          said.get(old)) for old in gone for new in come]

    def gone(self):
        return [each for each in self.known if each not in self.wanted]

    def come(self):
        return [each for each in self.wanted if each not in self.known]

    def listed(self, new):
        """The values that a CHECK is to list.

        :param new: a dict of those with new names.
        """
        if all(compat.tables.makes_check(stored(
                each.new.type, self.found.context.dialect))
               for each in self.columns):
            return self.wanted
        return as_if_values.renamed(self.known, new)

    def _obstacle(self):
        """Why no value can get another name; None: it can."""
        connection = self.found.connection
        if self.key and not dialects.of(connection).renames_enum_values(
                connection):
            return 'PostgreSQL renames values of an enum from 10 on'
        if self.known is None and not compat.tables.reflects_checks():
            return 'SQLAlchemy before 1.1 does not see whether a CHECK ' \
                'lists the values'
        if self.check is not None \
                and not compat.tables.is_named(self.check.name):
            return 'a CHECK without a name lists the values'

    def _check(self, old, new, said):
        """Refuse what cannot have been renamed so."""
        wrong = self._obstacle()
        if wrong:
            wrong += ': rename them in a revision that you write'
        elif self.known is not None and old not in self.known:
            wrong = "the enum has no value '%s', but %s" % (
                old, _listed(self.known))
        elif old in self.wanted:
            wrong = "the models still have the value '%s'" % old
        elif new not in (self.wanted if self.known is None
                         else self.come()):
            wrong = "the models have no new value '%s', but %s" % (
                new, _listed(self.wanted if self.known is None
                             else self.come()))
        elif said.get(old, new) != new or new in [
                other for before, other in said.items() if before != old]:
            wrong = 'one value becomes one other'
        if wrong:
            raise MigrateError(compat.python.native(
                u'%s: %s. Nothing was written.' % (
                    rename_option(self.title, old, new), wrong)))


class ValuePair(Pair):
    """A value that goes and one that comes, which may be one.

    :param said: what ``--rename`` says of the old one.
    """

    said = goes = None

    def __init__(self, values, old, new, score, said):
        schema, table, _ = values.columns[0].place
        Pair.__init__(self, values.found, schema, table, old, new, True,
                      score)
        self.values = values
        self.said = said

    @property
    def place(self):
        return self.values.columns[0].place

    @property
    def key(self):
        return ('rename', self.found.name, self.schema, self.place,
                self.old, self.new)

    def names(self):
        return (u"the value '%s' of %s" % (self.old, self.values.title),
                u"'%s'" % self.new)

    def doubt(self):
        """What is written, and shown, of a pair that may be one."""
        return [compat.python.native(each) for each in (
            u'The value \'%s\' of %s may have been renamed to \'%s\': the '
            u'script stops where rows have it.' % (
                self.old, self.values.title, self.new),
            u'migrate %s renames it.' % rename_option(
                self.values.title, self.old, self.new))]


def _score(old, new, same):
    """How much two values look alike; 0: they don't."""
    score = resemblance(old, new)
    if same:
        return 1 + score
    return score if score >= RESEMBLE else 0


def _listed(values):
    return ', '.join("'%s'" % each for each in values) or 'none'
