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
        assert project.id is not None  # the flush set it
        if task_titles:  # an INSERT without parameters would add one row of defaults
            keys = {"project_id": project.id, "created_by_id": created_by_id}
            await session.exec(
                insert(Task), params=[{"title": title, **keys} for title in task_titles]
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
    async with transaction(session):
        result = await session.exec(
            update(Task)
            .where(
                col(Task.tenant_id) == required_tenant(),
                col(Task.project_id) == project_id,
                col(Task.status) != "completed",
            )
            .values(status="completed")
        )
    return result.rowcount


async def rename_worker(session: AsyncSession, worker_id: int, handle: str) -> Worker:
    """Change a worker's handle inside the caller's transaction.

    The caller commits. A taken handle is a ``ConflictError``, and only the renaming is
    undone: it runs in a savepoint (``session.begin_nested()``), so what the caller did
    before stays and the session goes on. Unknown worker: ``NotFoundError``.
    """
    worker = await session.get(Worker, worker_id)
    if worker is None or worker.tenant_id != required_tenant():
        raise NotFoundError(f"There is no worker {worker_id}.")
    await session.flush()  # what the caller left pending may break a rule of its own
    try:
        async with session.begin_nested():
            worker.handle = handle
    except IntegrityError as error:
        # The savepoint's rollback expired the object; the caller may still hold it.
        await session.refresh(worker)
        raise refusal(error) from error
    return worker


async def delete_project(session: AsyncSession, project_id: int) -> None:
    """Delete a project, and with it its tasks.

    One DELETE of the context's tenant's project; the database takes the tasks along.
    ``NotFoundError`` when it deleted nothing (``rowcount``).
    """
    async with transaction(session):
        result = await session.exec(
            delete(Project).where(
                col(Project.tenant_id) == required_tenant(), col(Project.id) == project_id
            )
        )
        if not result.rowcount:
            raise NotFoundError(f"There is no project {project_id}.")
