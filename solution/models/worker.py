"""Those who do the work: people and agents."""

from datetime import datetime
from typing import TYPE_CHECKING

from sqlalchemy import CheckConstraint, UniqueConstraint
from sqlmodel import Field, Relationship

from ..context import required_tenant
from ..vocabulary import HANDLE_ALPHABET, HANDLE_LENGTH, WorkerType
from .columns import one_of, utc_now
from .registry import Base

if TYPE_CHECKING:
    from .task import Task


class Worker(Base, table=True):
    """A person or an agent who creates tasks and is assigned to them.

    Columns: ``handle`` (text, required), ``type`` (text, "human" unless told), ``email``
    (text or None: people have one, agents need none), ``created_at`` (the moment of creation,
    aware, UTC).

    Relationships: ``assigned_tasks`` and ``created_tasks`` both reach ``Task``, each along
    its own key, with ``Task.assignee`` and ``Task.created_by`` at the other end
    (``back_populates``). Deleting a worker leaves assigned tasks unassigned; a worker who created
    tasks or appears in the audit log can't be deleted. The database does both, so the ORM must
    keep its hands off: ``passive_deletes=True`` leaves alone children that aren't loaded,
    ``"all"`` leaves them all alone, and RESTRICT answers.

    Rules, each a constraint with a name: ``handle`` is unique, and is "@" and then 1 to 49
    of a-z, 0-9, "_" and "-"; ``type`` is one of ``WorkerType``.
    """

    __table_args__ = (
        UniqueConstraint("tenant_id", "handle"),
        # No regular expressions on SQLite: what is left after trimming the alphabet is empty.
        CheckConstraint(
            "substr(handle, 1, 1) = '@' "
            f"AND length(handle) BETWEEN 2 AND {HANDLE_LENGTH} "
            f"AND ltrim(substr(handle, 2), '{HANDLE_ALPHABET}') = ''",
            name="handle",
        ),
        CheckConstraint(one_of("type", WorkerType), name="type"),
    )

    id: int | None = Field(default=None, primary_key=True)
    tenant_id: int = Field(default_factory=required_tenant, foreign_key="tenant.id")
    handle: str
    type: str = "human"
    email: str | None = None
    created_at: datetime = Field(default_factory=utc_now)

    assigned_tasks: list["Task"] = Relationship(
        back_populates="assignee",
        passive_deletes=True,
        sa_relationship_kwargs={"foreign_keys": "Task.assignee_id"},
    )
    created_tasks: list["Task"] = Relationship(
        back_populates="created_by",
        passive_deletes="all",
        sa_relationship_kwargs={"foreign_keys": "Task.created_by_id"},
    )
