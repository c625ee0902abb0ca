"""first tables: workers, projects, tasks, and who did what"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "a1"
down_revision = None
branch_labels = None
depends_on = None

LETTERS = "abcdefghijklmnopqrstuvwxyz0123456789_-"


def key() -> sa.Column:
    return sa.Column("id", sa.Integer(), sa.Identity(), primary_key=True)


def moment(name: str) -> sa.Column:
    sqlite = op.get_context().dialect.name == "sqlite"
    clock = "(strftime('%Y-%m-%d %H:%M:%f000', 'now'))" if sqlite else "statement_timestamp()"
    return sa.Column(
        name, sa.DateTime(timezone=True), nullable=False, server_default=sa.text(clock)
    )


def words(name: str, default: str) -> sa.Column:
    return sa.Column(name, sa.Text(), nullable=False, server_default=default)


def jsonb(name: str, empty: str) -> sa.Column:
    kind = sa.JSON().with_variant(JSONB(astext_type=sa.Text()), "postgresql")
    return sa.Column(name, kind, nullable=False, server_default=sa.text(f"'{empty}'"))


def reference(
    table: str, column: str, target: str, ondelete: str, nullable: bool = False
) -> sa.Column:
    points = sa.ForeignKey(f"{target}.id", name=f"{table}_{column}_fk", ondelete=ondelete)
    return sa.Column(column, sa.Integer(), points, nullable=nullable)


def upgrade() -> None:
    op.create_table(
        "worker",
        key(),
        sa.Column("handle", sa.Text(), nullable=False),
        words("type", "human"),
        sa.Column("email", sa.Text()),
        moment("created_at"),
        sa.UniqueConstraint("handle", name="worker_handle_key"),
        sa.CheckConstraint(
            "length(handle) BETWEEN 2 AND 50 AND substr(handle, 1, 1) = '@'"
            f" AND ltrim(substr(handle, 2), '{LETTERS}') = ''",
            name="worker_handle_shape",
        ),
        sa.CheckConstraint("type IN ('human', 'agent')", name="worker_type_known"),
    )
    op.create_table(
        "project",
        key(),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("description", sa.Text()),
        words("status", "active"),
        jsonb("metadata", "{}"),
        moment("created_at"),
        moment("updated_at"),
        sa.CheckConstraint("status IN ('active', 'archived')", name="project_status_known"),
    )
    op.create_table(
        "task",
        key(),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("description", sa.Text()),
        words("status", "pending"),
        words("priority", "medium"),
        jsonb("tags", "[]"),
        reference("task", "project_id", "project", "CASCADE"),
        reference("task", "assignee_id", "worker", "SET NULL", nullable=True),
        reference("task", "created_by_id", "worker", "RESTRICT"),
        reference("task", "parent_task_id", "task", "SET NULL", nullable=True),
        moment("created_at"),
        moment("updated_at"),
        sa.Column("due_date", sa.DateTime(timezone=True)),
        sa.CheckConstraint("length(title) BETWEEN 1 AND 500", name="task_title_length"),
        sa.CheckConstraint("parent_task_id <> id", name="task_not_own_parent"),
        sa.CheckConstraint(
            "status IN ('pending', 'in_progress', 'review', 'blocked', 'completed')",
            name="task_status_known",
        ),
        sa.CheckConstraint(
            "priority IN ('low', 'medium', 'high', 'critical')", name="task_priority_known"
        ),
    )
    op.create_table(
        "audit_log",
        key(),
        sa.Column("entity_type", sa.Text(), nullable=False),
        sa.Column("entity_id", sa.Integer(), nullable=False),
        sa.Column("action", sa.Text(), nullable=False),
        reference("audit_log", "actor_id", "worker", "RESTRICT"),
        jsonb("details", "{}"),
        moment("created_at"),
    )
    op.create_index("task_project_idx", "task", ["project_id", "id"])
    op.create_index("task_creator_idx", "task", ["created_by_id"])
    op.create_index("task_assignee_idx", "task", ["assignee_id"])
    op.create_index("task_parent_idx", "task", ["parent_task_id"])
    op.create_index("audit_log_actor_idx", "audit_log", ["actor_id"])
    op.create_index("audit_log_entity_idx", "audit_log", ["entity_type", "entity_id"])


def downgrade() -> None:
    for table in ("audit_log", "task", "project", "worker"):
        op.drop_table(table)
