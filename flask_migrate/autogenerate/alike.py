"""Whether a dropped thing and an added one look alike."""
import difflib

from sqlalchemy import types

#: Types of one kind: a value of one is, more or less, one of the other.
_KINDS = [
    (types.Boolean, types.Integer), (types.Numeric,), (types.String,),
    (types.DateTime,), (types.Date,), (types.Time,), (types.Interval,),
    (types.LargeBinary, types._Binary),
]


def same_kind(one, other):
    """Whether two types hold the same kind of values."""
    return _kind(one) == _kind(other)


def _kind(type_):
    if isinstance(type_, types.TypeDecorator):
        type_ = type_.impl
    if isinstance(type_, types.Enum):
        return _KINDS.index((types.String,))
    for number, kind in enumerate(_KINDS):
        if isinstance(type_, kind):
            return number
    return type(type_).__name__.upper()


def resemblance(one, other):
    """How much two names resemble each other, from 0 to 1."""
    one, other = one.lower(), other.lower()
    if len(min(one, other, key=len)) > 2 and (one in other or other in one):
        return 1.0
    return difflib.SequenceMatcher(None, one, other).ratio()


#: From here on two names resemble each other.
RESEMBLE = 0.6


def columns_alike(old, new):
    """How much two columns look alike; 0: they don't.

    :param old: the Column of the database.
    :param new: that of the models.
    """
    score = resemblance(old.name, new.name)
    if same_kind(old.type, new.type):
        return 1 + score
    return score if score >= RESEMBLE else 0


def tables_alike(old, new):
    """How much two tables look alike; 0: they don't."""
    by_name = dict((column.name, column) for column in new.columns)
    common = [column for column in old.columns if column.name in by_name
              and same_kind(column.type, by_name[column.name].type)]
    score = resemblance(old.name, new.name)
    sizes = len(old.columns), len(by_name)
    if 2 * len(common) <= min(sizes) \
            or len(common) < 2 and score < RESEMBLE:
        return 0
    return float(len(common)) / max(sizes) + score
