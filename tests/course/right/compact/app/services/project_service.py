from sqlalchemy import delete, insert, update
from sqlalchemy.exc import IntegrityError
from sqlmodel import col
from sqlmodel.ext.asyncio.session import AsyncSession

from ..errors import ConflictError, NotFoundError
from ..models import AuditLog, Project, Task, Worker
from ..schemas import ProjectCreate
from ..scope import whose
from .atomic import atomic


@atomic
async def create_project_with_tasks(
    session: AsyncSession, project_data: ProjectCreate, task_titles: list[str], created_by_id: int
) -> Project:
    project = Project(**project_data.model_dump())
    session.add(project)
    await session.flush()
    common = {"project_id": project.id, "created_by_id": created_by_id}
    if rows := [common | {"title": title} for title in task_titles]:
        await session.scalars(insert(Task).returning(Task.id), rows)
    audit = {
        "entity_type": "project",
        "entity_id": project.id,
        "action": "created",
        "actor_id": created_by_id,
        "details": {"tasks": len(rows)},
    }
    await session.exec(insert(AuditLog).values(audit))
    return project


@atomic
async def complete_project_tasks(session: AsyncSession, project_id: int) -> int:
    done = await session.scalars(
        update(Task)
        .where(
            col(Task.tenant_id) == whose(),
            col(Task.project_id) == project_id,
            col(Task.status) != "completed",
        )
        .values(status="completed", revision=Task.revision + 1)
        .returning(Task.id),
        execution_options={"synchronize_session": "fetch"},
    )
    return len(done.all())


@atomic
async def delete_project(session: AsyncSession, project_id: int) -> None:
    gone = await session.scalars(
        delete(Project)
        .where(col(Project.tenant_id) == whose(), col(Project.id) == project_id)
        .returning(Project.id)
    )
    if gone.first() is None:
        raise NotFoundError(f"no project {project_id}")


async def rename_worker(session: AsyncSession, worker_id: int, handle: str) -> Worker:
    rename = (
        update(Worker)
        .where(col(Worker.tenant_id) == whose(), col(Worker.id) == worker_id)
        .values(handle=handle)
        .returning(Worker)
        .execution_options(populate_existing=True)
    )
    try:
        async with session.begin_nested():
            worker = (await session.scalars(rename)).first()
    except IntegrityError as error:
        raise ConflictError(f"{handle} can't be had") from error
    if worker is None:
        raise NotFoundError("no such worker")
    return worker
