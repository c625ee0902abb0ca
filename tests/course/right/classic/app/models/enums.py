"""The choices of the status, priority and type columns."""

from enum import StrEnum

from sqlalchemy import Enum


class WorkerType(StrEnum):
    HUMAN = "human"
    AGENT = "agent"


class ProjectStatus(StrEnum):
    ACTIVE = "active"
    ARCHIVED = "archived"


class TaskStatus(StrEnum):
    PENDING = "pending"
    IN_PROGRESS = "in_progress"
    REVIEW = "review"
    BLOCKED = "blocked"
    COMPLETED = "completed"


class Priority(StrEnum):
    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"
    CRITICAL = "critical"


def choice(enum: type[StrEnum], name: str) -> Enum:
    """A text column with a CHECK that stores the values, not the names."""
    return Enum(
        enum,
        name=name,
        native_enum=False,
        create_constraint=True,
        length=20,
        values_callable=lambda members: [member.value for member in members],
    )
