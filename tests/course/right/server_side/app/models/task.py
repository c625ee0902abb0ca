"""The work itself."""

from datetime import datetime
from typing import Optional

from sqlalchemy import CheckConstraint, Column, ForeignKey, Index, Integer, Text, text
from sqlalchemy.ext.mutable import MutableList
from sqlalchemy.orm import relationship
from sqlmodel import Field, Relationship

from ..vocabulary import TITLE_LENGTH
from .borders import doorway, paired_key
from .columns import UtcDateTime, json_type, owner, pk, stamped
from .project import Project
from .registry import Base
from .words import TaskRank, TaskState, Word, only
from .worker import Worker


class Task(Base, table=True):
    """Keys: a project takes its tasks along, a creator can't go, others leave NULL behind."""

    __table_args__ = (
        doorway("task"),
        paired_key("task", "project_id", "project", ondelete="CASCADE"),
        paired_key("task", "created_by_id", "worker", ondelete="RESTRICT"),
        paired_key("task", "assignee_id", "worker"),
        paired_key("task", "parent_task_id", "task"),
        Index("task_project_idx", "tenant_id", "project_id", "id"),
        Index("task_page_idx", "tenant_id", "project_id", "status", "id"),
        Index("task_creator_idx", "tenant_id", "created_by_id"),
        Index("task_assignee_idx", "tenant_id", "assignee_id"),
        Index("task_parent_idx", "tenant_id", "parent_task_id"),
        CheckConstraint(f"length(title) BETWEEN 1 AND {TITLE_LENGTH}", name="task_title_length"),
        CheckConstraint("parent_task_id <> id", name="task_not_own_parent"),
        only("status", TaskState, "task_status_known"),
        only("priority", TaskRank, "task_priority_known"),
    )

    id: int | None = Field(default=None, sa_column=pk())
    tenant_id: int = Field(default=None, sa_column=owner("task"))
    title: str = Field(sa_column=Column(Text, nullable=False))
    description: str | None = Field(default=None, sa_column=Column(Text))
    status: str = Field(
        default=TaskState.PENDING,
        sa_column=Column(Word(TaskState), nullable=False, server_default=TaskState.PENDING.value),
    )
    priority: str = Field(
        default=TaskRank.MEDIUM,
        sa_column=Column(Word(TaskRank), nullable=False, server_default=TaskRank.MEDIUM.value),
    )
    tags: list[str] = Field(
        default_factory=list,
        sa_column=Column(
            MutableList.as_mutable(json_type()), nullable=False, server_default=text("'[]'")
        ),
    )
    project_id: int = Field(sa_column=Column(Integer, nullable=False))
    assignee_id: int | None = Field(
        default=None,
        sa_column=Column(
            Integer, ForeignKey("worker.id", name="task_assignee_id_fk", ondelete="SET NULL")
        ),
    )
    created_by_id: int = Field(sa_column=Column(Integer, nullable=False))
    parent_task_id: int | None = Field(
        default=None,
        sa_column=Column(
            Integer, ForeignKey("task.id", name="task_parent_task_id_fk", ondelete="SET NULL")
        ),
    )
    created_at: datetime = Field(default=None, sa_column=stamped("created_at"))
    updated_at: datetime = Field(default=None, sa_column=stamped("updated_at", on_change=True))
    due_date: datetime | None = Field(default=None, sa_column=Column(UtcDateTime()))

    project: Project = Relationship(
        sa_relationship=relationship(
            "Project",
            primaryjoin="foreign(Task.project_id) == Project.id",
            back_populates="tasks",
        )
    )
    assignee: Optional[Worker] = Relationship(  # noqa: UP045
        sa_relationship=relationship(
            "Worker",
            primaryjoin="foreign(Task.assignee_id) == Worker.id",
            back_populates="assigned_tasks",
        )
    )
    created_by: Worker = Relationship(
        sa_relationship=relationship(
            "Worker",
            primaryjoin="foreign(Task.created_by_id) == Worker.id",
            back_populates="created_tasks",
        )
    )
    parent: Optional["Task"] = Relationship(
        sa_relationship=relationship(
            "Task",
            primaryjoin="foreign(Task.parent_task_id) == remote(Task.id)",
            back_populates="subtasks",
        )
    )
    subtasks: list["Task"] = Relationship(
        sa_relationship=relationship(
            "Task",
            primaryjoin="Task.id == remote(foreign(Task.parent_task_id))",
            back_populates="parent",
            passive_deletes=True,
        )
    )
