"""The work itself."""

from datetime import datetime
from typing import Optional

from sqlalchemy import CheckConstraint, Column
from sqlalchemy.ext.mutable import MutableList
from sqlmodel import Field, Relationship

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

    # exercise models.task: the columns of a task

    id: int | None = Field(default=None, primary_key=True)
    # exercise models.json: tags
    # exercise models.keys: an index, and what a delete does
    project_id: int = Field(foreign_key="project.id")
    assignee_id: int | None = Field(default=None, foreign_key="worker.id")
    created_by_id: int = Field(foreign_key="worker.id")
    parent_task_id: int | None = Field(default=None, foreign_key="task.id")
    # exercise models.timestamps: created_at
    # exercise models.timestamps: updated_at

    # exercise models.project_tasks: project
    # exercise models.assignments: assignee
    # exercise models.assignments: created_by
    # exercise models.subtasks: parent
    # exercise models.subtasks: subtasks
