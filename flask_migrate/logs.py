"""What a command line shows of what is logged."""
from contextlib import contextmanager
import logging
import logging.config

from . import compat

#: Where Alembic and this package log to.
LOGGERS = ('alembic', 'flask_migrate')

#: Alembic's loggers that speak of Alembic (the second is that of 0.6).
NOISY = ('alembic.runtime.migration', 'alembic.migration',
         'alembic.runtime.plugins')


def show(name, text, level=logging.INFO):
    """Log a line so that it is seen once, whatever alembic.ini says.

    :param name: of the logger.
    """
    logger = logging.getLogger(name)
    record = logger.makeRecord(name, level, __file__, 0, text, (), None)
    handlers = compat.logs.handlers_of(logger)
    seen = [handler for handler in handlers if _is_seen(handler)]
    others = [handler for handler in handlers
              if not compat.logs.is_console(handler)]
    for handler in seen[:1] or [_handler()]:
        handler.handle(record)
    if logger.isEnabledFor(level):
        compat.logs.handle(record, others)


@contextmanager
def visible(ini):
    """Show what Alembic logs on stderr, as alembic.ini says it.

    What the application has set up itself stays, and all is as it was
    afterwards.

    :param ini: path of alembic.ini.
    """
    root = logging.getLogger()
    before = [(logger, logger.level, logger.handlers[:], logger.propagate)
              for logger in [root] + list(root.manager.loggerDict.values())
              if isinstance(logger, logging.Logger)]
    _read_ini(ini, root)
    for logger in [logging.getLogger(name) for name in LOGGERS]:
        if logger.level == logging.NOTSET:
            logger.setLevel(logging.INFO)
        if not any(_is_seen(handler)
                   for handler in root.handlers + logger.handlers):
            logger.addHandler(_handler())
    noise = _Noise()
    for name in NOISY:
        logging.getLogger(name).addFilter(noise)
    try:
        yield
    finally:
        for name in NOISY:
            logging.getLogger(name).removeFilter(noise)
        for logger, level, handlers, propagate in before:
            logger.setLevel(level)
            logger.handlers[:] = handlers
            logger.propagate = propagate


class _Noise(logging.Filter):
    """Hide what Alembic says of itself in every command."""

    # 'Running %s' comes from us, with a number and the time it took.
    starts = ('Context impl ', 'Will assume ', 'setting up autogenerate',
              'setup plugin ', 'Generating static SQL', 'Running ')

    def filter(self, record):
        text = compat.python.text(record.msg)
        if hasattr(record, 'database'):     # its name stands before
            text = text.partition(u': ')[2]
        return not text.startswith(self.starts)


def _read_ini(ini, root):
    """Set up logging as alembic.ini says, beside the application's own."""
    handlers, level = root.handlers[:], root.level
    try:
        logging.config.fileConfig(ini, disable_existing_loggers=False)
    except Exception:
        # No logging section, or a wrong one: the defaults will do.
        root.handlers[:], root.level = handlers, level
    if handlers:
        # The application set up logging itself.
        root.handlers[:] = handlers
        root.setLevel(level)


def _is_seen(handler):
    """Whether a handler writes progress where the user looks."""
    return compat.logs.is_console(handler) and handler.level <= logging.INFO


def _handler():
    handler = logging.StreamHandler()
    handler.setFormatter(logging.Formatter(
        '%(levelname)-5.5s [%(name)s] %(message)s'))
    return handler
