"""``migrate --dry-run``: the script is shown, not written."""
from contextlib import contextmanager
import io
import os
import shutil
import tempfile

from .. import compat


@contextmanager
def shown_only(wanted):
    """A folder that scripts go to, which is removed again, or None."""
    if not wanted:
        yield None
        return
    folder = tempfile.mkdtemp()
    try:
        yield folder
    finally:
        shutil.rmtree(folder)


def quietly(call, folder):
    """Keep Alembic's status lines away, where only a script is shown.

    They name a file that nobody will find.
    """
    if folder is None:
        return call.status()
    call.config.let_print(False)
    return compat.alembic.quiet_status()


def texts_in(folder, scripts):
    """The texts of the scripts in such a folder, in their order."""
    if folder is None:
        return []
    order = [os.path.basename(each.path) for each in scripts]
    names = [name for name in os.listdir(folder) if name.endswith('.py')]
    return [_read(os.path.join(folder, name))
            for name in order + sorted(set(names) - set(order))]


def _read(path):
    with io.open(path, encoding='utf-8') as file:
        return file.read()
