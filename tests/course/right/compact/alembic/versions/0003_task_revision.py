"""count the changes of a task"""

import sqlalchemy as sa

from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade():
    op.add_column("task", sa.Column("revision", sa.Integer, nullable=False, server_default="1"))


def downgrade():
    op.drop_column("task", "revision")
