"""Values of an enum that were renamed: the rows that have them keep them."""
from alembic.operations import ops
from sqlalchemy import types

from .. import compat, dialects
from ..dialects.values import stored
from . import check_values, enums, value_steps
from .operations import Comment
from .pairs import renamed
from .value_pairs import Column, Values


def rename_values(found):
    """Rename values instead of removing and adding them."""
    listed = list(listed_values(found))
    pairs = [pair for each in listed for pair in each.pairs()]
    accepted, unknown = renamed(found, pairs, None)
    found.questioner.check()
    found.value_doubts = _best(unknown)
    for each in listed:
        new = dict((pair.old, pair.new) for pair in accepted
                   if pair.values is each)
        if new:
            # A type's come before its columns get other names.
            place = 0 if each.key else len(found.renaming)
            steps = value_steps.steps(each, new)
            found.renaming[place:place] = steps
            if not each.key:
                steps[0].renames_values_of = each.columns[0].place[:2]
            for column in each.columns:
                found.renames.values[column.place] = new
            if each.key:
                found.renames.enums[each.key] = new
    if accepted:
        found.compare_again()


def _best(pairs):
    """Those that resemble each other most, each value once."""
    best = []
    for pair in pairs:
        if not any(pair.place == each.place and (
                pair.old == each.old or pair.new == each.new)
                for each in best):
            best.append(pair)
    return best


def listed_values(found):
    """The :class:`Values` of the enums that database and models have."""
    dialect = found.context.dialect
    types_, known = {}, None
    for column, kind in _columns(found):
        wanted = [compat.python.text(each) for each in kind.enums]
        enum = enums.enum_of(column.new.type, dialect)
        if enum is not None and enums.is_wanted(found):
            known = enums.read(found)
            key = enums.key_of(enum)
            if column.place in known.users.get(key, ()):
                types_.setdefault(key, []).append((column, wanted))
                continue
        listed = getattr(column.old.type, 'enums', None)
        if listed and dialects.of(found.connection).lists_enum_values:
            yield Values([column], [compat.python.text(each)
                                    for each in listed], wanted)
        elif not listed and isinstance(column.old.type, types.String):
            check = check_values.find(column)
            yield Values(
                [column], check is not None and check_values.values(check)
                or None, wanted, check=check)
    for key, given in sorted(types_.items(), key=str):
        # Two models that disagree are not for us to judge.
        if all(each == given[0][1] for _, each in given):
            yield Values([column for column, _ in given],
                         known.values[key], given[0][1], key)


def _columns(found):
    """The columns of enums that both have, with the models' Enum."""
    dialect = found.context.dialect
    for pair, old, new in found.columns():
        kind = stored(new.type, dialect)
        kind = stored(getattr(kind, 'item_type', kind), dialect)
        if isinstance(kind, types.Enum) and compat.alembic.is_included(
                pair, new, new.name, 'column', False, old):
            yield Column(found, pair, old, new), kind


def mark_doubts(found):
    """Mark what may have been a value with a new name, and tell of it."""
    for pair in found.value_doubts:
        for operations, each in found.each(ops.MigrateOperation):
            if _takes_values(each, pair):
                operations.insert(operations.index(each),
                                  Comment(*pair.doubt()))
                found.warnings.append(' '.join(pair.doubt()))


def _takes_values(operation, pair):
    """Whether an operation takes the values from the enum of a pair."""
    if pair.values.key:
        return getattr(operation, 'enum', None) == pair.values.key
    if pair.values.check is not None:
        return getattr(operation, 'place', None) == pair.place
    return isinstance(operation, ops.AlterColumnOp) \
        and operation.modify_type is not None and pair.place == (
            operation.schema or None, operation.table_name,
            operation.column_name)
