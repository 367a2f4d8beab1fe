"""The kernel's lock on an open file, on POSIX and on Windows."""
try:
    import fcntl
except ImportError:             # Windows
    fcntl = None
    import msvcrt

#: Whether an open file can be removed.
CAN_REMOVE_OPEN_FILES = fcntl is not None


def lock(file):
    """Lock an open file, or raise an EnvironmentError at once."""
    if fcntl is None:
        file.seek(0)
        msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
        return
    # A program that is started meanwhile, and left running, is not to hold
    # the lock on (Python 3.4 does this itself).
    fcntl.fcntl(file, fcntl.F_SETFD, fcntl.FD_CLOEXEC)
    fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
