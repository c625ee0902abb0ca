"""What tasks belong to."""

from typing import TYPE_CHECKING, Any

from sqlalchemy import CheckConstraint, Column, UniqueConstraint
from sqlalchemy.ext.mutable import MutableDict
from sqlmodel import Field

from ..vocabulary import ProjectStatus
from .columns import json_type, one_of
from .parts import Stamped, link
from .registry import Base
from .tenant import Owned

if TYPE_CHECKING:
    from .task import Task


class Project(Base, Owned, Stamped, table=True):
    """A named body of work; deleting it deletes its tasks.

    Columns: ``name`` (text, required), ``description`` (text or None), ``status`` (text,
    "active" unless told), ``meta`` (a dict, empty unless told; the *column* is called
    ``metadata``, a name SQLAlchemy keeps for itself on the class), ``created_at`` and
    ``updated_at`` (aware, UTC; ``updated_at`` moves with every change, by whatever
    statement).

    ``meta`` is JSONB on PostgreSQL and JSON on SQLite (``json_type()``), and a key set in
    place is saved (``MutableDict``).

    Relationship: ``tasks``, along ``Task.project_id``; the database deletes them, the ORM
    need not load them first.

    Rule, a constraint with a name: ``status`` is one of ``ProjectStatus``.
    """

    __table_args__ = (
        UniqueConstraint("tenant_id", "id"),
        CheckConstraint(one_of("status", ProjectStatus), name="status_known"),
    )

    id: int | None = Field(default=None, primary_key=True)
    name: str
    description: str | None = None
    status: str = Field(default="active", sa_column_kwargs={"server_default": "active"})
    meta: dict[str, Any] = Field(
        default_factory=dict,
        sa_column=Column(
            "metadata", MutableDict.as_mutable(json_type()), nullable=False, default=dict
        ),
    )

    # "all": to delete loaded tasks one by one, the ORM would have to look at what isn't loaded.
    tasks: list["Task"] = link("Task.project_id", "Project.id", "project", passive_deletes="all")
