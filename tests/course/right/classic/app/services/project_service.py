"""Operations on more than one row."""

from datetime import UTC, datetime

from sqlalchemy import insert, update
from sqlalchemy.exc import IntegrityError
from sqlmodel import select
from sqlmodel.ext.asyncio.session import AsyncSession

from ..errors import ConflictError
from ..models import AuditLog, Project, Task, TaskStatus, Worker
from ..schemas import ProjectCreate
from .locking import require, take_write_lock, translate


async def create_project_with_tasks(
    session: AsyncSession,
    project_data: ProjectCreate,
    task_titles: list[str],
    created_by_id: int,
) -> Project:
    """Create project and initial tasks atomically."""
    try:
        await take_write_lock(session)
        await require(session, Worker, created_by_id)

        project = Project(
            name=project_data.name,
            description=project_data.description,
            status=project_data.status,
            meta=dict(project_data.meta),
        )
        session.add(project)
        await session.flush()

        rows = [
            {"title": title, "project_id": project.id, "created_by_id": created_by_id}
            for title in task_titles
        ]
        if rows:
            await session.exec(insert(Task), params=rows)

        session.add(
            AuditLog(
                entity_type="project",
                entity_id=project.id,
                action="created",
                actor_id=created_by_id,
                details={"tasks": len(rows)},
            )
        )
        await session.commit()
    except IntegrityError as error:
        await session.rollback()
        raise translate(error) from error
    except BaseException:
        await session.rollback()
        raise
    return project


async def complete_project_tasks(session: AsyncSession, project_id: int) -> int:
    """Mark all open tasks of the project as completed."""
    try:
        result = await session.exec(
            update(Task)
            .where(Task.project_id == project_id)
            .where(Task.status != TaskStatus.COMPLETED)
            .values(status=TaskStatus.COMPLETED, updated_at=datetime.now(UTC))
            .execution_options(synchronize_session="fetch")
        )
        await session.commit()
    except BaseException:
        await session.rollback()
        raise
    return result.rowcount


async def rename_worker(session: AsyncSession, worker_id: int, handle: str) -> Worker:
    """Change a worker's handle in the caller's transaction."""
    worker = await require(session, Worker, worker_id)
    taken = await session.exec(
        select(Worker.id).where(Worker.handle == handle, Worker.id != worker_id)
    )
    if taken.first() is not None:
        raise ConflictError(f"The handle {handle} is taken")

    # somebody may still be quicker: only the savepoint is lost then
    savepoint = await session.begin_nested()
    try:
        worker.handle = handle
        await session.flush()
        await savepoint.commit()
    except IntegrityError as error:
        await savepoint.rollback()
        await session.refresh(worker)
        raise ConflictError(f"The handle {handle} can't be used") from error
    return worker
