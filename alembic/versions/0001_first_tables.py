"""Workers, projects, tasks and the audit log."""

from collections.abc import Sequence

import sqlalchemy as sa
import sqlmodel
from alembic import op
from sqlalchemy.dialects import postgresql

revision: str = "0001"
down_revision: str | Sequence[str] | None = None
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    json = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")
    moment = sqlmodel.UTCDateTime()

    op.create_table(
        "worker",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("handle", sa.String(), nullable=False),
        sa.Column("type", sa.String(), nullable=False),
        sa.Column("email", sa.String(), nullable=True),
        sa.Column("created_at", moment, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_worker")),
        sa.UniqueConstraint("handle", name=op.f("uq_worker_handle")),
        sa.CheckConstraint(
            "substr(handle, 1, 1) = '@' AND length(handle) BETWEEN 2 AND 50 "
            "AND ltrim(substr(handle, 2), 'abcdefghijklmnopqrstuvwxyz0123456789_-') = ''",
            name=op.f("ck_worker_handle"),
        ),
        sa.CheckConstraint("type IN ('human', 'agent')", name=op.f("ck_worker_type")),
    )
    op.create_table(
        "project",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("description", sa.String(), nullable=True),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("metadata", json, nullable=False),
        sa.Column("created_at", moment, nullable=False),
        sa.Column("updated_at", moment, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_project")),
        sa.CheckConstraint("status IN ('active', 'archived')", name=op.f("ck_project_status")),
    )
    op.create_table(
        "task",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("title", sa.String(length=500), nullable=False),
        sa.Column("description", sa.String(), nullable=True),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("priority", sa.String(), nullable=False),
        sa.Column("tags", json, nullable=False),
        sa.Column("project_id", sa.Integer(), nullable=False),
        sa.Column("assignee_id", sa.Integer(), nullable=True),
        sa.Column("created_by_id", sa.Integer(), nullable=False),
        sa.Column("parent_task_id", sa.Integer(), nullable=True),
        sa.Column("created_at", moment, nullable=False),
        sa.Column("updated_at", moment, nullable=False),
        sa.Column("due_date", moment, nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_task")),
        sa.ForeignKeyConstraint(
            ["project_id"], ["project.id"], name=op.f("fk_task_project_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["assignee_id"], ["worker.id"], name=op.f("fk_task_assignee_id"), ondelete="SET NULL"
        ),
        sa.ForeignKeyConstraint(
            ["created_by_id"],
            ["worker.id"],
            name=op.f("fk_task_created_by_id"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["parent_task_id"],
            ["task.id"],
            name=op.f("fk_task_parent_task_id"),
            ondelete="SET NULL",
        ),
        sa.CheckConstraint("length(title) BETWEEN 1 AND 500", name=op.f("ck_task_title")),
        sa.CheckConstraint(
            "status IN ('pending', 'in_progress', 'review', 'blocked', 'completed')",
            name=op.f("ck_task_status"),
        ),
        sa.CheckConstraint(
            "priority IN ('low', 'medium', 'high', 'critical')", name=op.f("ck_task_priority")
        ),
        sa.CheckConstraint("parent_task_id <> id", name=op.f("ck_task_not_its_own_parent")),
    )
    for key in ("project_id", "assignee_id", "created_by_id", "parent_task_id"):
        op.create_index(op.f(f"ix_task_{key}"), "task", [key])
    op.create_table(
        "audit_log",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("entity_type", sa.String(), nullable=False),
        sa.Column("entity_id", sa.Integer(), nullable=False),
        sa.Column("action", sa.String(), nullable=False),
        sa.Column("actor_id", sa.Integer(), nullable=False),
        sa.Column("details", json, nullable=False),
        sa.Column("created_at", moment, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit_log")),
        sa.ForeignKeyConstraint(
            ["actor_id"], ["worker.id"], name=op.f("fk_audit_log_actor_id"), ondelete="RESTRICT"
        ),
    )
    op.create_index(op.f("ix_audit_log_actor_id"), "audit_log", ["actor_id"])


def downgrade() -> None:
    op.drop_table("audit_log")
    op.drop_table("task")
    op.drop_table("project")
    op.drop_table("worker")
