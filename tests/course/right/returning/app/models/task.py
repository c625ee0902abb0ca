"""The work itself."""

from datetime import datetime
from typing import Optional

from sqlalchemy import Index
from sqlalchemy.ext.mutable import MutableList
from sqlmodel import Field, Relationship

from ..vocabulary import TITLE_LENGTH, TaskPriority, TaskStatus
from .columns import json_type, made, one_of, owned, rules, touched
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

    __tablename__ = "task"
    __table_args__ = rules(
        title=f"length(title) BETWEEN 1 AND {TITLE_LENGTH}",
        status=one_of("status", TaskStatus),
        priority=one_of("priority", TaskPriority),
        not_own_parent="parent_task_id <> id",
    ) + (Index("ix_task_page", "tenant_id", "project_id", "status", "id"),)

    id: int | None = Field(default=None, primary_key=True)
    tenant_id: int | None = owned()
    title: str
    description: str | None = None
    status: str = "pending"
    priority: str = "medium"
    tags: list[str] = Field(
        default_factory=list,
        sa_type=MutableList.as_mutable(json_type()),  # type: ignore[call-overload]
    )
    project_id: int = Field(foreign_key="project.id", index=True, ondelete="CASCADE")
    assignee_id: int | None = Field(
        default=None, foreign_key="worker.id", index=True, ondelete="SET NULL"
    )
    created_by_id: int = Field(foreign_key="worker.id", index=True, ondelete="RESTRICT")
    parent_task_id: int | None = Field(
        default=None, foreign_key="task.id", index=True, ondelete="SET NULL"
    )
    due_date: datetime | None = None
    created_at: datetime = made()
    updated_at: datetime = touched()

    # Each says along which column it goes: from lesson 6 on there is a second key, with the tenant.
    project: Project = Relationship(
        back_populates="tasks",
        sa_relationship_kwargs={"primaryjoin": "foreign(Task.project_id) == Project.id"},
    )
    assignee: Optional[Worker] = Relationship(
        back_populates="assigned_tasks",
        sa_relationship_kwargs={"primaryjoin": "foreign(Task.assignee_id) == Worker.id"},
    )
    created_by: Worker = Relationship(
        back_populates="created_tasks",
        sa_relationship_kwargs={"primaryjoin": "foreign(Task.created_by_id) == Worker.id"},
    )
    parent: Optional["Task"] = Relationship(
        back_populates="subtasks",
        sa_relationship_kwargs={"primaryjoin": "foreign(Task.parent_task_id) == remote(Task.id)"},
    )
    subtasks: list["Task"] = Relationship(
        back_populates="parent",
        passive_deletes=True,
        sa_relationship_kwargs={"primaryjoin": "Task.id == remote(foreign(Task.parent_task_id))"},
    )
