"""The work itself."""

from datetime import datetime
from typing import Optional

from sqlalchemy import CheckConstraint, Column, Index
from sqlalchemy.ext.mutable import MutableList
from sqlmodel import Field, Relationship

from ..context import required_tenant
from ..vocabulary import TITLE_LENGTH, TaskPriority, TaskStatus
from .columns import json_type, one_of, utc_now
from .project import Project
from .registry import Base
from .worker import Worker


class Task(Base, table=True):
    """One piece of work in a project, perhaps assigned, perhaps part of another task.

    Columns: ``title`` (text of up to 500 characters, required), ``description`` (text or
    None), ``status`` ("pending" unless told), ``priority`` ("medium" unless told), ``tags``
    (a list, empty unless told), ``created_at`` and ``updated_at`` (aware, UTC;
    ``updated_at`` moves with every change, by whatever statement), ``due_date`` (aware, or
    None). ``tags`` is JSONB on PostgreSQL and JSON on SQLite (``json_type()``), and a tag
    appended in place is saved (``MutableList``).

    Keys: ``project_id`` (required), ``assignee_id`` (a worker or None), ``created_by_id`` (a
    worker, required), ``parent_task_id`` (a task or None). Each has an index. A project
    takes its tasks with it; an assignee or a parent that goes leaves None behind; a
    creator can't go.

    Relationships: ``project``, ``assignee``, ``created_by``, ``parent``, ``subtasks``, each
    naming its key and its other end (``back_populates``). ``parent`` and ``subtasks`` are two
    ends of one key: ``remote_side`` marks the end that is many-to-one.

    Rules, each a constraint with a name: ``title`` has 1 to 500 characters; ``status`` is
    one of ``TaskStatus``, ``priority`` of ``TaskPriority``; a task is not its own parent.
    """

    __table_args__ = (
        CheckConstraint(f"length(title) BETWEEN 1 AND {TITLE_LENGTH}", name="title"),
        CheckConstraint(one_of("status", TaskStatus), name="status"),
        CheckConstraint(one_of("priority", TaskPriority), name="priority"),
        CheckConstraint("parent_task_id <> id", name="not_its_own_parent"),
        # A page of a project's tasks of one status: equal, equal, equal, and then in order.
        Index(None, "tenant_id", "project_id", "status", "id"),
    )

    id: int | None = Field(default=None, primary_key=True)
    tenant_id: int = Field(default_factory=required_tenant, foreign_key="tenant.id")
    title: str = Field(max_length=TITLE_LENGTH)
    description: str | None = None
    status: str = "pending"
    priority: str = "medium"
    tags: list[str] = Field(
        default_factory=list,
        sa_column=Column(MutableList.as_mutable(json_type()), nullable=False, default=list),
    )
    project_id: int = Field(foreign_key="project.id", index=True, ondelete="CASCADE")
    assignee_id: int | None = Field(
        default=None, foreign_key="worker.id", index=True, ondelete="SET NULL"
    )
    created_by_id: int = Field(foreign_key="worker.id", index=True, ondelete="RESTRICT")
    parent_task_id: int | None = Field(
        default=None, foreign_key="task.id", index=True, ondelete="SET NULL"
    )
    created_at: datetime = Field(default_factory=utc_now)
    updated_at: datetime = Field(default_factory=utc_now, sa_column_kwargs={"onupdate": utc_now})
    due_date: datetime | None = None

    project: Project = Relationship(
        back_populates="tasks", sa_relationship_kwargs={"foreign_keys": "Task.project_id"}
    )
    assignee: Worker | None = Relationship(
        back_populates="assigned_tasks",
        sa_relationship_kwargs={"foreign_keys": "Task.assignee_id"},
    )
    created_by: Worker = Relationship(
        back_populates="created_tasks",
        sa_relationship_kwargs={"foreign_keys": "Task.created_by_id"},
    )
    # Optional["Task"], since SQLModel can't read the string "Task | None".
    parent: Optional["Task"] = Relationship(
        back_populates="subtasks",
        sa_relationship_kwargs={"foreign_keys": "Task.parent_task_id", "remote_side": "Task.id"},
    )
    subtasks: list["Task"] = Relationship(
        back_populates="parent",
        passive_deletes=True,
        sa_relationship_kwargs={"foreign_keys": "Task.parent_task_id"},
    )
