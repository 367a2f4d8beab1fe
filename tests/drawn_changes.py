"""Schemas, rows and changes, drawn by hypothesis.

What cannot go there and back by its nature is not drawn, and is named where
it is left out.
"""
import copy

from hypothesis import strategies

from drawn_schemas import (
    COLUMNS, DISTINCT, ENUMS, KINDS, NUMBERS, PYTHON_DEFAULTS, REFERRING,
    SERVER_DEFAULTS, TABLES, TEXTS, Schema, Thing, key_of, value_of)

#: Kinds whose values are of each other's kind too.
FAMILIES = [NUMBERS, TEXTS]
#: What else can become what, and come back.
BECOMES = dict((kind, ['line', 'text']) for kind in NUMBERS[:-1] + ENUMS)
BECOMES['flag'] = ['integer', 'small']
# SQLite keeps the time of a moment, which is no day then.
BECOMES['day'] = ['moment']


class Draw(object):
    """Hypothesis' draw, in words."""

    def __init__(self, draw):
        self.draw = draw

    def number(self, least, most):
        return self.draw(strategies.integers(least, most))

    def one(self, values):
        return self.draw(strategies.sampled_from(list(values)))

    def chance(self, parts=2):
        """True once in some times."""
        return self.number(1, parts) == parts


class Drawn(object):
    """Two schemas, with rows of the first one, and what leads there.

    :ivar rows: by the uid of a table, dicts by the uid of a column.
    :ivar said: the changes in words.
    """

    def __init__(self, draw):
        self.draw = Draw(draw)
        self.rows, self.said = {}, []
        self.old = self._schema()
        for table in self.old.tables:
            self._fill(table)
        self.new = copy.deepcopy(self.old)
        self.filled = set()         # columns that may repeat a value
        self.taken = dict(
            (table.uid, [each.name.lower() for each in table.columns])
            for table in self.old.tables)
        self.taken[None] = [table.name.lower() for table in self.old.tables]
        for _ in range(self.draw.number(1, 6)):
            change = self.draw.one(CHANGES)
            words = change(self)
            if words:
                self.said.append(words)

    def __repr__(self):
        return '\n'.join(
            ['old:'] + ['  %r' % each for each in self.old.tables]
            + ['rows:'] + ['  %r: %r' % each for each in self.rows.items()]
            + ['changes:'] + ['  ' + each for each in self.said]
            + ['new:'] + ['  %r' % each for each in self.new.tables]
            + ['enums: %r, %r' % (self.old.enums, self.new.enums)])

    # The first schema ------------------------------------------------------

    def _schema(self):
        schema = Schema(self.draw.chance(4))
        for _ in range(self.draw.number(1, 4)):
            self.add_table(schema, TABLES[:8])
        for table in schema.tables:
            for _ in range(self.draw.number(0, 2)):
                self.add_constraint(schema, table)
        return schema

    def add_table(self, schema, names, taken=()):
        taken = list(taken) + [each.name.lower() for each in schema.tables]
        names = [each for each in names if each.lower() not in taken]
        if not names:
            return None
        table = Thing(
            uid=schema.uid(), name=self.draw.one(names), columns=[],
            key='code' if self.draw.chance(4) else 'id', uniques=[],
            indexes=[], checks=[], comment=self.comment())
        schema.tables.append(table)
        for _ in range(self.draw.number(1, 5)):
            self.add_column(schema, table)
        return table

    def comment(self):
        return "it's 100%" if self.draw.chance(6) else None

    def add_column(self, schema, table, taken=()):
        """A new column, which fits a table without rows."""
        taken = list(taken) + [each.name.lower() for each in table.columns]
        refers = self.draw.chance(4)
        names = [each for each in (REFERRING if refers else COLUMNS)
                 if each.lower() not in taken]
        if not names:
            return None
        column = Thing(
            uid=schema.uid(), name=self.draw.one(names), kind='integer',
            nullable=self.draw.chance(), server=None, python=None,
            comment=self.comment(), refers=None, foreign=None, unique=False,
            index=self.draw.chance(6))
        if refers:
            target = self.draw.one(schema.tables)
            column.refers = target.uid
            column.nullable = column.nullable or target is table
            if not self.draw.chance(5):
                column.foreign = self.foreign(table, column)
            column.unique = self.draw.chance(6)
        else:
            column.kind = self.draw.one(KINDS)
            column.index = column.index and column.kind in DISTINCT
            if column.kind in SERVER_DEFAULTS and self.draw.chance(3):
                column.server = self.draw.number(0, 1)
            elif column.kind in PYTHON_DEFAULTS and self.draw.chance(3):
                column.python = self.draw.number(
                    0, len(PYTHON_DEFAULTS[column.kind]) - 1)
            column.unique = column.kind in DISTINCT and self.draw.chance(6)
        table.columns.append(column)
        return column

    def foreign(self, table, column):
        # ON DELETE SET NULL is not for what is required.
        return Thing(
            name='fk_%s_%s' % (table.name, column.name)
            if self.draw.chance(3) else None,
            ondelete=self.draw.one([None, None, 'CASCADE']))

    def add_constraint(self, schema, table):
        """A constraint or index of one or two columns."""
        columns = [each for each in table.columns
                   if each.refers or each.kind in DISTINCT
                   and each.uid not in getattr(self, 'filled', ())]
        kind = self.draw.one(['uniques', 'indexes', 'checks'])
        if kind == 'checks':
            columns = [each for each in table.columns if not each.refers
                       and each.kind in NUMBERS + TEXTS]
        if not columns:
            return None
        first = self.draw.one(columns)
        thing = Thing(uid=schema.uid(), uids=[first.uid], name=None)
        if kind == 'checks':
            thing.number = first.kind in NUMBERS
        else:
            others = [each for each in columns if each is not first]
            if others and self.draw.chance():
                thing.uids.append(self.draw.one(others).uid)
        if kind == 'indexes':
            thing.unique = self.draw.chance(3)
        # An index has to have a name.
        if kind == 'indexes' or self.draw.chance() \
                or kind == 'checks' and schema.convention:
            thing.name = '%s_%s_%d' % (kind[:2], table.name, thing.uid)
        known = [each.uids for each in table.uniques + table.indexes] \
            if kind != 'checks' else [each.uids for each in table.checks]
        if thing.uids in known or kind != 'checks' and thing.uids == [
                first.uid] and (first.unique or first.index):
            return None         # two of one kind, of which one has no name
        getattr(table, kind).append(thing)
        return '%s of %s: %r' % (kind, table.name, thing)

    # Its rows --------------------------------------------------------------

    def _fill(self, table):
        rows = self.rows[table.uid] = []
        for number in range(1, self.draw.number(0, 3) + 1):
            row = {None: key_of(table, number)}
            for column in table.columns:
                row[column.uid] = self._value(table, column, number)
                if row[column.uid] is None and not column.nullable:
                    return
            rows.append(row)

    def _value(self, table, column, number):
        if column.nullable and self.draw.chance(4):
            return None
        if not column.refers:
            return value_of(column, number)
        rows = self.rows.get(column.refers, [])
        # The row of the same number: no two rows refer to one.
        return rows[number - 1][None] if len(rows) >= number else None

    def nulls(self, table, column):
        return [row for row in self.rows.get(table.uid, ())
                if row.get(column.uid) is None]

    def has_rows(self, table):
        return bool(self.rows.get(table.uid))

    # What a change may be about ---------------------------------------------

    def a_table(self, fits=lambda table: True):
        tables = [each for each in self.new.tables if fits(each)]
        return self.draw.one(tables) if tables else None

    def a_column(self, fits):
        found = [pair for pair in self.new.columns() if fits(*pair)]
        return self.draw.one(found) if found else (None, None)

    def is_old(self, thing):
        return thing.uid <= self.old.uids

    def is_unique(self, table, column):
        return column.unique or any(
            column.uid in each.uids for each in table.uniques
            + [each for each in table.indexes if each.unique])

    def before(self, column):
        """The same column in the old schema."""
        for _, each in self.old.columns():
            if each.uid == column.uid:
                return each

    # The answers -------------------------------------------------------------

    def answers(self):
        """What ``migrate()`` has to be told."""
        rename, drop, fill = {}, [], {}
        for old in self.old.tables:
            new = self.new.table(old.uid)
            if new is None:
                drop.append(old.name)
                continue
            if new.name != old.name:
                rename[old.name] = new.name
            columns = dict((each.uid, each) for each in new.columns)
            for each in old.columns:
                address = '%s.%s' % (old.name, each.name)
                if each.uid not in columns:
                    drop.append(address)
                elif columns[each.uid].name != each.name:
                    rename[address] = columns[each.uid].name
        for table, column in self.new.columns():
            if getattr(column, 'fill', None) is not None:
                fill['%s.%s' % (table.name, column.name)] = column.fill
        return dict((name, value) for name, value in (
            ('rename', rename), ('drop', drop), ('fill', fill)) if value)


# Changes: each takes a Drawn and says what it did, or None -------------------

def add_a_table(drawn):
    table = drawn.add_table(drawn.new, TABLES, drawn.taken[None])
    return table and 'add the table %r' % table


def drop_a_table(drawn):
    def fits(table):
        # A foreign key to rows that are gone can't be made again: columns
        # that refer to them go too, and those can't be required ones.  Where
        # no table is left, migrate refuses.
        return drawn.is_old(table) and any(
            drawn.is_old(each) for each in drawn.new.tables
            if each is not table) and all(
            column.nullable or not drawn.has_rows(other)
            for other, column in drawn.new.columns()
            if column.refers == table.uid and other is not table)

    table = drawn.a_table(fits)
    if table is None:
        return None
    drawn.new.tables.remove(table)
    for other, column in drawn.new.columns():
        if column.refers == table.uid:
            remove_column(other, column)
    return 'drop the table %s' % table.name


def rename_a_table(drawn):
    table = drawn.a_table(lambda table: drawn.is_old(table) and table.name
                          == drawn.old.table(table.uid).name)
    names = [each for each in TABLES if each.lower() not in drawn.taken[None]
             and each not in [one.name for one in drawn.new.tables]]
    if table is None or not names:
        return None
    old, table.name = table.name, drawn.draw.one(names)
    return 'rename the table %s to %s' % (old, table.name)


def add_a_column(drawn):
    table = drawn.a_table()
    column = drawn.add_column(drawn.new, table,
                              drawn.taken.get(table.uid, ()))
    if column is None:
        return None
    if drawn.has_rows(table):
        default = _default_of(column)
        if default is not None or column.server is not None:
            # All rows get one value.
            if not callable(default):
                drawn.filled.add(column.uid)
                column.unique = False
        elif not column.nullable:
            column.nullable = True
            if column.kind in NUMBERS and not column.refers \
                    and not column.unique and drawn.draw.chance():
                column.nullable, column.fill = False, 1
                drawn.filled.add(column.uid)
    return 'add to %s the column %r' % (table.name, column)


def _default_of(column):
    return None if column.python is None \
        else PYTHON_DEFAULTS[column.kind][column.python]


def drop_a_column(drawn):
    def fits(table, column):
        # A required column without a default has no value for its rows when
        # it comes back, nor a unique one with a default.
        return drawn.is_old(column) and len(table.columns) > 1 and (
            not drawn.has_rows(table)
            or (drawn.before(column).nullable
                or drawn.before(column).server is not None)
            and not (drawn.before(column).server is not None
                     and drawn.is_unique(drawn.old.table(table.uid),
                                         drawn.before(column))))

    table, column = drawn.a_column(fits)
    if table is None:
        return None
    remove_column(table, column)
    return 'drop the column %s.%s' % (table.name, column.name)


def remove_column(table, column):
    table.columns.remove(column)
    for things in table.uniques, table.indexes, table.checks:
        things[:] = [each for each in things if column.uid not in each.uids]


def rename_a_column(drawn):
    table, column = drawn.a_column(
        lambda table, column: drawn.is_old(column)
        and column.name == drawn.before(column).name)
    if table is None:
        return None
    names = [each for each in (REFERRING if column.refers else COLUMNS)
             if each.lower() not in drawn.taken[table.uid]
             and each not in [one.name for one in table.columns]]
    if not names:
        return None
    old, column.name = column.name, drawn.draw.one(names)
    return 'rename the column %s.%s to %s' % (table.name, old, column.name)


def change_a_type(drawn):
    def fits(table, column):
        return drawn.is_old(column) and not column.refers \
            and column.kind == drawn.before(column).kind and _kinds(
                table, column)

    table, column = drawn.a_column(fits)
    if table is None:
        return None
    old, column.kind = column.kind, drawn.draw.one(_kinds(table, column))
    if column.server is not None and column.kind not in SERVER_DEFAULTS:
        column.server = None
    if column.python is not None:
        column.python = 0
    return 'change the type of %s.%s from %s to %s' % (
        table.name, column.name, old, column.kind)


def _kinds(table, column):
    """What the type of a column may become."""
    # PostgreSQL writes the checks of a column anew, with casts in them.
    if any(column.uid in each.uids for each in table.checks):
        return []
    kinds = [kind for family in FAMILIES if column.kind in family
             for kind in family if kind != column.kind]
    kinds += BECOMES.get(column.kind, [])
    if column.unique or column.index or any(
            column.uid in each.uids
            for each in table.uniques + table.indexes):
        kinds = [kind for kind in kinds if kind in DISTINCT]
    return kinds


def change_null(drawn):
    table, column = drawn.a_column(lambda table, column: drawn.is_old(column))
    if table is None:
        return None
    if not column.nullable:
        column.nullable = True
        return 'let %s.%s be NULL' % (table.name, column.name)
    if drawn.nulls(table, column):
        # The rows get a value: one, where several are not allowed to.
        if column.refers or drawn.is_unique(table, column):
            return None
        if column.server is None and column.python is None:
            if column.kind not in NUMBERS + TEXTS:
                return None
            column.fill = 1 if column.kind in NUMBERS else 'x'
        drawn.filled.add(column.uid)
    elif column.refers and drawn.new.table(column.refers) is None:
        return None
    column.nullable = False
    return 'require %s.%s' % (table.name, column.name)


def change_a_default(drawn):
    table, column = drawn.a_column(
        lambda table, column: drawn.is_old(column) and not column.refers
        and column.kind in SERVER_DEFAULTS
        and not hasattr(column, 'fill'))
    if table is None or drawn.filled & set([column.uid]):
        return None
    old, column.server = column.server, drawn.draw.one(
        [each for each in (None, 0, 1) if each != column.server])
    return 'change the default of %s.%s from %s to %s' % (
        table.name, column.name, old, column.server)


def change_an_enum(drawn):
    name = drawn.draw.one(ENUMS)
    values = drawn.new.enums[name]
    if 'other' in values:
        values.remove('other')
        return "take 'other' from " + name
    values.insert(drawn.draw.number(0, len(values)), 'other')
    return "add 'other' to %s: %r" % (name, values)


def change_a_comment(drawn):
    thing = drawn.draw.one(
        drawn.new.tables + [each for _, each in drawn.new.columns()])
    thing.comment = None if thing.comment else drawn.draw.one(
        ["it's 100%", 'two\nlines', u'na\u00efve'])
    return 'change the comment of %s' % thing.name


def add_a_constraint(drawn):
    return drawn.add_constraint(drawn.new, drawn.a_table())


def drop_a_constraint(drawn):
    table = drawn.a_table(
        lambda table: table.uniques or table.indexes or table.checks)
    if table is None:
        return None
    thing = drawn.draw.one(table.uniques + table.indexes + table.checks)
    for things in table.uniques, table.indexes, table.checks:
        if thing in things:
            things.remove(thing)
    return 'drop from %s %r' % (table.name, thing)


def change_an_index(drawn):
    """Let a column have an index of its own, or be unique, or not."""
    table, column = drawn.a_column(
        lambda table, column: column.uid not in drawn.filled
        and (column.refers or column.kind in DISTINCT)
        and not any(each.uids == [column.uid]
                    for each in table.uniques + table.indexes))
    if table is None:
        return None
    name = drawn.draw.one(['unique', 'index'])
    setattr(column, name, not getattr(column, name))
    return '%s of %s.%s: %s' % (name, table.name, column.name,
                                getattr(column, name))


def change_a_foreign_key(drawn):
    table, column = drawn.a_column(lambda table, column: column.refers)
    if table is None:
        return None
    # Alembic does not compare their names.
    before = drawn.is_old(column) and drawn.before(column).foreign
    column.foreign = None if column.foreign \
        else copy.copy(before) or drawn.foreign(table, column)
    return 'foreign key of %s.%s: %r' % (table.name, column.name,
                                         column.foreign)


def change_on_delete(drawn):
    table, column = drawn.a_column(lambda table, column: column.foreign)
    if table is None:
        return None
    column.foreign.ondelete = None if column.foreign.ondelete else 'CASCADE'
    return 'ON DELETE of %s.%s: %s' % (table.name, column.name,
                                       column.foreign.ondelete)


CHANGES = [
    add_a_table, drop_a_table, rename_a_table, add_a_column, add_a_column,
    drop_a_column, drop_a_column, rename_a_column, rename_a_column,
    change_a_type, change_a_type, change_null, change_null, change_a_default,
    change_an_enum, change_a_comment, add_a_constraint, add_a_constraint,
    drop_a_constraint, change_an_index, change_an_index,
    change_a_foreign_key, change_on_delete]


@strategies.composite
def drawings(draw):
    return Drawn(draw)
