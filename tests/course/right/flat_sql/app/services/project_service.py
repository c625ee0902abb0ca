"""Projects and workers: what takes more than one row, or one row and a rule."""

from sqlalchemy import delete, insert, update
from sqlalchemy.exc import IntegrityError
from sqlmodel import col
from sqlmodel.ext.asyncio.session import AsyncSession

from ..context import required_tenant
from ..errors import ConflictError, NotFoundError
from ..models import AuditLog, Project, Task, Worker
from ..schemas import ProjectCreate, WorkerCreate
from .atomic import atomic

NO_PROJECT = "The project does not exist."


async def create_project_with_tasks(
    session: AsyncSession,
    project_data: ProjectCreate,
    task_titles: list[str],
    created_by_id: int,
) -> Project:
    """The project, its tasks and the audit row: three statements, one commit."""
    tenant_id = required_tenant()
    async with atomic(session):
        row = project_data.model_dump() | {"tenant_id": tenant_id}
        project = (
            await session.scalars(insert(Project).returning(Project), [row])
        ).one()
        if task_titles:
            common = {
                "tenant_id": tenant_id,
                "project_id": project.id,
                "created_by_id": created_by_id,
            }
            rows = [common | {"title": title} for title in task_titles]
            await session.exec(insert(Task), params=rows)
        await session.exec(
            insert(AuditLog).values(
                tenant_id=tenant_id,
                entity_type="project",
                entity_id=project.id,
                action="created",
                actor_id=created_by_id,
                details={"tasks": len(task_titles)},
            )
        )
    return project


async def complete_project_tasks(session: AsyncSession, project_id: int) -> int:
    """One UPDATE of those that were open; how many there were."""
    tenant_id = required_tenant()
    async with atomic(session):
        result = await session.exec(
            update(Task)
            .where(
                col(Task.tenant_id) == tenant_id,
                col(Task.project_id) == project_id,
                col(Task.status) != "completed",
            )
            .values(status="completed")
        )
    return result.rowcount


async def rename_worker(session: AsyncSession, worker_id: int, handle: str) -> Worker:
    """Rename inside the caller's transaction; a refusal undoes the renaming and nothing else."""
    statement = (
        update(Worker)
        .where(col(Worker.tenant_id) == required_tenant(), col(Worker.id) == worker_id)
        .values(handle=handle)
        .returning(Worker)
        .execution_options(populate_existing=True)
    )
    await session.flush()  # what the caller left to write is not the renaming's fault
    try:
        async with session.begin_nested():
            worker = (await session.scalars(statement)).one_or_none()
    except IntegrityError as error:
        raise ConflictError(f"The handle {handle} can't be taken.") from error
    if worker is None:
        raise NotFoundError("The worker does not exist.")
    return worker


async def delete_project(session: AsyncSession, project_id: int) -> None:
    """One DELETE; the database takes the tasks along."""
    statement = delete(Project).where(
        col(Project.tenant_id) == required_tenant(), col(Project.id) == project_id
    )
    async with atomic(session):
        if await session.scalar(statement.returning(Project.id)) is None:
            raise NotFoundError(NO_PROJECT)


async def create_worker(session: AsyncSession, data: WorkerCreate) -> Worker:
    """Add a worker; a handle that is taken is told by name, and by nothing of the database's."""
    row = data.model_dump() | {"tenant_id": required_tenant()}
    try:
        async with atomic(session):
            worker = (await session.scalars(insert(Worker).values(row).returning(Worker))).one()
    except ConflictError:
        raise ConflictError(f"The handle {data.handle} is taken.") from None
    return worker
