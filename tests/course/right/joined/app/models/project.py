"""What tasks belong to."""

from typing import TYPE_CHECKING, Any

from sqlalchemy import CheckConstraint, Column
from sqlalchemy.ext.mutable import MutableDict
from sqlalchemy.orm import relationship
from sqlmodel import Field, Relationship

from ..vocabulary import ProjectStatus
from .columns import json_type, one_of
from .mixins import Changing, Owned, TextField
from .registry import Base

if TYPE_CHECKING:
    from .task import Task


class Project(Base, Owned, Changing, table=True):
    """A named body of work; deleting it deletes its tasks.

    Columns: ``name`` (text, required), ``description`` (text or None), ``status`` (text,
    "active" unless told), ``meta`` (a dict, empty unless told; the *column* is called
    ``metadata``, a name SQLAlchemy keeps for itself on the class), ``created_at`` and
    ``updated_at`` (aware, UTC; ``updated_at`` moves with every change, by whatever
    statement).

    ``meta`` is JSONB on PostgreSQL and JSON on SQLite (``json_type()``), and a key set in
    place is saved (``MutableDict``).

    Relationship: ``tasks``, along ``Task.project_id``, and ``Task.project`` is its other end
    (``back_populates``). They go with their project (``cascade_delete``); the database
    deletes them, the ORM need not load them first (``passive_deletes``).

    Rule, a constraint with a name: ``status`` is one of ``ProjectStatus``.
    """

    __table_args__ = (CheckConstraint(one_of("status", ProjectStatus), name="status"),)

    id: int | None = Field(default=None, primary_key=True)
    name: str = TextField()
    description: str | None = TextField(None)
    status: ProjectStatus = TextField("active")
    meta: dict[str, Any] = Field(
        default_factory=dict,
        sa_column=Column(
            "metadata", MutableDict.as_mutable(json_type()), nullable=False, default=dict
        ),
    )

    tasks: list["Task"] = Relationship(
        sa_relationship=relationship(
            "Task",
            foreign_keys="Task.project_id",
            back_populates="project",
            cascade="all, delete-orphan",
            passive_deletes=True,
        )
    )
