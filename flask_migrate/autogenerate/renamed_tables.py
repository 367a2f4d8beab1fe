"""Tables that were renamed keep their rows."""
from alembic.operations import ops

from .. import compat, dialects
from .alike import tables_alike
from .operations import Comment, Text
from .pairs import Pair, doubt, renamed, stop_for_rows


def rename_tables(found):
    """Rename tables instead of dropping and creating them."""
    created = [each.to_table() for _, each in found.each(ops.CreateTableOp)]
    dropped = [each.to_table() for _, each in found.each(ops.DropTableOp)]
    pairs = [Pair(found, old.schema, old.name, old.name, new.name, False,
                  tables_alike(old, new))
             for old in dropped for new in created
             if old.schema == found.protection.schema(new.schema)]
    # Nothing is known of a table of others, unless an option names it.
    pairs += [Pair(found, schema, old, old, new.name, False, 0)
              for schema, old in found.protection.left_alone
              for new in created
              if schema == found.protection.schema(new.schema)]
    accepted, unknown = renamed(found, pairs, columns=False)
    found.questioner.check()
    stop_for_rows(found, unknown)
    for pair in accepted:
        found.renames.tables[pair.schema, pair.new] = pair.old
        found.protection.renamed.add((pair.schema, pair.new))
        found.renaming.extend(_rename(found, pair))
    if accepted:
        found.compare_again()
    for pair in unknown:
        found.mark(ops.DropTableOp, pair.schema, pair.old, None,
                   Comment(*doubt(pair)))


def _rename(found, pair):
    """The operations that rename a table, and its sequences."""
    yield _both_ways('op.rename_table(%s, %s%s)', pair.schema,
                     pair.old, pair.new)
    names = dialects.of(found.connection).sequences_of(
        found.connection, pair.schema, pair.old)
    for old in names:
        if not old.startswith(pair.old + '_'):
            continue
        new = pair.new + old[len(pair.old):]
        yield Text([_sequence(found, pair.schema, old, new)],
                   Text([_sequence(found, pair.schema, new, old)]))


def _both_ways(text, schema, old, new):
    end = ', schema=%s' % compat.python.literal(schema) if schema else ''
    one, other = map(compat.python.literal, (old, new))
    return Text([text % (one, other, end)], Text([text % (other, one, end)]))


def _sequence(found, schema, old, new):
    """Rename a sequence, where the database has some."""
    dialect = dialects.of(found.connection)
    return 'if op.get_context().dialect.name == %r:\n    op.execute(%s)' % (
        str(dialect.name), compat.python.literal(
            dialect.rename_sequence(found.connection, schema, old, new)))
