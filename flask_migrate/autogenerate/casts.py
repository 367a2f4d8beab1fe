"""Changes of type that PostgreSQL makes only if it is told how."""
import copy

from alembic.operations import ops

from .. import compat, dialects
from ..dialects.postgresql_values import using
from ..dialects.values import stored
from .operations import AlterColumn, saying


def cast(found, operations):
    """Say how values become values of the new type, one way."""
    if not dialects.of(found.connection).casts_types \
            or not compat.alembic.can_say_using():
        return
    for block in operations:
        for each in list(getattr(block, 'ops', ())):
            if not isinstance(each, ops.AlterColumnOp) \
                    or each.modify_type is None:
                continue
            using = _using(found, each)
            if using:
                number = block.ops.index(each)
                block.ops[number:number + 1] = _steps(each, using)


def _steps(operation, using):
    """Change a type; a default is not cast, but taken off and put back."""
    steps = []
    changed = saying(AlterColumn, operation,
                     'postgresql_using=%r' % str(using))
    default = operation.existing_server_default
    if default is not None and default is not False \
            and not compat.tables.is_computed(default):
        off = copy.copy(operation)
        off.modify_type = off.modify_nullable = off.modify_name = None
        off.modify_server_default = None
        off.kw = {}
        off.modify_comment = False
        steps.append(off)
        if changed.modify_server_default is False:
            changed.modify_server_default = default
    return steps + [changed]


def _using(found, operation):
    """The expression for the new values; None where PostgreSQL has one."""
    dialect = found.context.dialect
    old, new = [stored(each, dialect) for each in (
        operation.existing_type, operation.modify_type)]
    return using(dialect.identifier_preparer.quote(operation.column_name),
                 old, new, new.compile(dialect=dialect))
