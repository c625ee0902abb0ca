from datetime import UTC, datetime
from typing import Optional

from sqlalchemy import CheckConstraint
from sqlmodel import Field, Relationship

from .enums import Priority, TaskStatus, choice
from .json_columns import TracksJson, json_list
from .project import Project
from .worker import Worker


def _now() -> datetime:
    return datetime.now(UTC)


class Task(TracksJson, table=True):
    __tablename__ = "task"
    __table_args__ = (
        CheckConstraint("length(title) > 0 AND length(title) <= 500", name="ck_task_title"),
        CheckConstraint(
            "parent_task_id IS NULL OR parent_task_id != id", name="ck_task_not_own_parent"
        ),
    )

    id: int | None = Field(default=None, primary_key=True)
    title: str = Field(max_length=500)
    description: str | None = Field(default=None)
    status: TaskStatus = Field(
        default=TaskStatus.PENDING, sa_type=choice(TaskStatus, "ck_task_status"), index=True
    )
    priority: Priority = Field(
        default=Priority.MEDIUM, sa_type=choice(Priority, "ck_task_priority")
    )
    tags: list[str] = Field(default_factory=list, sa_type=json_list(), nullable=False)
    estimate_minutes: int = Field(default=0)

    project_id: int = Field(foreign_key="project.id", index=True, ondelete="CASCADE")
    assignee_id: int | None = Field(
        default=None, foreign_key="worker.id", index=True, ondelete="SET NULL"
    )
    created_by_id: int = Field(foreign_key="worker.id", index=True, ondelete="RESTRICT")
    parent_task_id: int | None = Field(
        default=None, foreign_key="task.id", index=True, ondelete="SET NULL"
    )

    created_at: datetime = Field(default_factory=_now)
    updated_at: datetime = Field(default_factory=_now, sa_column_kwargs={"onupdate": _now})
    due_date: datetime | None = Field(default=None)

    project: Project = Relationship(
        back_populates="tasks",
        sa_relationship_kwargs={"foreign_keys": "[Task.project_id]"},
    )
    assignee: Optional[Worker] = Relationship(
        back_populates="assigned_tasks",
        sa_relationship_kwargs={"foreign_keys": "[Task.assignee_id]"},
    )
    created_by: Worker = Relationship(
        back_populates="created_tasks",
        sa_relationship_kwargs={"foreign_keys": "[Task.created_by_id]"},
    )
    parent: Optional["Task"] = Relationship(
        back_populates="subtasks",
        sa_relationship_kwargs={
            "foreign_keys": "[Task.parent_task_id]",
            "remote_side": "[Task.id]",
        },
    )
    subtasks: list["Task"] = Relationship(
        back_populates="parent",
        sa_relationship_kwargs={
            "foreign_keys": "[Task.parent_task_id]",
            "passive_deletes": True,
            "order_by": "Task.id",
        },
    )
