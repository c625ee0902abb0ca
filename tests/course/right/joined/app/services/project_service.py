"""What takes more than one row: projects with tasks, bulk changes, a savepoint."""

from sqlalchemy import delete, insert, update
from sqlalchemy.exc import IntegrityError
from sqlmodel import col
from sqlmodel.ext.asyncio.session import AsyncSession

from ..context import required_tenant
from ..errors import NotFoundError
from ..models import AuditLog, Project, Task, Worker
from ..schemas import ProjectCreate
from .transaction import refusal, transaction


async def create_project_with_tasks(
    session: AsyncSession,
    project_data: ProjectCreate,
    task_titles: list[str],
    created_by_id: int,
) -> Project:
    """Create a project, its first tasks and the audit row: all of them or none.

    Flush for the project's id, then all tasks in one bulk statement
    (``session.exec(insert(Task), params=[…])``: ten thousand objects through the session
    would take seconds), then the audit row: ``entity_type`` "project", the project's id,
    ``action`` "created", the creator as ``actor_id``, ``details`` ``{"tasks": n}``. One
    commit. Without titles: a project without tasks.

    A title that the database refuses, an unknown creator (``NotFoundError``), a lost
    connection: whatever fails, neither the project nor a task stays.
    """
    async with transaction(session):
        project = Project(**project_data.model_dump())
        session.add(project)
        await session.flush()
        if task_titles:
            common = {"project_id": project.id, "created_by_id": created_by_id}
            await session.exec(
                insert(Task), params=[{"title": title, **common} for title in task_titles]
            )
        session.add(
            AuditLog(
                entity_type="project",
                entity_id=project.id,
                action="created",
                actor_id=created_by_id,
                details={"tasks": len(task_titles)},
            )
        )
    return project


async def complete_project_tasks(session: AsyncSession, project_id: int) -> int:
    """Mark all of a project's tasks as completed; return how many were not before.

    One UPDATE, however many tasks. ``updated_at`` moves where the status changed and stays
    elsewhere. An unknown project has nothing to complete: 0.
    """
    statement = (
        update(Task)
        .where(
            col(Task.tenant_id) == required_tenant(),
            col(Task.project_id) == project_id,
            col(Task.status) != "completed",
        )
        .values(status="completed")
    )
    async with transaction(session):
        return (await session.exec(statement)).rowcount


async def rename_worker(session: AsyncSession, worker_id: int, handle: str) -> Worker:
    """Change a worker's handle inside the caller's transaction.

    The caller commits. A taken handle is a ``ConflictError``, and only the renaming is
    undone: it runs in a savepoint (``session.begin_nested()``), so what the caller did
    before stays and the session goes on. Unknown worker: ``NotFoundError``.
    """
    # What the caller has not flushed yet is no part of the renaming, nor are its errors.
    await session.flush()
    row = (col(Worker.id) == worker_id, col(Worker.tenant_id) == required_tenant())
    statement = update(Worker).where(*row).values(handle=handle).returning(Worker)
    try:
        async with session.begin_nested():
            renamed = await session.exec(statement, execution_options={"populate_existing": True})
            worker: Worker | None = renamed.scalars().one_or_none()
    except IntegrityError as error:
        raise refusal(error) from error
    if worker is None:
        raise NotFoundError("The worker does not exist.")
    return worker


async def delete_project(session: AsyncSession, project_id: int) -> None:
    """Delete a project, and with it its tasks.

    One DELETE of the context's tenant's project; the database takes the tasks along.
    ``NotFoundError`` when it deleted nothing (``rowcount``).
    """
    row = (col(Project.id) == project_id, col(Project.tenant_id) == required_tenant())
    async with transaction(session):
        if not (await session.exec(delete(Project).where(*row))).rowcount:
            raise NotFoundError("The project does not exist.")
