"""All tables in one place."""

from datetime import datetime
from typing import Any, Optional

from sqlalchemy import CheckConstraint, String, event
from sqlmodel import Field, Relationship

from .audit import AuditLog
from .parts import Table, Tracked, json_of, now

__all__ = ["AuditLog", "Project", "Table", "Task", "Worker"]


def stamped(**more: Any) -> Any:
    return Field(default_factory=now, sa_column_kwargs=more, nullable=False)


def link(target: str, *, required: bool = False, gone: str) -> Any:
    default = {} if required else {"default": None}
    return Field(foreign_key=target, ondelete=gone, index=True, **default)


def along(key: str, back: str, **more: Any) -> Any:
    return Relationship(
        back_populates=back, sa_relationship_kwargs={"foreign_keys": f"Task.{key}"} | more
    )


class Worker(Table, table=True):
    __table_args__ = (
        CheckConstraint(
            "rtrim(handle, '-_0123456789abcdefghijklmnopqrstuvwxyz') = '@'", name="handle_letters"
        ),
        CheckConstraint("length(handle) BETWEEN 2 AND 50", name="handle_length"),
        CheckConstraint("type = 'human' OR type = 'agent'", name="kind"),
    )
    id: int | None = Field(default=None, primary_key=True)
    handle: str = Field(unique=True)
    type: str = Field(default="human")
    email: str | None = None
    created_at: datetime = stamped()
    assigned_tasks: list["Task"] = along("assignee_id", "assignee", passive_deletes=True)
    created_tasks: list["Task"] = along("created_by_id", "created_by", passive_deletes="all")


class Project(Tracked, Table, table=True):
    __table_args__ = (CheckConstraint("status IN ('active', 'archived')", name="status"),)
    id: int | None = Field(default=None, primary_key=True)
    name: str
    description: str | None = None
    status: str = "active"
    meta: dict[str, Any] = Field(
        default_factory=dict, sa_column=json_of(dict, "metadata")
    )
    created_at: datetime = stamped()
    updated_at: datetime = stamped(onupdate=now)
    tasks: list["Task"] = along("project_id", "project", cascade="all", passive_deletes=True)


class Task(Tracked, Table, table=True):
    __table_args__ = (
        CheckConstraint("title <> '' AND length(title) < 501", name="title"),
        CheckConstraint(
            "status IN ('pending','in_progress','review','blocked','completed')", name="status"
        ),
        CheckConstraint("priority IN ('low','medium','high','critical')", name="priority"),
        CheckConstraint("NOT (parent_task_id = id)", name="parent"),
    )
    id: int | None = Field(default=None, primary_key=True)
    title: str = Field(sa_type=String)
    description: str | None = None
    status: str = "pending"
    priority: str = "medium"
    tags: list[str] = Field(default_factory=list, sa_column=json_of(list, "tags"))
    project_id: int = link("project.id", required=True, gone="CASCADE")
    assignee_id: int | None = link("worker.id", gone="SET NULL")
    created_by_id: int = link("worker.id", required=True, gone="RESTRICT")
    parent_task_id: int | None = link("task.id", gone="SET NULL")
    created_at: datetime = stamped()
    updated_at: datetime = stamped(onupdate=now)
    due_date: datetime | None = None
    revision: int = Field(default=1)
    project: Project = along("project_id", "tasks")
    assignee: Worker | None = along("assignee_id", "assigned_tasks", lazy="joined")
    created_by: Worker = along("created_by_id", "created_tasks", lazy="selectin")
    parent: Optional["Task"] = along("parent_task_id", "subtasks", remote_side="Task.id")
    subtasks: list["Task"] = along("parent_task_id", "parent", passive_deletes=True)


@event.listens_for(Task, "before_update")
def count_revision(mapper: Any, connection: Any, task: Task) -> None:
    task.revision += 1
