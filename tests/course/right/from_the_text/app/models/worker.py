"""Those who do the work: people and agents."""

from typing import TYPE_CHECKING

from sqlalchemy import CheckConstraint, UniqueConstraint
from sqlmodel import Field

from ..vocabulary import HANDLE_ALPHABET, HANDLE_LENGTH, WorkerType
from .columns import one_of
from .parts import Created, link
from .registry import Base
from .tenant import Owned

if TYPE_CHECKING:
    from .task import Task


class Worker(Base, Owned, Created, table=True):
    """A person or an agent who creates tasks and is assigned to them.

    Columns: ``handle`` (text, required), ``type`` (text, "human" unless told), ``email``
    (text or None), ``created_at`` (the moment of creation, aware, UTC).

    Relationships: ``assigned_tasks`` and ``created_tasks`` both reach ``Task``, each along
    its own key. Deleting a worker leaves assigned tasks unassigned; a worker who created
    tasks or appears in the audit log can't be deleted. The database does both, so the ORM
    must keep its hands off (``passive_deletes``: ``True`` and ``"all"``).

    Rules, each a constraint with a name: ``handle`` is unique per tenant, and is "@" and then 1 to 49
    of a-z, 0-9, "_" and "-"; ``type`` is one of ``WorkerType``.
    """

    __table_args__ = (
        UniqueConstraint("tenant_id", "id"),
        UniqueConstraint("tenant_id", "handle"),
        # Both databases have these functions; neither has the other's patterns.
        CheckConstraint(
            f"length(handle) BETWEEN 2 AND {HANDLE_LENGTH} AND substr(handle, 1, 1) = '@'"
            f" AND ltrim(substr(handle, 2), '{HANDLE_ALPHABET}') = ''",
            name="handle_form",
        ),
        CheckConstraint(one_of("type", WorkerType), name="type_known"),
    )

    id: int | None = Field(default=None, primary_key=True)
    handle: str
    type: str = Field(default="human", sa_column_kwargs={"server_default": "human"})
    email: str | None = None

    assigned_tasks: list["Task"] = link(
        "Task.assignee_id", "Worker.id", "assignee", passive_deletes=True
    )
    created_tasks: list["Task"] = link(
        "Task.created_by_id", "Worker.id", "created_by", passive_deletes="all"
    )
