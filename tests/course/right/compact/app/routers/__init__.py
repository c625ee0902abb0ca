"""All routes. Each opens its session, and has closed it before its answer goes out."""

from typing import Annotated, Any
from urllib.parse import urlencode

from fastapi import APIRouter, Body, Query, Request, Response
from pydantic import Field
from sqlmodel import exists, select
from sqlmodel.ext.asyncio.session import AsyncSession

from ..database import get_engine
from ..errors import NotFoundError
from ..models import Project, Task, Worker
from ..problems import Unready, answers
from ..production import check_health
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
from ..services.project_service import (
    complete_project_tasks,
    create_project_with_tasks,
    delete_project,
)
from ..services.task_service import TaskService
from ..services.worker_service import create_worker
from ..tenancy import tenant_session_factory
from ..vocabulary import TaskStatus

router = APIRouter()


def opened() -> AsyncSession:
    return tenant_session_factory(get_engine())()


class NewProject(ProjectCreate):
    created_by_id: RowId
    task_titles: list[Title] = Field(default_factory=list, max_length=10_000)


class NewTask(TaskFields):
    created_by_id: RowId


class Assignee(Input):
    worker_id: RowId | None


async def task_of(session: AsyncSession, task_id: int) -> Task:
    """The task, and the transaction of the look is over."""
    task = await TaskService(session).get(task_id)
    await session.commit()
    if task is None:
        raise NotFoundError(f"no task {task_id}")
    return task


async def must_have(session: AsyncSession, project_id: int) -> None:
    there = await session.scalar(select(exists(select(Project.id).where(Project.id == project_id))))
    await session.commit()
    if not there:
        raise NotFoundError(f"no project {project_id}")


@router.post("/workers", status_code=201, response_model=WorkerRead, responses=answers(409, 422))
async def add_worker(body: WorkerCreate) -> Any:
    async with opened() as session:
        return await create_worker(session, body)


@router.get("/workers/{worker_id}", response_model=WorkerRead, responses=answers(404, 422))
async def read_worker(worker_id: RowId) -> Any:
    async with opened() as session:
        worker = await session.get(Worker, worker_id)
    if worker is None:
        raise NotFoundError(f"no worker {worker_id}")
    return worker


@router.post("/projects", status_code=201, response_model=ProjectRead, responses=answers(404, 422))
async def add_project(body: NewProject) -> Any:
    fields = body.model_dump(exclude={"created_by_id", "task_titles"})
    async with opened() as session:
        return await create_project_with_tasks(
            session, ProjectCreate(**fields), body.task_titles, body.created_by_id
        )


@router.get("/projects/{project_id}", response_model=ProjectRead, responses=answers(404, 422))
async def read_project(project_id: RowId) -> Any:
    async with opened() as session:
        project = await session.get(Project, project_id)
    if project is None:
        raise NotFoundError(f"no project {project_id}")
    return project


@router.delete("/projects/{project_id}", status_code=204, responses=answers(404, 422))
async def remove_project(project_id: RowId) -> None:
    async with opened() as session:
        await delete_project(session, project_id)


@router.post("/projects/{project_id}/complete", responses=answers(404, 422))
async def complete(project_id: RowId) -> dict[str, int]:
    async with opened() as session:
        await must_have(session, project_id)
        return {"completed": await complete_project_tasks(session, project_id)}


@router.post(
    "/projects/{project_id}/tasks",
    status_code=201,
    response_model=TaskRead,
    responses=answers(404, 409, 422),
)
async def add_task(project_id: RowId, body: NewTask) -> Any:
    data = TaskCreate(project_id=project_id, **body.model_dump(exclude={"created_by_id"}))
    async with opened() as session:
        return await TaskService(session).create(data, body.created_by_id)


@router.get(
    "/projects/{project_id}/tasks", response_model=list[TaskRead], responses=answers(404, 422)
)
async def list_tasks(
    request: Request,
    response: Response,
    project_id: RowId,
    status: TaskStatus | None = None,
    limit: Annotated[int, Query(ge=1, le=100)] = 50,
    after: RowId | None = None,
) -> Any:
    async with opened() as session:
        await must_have(session, project_id)
        tasks = await TaskService(session).list_by_project(
            project_id, status, limit=limit + 1, after_id=after
        )
    if len(tasks) > limit:
        query = {**request.query_params, "after": tasks[limit - 1].id}
        response.headers["Link"] = f'<{request.url.path}?{urlencode(query)}>; rel="next"'
    return tasks[:limit]


@router.get("/tasks/{task_id}", response_model=TaskRead, responses=answers(404, 422))
async def read_task(task_id: RowId) -> Any:
    async with opened() as session:
        return await task_of(session, task_id)


@router.patch("/tasks/{task_id}", response_model=TaskRead, responses=answers(404, 409, 422))
async def change_task(task_id: RowId, body: TaskUpdate) -> Any:
    async with opened() as session:
        return await TaskService(session).update(await task_of(session, task_id), body)


@router.delete("/tasks/{task_id}", status_code=204, responses=answers(404, 422))
async def remove_task(task_id: RowId) -> None:
    async with opened() as session:
        await TaskService(session).delete(await task_of(session, task_id))


@router.put("/tasks/{task_id}/assignee", response_model=TaskRead, responses=answers(404, 422))
async def assign_task(task_id: RowId, body: Annotated[Assignee, Body()]) -> Any:
    async with opened() as session:
        return await TaskService(session).assign(await task_of(session, task_id), body.worker_id)


@router.get("/health/live")
async def live() -> dict[str, str]:
    return {"status": "alive"}


@router.get("/health/ready", responses=answers(503))
async def ready() -> dict[str, str]:
    health = await check_health(get_engine())
    if health.status != 200:
        raise Unready
    return {"status": "ready"}
