"""Given: who did what to which row, and when."""

from typing import Any

from sqlalchemy import Column, ForeignKey, Index, Integer
from sqlmodel import Field

from .entity import Entity
from .types import PortableJSON


class AuditLog(Entity, table=True):
    """One action of one worker; written in the transaction of the action itself."""

    __tablename__ = "audit_log"
    __table_args__ = (Index("audit_log_by_actor", "actor_id", "created_at"),)

    entity_type: str
    entity_id: int
    action: str
    actor_id: int = Field(
        sa_column=Column(
            Integer,
            ForeignKey("worker.id", name="audit_log_actor", ondelete="RESTRICT"),
            nullable=False,
        )
    )
    details: dict[str, Any] = Field(
        default_factory=dict, sa_column=Column(PortableJSON, nullable=False, default=dict)
    )
