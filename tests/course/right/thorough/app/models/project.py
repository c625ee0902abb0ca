"""Projects."""

from typing import TYPE_CHECKING, Any, ClassVar

from sqlalchemy import Column
from sqlalchemy.ext.mutable import Mutable
from sqlmodel import Field, Relationship

from .entity import TRACKED_DICT, Changing, Entity, rule, words
from .types import PortableJSON

if TYPE_CHECKING:
    from .task import Task


class Project(Entity, Changing, table=True):
    __tablename__ = "project"
    __table_args__ = (rule("project", "status", words("status", "active", "archived")),)
    mutable: ClassVar[dict[str, type[Mutable]]] = {"meta": TRACKED_DICT}

    name: str
    description: str | None = None
    status: str = "active"
    meta: dict[str, Any] = Field(
        default_factory=dict,
        sa_column=Column(
            "metadata",
            TRACKED_DICT.as_mutable(PortableJSON()),
            key="metadata",
            nullable=False,
            default=dict,
        ),
    )

    tasks: list["Task"] = Relationship(
        back_populates="project",
        cascade_delete=True,
        passive_deletes=True,
        sa_relationship_kwargs={"order_by": "Task.id"},
    )
