"""Write the difference of models and database as the next version."""
import os

from app import db
from config import SQLALCHEMY_DATABASE_URI, SQLALCHEMY_MIGRATE_REPO
from migrate.versioning import api

number = int(api.version(SQLALCHEMY_MIGRATE_REPO)) + 1
path = os.path.join(SQLALCHEMY_MIGRATE_REPO, 'versions',
                    '%03d_migration.py' % number)
before = {}
exec(api.create_model(SQLALCHEMY_DATABASE_URI, SQLALCHEMY_MIGRATE_REPO),
     before)
script = api.make_update_script_for_model(
    SQLALCHEMY_DATABASE_URI, SQLALCHEMY_MIGRATE_REPO, before['meta'],
    db.metadata)
with open(path, 'w') as file:
    file.write(script)
api.upgrade(SQLALCHEMY_DATABASE_URI, SQLALCHEMY_MIGRATE_REPO)
print('New version: %s' % path)
