"""Add read_count

Revision ID: e4f28d06c7b9
Revises: a17c95b3d860
Create Date: 2026-11-16 20:45:17.339702

"""
from alembic import op
import sqlalchemy as sa


# Revision identifiers, used by Alembic.
revision = 'e4f28d06c7b9'
down_revision = 'a17c95b3d860'
branch_labels = None
depends_on = None


def upgrade():
    # NOT NULL on a table with rows: server_default fills them.
    op.add_column('post', sa.Column('read_count', sa.Integer(),
                                    server_default='0', nullable=False))


def downgrade():
    # SQLite drops columns since 3.35; "with op.batch_alter_table('post') as
    # batch_op: batch_op.drop_column('read_count')" does it on older ones,
    # with Alembic 0.7 or newer.
    op.drop_column('post', 'read_count')
