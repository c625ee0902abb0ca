"""Those who do the work: people and agents."""

from typing import TYPE_CHECKING

from sqlalchemy import CheckConstraint, UniqueConstraint
from sqlalchemy.orm import relationship
from sqlmodel import Field, Relationship

from ..vocabulary import HANDLE_ALPHABET, HANDLE_LENGTH, WorkerType
from .columns import one_of
from .mixins import Created, Owned, TextField
from .registry import Base

if TYPE_CHECKING:
    from .task import Task


class Worker(Base, Owned, Created, table=True):
    """A person or an agent who creates tasks and is assigned to them.

    Columns: ``handle`` (text, required), ``type`` (text, "human" unless told), ``email``
    (text or None), ``created_at`` (the moment of creation, aware, UTC).

    Relationships: ``assigned_tasks`` and ``created_tasks`` both reach ``Task``, each along
    its own key, with ``Task.assignee`` and ``Task.created_by`` at the other end
    (``back_populates``). Deleting a worker leaves assigned tasks unassigned; a worker who created
    tasks or appears in the audit log can't be deleted. The database does both, so the ORM
    must keep its hands off (``passive_deletes``: ``True`` and ``"all"``).

    Rules, each a constraint with a name: ``handle`` is unique among a tenant's workers, and is
    "@" and then 1 to 49 of a-z, 0-9, "_" and "-"; ``type`` is one of ``WorkerType``.
    """

    __table_args__ = (
        UniqueConstraint("tenant_id", "handle", name="uq_worker_tenant_id_handle"),
        # What is left without the alphabet at the end is the "@" at the start. Both databases
        # have rtrim; SQLite has no regular expressions.
        CheckConstraint(
            f"rtrim(handle, '{HANDLE_ALPHABET}') = '@'"
            f" AND length(handle) BETWEEN 2 AND {HANDLE_LENGTH}",
            name="handle",
        ),
        CheckConstraint(one_of("type", WorkerType), name="type"),
    )

    id: int | None = Field(default=None, primary_key=True)
    handle: str = TextField()
    type: WorkerType = TextField("human")
    email: str | None = TextField(None)

    assigned_tasks: list["Task"] = Relationship(
        sa_relationship=relationship(
            "Task",
            foreign_keys="Task.assignee_id",
            back_populates="assignee",
            passive_deletes=True,
        )
    )
    created_tasks: list["Task"] = Relationship(
        sa_relationship=relationship(
            "Task",
            foreign_keys="Task.created_by_id",
            back_populates="created_by",
            passive_deletes="all",
        )
    )
