"""Differences in words, for ``check`` and ``status``."""
from .. import compat
from .protection import title


class Differences(object):
    """What differs, as ``check --format json`` prints it.

    :param named: pairs of a database's name ('' where there is only one)
        and its differences, as Alembic lists them.
    """

    def __init__(self, named):
        self.named = named

    def as_dict(self):
        return {'differences': [
            dict({'kind': compat.python.text(str(each[0])),
                  'text': in_words(each)},
                 **({'database': compat.python.text(name)} if name else {}))
            for name, diffs in self.named for each in flat(diffs)]}


def flat(diffs):
    """Differences one by one: Alembic puts those of a column into lists."""
    found = []
    for each in diffs:
        found.extend(flat(each) if isinstance(each, list) else [each])
    return found


def lines(diffs):
    """All differences in words, a list of texts."""
    return [in_words(each) for each in flat(diffs)]


def in_words(diff):
    """One difference in words, from the database's side."""
    kind, parts = str(diff[0]), diff[1:]
    if kind in _WORDS:
        return compat.python.text(_WORDS[kind](*parts))
    # One of another package, or of ours.
    return u' '.join(compat.python.text(each) for each in diff
                     if each is not None)


def _table(text):
    return lambda table, *more: text % title(table.schema, table.name)


def _column(text):
    def words(schema, table, column):
        return text % (title(schema, table), column.name)
    return words


def _item(what, missing):
    end = 'is missing' if missing else 'is not in the models'

    def words(item, *more):
        columns = [getattr(each, 'name', None)
                   for each in getattr(item, 'columns', ())]
        text = what if what is not None \
            else item.__visit_name__.replace('_', ' ')
        return '%s%s of %s%s %s' % (
            text, compat.tables.is_named(item.name)
            and ' ' + item.name or '',
            title(item.table.schema, item.table.name),
            columns and all(columns) and ' (%s)' % ', '.join(columns) or '',
            end)
    return words


def _check(end):
    def words(schema, table, name, condition):
        return 'check%s of %s (%s) %s' % (
            name and ' ' + name or '', title(schema, table), condition, end)
    return words


def _changed(text):
    def words(schema, table, column, existing, old, new):
        return text(title(schema, table) + '.' + column, old, new)
    return words


_WORDS = {
    'add_table': _table('table %s is missing'),
    'remove_table': _table('table %s is not in the models'),
    'add_table_comment': _table('comment of table %s differs'),
    'remove_table_comment': _table('comment of table %s differs'),
    'add_column': _column('column %s.%s is missing'),
    'remove_column': _column('column %s.%s is not in the models'),
    'add_index': _item('index', True),
    'remove_index': _item('index', False),
    'add_constraint': _item(None, True),
    'remove_constraint': _item(None, False),
    'add_check': _check('is missing'),
    'remove_check': _check('is not in the models'),
    'add_fk': _item('foreign key', True),
    'remove_fk': _item('foreign key', False),
    'modify_type': _changed(lambda name, old, new: '%s is %r, in the models '
                            '%r' % (name, old, new)),
    'modify_nullable': _changed(
        lambda name, old, new: '%s may be NULL, in the models it is required'
        % name if old else '%s is required, in the models it may be NULL'
        % name),
    'modify_default': _changed(
        lambda name, old, new: 'server default of %s differs' % name),
    'modify_comment': _changed(
        lambda name, old, new: 'comment of %s differs' % name),
}
