# -*- coding: utf-8 -*-
# -*- coding: utf-8 -*-
<%
    from flask_migrate.environment import function_suffixes
    parents = down_revision if isinstance(down_revision, (tuple, list)) \
        else [down_revision] if down_revision else []
%>\
"""${message}

Revision ID: ${up_revision}
Revises: ${', '.join(parents)}
Create Date: ${create_date}

"""
import re

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


def upgrade(engine_name):
    run('upgrade', engine_name)


def downgrade(engine_name):
    run('downgrade', engine_name)


def run(direction, engine_name):
    """Call the function of a database; one added later has none here."""
    name = '%s_%s' % (direction, re.sub(r'\W', '_', engine_name))
    globals().get(name, lambda: None)()

% for name, suffix in function_suffixes():

def upgrade_${suffix}():
    ${context.get('%s_upgrades' % name, None) or "pass"}


def downgrade_${suffix}():
    ${context.get('%s_downgrades' % name, None) or "pass"}

% endfor
