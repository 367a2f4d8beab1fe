"""The forgotten upgrade: a page that says so, while one develops.

A request that fails because a table or a column is not there, while revisions
are pending, gets this page in place of a traceback.  It runs nothing, and it
is shown only with debug on and to requests that no proxy has passed on.
"""
from functools import wraps
import os
import sys

from flask import Response, current_app, request

from . import compat

#: A request with one of these comes from elsewhere.
FORWARDED = ('Forwarded', 'X-Forwarded-For', 'X-Forwarded-Host',
             'X-Forwarded-Proto', 'X-Forwarded-Port', 'X-Forwarded-Server',
             'X-Real-IP', 'Via')

PAGE = u"""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Revisions are pending</title>
<style>
body {{ margin: 0; background: #f6f6f4; color: #222;
       font: 16px/1.5 system-ui, sans-serif; }}
main {{ max-width: 46em; margin: 0 auto; padding: 2em 1em; }}
h1 {{ font-size: 1.5em; line-height: 1.2; margin: 0 0 .5em; }}
h2 {{ font-size: 1.1em; margin: 1.5em 0 .3em; overflow-wrap: anywhere; }}
pre {{ background: #222; color: #fff; padding: .8em 1em; overflow-x: auto;
      border-radius: 4px; margin: .5em 0; user-select: all; }}
ul {{ padding-left: 1.2em; margin: .3em 0; }}
li {{ overflow-wrap: anywhere; }}
code {{ font-family: ui-monospace, monospace; }}
.error {{ color: #555; overflow-wrap: anywhere; }}
</style>
</head>
<body>
<main>
<h1>The database is not up to date</h1>
<p>This request failed because the database lacks a table or a column, and
there {are} that it has not seen. Run this, then load the page
again:</p>
<pre><code>{command}</code></pre>
{databases}
<h2>The error</h2>
<p class="error">{error}</p>
<p class="error">Shown because debug is on and <code>pending_page=True</code>.
</p>
</main>
</body>
</html>
"""


def answer_failures(app):
    """Let an application answer such failures with the page.

    :param app: the application; once is enough.
    """
    handle = app.handle_exception
    if getattr(handle, 'answers_failures', False):
        return

    @wraps(handle)
    def handle_exception(error):
        page = _page(error)
        return handle(error) if page is None else page
    handle_exception.answers_failures = True
    app.handle_exception = handle_exception


def _page(error):
    """The page for a failure; None where it is another one."""
    if not current_app.debug or any(
            name in request.headers for name in FORWARDED):
        return None
    cause = _of_a_driver(error)
    if cause is None:
        return None
    from .commands import status
    found = status()
    if not found.pending:
        return None
    number = len(found.pending)
    return Response(PAGE.format(
        are=u'is a revision' if number == 1 else u'are %d revisions' % number,
        command=_escaped(_command()), error=_escaped(cause),
        databases=u'\n'.join(map(_database, found.databases))),
        status=500, content_type='text/html; charset=utf-8')


def _of_a_driver(error):
    """The error of a driver that a table or a column is not there."""
    from . import dialects
    seen = []
    while error is not None and error not in seen:
        seen.append(error)
        cause = getattr(error, 'orig', None)
        if cause is not None and dialects.says_missing(cause):
            return cause
        error = getattr(error, '__cause__', None) \
            or getattr(error, '__context__', None)
    return None


def _database(database):
    pending = u''.join(
        u'<li><code>%s</code> %s</li>' % (
            _escaped(each.revision), _escaped(each.message))
        for each in database.pending)
    name = database.name and database.name + u': '
    return u'<h2>%s%s</h2>\n<ul>%s</ul>' % (
        _escaped(name), _escaped(database.url), pending) if pending else u''


def _command():
    """What to type: as the application was started."""
    command = current_app.extensions['migrate'].migrate.command
    script = os.path.basename(sys.argv[0] or '')
    if script == 'manage.py':
        return u'python manage.py %s upgrade' % command
    return u'flask %s upgrade' % command


def _escaped(value):
    text = compat.python.text(value)
    for letter, entity in ((u'&', u'&amp;'), (u'<', u'&lt;'),
                           (u'>', u'&gt;'), (u'"', u'&quot;')):
        text = text.replace(letter, entity)
    return text
