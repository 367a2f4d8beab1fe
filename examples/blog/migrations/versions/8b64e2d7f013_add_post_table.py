"""Add post table

Revision ID: 8b64e2d7f013
Revises: 5d0f3a9c1e27
Create Date: 2026-11-03 17:30:08.544120

"""
from alembic import op
import sqlalchemy as sa


# Revision identifiers, used by Alembic.
revision = '8b64e2d7f013'
down_revision = '5d0f3a9c1e27'
branch_labels = None
depends_on = None


def upgrade():
    op.create_table(
        'post',
        sa.Column('id', sa.Integer(), nullable=False),
        sa.Column('title', sa.String(length=80), nullable=False),
        sa.Column('body', sa.Text(), nullable=True),
        sa.Column('category_id', sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(['category_id'], ['category.id']),
        sa.PrimaryKeyConstraint('id')
    )


def downgrade():
    op.drop_table('post')
