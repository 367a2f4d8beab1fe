"""How Alembic reaches the databases of this project.

Alembic executes this file for every command that looks at a database.  The
engines and the tables are those of the Flask application: its default
database and those in SQLALCHEMY_BINDS.
"""
from flask_migrate.environment import run_migrations

# twophase=True commits all databases or none, where the servers can do that.
# Any argument of Alembic's context.configure() can be given here, such as
# include_object=..., compare_server_default=True or version_table='...'.
# It wins over what Migrate(...) was given.
run_migrations(multidb=True, twophase=False)
