"""What depends on versions of Flask, and on Python, in logging."""
from __future__ import absolute_import

import logging
import sys


def is_console(handler):
    """Whether a handler writes to stdout or stderr."""
    streams = (sys.stdout, sys.stderr, sys.__stdout__, sys.__stderr__)
    return getattr(handler, 'stream', None) in streams


def handlers_of(logger):
    """The handlers that a logger's records reach."""
    found = []
    while logger is not None:
        found.extend(logger.handlers)
        logger = logger.parent if logger.propagate else None
    return found


def handle(record, handlers):
    """Give a record to handlers, each once, that are for its level."""
    done = []
    for handler in handlers:
        if handler not in done and record.levelno >= handler.level:
            handler.handle(record)
        done.append(handler)


def application_handlers(app):
    """The handlers that an application has set up for its own log.

    Its logger is called as the application, but 'flask.app' in Flask 1.0,
    and ``logger_name`` says how before.  Flask's own handler, for those who
    have set up none, is not meant.
    """
    import flask.logging
    own = getattr(flask.logging, 'default_handler', None)
    found = []
    for name in (getattr(app, 'logger_name', None) or app.name, 'flask.app'):
        for handler in handlers_of(logging.getLogger(name)):
            if handler is not own and handler not in found \
                    and type(handler).__module__ != flask.logging.__name__:
                found.append(handler)
    return found
