"""What a script says that fails before a command of it could run.

``manage.py db upgrade`` imports the application first, which may name a
driver that is not installed, or a URL that is none.
"""
import sys


def explain_uncaught():
    """Let an exception that nobody catches be explained, where we can.

    Of one that is explained a command line shows no traceback; other
    programs show it, and the explanation below it.
    """
    before = sys.excepthook
    if getattr(before, 'of_flask_migrate', False):
        return

    def excepthook(kind, error, traceback):
        message = _explanation(error, traceback)
        if message is None or not _is_command_line():
            before(kind, error, traceback)
        if message is not None:
            from .compat.streams import to_stderr
            to_stderr(u'Error: %s\n' % message)
    excepthook.of_flask_migrate = True
    sys.excepthook = excepthook


def _explanation(error, traceback):
    """A text; None for an exception that is not of the beginning."""
    try:
        # Nothing is imported for what cannot be a matter of the URL.
        if 'sqlalchemy' not in sys.modules or not isinstance(
                error, Exception):
            return None
        from .compat.python import text
        from .explain import beginning
        message = beginning(error, traceback)
        return message and text(message)
    except Exception:
        return None             # the exception itself is what matters


def _is_command_line():
    """Whether one of our commands was to run, as far as words can tell."""
    from .commands import OPERATIONS, command_name
    names = [command_name(operation) for operation in OPERATIONS.values()]
    return any(word in names for word in sys.argv[2:])
