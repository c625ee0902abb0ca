"""Workers, projects and tasks. A session a request, closed before its answer goes out.

There is no authentication: who creates stands in the body. Where a token says it, it is read
where ``work`` opens the session, and the field leaves the bodies.
"""

from typing import Annotated, Any
from urllib.parse import urlencode

from fastapi import APIRouter, Query, Request
from pydantic import BaseModel, Field
from sqlmodel import select
from sqlmodel.ext.asyncio.session import AsyncSession
from starlette.responses import Response

from ..database import get_engine
from ..errors import NotFoundError
from ..models import Project, Task, Worker
from ..problems import described
from ..schemas import (
    Input,
    ProjectCreate,
    ProjectRead,
    RowId,
    TaskCreate,
    TaskFields,
    TaskRead,
    TaskUpdate,
    Title,
    WorkerCreate,
    WorkerRead,
)
from ..services import (
    TaskService,
    complete_project_tasks,
    create_project_with_tasks,
    create_worker,
    delete_project,
)
from ..tenancy import tenant_session_factory
from ..vocabulary import TaskStatus

router = APIRouter()


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


class Completed(BaseModel):
    completed: int


def work() -> AsyncSession:
    """The request's session, for its tenant: async with work() as session."""
    return tenant_session_factory(get_engine())()


def answer(kind: type[BaseModel], row: object, status: int = 200, location: str = "") -> Response:
    """A row as JSON."""
    headers = {"Location": location} if location else None
    body = kind.model_validate(row).model_dump_json()
    return Response(body, status, headers, "application/json")


async def found(session: AsyncSession, model: Any, row_id: int) -> Any:
    """The row, or a NotFoundError. The look is over before a service begins its transaction."""
    row = (await session.exec(select(model).where(model.id == row_id))).one_or_none()
    if row is None:
        raise NotFoundError(f"There is no {model.__tablename__} {row_id}.")
    await session.commit()
    return row


@router.post(
    "/workers", status_code=201, responses={201: {"model": WorkerRead}, **described(400, 409, 422)}
)
async def add_worker(body: WorkerCreate) -> Response:
    async with work() as session:
        worker = await create_worker(session, body)
    return answer(WorkerRead, worker, 201, f"/workers/{worker.id}")


@router.get("/workers/{worker_id}", responses={200: {"model": WorkerRead}, **described(404, 422)})
async def read_worker(worker_id: RowId) -> Response:
    async with work() as session:
        return answer(WorkerRead, await found(session, Worker, worker_id))


@router.post(
    "/projects", status_code=201, responses={201: {"model": ProjectRead}, **described(400, 404, 422)}
)
async def add_project(body: ProjectBody) -> Response:
    data = ProjectCreate.model_validate(body.model_dump(include=set(ProjectCreate.model_fields)))
    async with work() as session:
        project = await create_project_with_tasks(
            session, data, body.task_titles, body.created_by_id
        )
    return answer(ProjectRead, project, 201, f"/projects/{project.id}")


@router.get(
    "/projects/{project_id}", responses={200: {"model": ProjectRead}, **described(404, 422)}
)
async def read_project(project_id: RowId) -> Response:
    async with work() as session:
        return answer(ProjectRead, await found(session, Project, project_id))


@router.delete("/projects/{project_id}", status_code=204, responses=described(404, 422))
async def remove_project(project_id: RowId) -> Response:
    async with work() as session:
        await delete_project(session, project_id)
    return Response(status_code=204)


@router.post(
    "/projects/{project_id}/complete", responses={200: {"model": Completed}, **described(404, 422)}
)
async def complete_project(project_id: RowId) -> Response:
    async with work() as session:
        completed = await complete_project_tasks(session, project_id)
        if not completed:
            await found(session, Project, project_id)
    return answer(Completed, {"completed": completed})


@router.post(
    "/projects/{project_id}/tasks",
    status_code=201,
    responses={201: {"model": TaskRead}, **described(400, 404, 409, 422)},
)
async def add_task(project_id: RowId, body: TaskBody) -> Response:
    fields = body.model_dump(exclude={"created_by_id"}) | {"project_id": project_id}
    async with work() as session:
        task = await TaskService(session).create(TaskCreate(**fields), body.created_by_id)
    return answer(TaskRead, task, 201, f"/tasks/{task.id}")


@router.get(
    "/projects/{project_id}/tasks", responses={200: {"model": list[TaskRead]}, **described(404, 422)}
)
async def list_tasks(
    request: Request,
    project_id: RowId,
    status: TaskStatus | None = None,
    limit: Annotated[int, Query(ge=1, le=100)] = 50,
    after: RowId | None = None,
) -> Response:
    async with work() as session:
        tasks = await TaskService(session).list_by_project(
            project_id, status, limit=limit + 1, after_id=after
        )
        if not tasks:
            await found(session, Project, project_id)
    page = tasks[:limit]
    headers = {}
    if len(tasks) > limit:
        parameters = {**request.query_params, "limit": str(limit), "after": str(page[-1].id)}
        headers["Link"] = f'<{request.url.path}?{urlencode(parameters)}>; rel="next"'
    rows = ",".join(TaskRead.model_validate(task).model_dump_json() for task in page)
    return Response(f"[{rows}]", 200, headers, "application/json")


@router.get("/tasks/{task_id}", responses={200: {"model": TaskRead}, **described(404, 422)})
async def read_task(task_id: RowId) -> Response:
    async with work() as session:
        return answer(TaskRead, await found(session, Task, task_id))


@router.patch(
    "/tasks/{task_id}", responses={200: {"model": TaskRead}, **described(400, 404, 409, 422)}
)
async def change_task(task_id: RowId, body: TaskUpdate) -> Response:
    async with work() as session:
        task = await TaskService(session).update(await found(session, Task, task_id), body)
    return answer(TaskRead, task)


@router.delete("/tasks/{task_id}", status_code=204, responses=described(404, 422))
async def remove_task(task_id: RowId) -> Response:
    async with work() as session:
        await TaskService(session).delete(await found(session, Task, task_id))
    return Response(status_code=204)


@router.put(
    "/tasks/{task_id}/assignee", responses={200: {"model": TaskRead}, **described(400, 404, 422)}
)
async def assign_task(task_id: RowId, body: AssigneeBody) -> Response:
    async with work() as session:
        task = await TaskService(session).assign(await found(session, Task, task_id), body.worker_id)
    return answer(TaskRead, task)
