"""What is known of a failure."""
import re
import sys
import traceback

from .. import compat
from ..compat.python import text
from ..dialects.masking import without_secrets
from ..folder import revision_files

#: Characters of a statement that are shown.
SHOWN = 500


class Facts(object):
    """An exception, and what the call that failed knows.

    :ivar error: the exception.
    :ivar message: its text.
    :ivar places: where it has passed, the outermost first: tuples that
        begin with file, line and function.
    :ivar call: the :class:`Call`.
    :ivar config: the Config; None before there is a readable one.
    :ivar folder: the migrations folder, or None likewise.
    """

    def __init__(self, error, call, where=None):
        self.error = error
        self.message = text(error)
        self.places = traceback.extract_tb(where or sys.exc_info()[2])
        self.call = call
        self.operation = call.operation
        self.arguments = call.arguments
        self.config = call.config
        self.folder = _folder(call.config)
        if self.folder is None:
            self.config = None

    @property
    def at(self):
        """The revisions of the database that was being worked on.

        None where nobody had looked yet.
        """
        plans = self.call.run.plans if self.call.run else None
        return plans[-1].heads if plans else None

    @property
    def database(self):
        """What that database is called: "database", with its name."""
        plans = self.call.run.plans if self.call.run else None
        return plans[-1].title() if plans else 'database'

    def engine(self):
        """The engine that an error of the database is about, or None."""
        run = self.call.run
        if run is not None and run.engine is not None:
            return run.engine
        found = _engines()
        for engine in found:
            # The words of a server name what it was asked for.
            names = [engine.url.database, engine.url.host]
            if any(name and text(name) in self.message for name in names):
                return engine
        return found[0] if found else None

    @property
    def versions(self):
        """The folders of the revision files, as text."""
        return ', '.join(text(each) for each
                         in revision_files.folders(self.config))

    def files(self):
        """The revision files."""
        return revision_files.read(self.config) if self.config else []

    def forms_a_chain(self):
        """Whether Alembic can load the revision files."""
        try:
            compat.alembic.load_revisions(
                compat.alembic.script_directory(self.config))
        except Exception:
            return False
        return compat.alembic.finds_cycles()

    def asked_for(self, revision):
        """Whether the user named a revision in an argument."""
        words = []
        for name in ('revision', 'revisions', 'rev_range', 'head',
                     'depends_on'):
            value = self.arguments.get(name) or ()
            one = isinstance(value, compat.python.string_types)
            words.extend([value] if one else value)
        return any(revision in re.split(r'[:@+\s-]+', text(word))
                   or revision == text(word) for word in words)


def _folder(config):
    try:
        return config and config.get_main_option('script_location')
    except Exception:       # alembic.ini is what is wrong
        return None


def _engines():
    """The engines of the current application that can be made."""
    from flask import current_app, has_app_context
    state = current_app.extensions.get('migrate') \
        if has_app_context() else None
    db = getattr(state, 'db', None)
    if db is None:
        return []
    app = current_app._get_current_object()
    found = []
    for name in [None] + compat.flask_sqlalchemy.bind_keys(app, db):
        try:
            found.append(compat.async_engines.sync_engine(
                compat.flask_sqlalchemy.engine_of(app, db, name)))
        except Exception:
            continue        # it is this engine's failure, perhaps
    return found


def on_one_line(message):
    """A message on one line."""
    return ' '.join(text(message).split())


def short(message, length=SHOWN):
    """A text on one line, not too long, and without passwords."""
    message = without_secrets(' '.join(message.split()))
    return message if len(message) <= length else message[:length] + ' ...'
