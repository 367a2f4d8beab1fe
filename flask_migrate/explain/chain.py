"""What is wrong with the chain that the revisions form."""
from ..folder.chain import broken_chain
from .facts import on_one_line


def explain_chain(facts):
    """Revision files that do not fit together.

    Alembic warns of some of these, and then fails elsewhere.
    """
    ours = 'alembic' in type(facts.error).__module__ \
        or isinstance(facts.error, (UserWarning, KeyError, AssertionError))
    if facts.config is None or not ours or facts.forms_a_chain():
        return None
    message = broken_chain(facts.files())
    if message is None and isinstance(facts.error, UserWarning) \
            and facts.message.startswith('Revision '):
        return on_one_line(facts.message)
    return message
