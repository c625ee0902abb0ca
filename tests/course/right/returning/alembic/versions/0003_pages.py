"""A page of a project's tasks of one status is read in order, without a sort.

Revision ID: 0003
Revises: 0002
"""

from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index("ix_task_page", "task", ["tenant_id", "project_id", "status", "id"])


def downgrade() -> None:
    op.drop_index("ix_task_page", "task")
