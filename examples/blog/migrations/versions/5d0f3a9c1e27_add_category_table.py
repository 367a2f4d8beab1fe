"""Add category table

Revision ID: 5d0f3a9c1e27
Revises:
Create Date: 2026-11-02 09:12:44.120391

"""
from alembic import op
import sqlalchemy as sa


# Revision identifiers, used by Alembic.
revision = '5d0f3a9c1e27'
down_revision = None
branch_labels = None
depends_on = None


def upgrade():
    op.create_table(
        'category',
        sa.Column('id', sa.Integer(), nullable=False),
        sa.Column('name', sa.String(length=50), nullable=False),
        sa.PrimaryKeyConstraint('id')
    )


def downgrade():
    op.drop_table('category')
