"""Lay out the first gradebook."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def _id() -> sa.Column[int]:
    return sa.Column("id", sa.Integer, primary_key=True)


def _text(name: str, *rest: sa.ForeignKey) -> sa.Column[str]:
    return sa.Column(name, sa.String, *rest, nullable=False)


def upgrade() -> None:
    op.create_table(
        "submission",
        sa.Column("digest", sa.String, primary_key=True),
        sa.Column("files", sa.LargeBinary, nullable=False),
    )
    op.create_table(
        "result",
        _id(),
        _text("digest", sa.ForeignKey("submission.digest")),
        _text("suite"),
        _text("databases"),
        sa.Column("seed", sa.Integer, nullable=False),
        _text("state"),
        _text("document"),
        sa.UniqueConstraint("digest", "suite", "databases", "seed"),
    )
    op.create_index("ix_result_digest", "result", ["digest"])
    op.create_table(
        "run",
        _id(),
        _text("suite"),
        _text("databases"),
        _text("attempts"),
        _text("shard"),
        sa.Column("finished", sa.Boolean, nullable=False),
        _text("catalogue"),
        _text("containment"),
    )
    op.create_table(
        "standing",
        _id(),
        sa.Column("run_id", sa.Integer, sa.ForeignKey("run.id"), nullable=False),
        _text("student"),
        _text("person"),
        _text("state"),
        sa.Column("chosen", sa.Integer),
        _text("flags"),
        sa.UniqueConstraint("run_id", "student"),
    )
    op.create_index("ix_standing_run_id", "standing", ["run_id"])
    op.create_table(
        "attempt",
        _id(),
        sa.Column("run_id", sa.Integer, sa.ForeignKey("run.id"), nullable=False),
        _text("student"),
        sa.Column("position", sa.Integer, nullable=False),
        _text("label"),
        sa.Column("late", sa.Boolean, nullable=False),
        sa.Column("digest", sa.String),
        _text("reason"),
        _text("notes"),
        sa.UniqueConstraint("run_id", "student", "position"),
    )
    op.create_index("ix_attempt_run_id", "attempt", ["run_id"])
    op.create_table(
        "override",
        _id(),
        _text("student"),
        _text("digest"),
        _text("check"),
        sa.Column("points", sa.Float),
        _text("reason"),
    )
    op.create_index("ix_override_student", "override", ["student"])
    op.create_table(
        "log",
        _id(),
        _text("at"),
        _text("host"),
        _text("event"),
        _text("digest"),
        sa.Column("seconds", sa.Float, nullable=False),
        _text("timing"),
        _text("message"),
    )
    op.create_index("ix_log_digest", "log", ["digest"])


def downgrade() -> None:
    for table in ("log", "override", "attempt", "standing", "run", "result", "submission"):
        op.drop_table(table)
