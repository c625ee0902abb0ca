"""An index for the pages of a project's tasks of one status."""

from collections.abc import Sequence

from alembic import op

revision: str = "0003"
down_revision: str | Sequence[str] | None = "0002"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

INDEX = "ix_task_tenant_id_project_id_status_id"


def upgrade() -> None:
    op.create_index(op.f(INDEX), "task", ["tenant_id", "project_id", "status", "id"])


def downgrade() -> None:
    op.drop_index(op.f(INDEX), "task")
