"""Workers, projects, tasks and the audit log."""

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql

from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def key() -> sa.Column[int]:
    return sa.Column("id", sa.Integer(), nullable=False)


def moment(name: str, *, nullable: bool = False) -> sa.Column[object]:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=nullable)


def json(name: str) -> sa.Column[object]:
    kind = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")
    return sa.Column(name, kind, nullable=False)


def refers(table: str, column: str, to: str, ondelete: str) -> sa.ForeignKeyConstraint:
    name = op.f(f"fk_{table}_{column}")
    return sa.ForeignKeyConstraint([column], [f"{to}.id"], name=name, ondelete=ondelete)


def upgrade() -> None:
    op.create_table(
        "worker",
        key(),
        sa.Column("handle", sa.Text(), nullable=False),
        sa.Column("type", sa.Text(), nullable=False),
        sa.Column("email", sa.Text()),
        moment("created_at"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_worker")),
        sa.UniqueConstraint("handle", name=op.f("uq_worker_handle")),
        sa.CheckConstraint(
            "rtrim(handle, 'abcdefghijklmnopqrstuvwxyz0123456789_-') = '@'"
            " AND length(handle) BETWEEN 2 AND 50",
            name=op.f("ck_worker_handle"),
        ),
        sa.CheckConstraint("type IN ('human', 'agent')", name=op.f("ck_worker_type")),
    )
    op.create_table(
        "project",
        key(),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("description", sa.Text()),
        sa.Column("status", sa.Text(), nullable=False),
        json("metadata"),
        moment("created_at"),
        moment("updated_at"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_project")),
        sa.CheckConstraint("status IN ('active', 'archived')", name=op.f("ck_project_status")),
    )
    op.create_table(
        "task",
        key(),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("description", sa.Text()),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("priority", sa.Text(), nullable=False),
        json("tags"),
        sa.Column("project_id", sa.Integer(), nullable=False),
        sa.Column("assignee_id", sa.Integer()),
        sa.Column("created_by_id", sa.Integer(), nullable=False),
        sa.Column("parent_task_id", sa.Integer()),
        moment("created_at"),
        moment("updated_at"),
        moment("due_date", nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_task")),
        refers("task", "project_id", "project", "CASCADE"),
        refers("task", "assignee_id", "worker", "SET NULL"),
        refers("task", "created_by_id", "worker", "RESTRICT"),
        refers("task", "parent_task_id", "task", "SET NULL"),
        sa.CheckConstraint("length(title) BETWEEN 1 AND 500", name=op.f("ck_task_title")),
        sa.CheckConstraint(
            "status IN ('pending', 'in_progress', 'review', 'blocked', 'completed')",
            name=op.f("ck_task_status"),
        ),
        sa.CheckConstraint(
            "priority IN ('low', 'medium', 'high', 'critical')", name=op.f("ck_task_priority")
        ),
        sa.CheckConstraint("parent_task_id <> id", name=op.f("ck_task_parent")),
    )
    op.create_table(
        "audit_log",
        key(),
        sa.Column("entity_type", sa.String(), nullable=False),
        sa.Column("entity_id", sa.Integer(), nullable=False),
        sa.Column("action", sa.String(), nullable=False),
        sa.Column("actor_id", sa.Integer(), nullable=False),
        json("details"),
        moment("created_at"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit_log")),
        refers("audit_log", "actor_id", "worker", "RESTRICT"),
    )
    op.create_index("ix_task_project_id", "task", ["project_id", "id"])
    op.create_index("ix_task_assignee_id", "task", ["assignee_id"])
    op.create_index("ix_task_created_by_id", "task", ["created_by_id"])
    op.create_index("ix_task_parent_task_id", "task", ["parent_task_id"])
    op.create_index("ix_audit_log_actor_id", "audit_log", ["actor_id"])


def downgrade() -> None:
    for table in ("audit_log", "task", "project", "worker"):
        op.drop_table(table)
