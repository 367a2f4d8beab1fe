"""What the options of ``migrate`` say of changes: ``--rename`` and others."""
import re

from .. import compat
from ..errors import MigrateError, Mistyped


class Answers(object):
    """The answers that came with the command.

    The keys name a table or column as ``[bind:][schema.]table[.column]``.

    :param rename: a dict from a key to the new name, or to a dict of values
        of the column's enum; the command line gives texts ``KEY:NEW`` and
        ``KEY:OLD=NEW``.
    :param drop: keys of what may be dropped.
    :param fill: a dict from the key of a column to the value for the rows
        that exist; the command line gives texts ``KEY=VALUE``.
    :param allow_drop_all: whether all tables may be dropped.
    :raises Mistyped: where they contradict each other.

    :ivar known: by option, what each address that it may name is in the
        databases seen so far: a list of bind, schema, table and column.
    """

    def __init__(self, rename=None, drop=None, fill=None,
                 allow_drop_all=False):
        self.rename, self.values = _names_and_values(rename)
        self.drop = dict.fromkeys(map(compat.python.text, _listed(drop)), True)
        self.fill = _pairs('--fill', 'user.age=0', fill, u'=')
        self.allow_drop_all = allow_drop_all
        self._used = {}         # (option, key): names of databases
        self.known = {'rename': {}, 'fill': {}}
        self._refuse_contradictions()
        for key, value in sorted(self.fill.items()):
            if value is None:
                raise Mistyped(
                    '--fill %s=None: None is no value for a required column. '
                    'Nothing was written.' % key)

    def given(self):
        """Whether something of them names a table or column."""
        return bool(self.rename or self.values or self.drop or self.fill)

    def _refuse_contradictions(self):
        """Refuse what cannot all be true, whatever there is."""
        seen = {}
        for key, new in sorted(self.rename.items()):
            given = '--rename %s:%s' % (key, new)
            if key in self.drop:
                raise Mistyped(_CONTRADICT % (given, '--drop ' + key))
            address = place(key) + new
            if address == key:
                raise Mistyped(
                    given + ' gives the same name. Nothing was written.')
            if address in seen:
                raise Mistyped(_CONTRADICT % (seen[address], given))
            seen[address] = given

    def of(self, option, bind, schema, table, column=None):
        """What an option says of a table or column.

        :param option: 'rename', 'values', 'drop' or 'fill'.
        :param bind: what its database is called.
        :return: the value; None where it says nothing.
        """
        given = getattr(self, option)
        for key in addresses(bind, schema, table, column):
            if key in given:
                self._used.setdefault((option, key), set()).add(bind)
                return given[key]

    def check_all_used(self):
        """Refuse an answer to no question, and one to several."""
        for option in ('rename', 'values', 'drop', 'fill'):
            for key in getattr(self, option):
                names = self._used.get((option, key), ())
                given = self._as_given(option, key)
                if not names:
                    raise MigrateError(_UNUSED[option] % given)
                if len(names) > 1:
                    raise MigrateError(
                        "%s fits several databases: say %s." % (
                            given, ' or '.join(
                                '%s:%s' % (name, key)
                                for name in sorted(names))))

    def _as_given(self, option, key):
        """An answer, as the command line gives it."""
        if option != 'values':
            return '--%s %s' % (option, key)
        return ' '.join(rename_option(key, *pair)
                        for pair in sorted(self.values[key].items()))


_CONTRADICT = '%s and %s contradict each other: give one of them. ' \
              'Nothing was written.'

_UNUSED = {
    'rename': "%s fits nothing: the models have no such table or "
              "column less. Nothing was written.",
    'drop': "%s fits nothing: no such table or column would be "
            "dropped. Nothing was written.",
    'values': "%s fits nothing: there is no such column, or it is no enum. "
              "Nothing was written.",
    'fill': "%s fits nothing: no such column becomes a required one. "
            "Nothing was written.",
}


def addresses(bind, schema, table, column=None):
    """All the ways to name a table or column, the shortest first."""
    end = table if column is None else '%s.%s' % (table, column)
    names = [end] if not schema else [end, '%s.%s' % (schema, end)]
    return names + ['%s:%s' % (bind, name) for name in names if bind]


def place(key):
    """What an address begins with, before the last name."""
    return re.match('(.*[.:])?', key, re.S).group()


def _listed(given):
    return [given] if isinstance(given, compat.python.string_types) \
        else list(given or ())


def rename_option(key, old, new):
    """The option that says which value of an enum was renamed."""
    return '--rename %s:%s=%s' % (key, old, new)


def _names_and_values(given):
    """What was renamed: names, and values of enums.

    :return: two dicts by key; the second is of dicts from old to new.
    """
    names, values = {}, {}
    if not hasattr(given, 'items'):
        texts = _listed(given)
        for each in texts:
            start, found, new = each.partition(u'=')
            key, colon, old = start.rpartition(u':')
            if not found:
                continue
            if not colon or not key or not old or not new:
                raise Mistyped(_NOT_ONE % (
                    '--rename', 'item.color:red=crimson', each))
            if values.setdefault(key, {}).setdefault(old, new) != new:
                raise Mistyped(
                    "--rename says twice what '%s' of %s is called now."
                    % (old, key))
        given = [each for each in texts if u'=' not in each]
    pairs = _pairs('--rename', 'user.name:full_name', given, u':')
    for key, new in pairs.items():
        if not hasattr(new, 'items'):
            names[key] = new
        elif new:
            values[key] = dict(new)
    return names, values


_NOT_ONE = "%s takes values such as '%s', not '%s'."


def _pairs(option, example, given, separator):
    if hasattr(given, 'items'):
        return dict((compat.python.text(key), value)
                    for key, value in given.items())
    pairs = {}
    for each in map(compat.python.text, _listed(given)):
        key, found, value = each.rpartition(separator) \
            if separator == u':' else each.partition(separator)
        if not found or not key or not (value or separator == u'='):
            raise Mistyped(_NOT_ONE % (option, example, each))
        if pairs.get(key, value) != value:
            raise Mistyped(_CONTRADICT % tuple(
                separator.join(('%s %s' % (option, key), one))
                for one in (pairs[key], value)))
        pairs[key] = value
    return pairs
