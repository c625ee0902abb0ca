"""Tables.

Types are spelled out here: a later change of ``app.models.types`` must not rewrite history.

Revision: 5b1f0c6a2d11
"""

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB

from alembic import op

revision = "5b1f0c6a2d11"
down_revision = None
branch_labels = None
depends_on = None

HANDLE = {
    "postgresql": "handle ~ '^@[a-z0-9_-]{1,49}$'",
    "sqlite": (
        "handle GLOB '@?*' AND substr(handle, 2) NOT GLOB '*[^a-z0-9_-]*' AND length(handle) <= 50"
    ),
}


def moment(name: str, nullable: bool = False) -> sa.Column:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=nullable)


def json(name: str) -> sa.Column:
    return sa.Column(name, sa.JSON().with_variant(JSONB(), "postgresql"), nullable=False)


def one_of(column: str, *words: str) -> str:
    return " OR ".join(f"{column} = '{word}'" for word in words)


def upgrade() -> None:
    dialect = op.get_context().dialect.name
    op.create_table(
        "worker",
        sa.Column("id", sa.Integer, primary_key=True),
        moment("created_at"),
        sa.Column("handle", sa.String(50), nullable=False),
        sa.Column("type", sa.String, nullable=False),
        sa.Column("email", sa.String),
        sa.UniqueConstraint("handle", name="worker_handle_is_taken"),
        sa.CheckConstraint(HANDLE[dialect], name="worker_handle"),
        sa.CheckConstraint(one_of("type", "human", "agent"), name="worker_type"),
    )
    op.create_table(
        "project",
        sa.Column("id", sa.Integer, primary_key=True),
        moment("created_at"),
        moment("updated_at"),
        sa.Column("name", sa.String, nullable=False),
        sa.Column("description", sa.String),
        sa.Column("status", sa.String, nullable=False),
        json("metadata"),
        sa.CheckConstraint(one_of("status", "active", "archived"), name="project_status"),
    )
    op.create_table(
        "task",
        sa.Column("id", sa.Integer, primary_key=True),
        moment("created_at"),
        moment("updated_at"),
        sa.Column("title", sa.String(500), nullable=False),
        sa.Column("description", sa.String),
        sa.Column("status", sa.String, nullable=False),
        sa.Column("priority", sa.String, nullable=False),
        json("tags"),
        sa.Column("project_id", sa.Integer, nullable=False),
        sa.Column("assignee_id", sa.Integer),
        sa.Column("created_by_id", sa.Integer, nullable=False),
        sa.Column("parent_task_id", sa.Integer),
        moment("due_date", nullable=True),
        sa.ForeignKeyConstraint(
            ["project_id"], ["project.id"], name="task_project", ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["assignee_id"], ["worker.id"], name="task_assignee", ondelete="SET NULL"
        ),
        sa.ForeignKeyConstraint(
            ["created_by_id"], ["worker.id"], name="task_creator", ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(
            ["parent_task_id"], ["task.id"], name="task_parent", ondelete="SET NULL"
        ),
        sa.CheckConstraint("length(title) BETWEEN 1 AND 500", name="task_title"),
        sa.CheckConstraint(
            one_of("status", "pending", "in_progress", "review", "blocked", "completed"),
            name="task_status",
        ),
        sa.CheckConstraint(
            one_of("priority", "low", "medium", "high", "critical"), name="task_priority"
        ),
        sa.CheckConstraint(
            "parent_task_id IS NULL OR parent_task_id <> id", name="task_parent_is_another"
        ),
    )
    op.create_table(
        "audit_log",
        sa.Column("id", sa.Integer, primary_key=True),
        moment("created_at"),
        sa.Column("entity_type", sa.String, nullable=False),
        sa.Column("entity_id", sa.Integer, nullable=False),
        sa.Column("action", sa.String, nullable=False),
        sa.Column(
            "actor_id",
            sa.Integer,
            sa.ForeignKey("worker.id", name="audit_log_actor", ondelete="RESTRICT"),
            nullable=False,
        ),
        json("details"),
    )


def downgrade() -> None:
    for table in ("audit_log", "task", "project", "worker"):
        op.drop_table(table)
