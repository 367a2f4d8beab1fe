"""What a command would do, found out without doing it: ``--dry-run``."""
from flask import current_app

from .. import compat
from ..databases import application_databases, name_of
from .looking import Plan, Run


class Planned(BaseException):
    """All is known: env.py is left, so that nothing after it runs."""


class Planning(Run):
    """A run that plans, at the first ``configure()``, for all databases.

    :ivar may_be_more: whether env.py has databases of its own.
    """

    def __init__(self, call, arguments, allow_newer=False):
        Run.__init__(self, call, arguments)
        self.allow_newer = allow_newer
        self.may_be_more = False

    def prepare(self, options, connection, kwargs, hook):
        options.pop('purge', None)

    def prepared(self, context):
        compat.alembic.leave_version_table(context)
        self._plan(context, self.name_in(context))
        engine = context.connection.engine
        others = self._other_engines(engine)
        for other in others:
            connection = compat.async_engines.connect(other)
            try:
                self._plan(compat.alembic.same_context(context, connection),
                           self._name_of(other))
            finally:
                connection.close()
        raise Planned()

    def _name_of(self, engine):
        app = current_app._get_current_object()
        return name_of(app, app.extensions['migrate'].db, engine)

    def _plan(self, context, name):
        heads = compat.alembic.heads_of(context)
        plan = Plan(context, heads, name=name)
        plan.newer = self.allow_newer and compat.alembic.is_unknown(
            self.environment.script, plan.heads)
        self.plans.append(plan)
        if not plan.newer:
            plan.steps = list(self.steps(heads, context))

    def _other_engines(self, engine):
        """The application's engines beside the one that env.py has given."""
        app = current_app._get_current_object()
        databases = application_databases(
            app, app.extensions['migrate'].db, self.multidb)
        engines = [database.engine for database in databases]
        self.may_be_more = not self.multidb \
            and compat.env_py.may_have_more(self.call.config)
        if engine not in engines:
            self.may_be_more = True
            return []
        return [other for other in engines if other is not engine]
