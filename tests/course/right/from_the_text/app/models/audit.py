"""Who did what to which row, and when."""

from datetime import datetime
from typing import Any

from sqlalchemy import Column, Index
from sqlmodel import Field

from .columns import json_type, utc_now
from .registry import Base
from .tenant import Owned, own


class AuditLog(Base, Owned, table=True):
    """One action of one worker; written in the transaction of the action itself."""

    __tablename__ = "audit_log"
    __table_args__ = (
        own("actor_id", "worker", ondelete="RESTRICT"),
        Index(None, "tenant_id", "actor_id"),
    )

    id: int | None = Field(default=None, primary_key=True)
    entity_type: str
    entity_id: int
    action: str
    actor_id: int
    details: dict[str, Any] = Field(
        default_factory=dict, sa_column=Column(json_type(), nullable=False, default=dict)
    )
    created_at: datetime = Field(default_factory=utc_now)
