"""What tasks belong to."""

from datetime import datetime
from typing import TYPE_CHECKING, Any

from sqlalchemy.ext.mutable import MutableDict
from sqlmodel import Field, Relationship

from ..vocabulary import ProjectStatus
from .columns import json_type, made, one_of, owned, rules, touched
from .registry import Base

if TYPE_CHECKING:
    from .task import Task


class Project(Base, table=True):
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

    __tablename__ = "project"
    __table_args__ = rules(status=one_of("status", ProjectStatus))

    id: int | None = Field(default=None, primary_key=True)
    tenant_id: int | None = owned()
    name: str
    description: str | None = None
    status: str = "active"
    meta: dict[str, Any] = Field(
        default_factory=dict,
        sa_type=MutableDict.as_mutable(json_type()),  # type: ignore[call-overload]
        sa_column_kwargs={"name": "metadata"},
    )
    created_at: datetime = made()
    updated_at: datetime = touched()

    tasks: list["Task"] = Relationship(
        back_populates="project",
        cascade_delete=True,
        passive_deletes=True,
        sa_relationship_kwargs={"primaryjoin": "Project.id == foreign(Task.project_id)"},
    )
