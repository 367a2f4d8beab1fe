"""What depends on the version of Flask."""


def add_command_group(app, load, name):
    """Add a click group to an application (Flask 0.11 has click).

    :param load: gives the group.
    """
    if hasattr(app, 'cli'):
        app.cli.add_command(load(), name=name)
