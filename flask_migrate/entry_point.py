"""``flask db`` before there is an application."""
import sys
import traceback

import click
from flask.cli import ScriptInfo


class EntryPoint(click.Group):
    """Stands in for the group of the commands.

    The ``flask`` command hides why an application could not be imported
    behind "No such command 'db'".  This waits until the
    application is loaded, then hands over to what the application registered
    under the name; its own failure is shown once.

    :param ours: the group for an application that has registered none.
    """

    def __init__(self, name, ours, **kwargs):
        click.Group.__init__(self, name, **kwargs)
        self.ours = ours

    def make_context(self, info_name, args, parent=None, **extra):
        group = self._group(parent, info_name)
        return group.make_context(info_name, args, parent=parent, **extra)

    @staticmethod
    def _report(error):
        """Say what is wrong with the configuration; else show it all."""
        from . import console
        from .explain import explain
        explanation = explain(error)
        if explanation is not None:
            console.report(explanation)
        else:
            traceback.print_exc()

    def _group(self, parent, name):
        from . import console
        info = parent.ensure_object(ScriptInfo) if parent else ScriptInfo()
        try:
            app = info.load_app()
        except click.ClickException as error:
            # No application, or one whose import failed: then the message
            # has the traceback.
            from .explain.importing import failed_import, missing_driver
            message = error.format_message()
            console.report(missing_driver(message) or '\n'.join(
                filter(None, [message, failed_import(message)])))
            sys.exit(1)
        except Exception as error:
            self._report(error)
            sys.exit(1)
        found = app.cli.commands.get(name)
        if found is not None:
            return found
        state = app.extensions.get('migrate')
        if state is not None and hasattr(state, 'migrate') \
                and state.migrate.command != name:
            console.report("The command group of this application is "
                           "'flask %s', not 'flask %s'."
                           % (state.migrate.command, name))
            sys.exit(1)
        return self.ours
