"""Releases of packages that do not work together."""
from __future__ import absolute_import

import re

from .modules import findable

#: A package from a release on, another one before a release, and what happens
#: with both.  The cure is to have the newer of the second, or the older of
#: the first.
BAD_PAIRS = (
    ('MarkupSafe', (2, 1), 'Jinja2', (3,),
     "cannot import name 'soft_unicode' from 'markupsafe'"),
    ('itsdangerous', (2, 1), 'Flask', (2,),
     "cannot import name 'json' from 'itsdangerous'"),
    ('Jinja2', (3, 1), 'Flask', (2,),
     "cannot import name 'escape' from 'jinja2'"),
    ('Werkzeug', (2, 1), 'Flask', (2,),
     'Flask 1 uses names that Werkzeug 2.1 took away'),
    ('Werkzeug', (3,), 'Flask', (2, 2, 4),
     "cannot import name 'url_quote' from 'werkzeug.urls'"),
    ('SQLAlchemy', (2,), 'Flask-SQLAlchemy', (3,),
     "module 'sqlalchemy' has no attribute '__all__'"),
    ('Flask', (3,), 'Flask-SQLAlchemy', (3,),
     "cannot import name '_app_ctx_stack' from 'flask'"),
    ('Werkzeug', (3,), 'Flask-Login', (0, 6, 3),
     "cannot import name 'url_decode' from 'werkzeug.urls'"),
)


def installed_version(name):
    """The version of an installed distribution, as numbers; None: none.

    Python 3.8 has ``importlib.metadata``; before, setuptools knows.
    """
    try:
        try:
            from importlib.metadata import version
            text = version(name)
        except ImportError:
            import pkg_resources
            text = pkg_resources.get_distribution(name).version
    except Exception:
        return None
    return tuple(int(part) for part in re.findall(
        r'^\d+|(?<=\.)\d+', text)[:3])


def bad_pairs():
    """The pairs that are installed.

    :return: tuples of two names and their versions, the release that the
        second needs, the release that the first must be older than, and
        what happens.
    """
    for first, since, second, needed, what in BAD_PAIRS:
        one, other = installed_version(first), installed_version(second)
        if one and other and one >= since and other < needed:
            yield first, one, second, other, needed, since, what


#: The driver of a URL that names none: before SQLAlchemy 2.1, and since.
DEFAULT_DRIVERS = {'postgresql': ('psycopg2', 'psycopg'),
                   'oracle': ('cx_oracle', 'oracledb')}
_MODULES = {'cx_oracle': 'cx_Oracle'}


def other_default_driver(url):
    """What changes with SQLAlchemy 2.1 for a URL that names no driver.

    :return: the driver of before, which is installed, that of 2.1, which is
        not, and whether this is 2.1 already; None: nothing changes.
    """
    old, new = DEFAULT_DRIVERS.get(url.drivername, (None, None))
    if old is None or findable(new) \
            or not findable(_MODULES.get(old, old)):
        return None
    return old, new, url.get_dialect().driver == new
