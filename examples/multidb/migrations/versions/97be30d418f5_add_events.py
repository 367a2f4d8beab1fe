"""Add events

Revision ID: 97be30d418f5
Revises: 2f9d61c0a384
Create Date: 2026-11-06 15:41:02.117768

"""
import re

from alembic import op
import sqlalchemy as sa


# Revision identifiers, used by Alembic.
revision = '97be30d418f5'
down_revision = '2f9d61c0a384'
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
    pass


def downgrade_():
    pass


def upgrade_log():
    op.create_table(
        'event',
        sa.Column('id', sa.Integer(), nullable=False),
        sa.Column('user_id', sa.Integer(), nullable=False),
        sa.Column('text', sa.String(length=200), nullable=False),
        sa.PrimaryKeyConstraint('id')
    )


def downgrade_log():
    op.drop_table('event')
