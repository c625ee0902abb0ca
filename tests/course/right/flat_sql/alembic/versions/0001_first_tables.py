"""first tables

Revision ID: 0001
Revises:
"""

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB

from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

HANDLE = (
    "length(handle) BETWEEN 2 AND 50 AND substr(handle, 1, 1) = '@'"
    " AND ltrim(substr(handle, 2), 'abcdefghijklmnopqrstuvwxyz0123456789_-') = ''"
)
STATUS = "status IN ('pending', 'in_progress', 'review', 'blocked', 'completed')"


def key() -> sa.Column:
    return sa.Column("id", sa.Integer, sa.Identity(), primary_key=True)


def word(name: str, default: str) -> sa.Column:
    return sa.Column(name, sa.Text, nullable=False, server_default=sa.text(f"'{default}'"))


def json(name: str, default: str) -> sa.Column:
    kind = sa.JSON().with_variant(JSONB(), "postgresql")
    return sa.Column(name, kind, nullable=False, server_default=sa.text(f"'{default}'"))


def moment(name: str) -> sa.Column:
    now = sa.text("CURRENT_TIMESTAMP")
    return sa.Column(name, sa.DateTime(timezone=True), nullable=False, server_default=now)


def upgrade() -> None:
    op.create_table(
        "worker",
        key(),
        sa.Column("handle", sa.Text, nullable=False),
        word("type", "human"),
        sa.Column("email", sa.Text),
        moment("created_at"),
        sa.UniqueConstraint("handle", name="uq_worker_handle"),
        sa.CheckConstraint(HANDLE, name="ck_worker_handle"),
        sa.CheckConstraint("type IN ('human', 'agent')", name="ck_worker_type"),
    )
    op.create_table(
        "project",
        key(),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("description", sa.Text),
        word("status", "active"),
        json("metadata", "{}"),
        moment("created_at"),
        moment("updated_at"),
        sa.CheckConstraint("status IN ('active', 'archived')", name="ck_project_status"),
    )
    op.create_table(
        "task",
        key(),
        sa.Column("title", sa.Text, nullable=False),
        sa.Column("description", sa.Text),
        word("status", "pending"),
        word("priority", "medium"),
        json("tags", "[]"),
        sa.Column("project_id", sa.Integer, nullable=False),
        sa.Column("assignee_id", sa.Integer),
        sa.Column("created_by_id", sa.Integer, nullable=False),
        sa.Column("parent_task_id", sa.Integer),
        moment("created_at"),
        moment("updated_at"),
        sa.Column("due_date", sa.DateTime(timezone=True)),
        sa.ForeignKeyConstraint(
            ["project_id"], ["project.id"], name="fk_task_project", ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["assignee_id"], ["worker.id"], name="fk_task_assignee", ondelete="SET NULL"
        ),
        sa.ForeignKeyConstraint(
            ["created_by_id"], ["worker.id"], name="fk_task_created_by", ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(
            ["parent_task_id"], ["task.id"], name="fk_task_parent", ondelete="SET NULL"
        ),
        sa.CheckConstraint("length(title) BETWEEN 1 AND 500", name="ck_task_title"),
        sa.CheckConstraint("parent_task_id <> id", name="ck_task_parent"),
        sa.CheckConstraint(STATUS, name="ck_task_status"),
        sa.CheckConstraint(
            "priority IN ('low', 'medium', 'high', 'critical')", name="ck_task_priority"
        ),
    )
    op.create_table(
        "audit_log",
        key(),
        sa.Column("entity_type", sa.Text, nullable=False),
        sa.Column("entity_id", sa.Integer, nullable=False),
        sa.Column("action", sa.Text, nullable=False),
        sa.Column("actor_id", sa.Integer, nullable=False),
        json("details", "{}"),
        moment("created_at"),
        sa.ForeignKeyConstraint(
            ["actor_id"], ["worker.id"], name="fk_audit_log_actor", ondelete="RESTRICT"
        ),
    )
    op.execute("CREATE INDEX ix_task_project ON task (project_id, id)")
    op.execute("CREATE INDEX ix_task_created_by ON task (created_by_id)")
    op.execute("CREATE INDEX ix_task_assignee ON task (assignee_id)")
    op.execute("CREATE INDEX ix_task_parent ON task (parent_task_id)")
    op.execute("CREATE INDEX ix_audit_log_actor ON audit_log (actor_id)")


def downgrade() -> None:
    for table in ("audit_log", "task", "project", "worker"):
        op.drop_table(table)
