"""The work itself."""

from datetime import datetime
from typing import Optional

from sqlalchemy import CheckConstraint, Column, Index, UniqueConstraint
from sqlalchemy.ext.mutable import MutableList
from sqlmodel import Field

from ..vocabulary import TITLE_LENGTH, TaskPriority, TaskStatus
from .columns import json_type, one_of
from .parts import Stamped, link, optional_key
from .project import Project
from .registry import Base
from .tenant import Owned, own, own_or_nothing
from .worker import Worker


class Task(Base, Owned, Stamped, table=True):
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
    saying which key it follows. ``parent`` and ``subtasks`` are two ends of one key:
    ``remote_side`` marks the end that is many-to-one.

    Rules, each a constraint with a name: ``title`` has 1 to 500 characters; ``status`` is
    one of ``TaskStatus``, ``priority`` of ``TaskPriority``; a task is not its own parent.
    """

    __table_args__ = (
        UniqueConstraint("tenant_id", "id"),
        own("project_id", "project", ondelete="CASCADE"),
        own("created_by_id", "worker", ondelete="RESTRICT"),
        own_or_nothing("assignee_id", "worker"),
        own_or_nothing("parent_task_id", "task"),
        # For the pages of a project, those of one status and those of all.
        Index(None, "tenant_id", "project_id", "status", "id"),
        Index(None, "tenant_id", "project_id", "id"),
        Index(None, "tenant_id", "created_by_id"),
        Index(None, "tenant_id", "assignee_id"),
        Index(None, "tenant_id", "parent_task_id"),
        CheckConstraint(f"length(title) BETWEEN 1 AND {TITLE_LENGTH}", name="title_length"),
        CheckConstraint(one_of("status", TaskStatus), name="status_known"),
        CheckConstraint(one_of("priority", TaskPriority), name="priority_known"),
        CheckConstraint("parent_task_id <> id", name="not_its_own_parent"),
    )

    id: int | None = Field(default=None, primary_key=True)
    title: str
    description: str | None = None
    status: str = Field(default="pending", sa_column_kwargs={"server_default": "pending"})
    priority: str = Field(default="medium", sa_column_kwargs={"server_default": "medium"})
    tags: list[str] = Field(
        default_factory=list,
        sa_column=Column(MutableList.as_mutable(json_type()), nullable=False, default=list),
    )
    due_date: datetime | None = None

    project_id: int
    created_by_id: int
    assignee_id: int | None = optional_key("worker")
    parent_task_id: int | None = optional_key("task")

    project: Project = link("Task.project_id", "Project.id", "tasks")
    created_by: Worker = link("Task.created_by_id", "Worker.id", "created_tasks")
    assignee: Optional[Worker] = link("Task.assignee_id", "Worker.id", "assigned_tasks")
    parent: Optional["Task"] = link(
        "Task.parent_task_id", "Task.id", "subtasks", remote_side="Task.id"
    )
    subtasks: list["Task"] = link("Task.parent_task_id", "Task.id", "parent", passive_deletes=True)
