"""Statements and URLs as they may be shown."""
import re

from .. import compat

#: Characters that are shown of another session's query.
SHOWN = 100
_SECRETS = re.compile(
    r"""(\b(?:PASSWORD|IDENTIFIED(?:\s+(?:WITH|VIA)\s+\S+)?)\b
         (?:\s|=|\(|\b(?:BY|AS|USING|PASSWORD|OR)\b|[EN](?=['"]))*)
        (?:'(?:[^'\\]|''|\\.)*(?:'|\\?$)|"(?:[^"\\]|""|\\.)*(?:"|\\?$)
         |(?<==)[^\s'",)]+)""",
    re.I | re.S | re.X)
_URLS = re.compile(r'(\w://[^\s:/@]*:)[^\s@/]+@')


def without_secrets(text):
    """A text without the passwords of its statements and of its URLs."""
    return _URLS.sub(r'\1***@', _SECRETS.sub(r"\1'***'", text))


def masked(query):
    """The beginning of a query, on one line and without its passwords."""
    text = ' '.join(without_secrets(compat.python.text(query)).split())
    if len(text) > SHOWN:
        text = text[:SHOWN] + ' ...'
    return compat.python.native(text)
