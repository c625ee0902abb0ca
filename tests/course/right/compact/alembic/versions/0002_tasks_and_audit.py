"""tasks and audit"""

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql

from alembic import op

revision = "0002"
down_revision = "0001"


def json(name):
    return sa.Column(name, sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), nullable=False)


def key(table, column, target, gone):
    return sa.ForeignKeyConstraint(
        [column], [f"{target}.id"], name=f"{table}_{column}_fkey", ondelete=gone
    )


def upgrade():
    op.create_table(
        "task",
        sa.Column("id", sa.Integer, sa.Identity(), nullable=False),
        sa.Column("title", sa.String, nullable=False),
        sa.Column("description", sa.String),
        sa.Column("status", sa.String, nullable=False),
        sa.Column("priority", sa.String, nullable=False),
        json("tags"),
        sa.Column("project_id", sa.Integer, nullable=False),
        sa.Column("assignee_id", sa.Integer),
        sa.Column("created_by_id", sa.Integer, nullable=False),
        sa.Column("parent_task_id", sa.Integer),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("due_date", sa.DateTime(timezone=True)),
        sa.PrimaryKeyConstraint("id", name="task_pkey"),
        key("task", "project_id", "project", "CASCADE"),
        key("task", "assignee_id", "worker", "SET NULL"),
        key("task", "created_by_id", "worker", "RESTRICT"),
        key("task", "parent_task_id", "task", "SET NULL"),
        sa.CheckConstraint("title <> '' AND length(title) < 501", name=op.f("task_title_check")),
        sa.CheckConstraint(
            "status IN ('pending','in_progress','review','blocked','completed')",
            name=op.f("task_status_check"),
        ),
        sa.CheckConstraint(
            "priority IN ('low','medium','high','critical')", name=op.f("task_priority_check")
        ),
        sa.CheckConstraint("NOT (parent_task_id = id)", name=op.f("task_parent_check")),
    )
    for column in ("project_id", "assignee_id", "created_by_id", "parent_task_id"):
        op.create_index(f"task_{column}_idx", "task", [column])
    op.create_table(
        "audit_log",
        sa.Column("id", sa.Integer, sa.Identity(), nullable=False),
        sa.Column("entity_type", sa.String, nullable=False),
        sa.Column("entity_id", sa.Integer, nullable=False),
        sa.Column("action", sa.String, nullable=False),
        sa.Column("actor_id", sa.Integer, nullable=False),
        json("details"),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name="audit_log_pkey"),
        key("audit_log", "actor_id", "worker", "RESTRICT"),
    )
    op.create_index("audit_log_actor_id_idx", "audit_log", ["actor_id"])


def downgrade():
    op.drop_table("audit_log")
    op.drop_table("task")
