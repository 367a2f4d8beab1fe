"""Values that an enum of PostgreSQL gets or loses.

Values are added in an autocommit block: one that is added in a transaction
cannot be used before its end.  Where values go, a new type takes the place
of the old one, and the columns are cast.
"""
from .. import compat, dialects
from . import enums
from .enums import literal, quoted


def compare_listed(found):
    """Find the enums whose values differ, where a column has them."""
    if not dialects.of(found.connection).lists_enum_values:
        return
    for pair, old, new in found.columns():
        enum = enums.enum_of(new.type, found.context.dialect, named=False)
        if enum is not None and set(_values(enum)) != set(
                _values(old.type) or _values(enum)) \
                and compat.alembic.is_included(
                    pair, new, new.name, 'column', False, old):
            found.alteration(pair, old, new).modify_type = new.type


def _values(kind):
    return [compat.python.text(each) for each in getattr(kind, 'enums', ())]


def compare(found):
    """Find the enums whose values differ."""
    if not enums.is_wanted(found):
        return
    dialect = found.context.dialect
    wanted = {}
    for _, _, new in found.columns():
        enum = enums.enum_of(new.type, dialect)
        if enum is not None:
            wanted.setdefault(enums.key_of(enum), []).append(_values(enum))
    if not wanted:
        return
    known = enums.read(found)
    found.enums = known
    for key, given in sorted(wanted.items(), key=str):
        old = known.values.get(key)
        # Two models that disagree are not for us to judge.
        if old is not None and set(old) != set(given[0]) \
                and all(each == given[0] for each in given):
            # After its values are renamed, before tables and columns are.
            found.upgrade.ops.insert(len(found.renames.enums), _change(
                found, key, old, given[0]))
            found.enum_changes.append((key, old, given[0]))


def _change(found, key, old, new):
    back = enums.for_postgresql(*_lines(found, key, new, old))
    change = enums.for_postgresql(*_lines(found, key, old, new), back=back)
    change.enum = key
    return change


def _lines(found, key, old, new):
    """Lines of Python that make the values *new*."""
    if [each for each in new if each in old] == old \
            and compat.alembic.has_autocommit_block():
        return ['with op.get_context().autocommit_block():'] + [
            '    ' + _execute(each) for each in _additions(
                found, key, old, new)]
    return [_execute(each) for each in _replacement(found, key, old, new)]


def _execute(sql):
    return 'op.execute(%r)' % str(compat.tables.escaped_text(sql))


def _additions(found, key, old, new):
    """SQL that adds values where they belong."""
    known = list(old)
    for number, value in enumerate(new):
        if value in known:
            continue
        following = [each for each in new[number:] if each in known]
        place = ''
        if following:
            place = ' BEFORE %s' % literal(following[0])
        known.append(value)
        yield 'ALTER TYPE %s ADD VALUE IF NOT EXISTS %s%s' % (
            quoted(found, key), literal(value), place)


def _replacement(found, key, old, new):
    """SQL that puts a new type in the place of an enum."""
    columns = [(quoted(found, table), quoted(found, (name,)), default, many)
               for each, table, name, default, many in found.enums.columns
               if each == key]
    name = quoted(found, key)
    former = (key[0], key[1] + '__old')
    yield 'ALTER TYPE %s RENAME TO %s' % (name, quoted(found, former[1:]))
    yield 'CREATE TYPE %s AS ENUM (%s)' % (
        name, ', '.join(literal(each) for each in new))
    for table, column, default, many in columns:
        alter = 'ALTER TABLE %s ALTER COLUMN %s ' % (table, column)
        end = '[]' if many else ''
        if default is not None:
            yield alter + 'DROP DEFAULT'
        yield alter + 'TYPE {0}{1} USING {2}::text{1}::{0}{1}'.format(
            name, end, column)
        if default is not None:
            yield alter + 'SET DEFAULT ' + default
    yield 'DROP TYPE ' + quoted(found, former)
