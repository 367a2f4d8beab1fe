# -*- coding: utf-8 -*-
"""Add user table

Revision ID: 3c1f0e6a2b74
Revises:
Create Date: 2026-11-21 07:05:39.435770

"""
from alembic import op
import sqlalchemy as sa


# Revision identifiers, used by Alembic.
revision = '3c1f0e6a2b74'
down_revision = None
branch_labels = None
depends_on = None


def upgrade():
    op.create_table(
        'user',
        sa.Column('id', sa.Integer(), nullable=False),
        sa.Column('name', sa.String(length=128), nullable=True),
        sa.PrimaryKeyConstraint('id')
    )


def downgrade():
    op.drop_table('user')
