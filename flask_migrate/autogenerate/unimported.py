"""Models that nobody imported: a script must not drop all tables for it."""
import os
import sys

from flask import current_app

from .. import compat
from ..databases import database_names
from ..errors import MigrateError
from .protection import metadata_of, title


def refuse_to_drop_all(protection):
    """Refuse a script that leaves a database no table of this project.

    :param protection: the :class:`Protection` of a comparison that is over.
    :raises MigrateError: says what the models are that were looked at.
    """
    if not protection.dropped or protection.kept \
            or protection.answers.allow_drop_all:
        return
    dropped = sorted(title(*each) for each in protection.dropped)
    raise MigrateError('\n  '.join([
        'This would drop all tables of this project%s: %s. Nothing was '
        'written.' % (_of_database(protection), ', '.join(dropped)),
        'The models that were looked at have none of them: %s.'
        % '; '.join(_looked_at(protection)),
        _cause(),
        'If they are to go, add --allow-drop-all.']))


def _of_database(protection):
    return protection.bind and " in the database '%s'" % protection.bind


def _looked_at(protection):
    """What the metadata and the binds have, a list of texts."""
    found = ['target_metadata has %s' % _tables(metadata)
             for metadata in metadata_of(protection.context)]
    app = current_app._get_current_object()
    db = app.extensions['migrate'].db
    names = database_names(app, db)
    if len(names) > 1:
        for name in names:
            found.append("bind '%s' has %s" % (
                name or 'default',
                _tables(compat.flask_sqlalchemy.metadata_of(app, db, name))))
    return found


def _tables(metadata):
    number = len(metadata.tables) if metadata is not None else 0
    return '%d %s' % (number, 'table' if number == 1 else 'tables')


def _cause():
    """The likely cause, and the line that helps."""
    package = current_app.import_name
    is_package = hasattr(sys.modules.get(package), '__path__')
    line = 'from %s import models' % package if is_package \
        else 'import models'
    module = '%s.models' % package if is_package else 'models'
    what = 'the modules with the models are not imported'
    for name in ['models.py', os.path.join('models', '__init__.py')]:
        if module not in sys.modules and os.path.exists(
                os.path.join(current_app.root_path, name)):
            what = '%s is not imported' % name
    return ("Most likely %s: where the application is made (in a factory, "
            "inside it), add a line such as '%s'." % (what, line))


def mention_existing_tables(protection, write):
    """Say how to adopt tables that no revision has made.

    Without models there are none that they could be compared with.

    :param protection: of a comparison that found nothing.
    """
    tables = sorted(title(*each) for each in protection.kept)
    if tables:
        write(u'The tables exist already, and no revision has made them '
              u"(db.create_all()?): %s. 'adopt' brings them under migrations, "
              u'in a folder without revisions.' % u', '.join(tables))
    elif protection.left_alone and not protection.models:
        write(u'There are tables, and no revision has made them '
              u"(db.create_all()?), but there are no models%s: %s. %s Then "
              u"'adopt' brings the tables under migrations." % (
                  _of_database(protection), '; '.join(
                      _looked_at(protection)), _cause()))
