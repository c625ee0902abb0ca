"""Given: what requests carry, and an example of each for the OpenAPI."""

from typing import Annotated

from fastapi import Body
from pydantic import Field

from ..schemas import Input, ProjectCreate, RowId, TaskFields, TaskUpdate, Title, WorkerCreate


class ProjectBody(ProjectCreate):
    """A new project, who creates it, and the titles of its first tasks."""

    created_by_id: RowId
    task_titles: list[Title] = Field(default_factory=list, max_length=10_000)


class TaskBody(TaskFields):
    """A new task of the project in the path, and who creates it."""

    created_by_id: RowId


class AssigneeBody(Input):
    """Who is to do it; null for nobody."""

    worker_id: RowId | None


class Completed(Input):
    """How many tasks were not completed before."""

    completed: int


# There is no authentication, so a request says who creates. Where there is, the token says it.
NewWorker = Annotated[
    WorkerCreate,
    Body(examples=[{"handle": "@kim", "type": "human", "email": "kim@example.com"}]),
]
NewProject = Annotated[
    ProjectBody,
    Body(
        examples=[
            {
                "name": "Launch",
                "metadata": {"color": "green"},
                "task_titles": ["Write", "Review"],
                "created_by_id": 1,
            }
        ]
    ),
]
NewTask = Annotated[
    TaskBody,
    Body(
        examples=[
            {
                "title": "Write the announcement",
                "priority": "high",
                "tags": ["text"],
                "due_date": "2030-01-31T12:00:00Z",
                "created_by_id": 1,
            }
        ]
    ),
]
TaskChange = Annotated[TaskUpdate, Body(examples=[{"status": "in_progress", "due_date": None}])]
Assignee = Annotated[AssigneeBody, Body(examples=[{"worker_id": 1}, {"worker_id": None}])]
