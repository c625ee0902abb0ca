"""All tables in one place."""

from datetime import datetime
from typing import Any, Optional

from sqlalchemy import CheckConstraint, ForeignKeyConstraint, Index, String, UniqueConstraint, event
from sqlmodel import Field, Relationship

from .audit import AuditLog
from .parts import Owned, Table, Tracked, json_of, now
from .security import secure

__all__ = ["AuditLog", "Owned", "Project", "Table", "Task", "Tenant", "Worker"]


def stamped(**more: Any) -> Any:
    return Field(default_factory=now, sa_column_kwargs=more, nullable=False)


def link(target: str) -> Any:
    """A key that is emptied when its row goes; a pair could not be, since it has the tenant."""
    return Field(default=None, foreign_key=target, ondelete="SET NULL", index=True)


def pair(column: str, target: str, gone: str | None, **more: Any) -> ForeignKeyConstraint:
    """A key to a row of the same tenant."""
    return ForeignKeyConstraint(
        ["tenant_id", column],
        [f"{target}.tenant_id", f"{target}.id"],
        name=f"task_{column.removesuffix('_id')}_fkey",
        ondelete=gone,
        **more,
    )


def along(key: str, back: str, **more: Any) -> Any:
    return Relationship(
        back_populates=back, sa_relationship_kwargs={"foreign_keys": f"Task.{key}"} | more
    )


class Tenant(Table, table=True):
    id: int | None = Field(default=None, primary_key=True)
    name: str
    subdomain: str = Field(unique=True)
    created_at: datetime = stamped()


class Worker(Owned, table=True):
    __table_args__ = (
        UniqueConstraint("tenant_id", "id", name="worker_owned_key"),
        UniqueConstraint("tenant_id", "handle", name="worker_handle_key"),
        CheckConstraint(
            "rtrim(handle, '-_0123456789abcdefghijklmnopqrstuvwxyz') = '@'", name="handle_letters"
        ),
        CheckConstraint("length(handle) BETWEEN 2 AND 50", name="handle_length"),
        CheckConstraint("type = 'human' OR type = 'agent'", name="kind"),
    )
    id: int | None = Field(default=None, primary_key=True)
    handle: str
    type: str = Field(default="human")
    email: str | None = None
    created_at: datetime = stamped()
    assigned_tasks: list["Task"] = along("assignee_id", "assignee", passive_deletes=True)
    created_tasks: list["Task"] = along("created_by_id", "created_by", passive_deletes="all")


class Project(Tracked, Owned, table=True):
    __table_args__ = (
        UniqueConstraint("tenant_id", "id", name="project_owned_key"),
        CheckConstraint("status IN ('active', 'archived')", name="status"),
    )
    id: int | None = Field(default=None, primary_key=True)
    name: str
    description: str | None = None
    status: str = "active"
    meta: dict[str, Any] = Field(default_factory=dict, sa_column=json_of(dict, "metadata"))
    created_at: datetime = stamped()
    updated_at: datetime = stamped(onupdate=now)
    tasks: list["Task"] = along("project_id", "project", cascade="all", passive_deletes=True)


class Task(Tracked, Owned, table=True):
    __table_args__ = (
        CheckConstraint("title <> '' AND length(title) < 501", name="title"),
        CheckConstraint(
            "status IN ('pending','in_progress','review','blocked','completed')", name="status"
        ),
        CheckConstraint("priority IN ('low','medium','high','critical')", name="priority"),
        CheckConstraint("NOT (parent_task_id = id)", name="parent"),
        UniqueConstraint("tenant_id", "id", name="task_owned_key"),
        pair("project_id", "project", "CASCADE"),
        pair("created_by_id", "worker", "RESTRICT"),
        pair("assignee_id", "worker", None, deferrable=True, initially="DEFERRED"),
        pair("parent_task_id", "task", None, deferrable=True, initially="DEFERRED"),
        Index("task_list_idx", "tenant_id", "project_id", "id"),
        Index("task_page_idx", "tenant_id", "project_id", "status", "id"),
        Index("task_creator_idx", "tenant_id", "created_by_id"),
    )
    id: int | None = Field(default=None, primary_key=True)
    title: str = Field(sa_type=String)
    description: str | None = None
    status: str = "pending"
    priority: str = "medium"
    tags: list[str] = Field(default_factory=list, sa_column=json_of(list, "tags"))
    project_id: int
    assignee_id: int | None = link("worker.id")
    created_by_id: int
    parent_task_id: int | None = link("task.id")
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


secure(Table.metadata)
