"""Tasks."""

from datetime import datetime
from typing import ClassVar, Optional

from sqlalchemy import Column, ForeignKeyConstraint, Index, String
from sqlalchemy.ext.mutable import Mutable
from sqlmodel import Field, Relationship

from .entity import TRACKED_LIST, Changing, Entity, rule, words
from .project import Project
from .types import Moment, PortableJSON
from .worker import Worker


def _key(column: str, target: str, name: str, ondelete: str) -> ForeignKeyConstraint:
    return ForeignKeyConstraint([column], [f"{target}.id"], name=name, ondelete=ondelete)


class Task(Entity, Changing, table=True):
    __tablename__ = "task"
    __table_args__ = (
        _key("project_id", "project", "task_project", "CASCADE"),
        _key("assignee_id", "worker", "task_assignee", "SET NULL"),
        _key("created_by_id", "worker", "task_creator", "RESTRICT"),
        _key("parent_task_id", "task", "task_parent", "SET NULL"),
        Index("task_of_project", "project_id", "status", "id"),
        Index("task_of_assignee", "assignee_id", "due_date"),
        Index("task_of_creator", "created_by_id"),
        Index("task_of_parent", "parent_task_id"),
        rule("task", "title", "length(title) BETWEEN 1 AND 500"),
        rule(
            "task",
            "status",
            words("status", "pending", "in_progress", "review", "blocked", "completed"),
        ),
        rule("task", "priority", words("priority", "low", "medium", "high", "critical")),
        rule("task", "parent_is_another", "parent_task_id IS NULL OR parent_task_id <> id"),
    )
    mutable: ClassVar[dict[str, type[Mutable]]] = {"tags": TRACKED_LIST}

    title: str = Field(sa_column=Column(String(500), nullable=False))
    description: str | None = None
    status: str = "pending"
    priority: str = "medium"
    tags: list[str] = Field(
        default_factory=list,
        sa_column=Column(TRACKED_LIST.as_mutable(PortableJSON()), nullable=False, default=list),
    )
    project_id: int
    assignee_id: int | None = None
    created_by_id: int
    parent_task_id: int | None = None
    due_date: datetime | None = Field(default=None, sa_type=Moment)

    project: Project = Relationship(back_populates="tasks")
    assignee: Worker | None = Relationship(
        back_populates="assigned_tasks",
        sa_relationship_kwargs={
            "primaryjoin": "Worker.id == Task.assignee_id",
            "foreign_keys": "Task.assignee_id",
        },
    )
    created_by: Worker = Relationship(
        back_populates="created_tasks",
        sa_relationship_kwargs={
            "primaryjoin": "Worker.id == Task.created_by_id",
            "foreign_keys": "Task.created_by_id",
        },
    )
    parent: Optional["Task"] = Relationship(
        back_populates="subtasks",
        sa_relationship_kwargs={"remote_side": lambda: Task.id},
    )
    subtasks: list["Task"] = Relationship(back_populates="parent", passive_deletes=True)
