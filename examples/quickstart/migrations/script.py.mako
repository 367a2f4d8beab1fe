# -*- coding: utf-8 -*-
# -*- coding: utf-8 -*-
<%
    parents = down_revision if isinstance(down_revision, (tuple, list)) \
        else [down_revision] if down_revision else []
%>\
"""${message}

Revision ID: ${up_revision}
Revises: ${', '.join(parents)}
Create Date: ${create_date}

"""
from alembic import op
import sqlalchemy as sa
${imports if imports else ""}

# Revision identifiers, used by Alembic.
revision = ${repr(up_revision)}
down_revision = ${repr(down_revision)}
% if branch_labels is not UNDEFINED:
branch_labels = ${repr(branch_labels)}
% endif
% if depends_on is not UNDEFINED:
depends_on = ${repr(depends_on)}
% endif


def upgrade():
    ${upgrades if upgrades else "pass"}


def downgrade():
    ${downgrades if downgrades else "pass"}
