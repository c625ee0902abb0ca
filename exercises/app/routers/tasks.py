"""Tasks, one at a time and in pages.

``TaskService`` does it. A new task's project is in the path, and its creator in the body beside
the fields of a ``TaskCreate``. In a ``TaskUpdate`` a field left out is another thing than null.
"""

from typing import Annotated

from fastapi import APIRouter, Query, Request, Response

from ..models import Task
from ..problems import problems
from ..schemas import RowId, TaskCreate, TaskRead
from ..services.task_service import TaskService
from ..vocabulary import TaskStatus
from .bodies import Assignee, NewTask, TaskChange
from .dependencies import KnownTask, Session, known_project

router = APIRouter(tags=["tasks"])


@router.post(
    "/projects/{project_id}/tasks",
    status_code=201,
    response_model=TaskRead,
    responses=problems(400, 404, 409, 422),
)
async def add_task(project_id: RowId, body: NewTask, session: Session) -> Task:
    """Add a task to a project."""
    raise NotImplementedError("exercise api.tasks")


@router.get(
    "/projects/{project_id}/tasks",
    response_model=list[TaskRead],
    responses={
        200: {"headers": {"Link": {"description": 'rel="next"', "schema": {"type": "string"}}}},
        **problems(404, 422),
    },
)
async def list_tasks(
    project_id: RowId,
    session: Session,
    request: Request,
    response: Response,
    status: TaskStatus | None = None,
    limit: Annotated[int, Query(ge=1, le=100)] = 50,
    after: RowId | None = None,
) -> list[Task]:
    """List a project's tasks by ascending id, a page at a time.

    At most ``limit`` of them, from the one that follows the task ``after``; only those of a
    ``status``, if it is given. Where there are more, the header ``Link`` leads to the next page
    with all parameters kept: ``</projects/1/tasks?limit=50&after=70>; rel="next"``. An unknown
    project is a 404, one without tasks an empty page.
    """
    raise NotImplementedError("exercise api.pages")


@router.get("/tasks/{task_id}", response_model=TaskRead, responses=problems(404, 422))
async def read_task(task: KnownTask) -> Task:
    """Read a task."""
    return task


@router.patch("/tasks/{task_id}", response_model=TaskRead, responses=problems(400, 404, 409, 422))
async def change_task(task: KnownTask, body: TaskChange, session: Session) -> Task:
    """Change what the body names; null clears where it may."""
    raise NotImplementedError("exercise api.tasks")


@router.delete("/tasks/{task_id}", status_code=204, responses=problems(404, 422))
async def remove_task(task: KnownTask, session: Session) -> None:
    """Delete a task; its subtasks stay."""
    raise NotImplementedError("exercise api.tasks")


@router.put("/tasks/{task_id}/assignee", response_model=TaskRead, responses=problems(400, 404, 422))
async def assign_task(task: KnownTask, body: Assignee, session: Session) -> Task:
    """Give a task to a worker, or to nobody."""
    raise NotImplementedError("exercise api.tasks")
