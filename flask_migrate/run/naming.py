"""What Alembic logs of a database: with its name, and once."""
import logging

from .. import compat

#: Alembic's loggers whose records are about one database.
_ABOUT = ('alembic.autogenerate', 'alembic.ddl', 'alembic.runtime.migration',
          'alembic.migration')


#: Those that say what differs.
_FINDS = 'alembic.autogenerate', 'alembic.ddl'


class _Name(logging.Filter):
    """Puts the name of the database that is at hand into each record.

    The database is that of the run of this thread; applications that have
    one database only, and runs of others, have no names.

    What a comparison finds is held back where the run does so: another one
    may follow, which finds it again or knows better.
    """

    def filter(self, record):
        environment = compat.alembic_context.current()
        run = getattr(getattr(environment, 'config', None), 'run', None)
        held = getattr(run, 'held', None)
        if held is not None and record.name.startswith(_FINDS):
            held.append(record)
            return False
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


def release(run):
    """Let the records be seen that a run has held back."""
    records, run.held = run.held, None
    for record in records or ():
        logging.getLogger(record.name).handle(record)
