"""Columns that the server computes: other expressions, other identities."""
import re

from alembic.operations import ops
from sqlalchemy import Column

from .. import compat, dialects
from .operations import AlterColumn, saying
from .temporary_tables import (
    Written, copies, read_back, temporary_table, type_text)

_NOISE = re.compile(r'::[\w ]+(\(\d+\))?|[\s()"`]+')


def say_what_exists(found, operations):
    """Let an identity be changed, not made once more, one way.

    Alembic does so only if it is told what there is, and does not write it.
    """
    for block in operations:
        for number, each in enumerate(getattr(block, 'ops', ())):
            if isinstance(each, ops.AlterColumnOp) and all(
                    compat.tables.is_identity(default) for default in (
                        each.existing_server_default,
                        each.modify_server_default)):
                block.ops[number] = saying(
                    AlterColumn, each, _existing(each.existing_server_default))


def _existing(default):
    return lambda context: 'existing_server_default=' \
        + compat.alembic.render_default(default, context)


def compare(found):
    """Find computed columns whose expressions differ.

    A column is dropped and added again: its values are computed anew.
    """
    for pair, old, new in found.columns():
        if not all(compat.tables.is_computed_column(each)
                   for each in (old, new)):
            continue
        if _differ(found, old, new) and compat.alembic.is_included(
                pair, new, new.name, 'column', False, old):
            _replace(found, pair, old, new)


def _replace(found, pair, old, new):
    operations = found.changes_of(pair).ops
    operations[:] = [each for each in operations
                     if getattr(each, 'column_name', None) != new.name]
    operations.extend([
        ops.DropColumnOp.from_column_and_tablename(
            pair.schema, pair.name, old),
        ops.AddColumnOp.from_column_and_tablename(
            pair.schema, pair.name, new)])


def _differ(found, old, new):
    texts = [_plain(found, each) for each in (old, new)]
    if texts[0] == texts[1]:
        return False
    if dialects.of(found.connection).keeps_sql:
        return True
    try:
        written = _as_written(found, new)
    except Exception:
        return False        # what can't be compared is not reported
    return written is not None and written != texts[0]


def _plain(found, column):
    text = compat.python.text(column.server_default.sqltext.compile(
        dialect=found.context.dialect,
        compile_kwargs={'literal_binds': True}))
    return _NOISE.sub('', text.replace('%%', '%')).lower()


def _as_written(found, column):
    """How the server writes it down."""
    default = column.server_default
    others = [each for each in column.table.columns if each is not column]
    table = temporary_table(*copies(found, others) + [
        Column(column.name, Written(type_text(found, column)),
               type(default)(default.sqltext, persisted=default.persisted))])
    for each in read_back(found, table, 'get_columns'):
        if each['name'] == column.name and each.get('computed'):
            return _NOISE.sub('', compat.python.text(
                each['computed']['sqltext'])).lower()
