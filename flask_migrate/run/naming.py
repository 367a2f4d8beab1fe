"""What Alembic logs of a database, with the name of the database."""
import logging

from .. import compat

#: Alembic's loggers whose records are about one database.
_ABOUT = ('alembic.autogenerate', 'alembic.ddl', 'alembic.runtime.migration',
          'alembic.migration')


class _Name(logging.Filter):
    """Puts the name of the database that is at hand into each record.

    The database is that of the run of this thread; applications that have
    one database only, and runs of others, have no names.
    """

    def filter(self, record):
        environment = compat.alembic_context.current()
        run = getattr(getattr(environment, 'config', None), 'run', None)
        name = getattr(run, 'name', '')
        if name and not hasattr(record, 'database'):
            record.database = name
            record.msg = u'%s: %s' % (
                compat.python.text(name).replace(u'%', u'%%')
                if record.args else compat.python.text(name),
                compat.python.text(record.msg))
        return True


_NAME = _Name()


def name_records():
    """Let Alembic's records name their databases, for good.

    To be called again when Alembic may have more loggers.
    """
    for name, logger in list(logging.root.manager.loggerDict.items()):
        if name.startswith(_ABOUT) and isinstance(logger, logging.Logger):
            logger.addFilter(_NAME)
