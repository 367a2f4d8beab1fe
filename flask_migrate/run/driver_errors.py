"""What an error that ended a statement or a COMMIT was."""


def of_a_database(error):
    return hasattr(error, 'orig') or any(
        kind.__name__ in ('DatabaseError', 'InterfaceError',
                          'ForeignKeyViolation', 'LockLost')
        for kind in type(error).__mro__)


def is_interrupt(error):
    return error is not None and not isinstance(error, Exception)


def is_lost(error):
    """Whether SQLAlchemy says that an error has ended its connection."""
    return getattr(error, 'connection_invalidated', False)
