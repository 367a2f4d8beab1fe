"""How PostgreSQL makes values those of a new type, and which it can't.

It refuses most of what does not fit, but rounds numbers and cuts times off.
"""
from .values import (
    NUMBERS, TIMES, among, digits, kind_of, limits)

#: What it changes into each other by itself.
_ALIKE = (('boolean',), NUMBERS, ('datetime', 'date'), ('text',))


def using(column, old, new, target):
    """The expression for the values of a new type; None: it knows one.

    :param column: its name, as SQL, or another expression.
    :param old: the type that it has.
    :param new: the one that it gets.
    :param target: that as SQL.
    """
    before, after = _kind(old), _kind(new)
    if after == 'text' and before != 'enum' or any(
            before in kinds and after in kinds for kinds in _ALIKE):
        return None
    if before in NUMBERS and after == 'boolean':
        return '%s <> 0' % column
    if before == 'boolean' and after in NUMBERS:
        return '%s::integer::%s' % (column, target)
    if before in (None, 'text') or after is None and before != 'enum' \
            or before == after != 'enum' \
            or (before, after) in (('enum', 'text'), ('datetime', 'time')):
        return '%s::%s' % (column, target)
    # Of most kinds no cast is known, but of a text there is for all.
    return '%s::text::%s' % (column, target)


def _kind(type_):
    kind = kind_of(type_)
    return 'text' if kind == 'enum' and not type_.native_enum else kind


class Fit(object):
    """What a value has to be, to fit a new type.

    :param test: SQL of the condition, in which ``{old}`` stands for the
        value and ``{new}`` for what it becomes.
    :param tried: whether it has to be tried what it becomes.
    """

    def __init__(self, test, tried=False):
        self.test = test
        self.tried = tried


def fit(old, new):
    """The Fit of a new type; None: all values fit, or it is not known."""
    before, after = kind_of(old), kind_of(new)
    if after == 'enum':
        if before == 'enum' and set(old.enums) <= set(new.enums):
            return None
        return one_of(new.enums)
    if after == 'text':
        return _fit_text(old, new, before)
    if before in NUMBERS and after in NUMBERS + ('boolean',):
        return _fit_number(old, new, before, after)
    if before in TIMES and after in TIMES:
        return {('datetime', 'date'): Fit('{new} = {old}', True),
                ('date', 'datetime'): None}.get(
                    (before, after), before != after and Fit('false') or None)
    if hasattr(old, 'item_type') and hasattr(new, 'item_type'):
        return _fit_items(old.item_type, new.item_type)
    if before == after is not None or before == 'boolean' and after in NUMBERS:
        return None
    return Fit(_OF_TEXT.get(after, 'true')
               if before in ('text', 'enum') else 'true', True)


def one_of(values, many=False):
    """The Fit of an enum, or of lists of its values."""
    values = among(values).replace('{', '{{').replace('}', '}}')
    return Fit('{old}::text[] <@ ARRAY[%s]' % values if many
               else '{old}::text IN (%s)' % values)


def or_one_of(other, values):
    """A Fit that some values have besides."""
    return Fit('(%s) OR %s' % (other.test, one_of(values).test), other.tried)


def _fit_items(old, new):
    """The same for lists: an explicit cast shortens texts."""
    if kind_of(old) == kind_of(new) == 'enum':
        return one_of(new.enums, True)
    if fit(old, new) is None:
        return None
    for kinds, known in ((('text',), 'text'), (NUMBERS, 'numeric')):
        if kind_of(old) in kinds and kind_of(new) in kinds:
            return Fit('{new}::%s[] = {old}::%s[]' % (known, known), True)
    return Fit('true', True)


#: What a text keeps, where a cast leaves something out.
_OF_TEXT = {
    'decimal': '{new} = {old}::numeric',
    'float': '{new}::numeric = {old}::numeric',
    'date': '{new}::timestamptz = {old}::timestamptz',
    'datetime': '{new}::timestamptz = {old}::timestamptz',
}


def _fit_text(old, new, before):
    if not new.length or before == 'boolean' and new.length > 4 \
            or before == 'text' and old.length \
            and old.length <= new.length or before == 'enum' \
            and max(map(len, old.enums)) <= new.length:
        return None
    return Fit('char_length({old}::text) <= %d' % new.length)


def _fit_number(old, new, before, after):
    if after == 'boolean':
        return Fit('{old} IN (0, 1)')
    if after == 'integer':
        least, most = limits(new)
        if before == 'integer' and least <= limits(old)[0] \
                and limits(old)[1] <= most:
            return None
        return Fit('{old} BETWEEN %d AND %d' % (least, most)
                   + (' AND {old} = trunc({old})' if before != 'integer'
                      else ''))
    if after == 'decimal':
        ahead = digits(new)
        had = digits(old) if before == 'decimal' else (
            len(str(limits(old)[1])), 0) if before == 'integer' else None
        if ahead is None and before != 'float' or had and ahead \
                and had[0] <= ahead[0] and had[1] <= ahead[1]:
            return None
        return Fit('{new} = {old}::numeric', True)
    if after == 'float':
        if before == 'integer' and limits(old)[1] < 2 ** 53 \
                and not _is_single(new) or before == 'float' \
                and (_is_single(old) or not _is_single(new)):
            return None
        return Fit('{new}::numeric = {old}::numeric', True)


def _is_single(type_):
    return type(type_).__name__.upper() == 'REAL' \
        or bool(type_.precision) and type_.precision < 25


# A column may have the name of a variable.
_STOP = """\
DO $stop$
#variable_conflict use_column
DECLARE one record; fitting %(target)s; many bigint := 0;
  shown text := '';
BEGIN
  FOR one IN SELECT %(key)s AS key, %(column)s AS value FROM %(table)s
      WHERE %(where)s%(order)s LOOP
    %(try)s
    many := many + 1;
    IF many <= 5 THEN shown := shown || %(shown)s; END IF;
  END LOOP;
  IF many > 0 THEN
    RAISE EXCEPTION USING MESSAGE =
      %(before)s || many || %(between)s || substr(shown, 3) || %(after)s;
  END IF;
END $stop$"""
_TRY = """\
BEGIN fitting := %s; CONTINUE WHEN %s;
    EXCEPTION WHEN OTHERS THEN NULL; END;"""


def stop(fit, table, column, key, expression, target, words):
    """The statement that stops where a value does not fit.

    It takes each row's value as the change will: what PostgreSQL makes of
    it is for PostgreSQL to say.

    :param fit: the Fit.
    :param table: as SQL, like *column* and the columns of *key*.
    :param expression: a function that makes the new value of an old one.
    :param target: the new type as SQL.
    :param words: the message: before the number of rows, before some keys,
        and at the end.
    """
    tried = fit.tried and _TRY % (
        expression('one.value') or 'one.value',
        fit.test.format(old='one.value', new='fitting'))
    before, between, after = ["'%s'" % each.replace("'", "''")
                              for each in words]
    return _STOP % {
        'target': target if fit.tried else 'integer', 'table': table,
        'key': " || '/' || ".join('%s::text' % each for each in key)
        or "''", 'shown': "', ' || left(one.key, 40)" if key else "''",
        'order': key and ' ORDER BY ' + ', '.join(key) or '',
        'column': column, 'try': tried or 'CONTINUE WHEN false;',
        'where': column + ' IS NOT NULL' + (
            '' if fit.tried else ' AND NOT (%s)' % fit.test.format(
                old=column)),
        'before': before, 'between': between, 'after': after}
