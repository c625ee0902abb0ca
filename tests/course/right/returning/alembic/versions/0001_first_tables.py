"""Workers, projects, tasks and the audit log.

Revision ID: 0001
Revises:
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

STATUSES = "'pending', 'in_progress', 'review', 'blocked', 'completed'"
LETTERS = "abcdefghijklmnopqrstuvwxyz0123456789_-"


def json() -> sa.types.TypeEngine:
    return sa.JSON().with_variant(postgresql.JSONB(), "postgresql")


def moment(name: str, nullable: bool = False) -> sa.Column:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=nullable)


def word(name: str, nullable: bool = False) -> sa.Column:
    return sa.Column(name, sa.String(), nullable=nullable)


def number(name: str, nullable: bool = False) -> sa.Column:
    return sa.Column(name, sa.Integer(), nullable=nullable)


def key(table: str, column: str, target: str, ondelete: str) -> sa.ForeignKeyConstraint:
    name = op.f(f"fk_{table}_{column}")
    return sa.ForeignKeyConstraint([column], [f"{target}.id"], name=name, ondelete=ondelete)


def primary(table: str) -> sa.PrimaryKeyConstraint:
    return sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{table}"))


def check(table: str, name: str, condition: str) -> sa.CheckConstraint:
    return sa.CheckConstraint(condition, name=op.f(f"ck_{table}_{name}"))


def upgrade() -> None:
    op.create_table(
        "worker",
        number("id"),
        word("handle"),
        word("type"),
        word("email", nullable=True),
        moment("created_at"),
        primary("worker"),
        sa.UniqueConstraint("handle", name=op.f("uq_worker_handle")),
        check(
            "worker",
            "handle",
            "substr(handle, 1, 1) = '@' AND length(handle) BETWEEN 2 AND 50"
            f" AND ltrim(substr(handle, 2), '{LETTERS}') = ''",
        ),
        check("worker", "type", "type IN ('human', 'agent')"),
    )
    op.create_table(
        "project",
        number("id"),
        word("name"),
        word("description", nullable=True),
        word("status"),
        sa.Column("metadata", json(), nullable=False),
        moment("created_at"),
        moment("updated_at"),
        primary("project"),
        check("project", "status", "status IN ('active', 'archived')"),
    )
    op.create_table(
        "task",
        number("id"),
        word("title"),
        word("description", nullable=True),
        word("status"),
        word("priority"),
        sa.Column("tags", json(), nullable=False),
        number("project_id"),
        number("assignee_id", nullable=True),
        number("created_by_id"),
        number("parent_task_id", nullable=True),
        moment("due_date", nullable=True),
        moment("created_at"),
        moment("updated_at"),
        primary("task"),
        key("task", "project_id", "project", "CASCADE"),
        key("task", "assignee_id", "worker", "SET NULL"),
        key("task", "created_by_id", "worker", "RESTRICT"),
        key("task", "parent_task_id", "task", "SET NULL"),
        check("task", "title", "length(title) BETWEEN 1 AND 500"),
        check("task", "status", f"status IN ({STATUSES})"),
        check("task", "priority", "priority IN ('low', 'medium', 'high', 'critical')"),
        check("task", "not_own_parent", "parent_task_id <> id"),
    )
    op.create_table(
        "audit_log",
        number("id"),
        word("entity_type"),
        number("entity_id"),
        word("action"),
        number("actor_id"),
        sa.Column("details", json(), nullable=False),
        moment("created_at"),
        primary("audit_log"),
        key("audit_log", "actor_id", "worker", "RESTRICT"),
    )
    for column in ("project_id", "assignee_id", "created_by_id", "parent_task_id"):
        op.create_index(op.f(f"ix_task_{column}"), "task", [column])
    op.create_index(op.f("ix_audit_log_actor_id"), "audit_log", ["actor_id"])


def downgrade() -> None:
    for table in ("audit_log", "task", "project", "worker"):
        op.drop_table(table)
