"""The work itself."""

from datetime import datetime
from typing import Optional

from sqlalchemy import CheckConstraint, Column, ForeignKeyConstraint, Index
from sqlalchemy.ext.mutable import MutableList
from sqlalchemy.orm import relationship
from sqlmodel import Field, Relationship

from ..vocabulary import TITLE_LENGTH, TaskPriority, TaskStatus
from .columns import json_type, one_of
from .mixins import Changing, Owned, TextField
from .project import Project
from .registry import Base
from .worker import Worker


class Task(Base, Owned, Changing, table=True):
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
        ForeignKeyConstraint(["project_id"], ["project.id"], ondelete="CASCADE"),
        ForeignKeyConstraint(["assignee_id"], ["worker.id"], ondelete="SET NULL"),
        ForeignKeyConstraint(["created_by_id"], ["worker.id"], ondelete="RESTRICT"),
        ForeignKeyConstraint(["parent_task_id"], ["task.id"], ondelete="SET NULL"),
        # The id behind the key: a page of a project comes out of the index in its order.
        Index("ix_task_project_id", "project_id", "id"),
        Index("ix_task_project_id_status", "project_id", "status", "id"),
        Index("ix_task_assignee_id", "assignee_id"),
        Index("ix_task_created_by_id", "created_by_id"),
        Index("ix_task_parent_task_id", "parent_task_id"),
        CheckConstraint(f"length(title) BETWEEN 1 AND {TITLE_LENGTH}", name="title"),
        CheckConstraint(one_of("status", TaskStatus), name="status"),
        CheckConstraint(one_of("priority", TaskPriority), name="priority"),
        CheckConstraint("parent_task_id <> id", name="parent"),
    )

    id: int | None = Field(default=None, primary_key=True)
    title: str = TextField()
    description: str | None = TextField(None)
    status: TaskStatus = TextField("pending")
    priority: TaskPriority = TextField("medium")
    tags: list[str] = Field(
        default_factory=list,
        sa_column=Column(MutableList.as_mutable(json_type()), nullable=False, default=list),
    )
    project_id: int
    assignee_id: int | None = None
    created_by_id: int
    parent_task_id: int | None = None
    due_date: datetime | None = None

    project: Project = Relationship(
        sa_relationship=relationship(
            "Project", foreign_keys="Task.project_id", back_populates="tasks"
        )
    )
    assignee: Worker | None = Relationship(
        sa_relationship=relationship(
            "Worker", foreign_keys="Task.assignee_id", back_populates="assigned_tasks"
        )
    )
    created_by: Worker = Relationship(
        sa_relationship=relationship(
            "Worker", foreign_keys="Task.created_by_id", back_populates="created_tasks"
        )
    )
    parent: Optional["Task"] = Relationship(
        sa_relationship=relationship(
            "Task",
            foreign_keys="Task.parent_task_id",
            remote_side="Task.id",
            back_populates="subtasks",
        )
    )
    subtasks: list["Task"] = Relationship(
        sa_relationship=relationship(
            "Task",
            foreign_keys="Task.parent_task_id",
            back_populates="parent",
            passive_deletes=True,
        )
    )
