"""Given: who did what to which row, and when."""

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, Column, ForeignKeyConstraint, Index
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field

from .parts import Owned, now


class AuditLog(Owned, table=True):
    """One action of one worker; written in the transaction of the action itself."""

    __tablename__ = "audit_log"
    __table_args__ = (
        ForeignKeyConstraint(
            ["tenant_id", "actor_id"],
            ["worker.tenant_id", "worker.id"],
            name="audit_log_actor_fkey",
            ondelete="RESTRICT",
        ),
        Index("audit_log_actor_idx", "tenant_id", "actor_id"),
    )

    id: int | None = Field(default=None, primary_key=True)
    entity_type: str
    entity_id: int
    action: str
    actor_id: int
    details: dict[str, Any] = Field(
        default_factory=dict,
        sa_column=Column(JSON().with_variant(JSONB(), "postgresql"), nullable=False, default=dict),
    )
    created_at: datetime = Field(default_factory=now)
