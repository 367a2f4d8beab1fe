from config import SQLALCHEMY_DATABASE_URI, SQLALCHEMY_MIGRATE_REPO
from migrate.versioning import api

api.upgrade(SQLALCHEMY_DATABASE_URI, SQLALCHEMY_MIGRATE_REPO)
print('Version: %s' % api.db_version(
    SQLALCHEMY_DATABASE_URI, SQLALCHEMY_MIGRATE_REPO))
