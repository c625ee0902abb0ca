"""Projects, many tasks at once, and a worker's handle."""

from sqlalchemy import exists, insert, update
from sqlalchemy.exc import IntegrityError
from sqlmodel import col
from sqlmodel.ext.asyncio.session import AsyncSession

from ..models import AuditLog, Project, Task, Worker
from ..repositories import Repository
from ..schemas import ProjectCreate, TaskCreate
from .refusals import refused
from .unit_of_work import UnitOfWork

ROWS_AN_INSERT = 500


async def create_project_with_tasks(
    session: AsyncSession,
    project_data: ProjectCreate,
    task_titles: list[str],
    created_by_id: int,
) -> Project:
    async with UnitOfWork(session):
        await Repository(session, Worker).one(created_by_id)
        project = await Repository(session, Project).add(Project(**project_data.model_dump()))
        rows = [
            TaskCreate(title=title, project_id=project.id).model_dump(
                include={"title", "project_id", "status", "priority", "tags"}
            )
            | {"created_by_id": created_by_id}
            for title in task_titles
        ]
        for start in range(0, len(rows), ROWS_AN_INSERT):
            await session.exec(
                insert(Task.__table__).values(rows[start : start + ROWS_AN_INSERT])
            )
        session.add(
            AuditLog(
                entity_type="project",
                entity_id=project.id,
                action="created",
                actor_id=created_by_id,
                details={"tasks": len(rows)},
            )
        )
    return project


async def complete_project_tasks(session: AsyncSession, project_id: int) -> int:
    async with UnitOfWork(session):
        result = await session.exec(
            update(Task)
            .where(col(Task.project_id) == project_id, col(Task.status).is_distinct_from("completed"))
            .values(status="completed")
        )
        count: int = result.rowcount
    return count


async def rename_worker(session: AsyncSession, worker_id: int, handle: str) -> Worker:
    worker = await Repository(session, Worker).one(worker_id)
    nested = await session.begin_nested()
    try:
        other = exists().where(col(Worker.handle) == handle, col(Worker.id) != worker_id)
        result = await session.exec(
            update(Worker)
            .where(col(Worker.id) == worker_id, ~other)
            .values(handle=handle)
            .execution_options(synchronize_session=False)
        )
        if not result.rowcount:
            raise IntegrityError("", {}, Exception("UNIQUE: worker_handle_is_taken"))
    except IntegrityError as error:
        await nested.rollback()
        await session.refresh(worker)
        raise refused(error) from error
    except BaseException:
        await nested.rollback()
        raise
    await nested.commit()
    await session.refresh(worker)
    return worker
