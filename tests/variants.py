"""How many variants of a test run: all of them with FLASK_MIGRATE_SLOW=1."""
import os

import pytest

SLOW = os.environ.get('FLASK_MIGRATE_SLOW') == '1'

slow = pytest.mark.skipif(not SLOW, reason='FLASK_MIGRATE_SLOW is not set.')


def some(variants, every):
    """All variants in the slow mode, else one of so many."""
    return list(variants)[::1 if SLOW else every]
