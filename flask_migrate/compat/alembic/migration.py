"""Where a database is, and the steps that a command takes there."""
from __future__ import absolute_import

from functools import wraps
import re

from ..python import native, text
from ..signatures import code_arguments
from .versions import alembic_version, has_branches


def as_tuple(heads):
    """Revisions as a tuple; before 0.7 there is one, or None."""
    if isinstance(heads, (tuple, list)):
        return tuple(heads)
    return (heads,) if heads else ()


def as_given(heads):
    """Revisions as Alembic passes them on: before 0.7 one, or None."""
    heads = as_tuple(heads)
    return heads if has_branches() else (heads + (None,))[0]


def heads_of(context):
    """The revisions that a database is at, as Alembic passes them on."""
    if hasattr(context, 'get_current_heads'):           # 0.7
        return context.get_current_heads()
    return context.get_current_revision()


def stand_in_for_heads(context, heads):
    """Let ``heads(read)`` answer for a context's heads.

    ``run_migrations()`` asks for them first of all.
    """
    name = 'get_current_heads' if hasattr(context, 'get_current_heads') \
        else 'get_current_revision'                     # 0.6
    read = getattr(context, name)
    setattr(context, name, lambda: heads(read))


def leave_version_table(context):
    """Keep a MigrationContext from creating the version table.

    Alembic has ``dont_mutate`` for that from 1.3 on; 0.6 creates the table
    before it reads.
    """
    context.opts['dont_mutate'] = True
    if alembic_version() >= (1, 4):
        return
    context._version.create = lambda *args, **kwargs: None
    if has_branches():
        return
    read = context.get_current_revision

    def get_current_revision():
        if context.as_sql or context.connection.dialect.has_table(
                context.connection, context._version.name,
                context._version.schema):
            return read()
    context.get_current_revision = get_current_revision
    context._current_rev = get_current_revision


def allow_version_table(context):
    """Let a MigrationContext create the version table after all."""
    context.opts.pop('dont_mutate', None)
    # 'purge' is 1.2; with it Alembic would not ask for the heads.
    if alembic_version() < (1, 4):
        del context._version.create
        if not has_branches():
            context._version.create(context.connection, checkfirst=True)


def forget_revisions(context):
    """Empty the version table: ``stamp --purge`` (1.2)."""
    context._ensure_version_table(purge=True)


def same_context(context, connection):
    """A MigrationContext as *context* is, on another connection."""
    other = type(context).configure(connection, opts=dict(context.opts))
    leave_version_table(other)
    return other


def version_table(context):
    """A MigrationContext's table of versions (it has no public name)."""
    return context._version


def steps(function, heads, context):
    """The steps that an Alembic command takes in one database.

    Alembic 0.6 stamps at once: that becomes a step as well.
    """
    if has_branches() or context.as_sql:
        return function(heads, context)
    stamped = []
    context._update_current_rev = lambda *step: stamped.append(step)
    try:
        found = function(heads, context)
        return list(found) + [(stamp, before, after, '')
                              for before, after in stamped if before != after]
    finally:
        del context._update_current_rev


def starting_revision(heads):
    """Heads as the start of a run that prints SQL (0.6: one text)."""
    if not heads:
        return None
    return heads if has_branches() else heads[0]


def in_transactions(steps, context):
    """Let each step have a transaction where Alembic begins none.

    Without transactional DDL it does so from 1.5 on.  Before, SQLAlchemy
    commits every single statement, and a revision that fails is repeated
    with what it has changed already.
    """
    connection = context.connection
    if alembic_version() >= (1, 5) or connection.in_transaction():
        return steps
    begin = getattr(context, 'begin_transaction', None)
    if begin is None:                                       # 0.6
        return _in_transactions(steps, connection)

    def begin_transaction(_per_migration=False):
        return connection.begin() if _per_migration else begin()
    context.begin_transaction = begin_transaction
    return steps


def _in_transactions(steps, connection):
    for step in steps:
        transaction = connection.begin()
        yield step
        transaction.commit()


def stamp(**kwargs):
    """What a step of ``stamp`` runs: nothing."""


def step_parts(step):
    """Revision, direction, file and message of a step of Alembic.

    Steps are tuples (function, from, to, message) before 0.7.
    """
    if isinstance(step, tuple):
        function, before, after = step[:3]
        direction = function.__name__
        path = None if function is stamp else function.__code__.co_filename
        return ((before if direction == 'downgrade' else after), direction,
                path, step[3] if step[3:] else '')
    if hasattr(step, 'revision') and not getattr(step, 'is_stamp', False):
        script = step.revision
        direction = 'upgrade' if step.is_upgrade else 'downgrade'
        return (script.revision, direction, native(script.path),
                script.doc or '')
    return ', '.join(step.to_revisions) or 'base', 'stamp', None, ''


def step_parent(step):
    """The revisions that a step of ``downgrade`` leads to, as text."""
    if isinstance(step, tuple):
        return step[2]
    return ', '.join(step.to_revisions)


def takes_engine_name(step):
    """Whether a step's function is one for several databases."""
    code = getattr(_function(step), '__code__', None)
    return code is None or code.co_flags & _ANY_ARGUMENTS \
        or code_arguments(code)


#: CO_VARARGS and CO_VARKEYWORDS: *args or **kwargs.
_ANY_ARGUMENTS = 0x0C


def _function(step):
    return step[0] if isinstance(step, tuple) else step.migration_fn


def without_engine_name(step, skip):
    """A step whose function need not take ``engine_name``.

    :param skip: whether it does nothing.
    """
    function = _function(step)

    @wraps(function)
    def run(engine_name=None, **kwargs):
        if not skip:
            function(**kwargs)
    if isinstance(step, tuple):
        return (run,) + step[1:]
    step.migration_fn = run
    return step


def step_text(step):
    """What Alembic logs of a step, in one line."""
    if isinstance(step, tuple):
        function, before, after = step[:3]
        said, doc = u'%s %s -> %s' % (getattr(
            function, '__name__', 'stamp'), before, after), u''
        if any(step[3:]):
            said, doc = said + u', ', step[3]
    else:
        said, doc = text(step), text(step.doc or u'')
        if doc and said.endswith(doc):
            said = said[:-len(doc)]
    return said + first_sentence(doc)


def first_sentence(doc):
    """The first sentence of a docstring, on one line."""
    paragraph = text(doc).strip().split(u'\n\n')[0]
    return re.split(r'(?<=[.!?])\s+(?=[A-Z])',
                    u' '.join(paragraph.split()))[0]


def step_transaction(context):
    """The transaction of one step, as ``run_migrations()`` begins it.

    Where DDL commits by itself, ``autocommit_block()`` wants one as well;
    before 1.5 Alembic begins none there (private).
    """
    begin = getattr(context, 'begin_transaction', None)     # not in 0.6
    if begin is None or alembic_version() < (1, 5) \
            and not context.impl.transactional_ddl:
        return context.connection.begin()
    return begin(_per_migration=True)
