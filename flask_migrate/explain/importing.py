"""Imports of an old application that fail on the Flask of today."""
import os
import re

from .configuration import no_driver

ENABLE = "run 'python -m flask_migrate --enable' once, and edit nothing."

WRONG_ORDER = (
    "'from flask_script import ...' comes before 'from flask_migrate import "
    "...', and Flask-Script cannot be imported by itself on this Flask: "
    "swap the two lines, or " + ENABLE)
FLASK_EXT = (
    "'from flask.ext.NAME import ...' ended with Flask 1.0: write 'from "
    "flask_NAME import ...', or " + ENABLE)


def explain_importing(facts):
    """An ImportError in an application of old."""
    if not isinstance(facts.error, ImportError):
        return None
    return failed_import('\n'.join(
        [place[0] for place in facts.places] + [facts.message]))


def failed_import(text):
    """What a failed import means.

    :param text: where it failed, perhaps a traceback, and its message.
    :return: one line, or None.
    """
    # Python 2.7 leaves the package out of the name.
    if re.search(r"No module named '?(flask\.)?ext\b", text):
        return FLASK_EXT
    lost = r"No module named '?flask\._compat|" \
        r"cannot import name '?_request_ctx_stack"
    if re.search(lost, text) and os.sep + 'flask_script' in text:
        return WRONG_ORDER
    return None


def missing_driver(text):
    """The same, where SQLAlchemy wanted a driver; else None."""
    driver = re.search(r"No module named '?([\w.]+)", text)
    if driver and _LOADS_DRIVER in text:
        return no_driver(driver.group(1).split('.')[0])
    return None


#: The files in which SQLAlchemy imports drivers.
_LOADS_DRIVER = os.path.join('sqlalchemy', 'dialects') + os.sep
