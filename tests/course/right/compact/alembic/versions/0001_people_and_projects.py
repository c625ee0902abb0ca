"""people and projects"""

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql

from alembic import op

revision = "0001"
down_revision = None


def upgrade():
    op.create_table(
        "worker",
        sa.Column("id", sa.Integer, sa.Identity(), nullable=False),
        sa.Column("handle", sa.String, nullable=False),
        sa.Column("type", sa.String, nullable=False),
        sa.Column("email", sa.String),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name="worker_pkey"),
        sa.UniqueConstraint("handle", name="worker_handle_key"),
        sa.CheckConstraint(
            "rtrim(handle, '-_0123456789abcdefghijklmnopqrstuvwxyz') = '@'",
            name=op.f("worker_handle_letters_check"),
        ),
        sa.CheckConstraint(
            "length(handle) BETWEEN 2 AND 50", name=op.f("worker_handle_length_check")
        ),
        sa.CheckConstraint("type = 'human' OR type = 'agent'", name=op.f("worker_kind_check")),
    )
    op.create_table(
        "project",
        sa.Column("id", sa.Integer, sa.Identity(), nullable=False),
        sa.Column("name", sa.String, nullable=False),
        sa.Column("description", sa.String),
        sa.Column("status", sa.String, nullable=False),
        sa.Column(
            "metadata", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=False
        ),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name="project_pkey"),
        sa.CheckConstraint("status IN ('active', 'archived')", name=op.f("project_status_check")),
    )


def downgrade():
    op.drop_table("project")
    op.drop_table("worker")
