"""Index posts by category

Revision ID: a17c95b3d860
Revises: 8b64e2d7f013
Create Date: 2026-11-09 11:03:51.870266

"""
from alembic import op


# Revision identifiers, used by Alembic.
revision = 'a17c95b3d860'
down_revision = '8b64e2d7f013'
branch_labels = None
depends_on = None


def upgrade():
    op.create_index('ix_post_category_id', 'post', ['category_id'])


def downgrade():
    op.drop_index('ix_post_category_id', 'post')
