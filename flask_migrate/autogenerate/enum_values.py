"""Values that an enum of PostgreSQL gets or loses.

Values are added in an autocommit block: one that is added in a transaction
cannot be used before its end.  Where values go, a new type takes the place
of the old one, and the columns are cast.
"""
from alembic.operations import ops

from .. import compat, dialects
from . import enums
from .defaults import given
from .enums import literal, quoted
from .found import drop_empty


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
    for key, lists in sorted(wanted.items(), key=str):
        old, values = known.values.get(key), lists[0]
        # Two models that disagree are not for us to judge.
        if old is not None and set(old) != set(values) \
                and all(each == values for each in lists):
            # After its values are renamed, before tables and columns are.
            found.upgrade.ops.insert(len(found.renames.enums), _change(
                found, key, old, values))
            found.enum_changes.append((key, old, values))


def _change(found, key, old, new):
    defaults = {} if _only_adds(old, new) else _take_defaults(found, key)
    back = enums.for_postgresql(*_lines(found, key, new, old, dict(
        ((table, column), default) for _, table, column, default, _
        in found.enums.columns if (table, column) in defaults)))
    change = enums.for_postgresql(*_lines(found, key, old, new, defaults),
                                  back=back)
    change.enum = key
    return change


def _only_adds(old, new):
    return [each for each in new if each in old] == old \
        and compat.alembic.has_autocommit_block()


def _take_defaults(found, key):
    """The defaults that change with the values, by table and column.

    They can't be set before all of the values are there, and not as long as
    a value is one that goes.
    """
    taken = {}
    for each, table, column, _, _ in found.enums.columns:
        schema, name = table[0], found.renames.new(*table)
        new = found.renames.of_table(schema, name).get(column, column)
        for block, change in found.each(ops.AlterColumnOp):
            if each == key and change.modify_server_default is not False \
                    and (change.schema or None, change.table_name,
                         change.column_name) == (schema, name, new):
                default = given(found, found.column(schema, name, new))
                taken[table, column] = default and default.replace('%%', '%')
                change.modify_server_default = False
                if not change.has_changes():
                    block.remove(change)
    drop_empty(found.upgrade.ops)
    return taken


def _lines(found, key, old, new, defaults):
    """Lines of Python that make the values *new*.

    :param defaults: those that change, by table and column.
    """
    columns = [(
        'ALTER TABLE %s ALTER COLUMN %s ' % (
            quoted(found, table), quoted(found, (column,))),
        quoted(found, (column,)), many,
        (table, column) in defaults, defaults.get((table, column), default))
        for each, table, column, default, many in found.enums.columns
        if each == key]
    if _only_adds(old, new):
        return ['with op.get_context().autocommit_block():'] + [
            '    ' + _execute(each) for each in _additions(
                found, key, old, new)] + [
            _execute(alter + _set(default))
            for alter, _, _, changes, default in columns if changes]
    return [_execute(each) for each in _replacement(
        found, key, new, columns)]


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


def _replacement(found, key, new, columns):
    """SQL that puts a new type in the place of an enum."""
    name = quoted(found, key)
    former = (key[0], key[1] + '__old')
    yield 'ALTER TYPE %s RENAME TO %s' % (name, quoted(found, former[1:]))
    yield 'CREATE TYPE %s AS ENUM (%s)' % (
        name, ', '.join(literal(each) for each in new))
    for alter, column, many, changes, default in columns:
        end = '[]' if many else ''
        if changes or default is not None:
            yield alter + 'DROP DEFAULT'
        yield alter + 'TYPE {0}{1} USING {2}::text{1}::{0}{1}'.format(
            name, end, column)
        if default is not None:
            yield alter + _set(default)
    yield 'DROP TYPE ' + quoted(found, former)


def _set(default):
    return 'DROP DEFAULT' if default is None else 'SET DEFAULT ' + default
