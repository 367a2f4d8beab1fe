"""Columns that were renamed keep their data."""
from alembic.operations import ops

from .. import compat, dialects
from .alike import columns_alike
from .operations import Comment, RenamedColumn
from .pairs import Pair, doubt, renamed, stop_for_rows


def rename_columns(found):
    """Rename columns instead of dropping and adding them."""
    pairs, drops = [], {}
    for _, table in found.each(ops.ModifyTableOps):
        pairs.extend(_pairs(found, table, drops))
    accepted, unknown = renamed(found, pairs, columns=True)
    found.questioner.check()
    stop_for_rows(found, unknown)
    accepted = [pair for pair in accepted
                if not _is_made_anew(found, pair, drops)]
    if accepted:
        first = [_rename(found, pair, drops) for pair in accepted]
        for pair in accepted:
            key = pair.schema, found.renames.new(pair.schema, pair.table)
            found.renames.columns.setdefault(key, {})[pair.old] = pair.new
        found.renaming.extend(first)
        found.compare_again()
    for pair in unknown:
        found.mark(ops.DropColumnOp, pair.schema, found.renames.new(
            pair.schema, pair.table), pair.old, Comment(*doubt(pair)))


def _pairs(found, table, drops):
    """All pairs of a dropped and an added column of a table."""
    schema, new_table = table.schema, table.table_name
    name = found.renames.old(schema, new_table)
    dropped = [each for each in table.ops
               if isinstance(each, ops.DropColumnOp)]
    added = [each.column for each in table.ops
             if isinstance(each, ops.AddColumnOp)]
    for each in dropped:
        old = each.to_column()
        drops[schema, name, old.name] = old
        # It goes, as --drop may say although nobody asked.
        found.answers.of('drop', found.name, schema, name, old.name)
        for new in added:
            yield Pair(found, schema, name, old.name, new.name, True,
                       columns_alike(old, new))


def _is_made_anew(found, pair, drops):
    """Whether a column is computed, and declaring it would be refused.

    As it is computed again, it may be dropped and added.
    """
    columns = (drops[pair.schema, pair.table, pair.old], found.column(
        pair.schema, found.renames.new(pair.schema, pair.table), pair.new))
    return dialects.of(found.connection).renames_by_declaring \
        and all(map(compat.tables.is_computed_column, columns))


def _rename(found, pair, drops):
    table = found.renames.new(pair.schema, pair.table)
    return RenamedColumn(
        pair.schema, table, pair.old, pair.new,
        drops[pair.schema, pair.table, pair.old],
        dialects.of(found.connection).renames_by_declaring)
