from datetime import UTC, datetime
from typing import Any

from sqlmodel import Field, Relationship

from .enums import ProjectStatus, choice
from .json_columns import TracksJson, json_dict


def _now() -> datetime:
    return datetime.now(UTC)


class Project(TracksJson, table=True):
    __tablename__ = "project"

    id: int | None = Field(default=None, primary_key=True)
    name: str
    description: str | None = Field(default=None)
    status: ProjectStatus = Field(
        default=ProjectStatus.ACTIVE, sa_type=choice(ProjectStatus, "ck_project_status")
    )
    meta: dict[str, Any] = Field(
        default_factory=dict,
        sa_type=json_dict(),
        sa_column_kwargs={"name": "metadata"},
        nullable=False,
    )
    created_at: datetime = Field(default_factory=_now)
    updated_at: datetime = Field(default_factory=_now, sa_column_kwargs={"onupdate": _now})

    tasks: list["Task"] = Relationship(
        back_populates="project",
        sa_relationship_kwargs={
            "foreign_keys": "[Task.project_id]",
            "cascade": "all, delete-orphan",
            "passive_deletes": True,
        },
    )
