"""An index for the tasks of one state."""

from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index("ix_task_project_id_status", "task", ["project_id", "status", "id"])


def downgrade() -> None:
    op.drop_index("ix_task_project_id_status", table_name="task")
