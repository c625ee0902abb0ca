"""Who did what to which row, and when."""

from datetime import datetime
from typing import Any

from sqlalchemy import Column, Index, Integer, Text, text
from sqlmodel import Field

from .borders import paired_key
from .columns import json_type, owner, pk, stamped
from .registry import Base


class AuditLog(Base, table=True):
    """One action of one worker; written in the transaction of the action itself."""

    __tablename__ = "audit_log"
    __table_args__ = (
        paired_key("audit_log", "actor_id", "worker", ondelete="RESTRICT"),
        Index("audit_log_actor_idx", "tenant_id", "actor_id"),
        Index("audit_log_entity_idx", "tenant_id", "entity_type", "entity_id"),
    )

    id: int | None = Field(default=None, sa_column=pk())
    tenant_id: int = Field(default=None, sa_column=owner("audit_log"))
    entity_type: str = Field(sa_column=Column(Text, nullable=False))
    entity_id: int = Field(sa_column=Column(Integer, nullable=False))
    action: str = Field(sa_column=Column(Text, nullable=False))
    actor_id: int = Field(sa_column=Column(Integer, nullable=False))
    details: dict[str, Any] = Field(
        default_factory=dict,
        sa_column=Column(json_type(), nullable=False, server_default=text("'{}'")),
    )
    created_at: datetime = Field(default=None, sa_column=stamped("created_at"))
