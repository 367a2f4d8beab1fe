"""What batch mode would lose where it copies a table, on SQLite."""
import re

from alembic.operations import ops
from sqlalchemy import CheckConstraint

from .. import compat, dialects
from .checks import AddedCheck, DroppedCheck
from .copied_columns import (
    compute_again, copies, counting, dates, on_sqlite, tell_collations,
    tell_defaults)
from .found import each_of
from .indexes import executed, plain, statements
from .names import CONVENTION
from .operations import Block, saying

_INDEX = re.compile(r'^\s*(CREATE\s+(?:UNIQUE\s+)?INDEX)\s+'
                    r'(?:IF\s+NOT\s+EXISTS\s+)?', re.I)


def keep(found, operations):
    """Let batch mode keep all that a table has, one way."""
    if not dialects.of(found.connection).copies_tables:
        return
    pairs = dict(((pair.schema or None, pair.name), pair)
                 for pair in found.tables)
    written, named, defaults = [], {}, {}
    downwards = operations is found.downgrade.ops
    gone = _replaced(operations) if downwards else set()
    for each in operations:
        written.append(each)
        if not isinstance(each, ops.ModifyTableOps):
            continue
        gone ^= _replaced([each])
        pair = pairs.get((each.schema or None, each.table_name))
        if pair is not None and pair.old is not None \
                and not compat.alembic.batch_reflects_checks():
            if pair not in named:
                named[pair] = _named_checks(found, pair, downwards)
            _tell_named_checks(each, named[pair])
            _apply(_changes([each]), named[pair])
        elif downwards and pair is not None and pair.new is not None:
            _drop_checks_of_types(each, pair)
        tell_collations(found, each, pair, downwards)
        if pair is not None and None not in (pair.old, pair.new):
            tell_defaults(each, defaults.setdefault(pair, dict(
                (column.name, column.server_default) for column in (
                    pair.new if downwards else pair.old).columns)))
        compute_again(each, pair)
        arguments = list(filter(None, [
            _convention(each), dates(each),
            counting(found, each, pair),
            pair and pair.old is not None and _checks(each, pair, gone)]))
        if arguments:
            written[-1] = saying(Block, each, *arguments)
        if pair is not None and None not in (pair.old, pair.new):
            written.extend(_functional_indexes(found, pair, operations))
    operations[:] = written


def _functional_indexes(found, pair, operations):
    """Make indexes again that went with the copied table."""
    known = statements(found, pair, dialects.of(
        found.connection).functional_indexes(found.connection))
    changed = ' '.join(line for each in operations
                       for line in getattr(each, 'lines', ()))
    for name, sql in sorted(known.items()):
        if not re.search(r'INDEX\W+%s\W' % re.escape(name), changed) \
                and name in [each.name for each in pair.new.indexes]:
            yield executed(_INDEX.sub(r'\1 IF NOT EXISTS ', sql))


def _convention(block):
    """Names by which constraints without one can be dropped."""
    for each in block.ops:
        if getattr(each, 'by_convention', False):
            return 'naming_convention=%r' % (CONVENTION,)


def _tell_named_checks(block, checks):
    """Tell batch mode of the checks: it would lose what it does not see.

    What it is told last counts, also where it has seen the check itself.

    :param checks: conditions by name, as they are before the block.
    """
    if not copies(block):
        return
    lines = ['batch_op.create_check_constraint(batch_op.f(%s), %s)' % (
        compat.python.literal(name), compat.python.literal(
            compat.tables.escaped_text(condition)))
        for name, condition in sorted(checks.items())]
    if lines:
        block.ops.insert(0, on_sqlite(lines))


def _drop_checks_of_types(block, pair):
    """Drop the checks of types whose columns go: batch mode keeps them."""
    gone = _dropped_columns(block)
    lines = ["batch_op.drop_constraint(batch_op.f(%s), type_='check')"
             % compat.python.literal(each.name)
             for each in pair.new.constraints
             if isinstance(each, CheckConstraint)
             and compat.tables.belongs_to_type(each)
             and compat.tables.is_named(each.name)
             and any(column.name in gone for column in each.columns)]
    if lines:
        block.ops.insert(0, on_sqlite(sorted(lines)))


def _dropped_columns(block):
    return [each.column_name for each in block.ops
            if isinstance(each, ops.DropColumnOp)]


def _named_checks(found, pair, downwards):
    """The checks that a table has at the start of a way, text by name."""
    checks = dict(
        (each.name, compat.python.text(each.sqltext))
        for each in pair.old.constraints if isinstance(each, CheckConstraint)
        and compat.tables.is_named(each.name)
        and not compat.tables.belongs_to_type(each))
    changes = [each for each in _changes(found.upgrade.ops)
               if each.table_name == pair.name
               and (each.schema or None) == (pair.schema or None)]
    # As they are before any value is renamed.
    checks.update((each.constraint_name, each.condition)
                  for each in changes[::-1] if isinstance(each, DroppedCheck))
    if downwards:
        _apply(changes, checks)
    return checks


def _changes(operations):
    return [each for _, each in each_of(
        operations, (AddedCheck, DroppedCheck))]


def _apply(changes, checks):
    for each in changes:
        if isinstance(each, DroppedCheck):
            checks.pop(each.constraint_name, None)
        else:
            checks[each.constraint_name] = each.condition


def _replaced(operations):
    """Checks without a name for which, or with which, others come and go."""
    found = [getattr(each, 'instead', None) for _, each in each_of(
        operations, (AddedCheck, DroppedCheck, ops.AlterColumnOp))]
    return set(each for each in found if each is not None)


def _checks(block, pair, replaced):
    """Checks without a name, which batch mode does not find again.

    What goes with a column is none, nor what a type of SQLAlchemy before
    1.4 makes again.
    """
    gone = _dropped_columns(block)
    checks = [each for each in pair.old.constraints
              if isinstance(each, CheckConstraint)
              and not compat.tables.is_named(each.name)]
    made = [plain(each.sqltext) for each in checks
            if compat.tables.belongs_to_type(each)]
    replaced = [plain(each.sqltext) for each in replaced
                if each in pair.old.constraints]
    checks = sorted(
        compat.python.text(each.sqltext) for each in checks
        if plain(each.sqltext) not in made + replaced
        and not set(re.findall(r'\w+', str(each.sqltext))) & set(gone))
    if checks:
        return lambda context: 'table_args=[%s]' % ', '.join(
            '%sCheckConstraint(%r)' % (
                context.opts['sqlalchemy_module_prefix'] or '',
                compat.python.native(each)) for each in checks)
