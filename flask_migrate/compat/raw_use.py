"""Who uses a DBAPI connection past SQLAlchemy, by the kind of driver."""
from __future__ import absolute_import

from functools import partial
import sys

#: What one must call for it.
_NAMES = ('cursor', 'commit')


def on_use(raw, function):
    """Call a function when others than SQLAlchemy use a DBAPI connection.

    Most drivers are written in Python, where an object may have methods of
    its own; psycopg2 is not, but lets its cursors be made by a class.

    :param raw: the DBAPI connection.
    :param function: is called without arguments.
    :return: a function: it is not to be called any more.
    """
    undo = []
    driver = type(raw).__module__.partition('.')[0]

    def look():
        if _is_used_past(driver):
            function()
    own = dict(getattr(raw, '__dict__', {}))
    for name in _NAMES:
        try:
            setattr(raw, name, _noticed(getattr(raw, name), look))
        except (AttributeError, TypeError):     # one in C, or with slots
            continue
        undo.append(partial(setattr, raw, name, own[name])
                    if name in own else partial(delattr, raw, name))
    if not undo and hasattr(raw, 'cursor_factory'):
        before = raw.cursor_factory
        raw.cursor_factory = _cursor_class(before, look)
        undo.append(partial(setattr, raw, 'cursor_factory', before))

    def stop():
        while undo:
            undo.pop()()
    return stop


def _noticed(method, look):
    def noticed(*args, **kwargs):
        look()
        return method(*args, **kwargs)
    return noticed


def _cursor_class(before, look):
    from psycopg2.extensions import cursor

    class Cursor(before or cursor):
        """A cursor that is noticed when it is made."""

        def __init__(self, *args, **kwargs):
            look()
            super(Cursor, self).__init__(*args, **kwargs)
    return Cursor


def _is_used_past(driver):
    """Whether somebody else has called it, through SQLAlchemy's pool."""
    frame = sys._getframe(3)
    while frame is not None:
        name = frame.f_globals.get('__name__', '')
        if name.partition('.')[0] != driver \
                and not name.startswith('sqlalchemy.pool'):
            return name.partition('.')[0] not in (
                'sqlalchemy', __name__.partition('.')[0])
        frame = frame.f_back
    return False
