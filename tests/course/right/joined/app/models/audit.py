"""Given: who did what to which row, and when."""

from datetime import datetime
from typing import Any

from sqlalchemy import Column
from sqlmodel import Field

from .columns import json_type, utc_now
from .mixins import Owned
from .registry import Base


class AuditLog(Base, Owned, table=True):
    """One action of one worker; written in the transaction of the action itself."""

    __tablename__ = "audit_log"

    id: int | None = Field(default=None, primary_key=True)
    entity_type: str
    entity_id: int
    action: str
    actor_id: int = Field(foreign_key="worker.id", index=True, ondelete="RESTRICT")
    details: dict[str, Any] = Field(
        default_factory=dict, sa_column=Column(json_type(), nullable=False, default=dict)
    )
    created_at: datetime = Field(default_factory=utc_now)
