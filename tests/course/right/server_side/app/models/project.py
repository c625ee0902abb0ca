"""What tasks belong to."""

from datetime import datetime
from typing import TYPE_CHECKING, Any

from sqlalchemy import Column, Text, text
from sqlalchemy.ext.mutable import MutableDict
from sqlalchemy.orm import relationship
from sqlmodel import Field, Relationship

from .borders import doorway
from .columns import json_type, owner, pk, stamped
from .registry import Base
from .words import ProjectState, Word, only

if TYPE_CHECKING:
    from .task import Task


class Project(Base, table=True):
    __table_args__ = (doorway("project"), only("status", ProjectState, "project_status_known"))

    id: int | None = Field(default=None, sa_column=pk())
    tenant_id: int = Field(default=None, sa_column=owner("project"))
    name: str = Field(sa_column=Column(Text, nullable=False))
    description: str | None = Field(default=None, sa_column=Column(Text))
    status: str = Field(
        default=ProjectState.ACTIVE,
        sa_column=Column(
            Word(ProjectState), nullable=False, server_default=ProjectState.ACTIVE.value
        ),
    )
    meta: dict[str, Any] = Field(
        default_factory=dict,
        sa_column=Column(
            "metadata",
            MutableDict.as_mutable(json_type()),
            nullable=False,
            server_default=text("'{}'"),
        ),
    )
    created_at: datetime = Field(default=None, sa_column=stamped("created_at"))
    updated_at: datetime = Field(default=None, sa_column=stamped("updated_at", on_change=True))

    tasks: list["Task"] = Relationship(
        sa_relationship=relationship(
            "Task",
            primaryjoin="Project.id == foreign(Task.project_id)",
            back_populates="project",
            cascade="save-update, merge, delete",
            passive_deletes=True,
        )
    )
