"""Given: what callers send to the database layer and what they get to read."""

import re
from datetime import UTC, datetime
from math import isfinite
from typing import Annotated, Any, TypeVar

from pydantic import (
    AfterValidator,
    AliasChoices,
    AwareDatetime,
    BaseModel,
    ConfigDict,
    Field,
    JsonValue,
    StringConstraints,
)

from .vocabulary import (
    HANDLE_ALPHABET,
    HANDLE_LENGTH,
    TITLE_LENGTH,
    ProjectStatus,
    TaskPriority,
    TaskStatus,
    WorkerType,
)

T = TypeVar("T", bound=JsonValue)
UNSTORABLE = re.compile("[\0\ud800-\udfff]")


def storable(value: T) -> T:
    """Refuse what PostgreSQL's text and jsonb can't hold: NUL, half a character, NaN, infinity."""
    if isinstance(value, str) and UNSTORABLE.search(value):
        raise ValueError("text can't hold a NUL character or half of a surrogate pair")
    if isinstance(value, float) and not isfinite(value):
        raise ValueError("JSON has no NaN and no infinity")
    if isinstance(value, dict):
        storable([*value, *value.values()])
    if isinstance(value, list):
        for item in value:
            storable(item)
    return value


# The OpenAPI says it too, as far as a pattern can.
Text = Annotated[str, AfterValidator(storable), Field(json_schema_extra={"pattern": r"^[^\x00]*$"})]
Title = Annotated[Text, StringConstraints(min_length=1, max_length=TITLE_LENGTH)]
Handle = Annotated[
    str, StringConstraints(pattern=rf"^@[{HANDLE_ALPHABET}]{{1,{HANDLE_LENGTH - 1}}}$")
]
Tags = list[Text]
Meta = Annotated[dict[Text, JsonValue], AfterValidator(storable)]
# The column is a 32-bit integer on PostgreSQL, counted from 1.
RowId = Annotated[int, Field(ge=1, le=2**31 - 1)]
# A day away from either end of the calendar, so that every zone's moment has a UTC form.
Moment = Annotated[
    AwareDatetime,
    Field(ge=datetime(1, 1, 2, tzinfo=UTC), le=datetime(9999, 12, 30, tzinfo=UTC)),
]


class Input(BaseModel):
    """What a caller sends; a field nobody knows is an error, not a silence."""

    model_config = ConfigDict(extra="forbid")


class WorkerCreate(Input):
    """A new worker."""

    handle: Handle
    type: WorkerType = "human"
    email: Text | None = None


class ProjectCreate(Input):
    """A new project; JSON may say ``metadata`` or ``meta``."""

    name: Annotated[Text, StringConstraints(min_length=1)]
    description: Text | None = None
    status: ProjectStatus = "active"
    meta: Meta = Field(default_factory=dict, validation_alias=AliasChoices("metadata", "meta"))


class TaskFields(Input):
    """What a new task is, wherever it belongs."""

    title: Title
    description: Text | None = None
    status: TaskStatus = "pending"
    priority: TaskPriority = "medium"
    tags: Tags = Field(default_factory=list)
    assignee_id: RowId | None = None
    parent_task_id: RowId | None = None
    due_date: Moment | None = None


class TaskCreate(TaskFields):
    """A new task of a project."""

    project_id: RowId


# A default that is never validated, of a field that takes no None from a caller.
LEFT_OUT: Any = None


class TaskUpdate(Input):
    """The fields to change: left out stays as it is, ``None`` clears where it may.

    ``model_dump(exclude_unset=True)`` tells the two apart. A title, status, priority or
    list of tags can be left out, never cleared; a task keeps its project.
    """

    title: Title = LEFT_OUT
    description: Text | None = None
    status: TaskStatus = LEFT_OUT
    priority: TaskPriority = LEFT_OUT
    tags: Tags = LEFT_OUT
    assignee_id: RowId | None = None
    parent_task_id: RowId | None = None
    due_date: Moment | None = None


class Output(BaseModel):
    """What a caller reads, made from a row by ``model_validate(row)``."""

    model_config = ConfigDict(from_attributes=True, serialize_by_alias=True)

    id: int
    created_at: AwareDatetime


class WorkerRead(Output):
    """A worker as stored."""

    handle: str
    type: WorkerType
    email: str | None


class ProjectRead(Output):
    """A project as stored, its ``meta`` called ``metadata`` outside Python."""

    name: str
    description: str | None
    status: ProjectStatus
    # ``meta`` first: a row's attribute ``metadata`` is SQLAlchemy's, not ours.
    meta: dict[str, JsonValue] = Field(
        validation_alias=AliasChoices("meta", "metadata"), serialization_alias="metadata"
    )
    updated_at: AwareDatetime


class TaskRead(Output):
    """A task as stored."""

    title: str
    description: str | None
    status: TaskStatus
    priority: TaskPriority
    tags: list[str]
    project_id: int
    assignee_id: int | None
    created_by_id: int
    parent_task_id: int | None
    updated_at: AwareDatetime
    due_date: AwareDatetime | None
