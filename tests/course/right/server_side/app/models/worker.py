"""Those who do the work: people and agents."""

from datetime import datetime
from typing import TYPE_CHECKING

from sqlalchemy import CheckConstraint, Column, Text, UniqueConstraint
from sqlalchemy.orm import relationship
from sqlmodel import Field, Relationship

from ..vocabulary import HANDLE_ALPHABET, HANDLE_LENGTH
from .borders import doorway
from .columns import owner, pk, stamped
from .registry import Base
from .words import Word, WorkerKind, only

if TYPE_CHECKING:
    from .task import Task


class Worker(Base, table=True):
    __table_args__ = (
        doorway("worker"),
        UniqueConstraint("tenant_id", "handle", name="worker_handle_key"),
        CheckConstraint(
            f"length(handle) BETWEEN 2 AND {HANDLE_LENGTH} AND substr(handle, 1, 1) = '@'"
            f" AND ltrim(substr(handle, 2), '{HANDLE_ALPHABET}') = ''",
            name="worker_handle_shape",
        ),
        only("type", WorkerKind, "worker_type_known"),
    )

    id: int | None = Field(default=None, sa_column=pk())
    tenant_id: int = Field(default=None, sa_column=owner("worker"))
    handle: str = Field(sa_column=Column(Text, nullable=False))
    type: str = Field(
        default=WorkerKind.HUMAN,
        sa_column=Column(Word(WorkerKind), nullable=False, server_default=WorkerKind.HUMAN.value),
    )
    email: str | None = Field(default=None, sa_column=Column(Text))
    created_at: datetime = Field(default=None, sa_column=stamped("created_at"))

    assigned_tasks: list["Task"] = Relationship(
        sa_relationship=relationship(
            "Task",
            primaryjoin="Worker.id == foreign(Task.assignee_id)",
            back_populates="assignee",
            passive_deletes=True,
        )
    )
    created_tasks: list["Task"] = Relationship(
        sa_relationship=relationship(
            "Task",
            primaryjoin="Worker.id == foreign(Task.created_by_id)",
            back_populates="created_by",
            passive_deletes="all",
        )
    )
