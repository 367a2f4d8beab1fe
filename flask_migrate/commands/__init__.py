"""The operations: one function each, and nowhere else a declaration.

The signature has names, order and defaults, the first paragraph of the
docstring is the help, the decorators attach the options.  ``script.py`` and
``cli.py`` generate their commands from these functions.  The record of the
call comes first, which callers never see.

Called from Python they need an application context, print nothing, leave
logging alone and raise :class:`alembic.util.CommandError`.
"""
from ..run.progress import Progress  # noqa: F401
from .operation import (  # noqa: F401
    OPERATIONS, ORDER, command_name, help_sentence)
from .writing import (  # noqa: F401
    adopt, edit, init, list_templates, merge, migrate, revision)
from .changing import (  # noqa: F401
    downgrade, ensure_version, stamp, upgrade)
from .looking import (  # noqa: F401
    branches, check, current, doctor, heads, history, show, status)
