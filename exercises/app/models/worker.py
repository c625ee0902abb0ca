"""Those who do the work: people and agents."""

from datetime import datetime
from typing import TYPE_CHECKING

from sqlalchemy import CheckConstraint, UniqueConstraint
from sqlmodel import Field, Relationship

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

    # exercise models.worker: the columns of a worker

    id: int | None = Field(default=None, primary_key=True)
    # exercise models.timestamps: created_at

    # exercise models.assignments: assigned_tasks
    # exercise models.assignments: created_tasks
