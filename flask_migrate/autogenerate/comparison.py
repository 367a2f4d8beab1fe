"""A run that compares databases with models, for autogenerate."""
from flask import current_app

from .. import compat, dialects
from ..databases import database_names, name_of
from ..errors import MigrateError
from ..run.looking import Run
from ..run.naming import release
from .answers import Answers
from .derived_names import refuse_to_make_again
from .protection import protect
from .questioner import Questioner, Unanswered
from .unimported import refuse_to_drop_all


class Comparison(Run):
    """A run for ``migrate``, ``revision`` and ``check``.

    :param questioner: the Questioner.
    :param answers: the Answers.

    :ivar leaves_out_empty: whether a script with no changes is left out.
    :ivar writes: whether it is for a script.
    :ivar scripts_folder: where scripts go to instead of theirs, or None.
    :ivar compared: whether a database has been compared with its models.
    :ivar protections: the Protection of each database that was.
    :ivar warnings: texts to be shown with the script.
    """

    leaves_out_empty = True
    writes = True
    scripts_folder = None
    compared = False

    def __init__(self, call, arguments, questioner=None, answers=None):
        Run.__init__(self, call, arguments)
        self.questioner = questioner or Questioner()
        self.answers = answers or Answers()
        self.protections = []
        self.differences = []       # pairs of name and differences
        self.warnings = []

    def database_name(self, context):
        """What a database is called; '' where it has no name.

        The only one of an application has none.  Where env.py makes engines
        of its own, the functions that a script gets tell the name.
        """
        app = current_app._get_current_object()
        db = app.extensions['migrate'].db
        if len(database_names(app, db)) < 2:
            return ''
        token = context.opts.get('upgrade_token') or 'upgrades'
        if token.endswith('_upgrades'):
            return token[:-len('_upgrades')] or 'default'
        return name_of(app, db, self.engine)

    def leave_connections(self):
        """Close what an env.py that was left has not closed."""
        for plan in self.plans:
            connection = plan.context.connection
            if connection is not None and not connection.closed:
                connection.close()

    def prepare(self, options, connection, kwargs, hook):
        Run.prepare(self, options, connection, kwargs, hook)
        if self.scripts_folder is not None:
            compat.alembic.write_scripts_to(
                self.environment.script, self.scripts_folder)
        if compat.alembic.has_operations():
            from .column_types import render_item   # it imports those
            compat.alembic.note_tables(kwargs)
            compat.alembic.take_over_defaults(kwargs)
            kwargs['render_item'] = render_item(kwargs.get('render_item'))
        # The one of Migrate(...) first, then that of env.py.
        hooks = [each for each in (
            self.arguments.get('process_revision_directives'), hook) if each]
        if hooks[1:] == hooks[:1]:
            del hooks[1:]

        def process_revision_directives(context, revision, directives):
            self._process(hooks, context, revision, directives)
        kwargs['process_revision_directives'] = process_revision_directives

    def prepared(self, context):
        Run.prepared(self, context)
        if context.connection is not None and getattr(
                self.call.config.cmd_opts, 'autogenerate', False):
            self.protections.append(protect(
                self.call.config, context, self.answers,
                self.database_name(context)))
        if compat.alembic.compares_defaults(context):
            compat.alembic.compare_no_defaults(context)
        if context.connection is not None \
                and compat.alembic.has_operations():
            compat.alembic.know_sequences(context, dialects.of(
                context.connection).sequence_owners)

    def steps(self, heads, context):
        if self.writes and compat.alembic.has_operations():
            self.held = []
        try:
            steps = Run.steps(self, heads, context)
        except (MigrateError, Unanswered):
            self.held = None        # it was not what it seemed
            raise
        finally:
            release(self)
        if self.writes and not compat.alembic.has_operations():
            for protection in self.protections[-1:]:
                refuse_to_make_again(protection)
                refuse_to_drop_all(protection)
        return steps

    def _process(self, hooks, context, revision, directives):
        """Ask our pieces and the user's hooks; leave out an empty script."""
        if directives and getattr(
                context.config.cmd_opts, 'autogenerate', False):
            from .order import process      # Alembic 0.8 has what it needs
            from .found import Found
            self.compared = True
            process(Found(self.protections[-1], directives[0],
                          self.questioner if self.writes else None,
                          self.warnings,
                          len(self.plans) >= self._expected(), self.held))
            release(self)
        given = list(directives)
        for hook in hooks:
            if directives:
                hook(context, revision, directives)
        if not self.leaves_out_empty:
            directives[:] = directives or given
            self.differences.append(
                (self.name, compat.alembic.last_operations(
                    directives[0])[0].as_diffs()))
            return
        if not directives or not getattr(
                context.config.cmd_opts, 'autogenerate', False):
            return
        if len(self.plans) >= self._expected() and all(
                operations.is_empty() for operations
                in compat.alembic.upgrades(directives[0])):
            directives[:] = []

    def _expected(self):
        """How many databases env.py will configure."""
        if not self.multidb:
            return 1
        state = current_app.extensions['migrate']
        return len(database_names(current_app, state.db))
