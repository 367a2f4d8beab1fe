"""Findings about the packages that are installed."""
from ... import compat
from .findings import Finding


def bad_pairs(setup):
    """Packages that do not work together."""
    for first, one, second, other, needed, since, what \
            in compat.packages.bad_pairs():
        yield Finding(
            'error', '%s %s does not work with %s %s: %s.' % (
                first, _text(one), second, _text(other), what),
            'pip install "%s>=%s", or "%s<%s".' % (
                second, _text(needed), first, _text(since)))


def drivers(setup):
    """The drivers of the configured databases."""
    from sqlalchemy.engine.url import make_url
    for name, value in compat.env_py.configured_urls(setup.app):
        try:
            url = make_url(value)
        except Exception:
            continue            # whoever connects says so
        found = compat.packages.other_default_driver(url)
        setting = "SQLALCHEMY_BINDS['%s']" % name if name \
            else 'SQLALCHEMY_DATABASE_URI'
        if found is None:
            continue
        now, later, missing = found
        yield Finding(
            'error' if missing else 'note',
            "%s begins with '%s://', which means the driver %s from "
            "SQLAlchemy 2.1 on; %s is what is installed." % (
                setting, url.drivername, later, now),
            "Write '%s+%s://': every SQLAlchemy reads it."
            % (url.drivername, now))


def _text(version):
    return '.'.join(map(str, version))


CHECKS = [bad_pairs, drivers]
