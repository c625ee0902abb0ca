"""Keep whether a run had a roster; a run with somebody absent had one."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    roster = sa.Column("roster", sa.Boolean, nullable=False, server_default=sa.false())
    op.add_column("run", roster)
    absent = "SELECT run_id FROM standing WHERE state = 'absent'"
    op.execute(f"UPDATE run SET roster = 1 WHERE id IN ({absent})")


def downgrade() -> None:
    op.drop_column("run", "roster")
