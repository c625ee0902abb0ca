from sqlalchemy import insert, text, update
from sqlalchemy.exc import IntegrityError
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from ..errors import ConflictError, NotFoundError
from ..models import AuditLog, Project, Task, Worker
from ..schemas import ProjectCreate
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
        .where(col(Task.project_id) == project_id, col(Task.status) != "completed")
        .values(status="completed", revision=Task.revision + 1)
        .returning(Task.id),
        execution_options={"synchronize_session": "fetch"},
    )
    return len(done.all())


async def rename_worker(session: AsyncSession, worker_id: int, handle: str) -> Worker:
    try:
        async with session.begin_nested():
            found = await session.exec(
                text("UPDATE worker SET handle = :handle WHERE id = :id"),
                params={"handle": handle, "id": worker_id},
            )
    except IntegrityError as error:
        raise ConflictError(f"{handle} can't be had") from error
    if not found.rowcount:
        raise NotFoundError("no such worker")
    query = select(Worker).where(Worker.id == worker_id).execution_options(populate_existing=True)
    return (await session.exec(query)).one()
