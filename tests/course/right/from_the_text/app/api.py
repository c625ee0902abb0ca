"""All routes, in one place."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Request, Response
from fastapi.responses import JSONResponse
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from pydantic import Field
from sqlmodel.ext.asyncio.session import AsyncSession

from .database import get_engine
from .errors import NotFoundError
from .models import Project, Task, Worker
from .people import abandon, hire
from .problem_details import answer
from .production import check_health
from .schemas import (
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
from .services import TaskService, complete_project_tasks, create_project_with_tasks
from .tenancy import tenant_context, tenant_session_factory
from .vocabulary import TaskStatus

everything = APIRouter()


class NewProject(ProjectCreate):
    created_by_id: RowId
    task_titles: list[Title] = Field(default_factory=list, max_length=10_000)


class NewTask(TaskFields):
    created_by_id: RowId


class NewAssignee(Input):
    worker_id: RowId | None


class Desk:
    """What a route works with: the request's session, and who is looked for by id."""

    def __init__(self, session: AsyncSession) -> None:
        self.session = session
        self.tasks = TaskService(session)

    async def find(self, model: type[Any], row_id: int) -> Any:
        row = await self.session.get(model, row_id)
        await self.session.commit()  # the look is over; what comes next begins anew
        if row is None:
            raise NotFoundError(f"There is no {model.__tablename__} {row_id}.")
        return row

    async def task(self, task_id: int) -> Task:
        task: Task = await self.find(Task, task_id)
        return task


async def open_desk(request: Request) -> AsyncIterator[Desk]:
    """A desk in the tenant's context, cleared before the answer goes out."""
    async with AsyncExitStack() as stack:
        if (only := request.app.state.only_tenant) is not None:
            stack.enter_context(tenant_context(only))
        session = await stack.enter_async_context(tenant_session_factory(get_engine())())
        yield Desk(session)


AtDesk = Annotated[Desk, Depends(open_desk, scope="function")]


@everything.post("/workers", status_code=201, response_model=WorkerRead)
async def post_worker(worker: WorkerCreate, desk: AtDesk) -> Any:
    return await hire(desk.session, worker)


@everything.get("/workers/{worker_id}", response_model=WorkerRead)
async def get_worker(worker_id: RowId, desk: AtDesk) -> Any:
    return await desk.find(Worker, worker_id)


@everything.post("/projects", status_code=201, response_model=ProjectRead)
async def post_project(project: NewProject, desk: AtDesk) -> Any:
    data = ProjectCreate(
        name=project.name,
        description=project.description,
        status=project.status,
        meta=project.meta,
    )
    return await create_project_with_tasks(
        desk.session, data, project.task_titles, project.created_by_id
    )


@everything.get("/projects/{project_id}", response_model=ProjectRead)
async def get_project(project_id: RowId, desk: AtDesk) -> Any:
    return await desk.find(Project, project_id)


@everything.delete("/projects/{project_id}")
async def delete_project(project_id: RowId, desk: AtDesk) -> Response:
    await abandon(desk.session, project_id)
    return Response(status_code=204)


@everything.post("/projects/{project_id}/complete")
async def complete_project(project_id: RowId, desk: AtDesk) -> dict[str, int]:
    await desk.find(Project, project_id)
    return {"completed": await complete_project_tasks(desk.session, project_id)}


@everything.post("/projects/{project_id}/tasks", status_code=201, response_model=TaskRead)
async def post_task(project_id: RowId, task: NewTask, desk: AtDesk) -> Any:
    fields = {name: getattr(task, name) for name in TaskFields.model_fields}
    return await desk.tasks.create(TaskCreate(project_id=project_id, **fields), task.created_by_id)


@everything.get("/projects/{project_id}/tasks", response_model=list[TaskRead])
async def get_tasks(
    project_id: RowId,
    desk: AtDesk,
    request: Request,
    response: Response,
    status: TaskStatus | None = None,
    limit: Annotated[int, Query(ge=1, le=100)] = 50,
    after: RowId | None = None,
) -> Any:
    await desk.find(Project, project_id)
    page = await desk.tasks.list_by_project(project_id, status, limit=limit + 1, after_id=after)
    if len(page) > limit:
        page.pop()
        url = request.url.include_query_params(after=page[-1].id)
        response.headers["Link"] = f'<{url}>; rel="next"; title="More tasks"'
    return page


@everything.get("/tasks/{task_id}", response_model=TaskRead)
async def get_task(task_id: RowId, desk: AtDesk) -> Any:
    return await desk.task(task_id)


@everything.patch("/tasks/{task_id}", response_model=TaskRead)
async def patch_task(task_id: RowId, change: TaskUpdate, desk: AtDesk) -> Any:
    return await desk.tasks.update(await desk.task(task_id), change)


@everything.delete("/tasks/{task_id}", status_code=204)
async def delete_task(task_id: RowId, desk: AtDesk) -> None:
    await desk.tasks.delete(await desk.task(task_id))


@everything.put("/tasks/{task_id}/assignee", response_model=TaskRead)
async def put_assignee(task_id: RowId, assignee: NewAssignee, desk: AtDesk) -> Any:
    return await desk.tasks.assign(await desk.task(task_id), assignee.worker_id)


@everything.get("/health/live")
async def live() -> dict[str, bool]:
    return {"alive": True}


@everything.get("/health/ready")
async def ready() -> Response:
    health = await check_health(get_engine())
    if health.status != 200:
        return answer(503, f"The database doesn't answer: {health.error}.")
    return JSONResponse({"ready": True, "seconds": health.seconds})


@everything.get("/health/metrics")
async def metrics(request: Request) -> Response:
    found = generate_latest(request.app.state.monitor.registry)
    return Response(found, headers={"Content-Type": CONTENT_TYPE_LATEST})
