"""Add users

Revision ID: 2f9d61c0a384
Revises:
Create Date: 2026-11-05 10:20:31.650424

"""
import re

from alembic import op
import sqlalchemy as sa


# Revision identifiers, used by Alembic.
revision = '2f9d61c0a384'
down_revision = None
branch_labels = None
depends_on = None


def upgrade(engine_name):
    run('upgrade', engine_name)


def downgrade(engine_name):
    run('downgrade', engine_name)


def run(direction, engine_name):
    """Call the function of a database; one added later has none here."""
    name = '%s_%s' % (direction, re.sub(r'\W', '_', engine_name))
    globals().get(name, lambda: None)()


def upgrade_():
    op.create_table(
        'user',
        sa.Column('id', sa.Integer(), nullable=False),
        sa.Column('name', sa.String(length=128), nullable=False),
        sa.PrimaryKeyConstraint('id')
    )


def downgrade_():
    op.drop_table('user')


def upgrade_log():
    pass


def downgrade_log():
    pass
