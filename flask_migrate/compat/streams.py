"""What a command prints, in any encoding."""
import io
import sys

from .python import PY2


def _encoded(text, encoding):
    """A text, or what is UTF-8 already, as bytes in an encoding."""
    if isinstance(text, bytes):
        try:
            text = text.decode('utf-8')
        except UnicodeError:
            return text
    return text.encode(encoding, 'backslashreplace')


def write(stream, text):
    """Write a text to a stream, whatever letters its encoding has.

    Python 2.7 takes bytes; a pipe has no encoding there.
    """
    encoding = getattr(stream, 'encoding', None) or 'utf-8'
    if PY2:
        return stream.write(_encoded(text, encoding))
    try:
        return stream.write(text)
    except UnicodeEncodeError:
        return stream.write(text.encode(encoding, 'backslashreplace')
                            .decode(encoding))


def to_stderr(text):
    """Print what is not the result of a command, where somebody sees it."""
    try:
        write(sys.stderr, text)
        sys.stderr.flush()
    except EnvironmentError:
        pass                    # nobody reads it


class Silence(io.StringIO):
    """A stdout for commands that are called from Python."""

    encoding = 'utf-8'      # Alembic of Python 2.7 asks

    def write(self, text):
        return len(text)
