"""What tasks belong to."""

from datetime import datetime
from typing import TYPE_CHECKING, Any

from sqlalchemy import CheckConstraint, Column
from sqlalchemy.ext.mutable import MutableDict
from sqlmodel import Field, Relationship

from ..vocabulary import ProjectStatus
from .columns import json_type, one_of, utc_now
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

    # exercise models.project: the columns of a project

    id: int | None = Field(default=None, primary_key=True)
    # exercise models.json: meta
    # exercise models.timestamps: created_at
    # exercise models.timestamps: updated_at

    # exercise models.project_tasks: tasks
