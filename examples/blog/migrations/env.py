"""How Alembic reaches the database of this project.

Alembic executes this file for every command that looks at a database.  The
engine and the tables are those of the Flask application.
"""
from flask_migrate.environment import run_migrations

# Any argument of Alembic's context.configure() can be given here, such as
# include_object=..., compare_server_default=True or version_table='...'.
# It wins over what Migrate(...) was given.
run_migrations()
