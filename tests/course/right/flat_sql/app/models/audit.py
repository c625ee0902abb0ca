"""Given, and extended by its tenant: who did what to which row, and when."""

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, Column, ForeignKeyConstraint, Index, Integer, Text, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field

from .columns import Row, id_column, moment_column, tenant_column, utc_now
from .policies import secure


class AuditLog(Row, table=True):
    """One action of one worker, written in the transaction of the action itself."""

    __tablename__ = "audit_log"
    __table_args__ = (
        ForeignKeyConstraint(
            ["tenant_id", "actor_id"],
            ["worker.tenant_id", "worker.id"],
            name="fk_audit_log_actor",
            ondelete="RESTRICT",
        ),
        Index("ix_audit_log_actor", "tenant_id", "actor_id"),
    )

    id: int | None = Field(default=None, sa_column=id_column())
    tenant_id: int | None = Field(default=None, sa_column=tenant_column("audit_log"))
    entity_type: str = Field(sa_column=Column("entity_type", Text, nullable=False))
    entity_id: int = Field(sa_column=Column("entity_id", Integer, nullable=False))
    action: str = Field(sa_column=Column("action", Text, nullable=False))
    actor_id: int = Field(sa_column=Column("actor_id", Integer, nullable=False))
    details: dict[str, Any] = Field(
        default_factory=dict,
        sa_column=Column(
            "details",
            JSON().with_variant(JSONB(), "postgresql"),
            nullable=False,
            default=dict,
            server_default=text("'{}'"),
        ),
    )
    created_at: datetime = Field(default_factory=utc_now, sa_column=moment_column("created_at"))


secure(AuditLog.__table__)
