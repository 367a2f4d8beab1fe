"""The folders where the packages of this Python are."""
import os
import site
import sys
import sysconfig


def folders():
    """Those of this environment, the first of which is installed into."""
    found = []
    if hasattr(site, 'getsitepackages'):        # not in old virtualenvs
        found = [folder for folder in site.getsitepackages()
                 if os.path.normpath(folder).startswith(
                     os.path.normpath(sys.prefix) + os.sep)]
    # Debian installs into another of them than its oldest Pythons say.
    own = sysconfig.get_path('purelib')
    return [own] if own in found or not found else found


def user_folder():
    """The user's own; None: a virtual environment, which has none."""
    base = getattr(sys, 'real_prefix', getattr(sys, 'base_prefix', None))
    if base not in (None, sys.prefix) \
            or not getattr(site, 'ENABLE_USER_SITE', False):
        return None
    return site.getusersitepackages()
