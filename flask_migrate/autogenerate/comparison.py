"""A run that compares databases with models, for autogenerate."""
from flask import current_app

from ..databases import database_names
from ..run.looking import Run


class Comparison(Run):
    """A run for ``migrate``, ``revision`` and ``check``.

    :ivar leaves_out_empty: whether a script with no changes is left out.
    """

    leaves_out_empty = True

    def prepare(self, options, connection, kwargs, hook):
        Run.prepare(self, options, connection, kwargs, hook)
        # The one of Migrate(...) first, then that of env.py.
        hooks = [each for each in (
            self.arguments.get('process_revision_directives'), hook) if each]
        if hooks[1:] == hooks[:1]:
            del hooks[1:]

        def process_revision_directives(context, revision, directives):
            self._process(hooks, context, revision, directives)
        kwargs['process_revision_directives'] = process_revision_directives

    def _process(self, hooks, context, revision, directives):
        """Ask the user's hooks, then leave out a script with no changes."""
        given = list(directives)
        for hook in hooks:
            if directives:
                hook(context, revision, directives)
        if not self.leaves_out_empty:
            directives[:] = directives or given
            return
        if not directives or not getattr(
                context.config.cmd_opts, 'autogenerate', False):
            return
        script = directives[0]
        found = getattr(script, 'upgrade_ops_list', None)
        if found is None:                       # Alembic 0.8
            found = [script.upgrade_ops]
        if len(self.plans) >= self._expected() \
                and all(operations.is_empty() for operations in found):
            directives[:] = []

    def _expected(self):
        """How many databases env.py will configure."""
        if not self.multidb:
            return 1
        state = current_app.extensions['migrate']
        return len(database_names(current_app, state.db))
