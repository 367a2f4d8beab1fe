"""Column types as a script names them, with the imports that takes.

A type of the application, or of a library such as sqlalchemy_utils, is
written with its module, if it can be made again so; else what it stores is
written instead.
"""
import copy
import sys

from sqlalchemy.types import Enum, TypeDecorator

from . import enums
from .. import compat
from ..errors import MigrateError


def render_item(given):
    """A ``render_item`` for ``context.configure()``.

    :param given: the project's own, which is asked first, or None.
    """
    def render(kind, thing, autogen):
        written = given(kind, thing, autogen) if given else False
        if written is False and kind == 'type':
            written = _render(thing, autogen)
        if written is False and kind == 'server_default':
            written = _render_default(thing, autogen)
        return written
    return render


def _render_default(default, autogen):
    """A default with a ``%`` or ``:``, or False to leave it to Alembic.

    Alembic writes the sign as drivers want it, twice, and then it is doubled
    once more.  What the database has in a text after a colon is no parameter,
    for which Alembic writes NULL.
    """
    text = getattr(getattr(default, 'arg', None), 'text', None)
    if text is None:
        return False
    if compat.tables.has_unbound_names(default.arg):
        text = compat.tables.escaped_text(text)
    elif '%' not in text:
        return False
    return '%stext(%s)' % (
        autogen.opts['sqlalchemy_module_prefix'] or '',
        compat.python.literal(compat.python.text(text)))


def _render(kind, autogen):
    """A type as Python, or False to leave it to Alembic."""
    module = type(kind).__module__
    if isinstance(kind, Enum) and module.startswith('sqlalchemy.') \
            and kind.name and enums.is_made_apart(autogen, kind):
        return _render_made_apart(kind, autogen)
    if module.startswith('sqlalchemy.dialects.'):
        return _render_of_dialect(kind, autogen)
    if isinstance(kind, Enum) and module.startswith('sqlalchemy.') \
            and compat.tables.left_out_of_repr(kind):
        return '%s%s, %s)' % (
            autogen.opts['sqlalchemy_module_prefix'] or '', repr(kind)[:-1],
            compat.tables.left_out_of_repr(kind))
    if module.startswith('sqlalchemy.') \
            or autogen.opts.get('user_module_prefix'):
        return False
    return _render_of_others(kind, autogen)


def _render_made_apart(kind, autogen):
    """An enum that creating a table does not create, on any SQLAlchemy."""
    autogen.imports.add('from sqlalchemy.dialects import postgresql')
    values = ', '.join(
        [repr(compat.python.native(each)) for each in kind.enums]
        + ['%s=%r' % (name, compat.python.native(value))
           for name, value in (('name', kind.name),
                               ('schema', kind.schema)) if value])
    return (
        "%sEnum(%s).with_variant(postgresql.ENUM(%s, create_type=False),"
        " 'postgresql')" % (
            autogen.opts['sqlalchemy_module_prefix'] or '', values, values))


def _render_of_dialect(kind, autogen):
    left_out = compat.tables.values_left_out_of_repr(kind)
    if not left_out:
        _import_parts(kind, autogen)
        return False
    dialect = type(kind).__module__.split('.')[2]
    autogen.imports.add('from sqlalchemy.dialects import ' + dialect)
    return '%s.%s(%s)' % (dialect, type(kind).__name__, ', '.join(
        repr(compat.python.native(each)) for each in left_out))


def _render_of_others(kind, autogen):
    """A type of the application or of a library, with its import."""
    module = type(kind).__module__
    written = '%s.%r' % (module, _without_index(kind))
    if module != '__main__' and _can_be_read(
            written, module, kind, autogen.dialect):
        autogen.imports.add('import ' + module)
        return written
    if isinstance(kind, TypeDecorator):
        return _render_what_is_stored(kind, autogen)
    raise MigrateError(
        "The type '%s.%s' can't be written into a script: Python does not "
        "read '%r'. Give the class a __repr__ that Python reads, or Migrate "
        "a render_item. Nothing was written." % (
            module, type(kind).__name__, kind))


def _without_index(kind):
    """A type of GeoAlchemy2 that makes no index with its column.

    The index is among the differences, and a script makes it by itself.
    """
    if getattr(kind, 'spatial_index', False):
        kind = copy.copy(kind)
        kind.spatial_index = False
    return kind


def _can_be_read(written, module, kind, dialect):
    """Whether Python reads a type that makes the same columns."""
    root = module.split('.')[0]
    try:
        __import__(module)
        read = eval(written, {root: sys.modules[root]})
    except Exception:
        return False
    wanted = _spec(kind, dialect)
    return wanted is None or _spec(read, dialect) == wanted


def _spec(kind, dialect):
    """A type as SQL; None where the database has none such."""
    try:
        return kind.compile(dialect=dialect)
    except Exception:
        return None


def _render_what_is_stored(kind, autogen):
    stored = stored_type(kind, autogen.dialect)
    module = type(stored).__module__.split('.')
    if module[:2] == ['sqlalchemy', 'dialects']:
        autogen.imports.add('from sqlalchemy.dialects import ' + module[2])
        _import_parts(stored, autogen)
        return '%s.%r' % (module[2], stored)
    return '%s%r' % (autogen.opts['sqlalchemy_module_prefix'] or '', stored)


def stored_type(kind, dialect):
    """The first type without a decorator that makes the same columns."""
    here = _public(kind.load_dialect_impl(dialect))
    for each in kind.impl, compat.tables.as_generic(here), here:
        while isinstance(each, TypeDecorator):
            each = each.impl
        if _spec(each, dialect) == _spec(kind, dialect):
            break
    return each


def _public(kind):
    """A type of a driver (``_PGJSONB``) as that of its dialect."""
    if not type(kind).__module__.startswith('sqlalchemy.dialects.'):
        return kind
    public = [each for each in type(kind).__mro__
              if not each.__name__.startswith('_')]
    return kind if type(kind) is public[0] else kind.adapt(public[0])


def _import_parts(kind, autogen):
    """Import what a dialect's type has in it: ``HSTORE(text_type=Text())``."""
    import sqlalchemy
    name = type(kind).__module__.split('.')[2]
    known = {name: sys.modules['sqlalchemy.dialects.' + name],
             'sa': sqlalchemy}
    for _ in range(9):
        try:
            eval('%s.%r' % (name, kind), dict(known))
            return
        except NameError as error:
            part = str(error).split("'")[1]
            if not hasattr(sqlalchemy, part):
                return
            known[part] = getattr(sqlalchemy, part)
            autogen.imports.add('from sqlalchemy import ' + part)
        except Exception:
            return
