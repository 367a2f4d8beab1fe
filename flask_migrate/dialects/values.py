"""What kind of values a column type holds."""
from sqlalchemy import types

#: Bytes of the kinds of integers.
SIZES = {'TINYINT': 1, 'SMALLINT': 2, 'SMALLINTEGER': 2, 'MEDIUMINT': 3,
         'INTEGER': 4, 'BIGINT': 8, 'BIGINTEGER': 8}

_KINDS = (
    (types.Enum, 'enum'), (types.String, 'text'), (types.Boolean, 'boolean'),
    (types.Integer, 'integer'), (types.Float, 'float'),
    (types.Numeric, 'decimal'), (types.DateTime, 'datetime'),
    (types.Date, 'date'), (types.Time, 'time'),
    (types.LargeBinary, 'binary'), (types._Binary, 'binary'),
)
_BY_NAME = {'UUID': 'uuid', 'JSON': 'json', 'JSONB': 'json'}

NUMBERS = ('integer', 'decimal', 'float')
TIMES = ('datetime', 'date', 'time')


def stored(type_, dialect):
    """The type that the columns of a type of an application have."""
    while isinstance(type_, types.TypeDecorator):
        type_ = type_.load_dialect_impl(dialect)
    return type_


def kind_of(type_):
    """What a type holds, a word; None: that is not known here."""
    for kind, name in _KINDS:
        if isinstance(type_, kind):
            return name
    return _BY_NAME.get(type(type_).__name__.upper())


def size(type_):
    """The bytes of a kind of integer."""
    for kind in type(type_).__mro__:
        if kind.__name__.upper() in SIZES:
            return SIZES[kind.__name__.upper()]
    return 4


def limits(type_):
    """The least and the greatest integer of a kind."""
    many = 256 ** size(type_)
    if getattr(type_, 'unsigned', False):
        return 0, many - 1
    return -many // 2, many // 2 - 1


def digits(type_, precision=None):
    """How many digits a decimal has before and behind its point.

    :param precision: of a type that has none; None: it has no end.
    :return: two numbers, or None.
    """
    precision = type_.precision or precision
    scale = type_.scale or 0
    return precision and (precision - scale, scale)


def among(values):
    """Texts as SQL, with commas."""
    return ', '.join("'%s'" % each.replace("'", "''") for each in values)
