"""The tables and columns that ``--rename``, ``--drop`` and ``--fill`` name.

``--rename`` and ``--drop`` take the names that the database has, ``--fill``
those of the models.  One that is mistyped is refused before anybody is asked.
"""
import difflib

from alembic.operations import ops

from ..errors import MigrateError
from .answers import addresses, place


def refuse_unknown(found):
    """Refuse an answer on what is not there, and say what is."""
    answers = found.answers
    if not answers.given():
        return
    _know(found, 'fill', [
        (pair.schema, pair.name, pair.new) for pair in found.tables
        if pair.new is not None])
    old = [(pair.schema, pair.name, pair.old) for pair in found.tables
           if pair.old is not None and pair.new is not None]
    # Alembic 0.8 compares no table that goes.
    old += [(each.schema, each.table_name, each.to_table())
            for _, each in found.each(ops.DropTableOp)]
    old += [each + (None,) for each in found.protection.left_alone]
    _know(found, 'rename', old)
    answers.known['drop'] = answers.known['rename']
    _refuse_two_for_one(found)
    for option in ('rename', 'drop', 'fill'):
        for key in getattr(answers, option):
            if key not in answers.known[option] and (
                    found.last or is_of(found, key)):
                raise MigrateError(_unknown(answers, option, key))


def _know(found, option, tables):
    """Note all addresses of tables, and of their columns."""
    known = found.answers.known[option]
    for schema, name, table in tables:
        for column in [None] + [
                each.name for each in getattr(table, 'columns', ())]:
            thing = found.name, schema or None, name, column
            for address in addresses(*thing):
                known.setdefault(address, []).append(thing)


def is_of(found, key):
    """Whether an address is surely one of the database at hand."""
    return not found.name or key.startswith(found.name + ':')


def _refuse_two_for_one(found):
    """Refuse two answers on one thing, by two of its addresses."""
    answers, seen = found.answers, {}
    for option in ('rename', 'drop'):
        for key in getattr(answers, option):
            for thing in answers.known[option].get(key, ()):
                if thing in seen:
                    raise MigrateError(
                        '%s and --%s %s are both about %s: give one of '
                        'them. Nothing was written.' % (
                            seen[thing], option, key,
                            addresses(*thing)[-1]))
                seen[thing] = '--%s %s' % (option, key)


def _unknown(answers, option, key):
    known = answers.known[option]
    given = '--%s %s' % (option, key)
    if option == 'rename':
        given += ':%s' % answers.rename[key]
    other = _renamed(answers, option, key)
    where = 'the models have' if option == 'fill' else 'the database has'
    return "%s: %s no %s '%s'%s. Nothing was written." % (
        given, where, 'column' if option == 'fill' else 'table or column',
        key, ", it is '%s' there" % other if other in known
        else nearest(key, [each for each in known
                           if (':' in each) == (':' in key)]))


def _renamed(answers, option, key):
    """What an address is where ``--rename`` is undone, or done for fill."""
    pairs = [(old, place(old) + new) for old, new in answers.rename.items()]
    if option == 'fill':        # columns first, then their tables
        pairs.sort(key=lambda pair: -len(pair[0]))
    else:
        pairs = sorted(((new, old) for old, new in pairs),
                       key=lambda pair: len(pair[1]))
    for one, other in pairs:
        if key == one or key.startswith(one + '.'):
            key = other + key[len(one):]
    return key


def nearest(name, names):
    """The end of a sentence on a mistyped name, or ''."""
    close = difflib.get_close_matches(name, names, 3)
    return ', the nearest %s %s' % (
        'is' if len(close) == 1 else 'are',
        ', '.join("'%s'" % each for each in close)) if close else ''


def refuse_unrenamed(found, accepted, columns):
    """Refuse ``--rename`` where it renames nothing, and say why.

    :param accepted: the pairs that it renames.
    :param columns: whether they are columns.
    """
    done = set((pair.schema, pair.table, pair.old) for pair in accepted)
    for key, new in found.answers.rename.items():
        for name, schema, table, column in \
                found.answers.known['rename'].get(key, ()):
            if name == found.name and (column is not None) == columns \
                    and (schema, table, column or table) not in done \
                    and is_of(found, key):
                raise MigrateError(
                    '--rename %s:%s: %s. Nothing was written.' % (
                        key, new, _why(found, schema, table, column, new)))


def _why(found, schema, table, column, new):
    """Why something is not renamed."""
    old, kind, of = column or table, 'table', ''
    if column is None:
        models = [name for of_schema, name in found.protection.models
                  if of_schema == found.protection.schema(schema)]
    else:
        kind, now = 'column', found.renames.new(schema, table)
        of = " in '%s'" % now
        model = found.table(schema, now)
        if model is None:
            return "the models have no table '%s'" % now
        models = [each.name for each in model.columns]
    if old in models:
        return "the models have the %s '%s' still%s" % (kind, old, of)
    if new in models:
        return "the %s '%s'%s is not new" % (kind, new, of)
    return "the models have no %s '%s'%s%s" % (
        kind, new, of, nearest(new, models))
