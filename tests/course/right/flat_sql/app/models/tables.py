"""Tenants, workers, projects and tasks.

What is required points along (tenant_id, x_id) alone. What may be cleared by a delete needs two
keys: the simple one for SET NULL, which must not clear tenant_id, and beside it the pair, which
is checked at the commit, when the clearing is done.
"""

from datetime import datetime
from typing import Any, Optional

from sqlalchemy import (
    CheckConstraint,
    Column,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    Text,
    UniqueConstraint,
)
from sqlmodel import Field, Relationship

from ..vocabulary import (
    HANDLE_ALPHABET,
    HANDLE_LENGTH,
    TITLE_LENGTH,
    ProjectStatus,
    TaskPriority,
    TaskStatus,
    WorkerType,
)
from .columns import (
    Row,
    UtcDateTime,
    id_column,
    json_column,
    moment_column,
    one_of,
    tenant_column,
    utc_now,
    word_column,
)
from .policies import secure


class Tenant(Row, table=True):
    """A customer."""

    __tablename__ = "tenant"
    __table_args__ = (UniqueConstraint("subdomain", name="uq_tenant_subdomain"),)

    id: int | None = Field(default=None, sa_column=id_column())
    name: str = Field(sa_column=Column("name", Text, nullable=False))
    subdomain: str = Field(sa_column=Column("subdomain", Text, nullable=False))
    created_at: datetime = Field(default_factory=utc_now, sa_column=moment_column("created_at"))


class Worker(Row, table=True):
    """A person or an agent."""

    __tablename__ = "worker"
    __table_args__ = (
        UniqueConstraint("tenant_id", "handle", name="uq_worker_tenant_id_handle"),
        UniqueConstraint("tenant_id", "id", name="uq_worker_tenant_id_id"),
        # What ltrim leaves of the rest is the first character that doesn't belong there.
        CheckConstraint(
            f"length(handle) BETWEEN 2 AND {HANDLE_LENGTH} AND substr(handle, 1, 1) = '@'"
            f" AND ltrim(substr(handle, 2), '{HANDLE_ALPHABET}') = ''",
            name="ck_worker_handle",
        ),
        one_of("worker", "type", WorkerType),
    )

    id: int | None = Field(default=None, sa_column=id_column())
    tenant_id: int | None = Field(default=None, sa_column=tenant_column("worker"))
    handle: str = Field(sa_column=Column("handle", Text, nullable=False))
    type: str = Field(default="human", sa_column=word_column("type", "human"))
    email: str | None = Field(default=None, sa_column=Column("email", Text))
    created_at: datetime = Field(default_factory=utc_now, sa_column=moment_column("created_at"))

    assigned_tasks: list["Task"] = Relationship(
        back_populates="assignee",
        sa_relationship_kwargs={
            "primaryjoin": "Worker.id == Task.assignee_id",
            "foreign_keys": "Task.assignee_id",
            "passive_deletes": True,
        },
    )
    created_tasks: list["Task"] = Relationship(
        back_populates="created_by",
        sa_relationship_kwargs={
            "primaryjoin": "Worker.id == Task.created_by_id",
            "foreign_keys": "Task.created_by_id",
            "passive_deletes": "all",
        },
    )


class Project(Row, table=True):
    """What tasks belong to, and go with."""

    __tablename__ = "project"
    __table_args__ = (
        UniqueConstraint("tenant_id", "id", name="uq_project_tenant_id_id"),
        one_of("project", "status", ProjectStatus),
    )

    id: int | None = Field(default=None, sa_column=id_column())
    tenant_id: int | None = Field(default=None, sa_column=tenant_column("project"))
    name: str = Field(sa_column=Column("name", Text, nullable=False))
    description: str | None = Field(default=None, sa_column=Column("description", Text))
    status: str = Field(default="active", sa_column=word_column("status", "active"))
    meta: dict[str, Any] = Field(default_factory=dict, sa_column=json_column("metadata", dict))
    created_at: datetime = Field(default_factory=utc_now, sa_column=moment_column("created_at"))
    updated_at: datetime = Field(
        default_factory=utc_now, sa_column=moment_column("updated_at", moves=True)
    )

    tasks: list["Task"] = Relationship(
        back_populates="project",
        sa_relationship_kwargs={
            "primaryjoin": "Project.id == Task.project_id",
            "foreign_keys": "Task.project_id",
            "cascade": "save-update, merge, delete",
            "passive_deletes": True,
        },
    )


class Task(Row, table=True):
    """One piece of work."""

    __tablename__ = "task"
    __table_args__ = (
        UniqueConstraint("tenant_id", "id", name="uq_task_tenant_id_id"),
        ForeignKeyConstraint(
            ["tenant_id", "project_id"],
            ["project.tenant_id", "project.id"],
            name="fk_task_project",
            ondelete="CASCADE",
        ),
        ForeignKeyConstraint(
            ["tenant_id", "created_by_id"],
            ["worker.tenant_id", "worker.id"],
            name="fk_task_created_by",
            ondelete="RESTRICT",
        ),
        ForeignKeyConstraint(
            ["tenant_id", "assignee_id"],
            ["worker.tenant_id", "worker.id"],
            name="fk_task_assignee_tenant",
            deferrable=True,
            initially="DEFERRED",
        ),
        ForeignKeyConstraint(
            ["tenant_id", "parent_task_id"],
            ["task.tenant_id", "task.id"],
            name="fk_task_parent_tenant",
            deferrable=True,
            initially="DEFERRED",
        ),
        CheckConstraint(f"length(title) BETWEEN 1 AND {TITLE_LENGTH}", name="ck_task_title"),
        CheckConstraint("parent_task_id <> id", name="ck_task_parent"),
        one_of("task", "status", TaskStatus),
        one_of("task", "priority", TaskPriority),
        Index("ix_task_project", "tenant_id", "project_id", "id"),
        Index("ix_task_page", "tenant_id", "project_id", "status", "id"),
        Index("ix_task_created_by", "tenant_id", "created_by_id"),
        Index("ix_task_assignee", "assignee_id"),
        Index("ix_task_parent", "parent_task_id"),
    )

    id: int | None = Field(default=None, sa_column=id_column())
    tenant_id: int | None = Field(default=None, sa_column=tenant_column("task"))
    title: str = Field(sa_column=Column("title", Text, nullable=False))
    description: str | None = Field(default=None, sa_column=Column("description", Text))
    status: str = Field(default="pending", sa_column=word_column("status", "pending"))
    priority: str = Field(default="medium", sa_column=word_column("priority", "medium"))
    tags: list[str] = Field(default_factory=list, sa_column=json_column("tags", list))
    project_id: int | None = Field(
        default=None, sa_column=Column("project_id", Integer, nullable=False)
    )
    assignee_id: int | None = Field(
        default=None,
        sa_column=Column(
            "assignee_id",
            Integer,
            ForeignKey("worker.id", name="fk_task_assignee", ondelete="SET NULL"),
        ),
    )
    created_by_id: int | None = Field(
        default=None, sa_column=Column("created_by_id", Integer, nullable=False)
    )
    parent_task_id: int | None = Field(
        default=None,
        sa_column=Column(
            "parent_task_id",
            Integer,
            ForeignKey("task.id", name="fk_task_parent", ondelete="SET NULL"),
        ),
    )
    created_at: datetime = Field(default_factory=utc_now, sa_column=moment_column("created_at"))
    updated_at: datetime = Field(
        default_factory=utc_now, sa_column=moment_column("updated_at", moves=True)
    )
    due_date: datetime | None = Field(default=None, sa_column=Column("due_date", UtcDateTime))

    project: Project = Relationship(
        back_populates="tasks",
        sa_relationship_kwargs={
            "primaryjoin": "Project.id == Task.project_id",
            "foreign_keys": "Task.project_id",
        },
    )
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
        sa_relationship_kwargs={
            "primaryjoin": "remote(Task.id) == foreign(Task.parent_task_id)",
        },
    )
    subtasks: list["Task"] = Relationship(
        back_populates="parent",
        sa_relationship_kwargs={
            "primaryjoin": "Task.id == remote(foreign(Task.parent_task_id))",
            "passive_deletes": True,
        },
    )


for model in (Worker, Project, Task):
    secure(model.__table__)
