"""Workers."""

from typing import TYPE_CHECKING

from sqlalchemy import CheckConstraint, UniqueConstraint
from sqlmodel import Field, Relationship

from .entity import Entity, rule, words
from .shapes import HandleShape

if TYPE_CHECKING:
    from .task import Task

class Worker(Entity, table=True):
    __tablename__ = "worker"
    __table_args__ = (
        UniqueConstraint("handle", name="worker_handle_is_taken"),
        CheckConstraint(HandleShape("handle"), name="worker_handle"),
        rule("worker", "type", words("type", "human", "agent")),
    )

    handle: str = Field(max_length=50)
    type: str = "human"
    email: str | None = None

    assigned_tasks: list["Task"] = Relationship(
        back_populates="assignee",
        sa_relationship_kwargs={
            "primaryjoin": "Worker.id == Task.assignee_id",
            "foreign_keys": "Task.assignee_id",
            "passive_deletes": True,
        },
    )
    created_tasks: list["Task"] = Relationship(
        back_populates="created_by",
        sa_relationship_kwargs={
            "primaryjoin": "Worker.id == Task.created_by_id",
            "foreign_keys": "Task.created_by_id",
            "passive_deletes": "all",
        },
    )
