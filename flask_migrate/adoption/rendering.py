"""The baseline as Python."""
import re

from .. import compat

#: What SQLAlchemy's text() would take for a parameter, or for an escape.
_PARAMETER = re.compile(r'(?<![:\w\\]):(?=\w+(?!:))|(?<=\\):(?=\w)')


def python_code(steps, context, comments=()):
    """The body of the baseline's ``upgrade()``, and the imports it needs.

    :param steps: SQL texts, and Alembic's operations.
    :param context: the database's MigrationContext.
    :param comments: lines to begin with.
    :return: text that is indented but for its first line, and a set of
        lines.
    """
    from alembic.autogenerate import api, render
    from sqlalchemy import MetaData
    autogen = api.AutogenContext(context, metadata=MetaData(),
                                 autogenerate=False)
    lines = ['# ' + line for line in comments]
    for step in steps:
        lines.extend(_statement(step) if isinstance(
            step, compat.python.string_types)
            else render.render_op(autogen, step))
    return _indented(lines or ['pass']), set(autogen.imports)


def _indented(lines):
    # The lines of a statement are inside its quotes: they stay as they are.
    return u'\n    '.join(
        line if line.startswith(u'op.execute(') else line.replace(
            u'\n', u'\n    ') for line in lines)


def _statement(sql):
    """``op.execute()`` of a statement, with all that is in it kept."""
    text = _PARAMETER.sub(r'\\:', compat.python.text(sql))
    text = text.replace(u'\\', u'\\\\').replace(u'"""', u'\\"\\"\\"')
    if text.endswith(u'"'):
        text = text[:-1] + u'\\"'
    text = text.replace(u'\r', u'\\r')
    ascii = all(ord(letter) < 128 for letter in text)
    return [u'op.execute(%s"""%s""")' % (u'' if ascii else u'u', text)]
