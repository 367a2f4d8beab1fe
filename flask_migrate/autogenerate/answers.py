"""What the options of ``migrate`` say of changes: ``--rename`` and others."""
from .. import compat
from ..errors import MigrateError


class Answers(object):
    """The answers that came with the command.

    The keys name a table or column as ``[bind:][schema.]table[.column]``.

    :param rename: a dict from a key to the new name; the command line gives
        texts ``KEY:NEW``.
    :param drop: keys of what may be dropped.
    :param fill: a dict from the key of a column to the value for the rows
        that exist; the command line gives texts ``KEY=VALUE``.
    :param allow_drop_all: whether all tables may be dropped.
    """

    def __init__(self, rename=None, drop=None, fill=None,
                 allow_drop_all=False):
        self.rename = _pairs('--rename', 'user.name:full_name', rename, u':')
        self.drop = dict.fromkeys(
            [drop] if isinstance(drop, compat.python.string_types)
            else drop or (), True)
        self.fill = _pairs('--fill', 'user.age=0', fill, u'=')
        self.allow_drop_all = allow_drop_all
        self._used = {}         # (option, key): names of databases

    def of(self, option, bind, schema, table, column=None):
        """What an option says of a table or column.

        :param option: 'rename', 'drop' or 'fill'.
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
        for option in ('rename', 'drop', 'fill'):
            for key in getattr(self, option):
                names = self._used.get((option, key), ())
                if not names:
                    raise MigrateError(_UNUSED[option] % (option, key))
                if len(names) > 1:
                    raise MigrateError(
                        "--%s %s fits several databases: say %s." % (
                            option, key, ' or '.join(
                                '%s:%s' % (name, key)
                                for name in sorted(names))))


_UNUSED = {
    'rename': "--%s %s fits nothing: the models have no such table or "
              "column less. Nothing was written.",
    'drop': "--%s %s fits nothing: no such table or column would be "
            "dropped. Nothing was written.",
    'fill': "--%s %s fits nothing: no such column becomes a required one. "
            "Nothing was written.",
}


def addresses(bind, schema, table, column=None):
    """All the ways to name a table or column, the shortest first."""
    end = table if column is None else '%s.%s' % (table, column)
    names = [end] if not schema else [end, '%s.%s' % (schema, end)]
    return names + ['%s:%s' % (bind, name) for name in names if bind]


def _pairs(option, example, given, separator):
    if hasattr(given, 'items'):
        return dict(given)
    pairs = {}
    for each in [given] if isinstance(given, compat.python.string_types) \
            else given or ():
        key, found, value = each.rpartition(separator) \
            if separator == u':' else each.partition(separator)
        if not found or not key or not (value or separator == u'='):
            raise MigrateError("%s takes values such as '%s', not '%s'."
                               % (option, example, each))
        pairs[key] = value
    return pairs
