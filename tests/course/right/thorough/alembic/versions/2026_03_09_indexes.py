"""Indexes for the queries that the services make.

Revision: c30a91d4e7f2
"""

from alembic import op

revision = "c30a91d4e7f2"
down_revision = "5b1f0c6a2d11"
branch_labels = None
depends_on = None

INDEXES = {
    "task_of_project": ("task", ["project_id", "status", "id"]),
    "task_of_assignee": ("task", ["assignee_id", "due_date"]),
    "task_of_creator": ("task", ["created_by_id"]),
    "task_of_parent": ("task", ["parent_task_id"]),
    "audit_log_by_actor": ("audit_log", ["actor_id", "created_at"]),
}


def upgrade() -> None:
    for name, (table, columns) in INDEXES.items():
        op.create_index(name, table, columns)


def downgrade() -> None:
    for name, (table, _) in INDEXES.items():
        op.drop_index(name, table_name=table)
