"""pages of a project's tasks of one status"""

from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade():
    op.create_index("task_page_idx", "task", ["tenant_id", "project_id", "status", "id"])


def downgrade():
    op.drop_index("task_page_idx", "task")
