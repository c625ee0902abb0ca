"""task pages: an index for a project's tasks of one status, in the order of their ids"""

from alembic import op

revision = "a3"
down_revision = "a2"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index("task_page_idx", "task", ["tenant_id", "project_id", "status", "id"])


def downgrade() -> None:
    op.drop_index("task_page_idx", table_name="task")
