"""CHECK constraints, by name; their texts as the server writes them down."""
import re

from alembic.autogenerate import renderers
from alembic.operations import ops
from sqlalchemy import CheckConstraint
from sqlalchemy import text as sql_text

from .. import compat
from .names import name_of
from .operations import Exact, call
from .temporary_tables import NAME, copies, read_back, temporary_table

_NOISE = re.compile(r'::[\w ]+(\(\d+\))?|[\s()"`]+')


def compare(found):
    """Find the checks that differ."""
    if not compat.tables.reflects_checks():
        return
    # Those of enums, and what makes them, are told by their values.
    columns = set(column for column, _ in found.listing_checks)
    listing = set(_key(check) for _, check in found.listing_checks)
    for pair in found.tables:
        if pair.old is None or pair.new is None:
            continue
        # What a reflected type would make here, the database may not have.
        old = [each for each in _checks(pair.old)
               if not compat.tables.belongs_to_type(each)
               and _key(each) not in listing]
        new = [each for each in _checks(pair.new)
               if not (compat.tables.belongs_to_type(each) and any(
                   column in columns for column in each.columns))]
        if old or new:
            _compare(found, pair, old, new)


def _checks(table):
    """The checks of a table; of two that are the same, one.

    Alembic before 1.9 makes that of a type twice in batch mode.
    """
    found = dict((_key(each), each) for each in table.constraints
                 if isinstance(each, CheckConstraint))
    return sorted(found.values(), key=lambda each: str(each.sqltext))


def _key(check):
    name = check.name if compat.tables.is_named(check.name) else id(check)
    return check.table, name, str(check.sqltext)


def _compare(found, pair, old, new):
    named = dict((compat.python.text(each.name), each) for each in new
                 if compat.tables.is_named(each.name))
    left = []
    for each in old:
        same = named.pop(each.name, None) \
            if compat.tables.is_named(each.name) else None
        if same is None:
            left.append(each)
        elif _differ(found, pair, each, same):
            _drop(found, pair, each)
            _add(found, pair, same, same.name, each)
    unnamed = [each for each in new
               if not compat.tables.is_named(each.name)]
    for each in list(unnamed):
        for one in left:
            if one.name == name_of(each, pair.new) \
                    or _plain(found, one) == _plain(found, each):
                left.remove(one)
                unnamed.remove(each)
                break
    # Nobody knows what a server has called those without a name.
    number = min(len(left), len(unnamed))
    for each in left[number:]:
        if compat.tables.is_named(each.name):
            _drop(found, pair, each)
    for each in unnamed[number:]:
        _add(found, pair, each, name_of(each, pair.new))
    for name, each in sorted(named.items()):
        _add(found, pair, each, name)


def _add(found, pair, check, name, instead=None):
    if compat.tables.belongs_to_type(check):
        return              # what a type makes, Alembic leaves to the type
    if compat.alembic.is_included(pair, check, name, 'check_constraint',
                                  False, instead):
        found.changes_of(pair).ops.append(AddedCheck(
            name, pair.name, pair.schema, _text(found, check)))


def _drop(found, pair, check):
    if compat.alembic.is_included(pair, check, check.name,
                                  'check_constraint', True):
        # What is renamed may be what the old one refuses.
        found.before_values_of(pair).insert(0, DroppedCheck(
            check.name, pair.name, pair.schema, _text(found, check)))


def _text(found, check):
    """The condition of a check as SQL."""
    return compat.python.text(check.sqltext.compile(
        dialect=found.context.dialect,
        compile_kwargs={'literal_binds': True, 'include_table': False}
    )).replace('%%', '%')


def _plain(found, check):
    return _NOISE.sub('', _text(found, check)).lower()


def _differ(found, pair, old, new):
    """Whether two checks of a name say different things."""
    if compat.tables.belongs_to_type(new) \
            or _plain(found, old) == _plain(found, new):
        return False
    try:
        written = _as_written(found, pair, new)
    except Exception:
        return False        # what can't be compared is not reported
    return written is not None and written != _text(found, old)


def _as_written(found, pair, check):
    """How the server writes a check down."""
    table = temporary_table(*copies(found, pair.new.columns) + [
        CheckConstraint(sql_text(compat.tables.escaped_text(
            _text(found, check))), name=NAME + '_1')])
    for each in read_back(found, table, 'get_check_constraints'):
        if each['name'] == NAME + '_1':
            return compat.python.text(each['sqltext'])


class AddedCheck(ops.MigrateOperation):
    """A CHECK constraint; Alembic writes none before 1.20.

    :param condition: its SQL.

    :ivar place: schema, table and column whose values it lists.
    :ivar instead: the database's CHECK without a name that goes with it.
    """

    place = instead = None

    def __init__(self, name, table, schema, condition):
        self.constraint_name = name
        self.table_name = table
        self.schema = schema
        self.condition = condition

    def reverse(self):
        back = DroppedCheck(self.constraint_name, self.table_name,
                            self.schema, self.condition)
        back.instead = self.instead
        return back

    def to_diff_tuple(self):
        return ('add_check', self.schema, self.table_name,
                self.constraint_name, self.condition)


class DroppedCheck(ops.DropConstraintOp):
    """The same, when it goes."""

    instead = None

    def __init__(self, name, table, schema, condition):
        ops.DropConstraintOp.__init__(
            self, compat.tables.exact_name(name), table, 'check',
            schema=schema)
        self.condition = condition

    def reverse(self):
        return AddedCheck(self.constraint_name, self.table_name, self.schema,
                          self.condition)

    def to_diff_tuple(self):
        return ('remove_check', self.schema, self.table_name,
                self.constraint_name, self.condition)


@renderers.dispatch_for(AddedCheck)
def _added_check(context, operation):
    return call(
        context, operation, 'create_check_constraint',
        Exact(operation.constraint_name),
        compat.tables.escaped_text(operation.condition))
