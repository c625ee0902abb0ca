"""the index that finds a page of a project's tasks of one status

Revision ID: 0003
Revises: 0002
"""

from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("CREATE INDEX ix_task_page ON task (tenant_id, project_id, status, id)")


def downgrade() -> None:
    op.execute("DROP INDEX ix_task_page")
