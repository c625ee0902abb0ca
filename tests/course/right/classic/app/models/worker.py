from datetime import UTC, datetime
from typing import Optional

from sqlalchemy import CheckConstraint
from sqlmodel import Field, Relationship, SQLModel

from .enums import WorkerType, choice


class Worker(SQLModel, table=True):
    __tablename__ = "worker"
    __table_args__ = (
        # what is left after taking the allowed characters from the right must be the @
        CheckConstraint(
            "rtrim(handle, 'abcdefghijklmnopqrstuvwxyz0123456789_-') = '@' "
            "AND length(handle) >= 2 AND length(handle) <= 50",
            name="ck_worker_handle_format",
        ),
    )

    id: int | None = Field(default=None, primary_key=True)
    handle: str = Field(unique=True, index=True)
    type: WorkerType = Field(
        default=WorkerType.HUMAN, sa_type=choice(WorkerType, "ck_worker_type")
    )
    email: str | None = Field(default=None)
    created_at: datetime = Field(default_factory=lambda: datetime.now(UTC))

    assigned_tasks: list["Task"] = Relationship(
        back_populates="assignee",
        sa_relationship_kwargs={
            "foreign_keys": "[Task.assignee_id]",
            "passive_deletes": True,
        },
    )
    created_tasks: list["Task"] = Relationship(
        back_populates="created_by",
        sa_relationship_kwargs={
            "foreign_keys": "[Task.created_by_id]",
            "passive_deletes": "all",
        },
    )
    audit_entries: list["AuditLog"] = Relationship(
        sa_relationship_kwargs={"passive_deletes": "all"}
    )

    def current_task(self) -> Optional["Task"]:
        """The first assigned task that is in progress (tasks must be loaded)."""
        return next((task for task in self.assigned_tasks if task.status == "in_progress"), None)
