"""What takes more than one row: projects with tasks, bulk changes, a savepoint."""

from sqlalchemy import delete, insert, update
from sqlalchemy.exc import IntegrityError
from sqlmodel import col
from sqlmodel.ext.asyncio.session import AsyncSession

from ..context import required_tenant
from ..errors import NotFoundError
from ..models import AuditLog, Project, Task, Worker
from ..models.columns import utc_now
from ..schemas import ProjectCreate
from .transaction import LAST_ID, refusal, storable_ids, transaction


async def create_project_with_tasks(
    session: AsyncSession,
    project_data: ProjectCreate,
    task_titles: list[str],
    created_by_id: int,
) -> Project:
    """Create a project, its first tasks and the audit row: all of them or none.

    Flush for the project's id, then all tasks in one bulk statement, then the audit row:
    ``entity_type`` "project", the project's id, ``action`` "created", the creator as
    ``actor_id``, ``details`` ``{"tasks": n}``. One commit. Without titles: a project without
    tasks.

    A title that the database refuses, an unknown creator (``NotFoundError``), a lost
    connection: whatever fails, neither the project nor a task stays.
    """
    async with transaction(session):
        storable_ids(created_by_id)
        # An unscoped session finds workers of all tenants; the keys refuse others' at the commit.
        project = Project(**project_data.model_dump(), tenant_id=required_tenant())
        session.add(project)
        await session.flush()
        common = {
            "tenant_id": project.tenant_id,
            "project_id": project.id,
            "created_by_id": created_by_id,
        }
        if task_titles:
            rows = [{"title": title, **common} for title in task_titles]
            await session.exec(insert(Task), params=rows)
        session.add(
            AuditLog(
                tenant_id=project.tenant_id,
                entity_type="project",
                entity_id=project.id,
                action="created",
                actor_id=created_by_id,
                details={"tasks": len(task_titles)},
            )
        )
        await session.flush()
    return project


async def complete_project_tasks(session: AsyncSession, project_id: int) -> int:
    """Mark all of a project's tasks as completed; return how many were not before.

    One UPDATE, however many tasks. ``updated_at`` moves where the status changed and stays
    elsewhere. An unknown project has nothing to complete: 0.
    """
    if not 1 <= project_id <= LAST_ID:
        return 0
    open_tasks = (
        col(Task.project_id) == project_id,
        col(Task.tenant_id) == required_tenant(),
        col(Task.status) != "completed",
    )
    async with transaction(session):
        # The moment is named here, since a column's own default may leave ``updated_at`` expired on
        # the tasks that the session holds, for the next one who reads it to stumble over.
        values = {"status": "completed", "updated_at": utc_now()}
        complete = update(Task).where(*open_tasks).values(**values).returning(col(Task.id))
        result = await session.exec(complete, execution_options={"synchronize_session": "fetch"})
        count = len(result.all())
    return count


async def rename_worker(session: AsyncSession, worker_id: int, handle: str) -> Worker:
    """Change a worker's handle inside the caller's transaction.

    The caller commits. A taken handle is a ``ConflictError``, and only the renaming is
    undone: it runs in a savepoint (``session.begin_nested()``), so what the caller did
    before stays and the session goes on. Unknown worker: ``NotFoundError``.
    """
    storable_ids(worker_id)
    mine = (col(Worker.id) == worker_id, col(Worker.tenant_id) == required_tenant())
    # What the caller has not flushed yet isn't ours to be refused.
    await session.flush()
    try:
        async with session.begin_nested():
            rename = update(Worker).where(*mine).values(handle=handle).returning(col(Worker.id))
            result = await session.exec(rename, execution_options={"synchronize_session": False})
            found = result.scalar_one_or_none()
    except IntegrityError as error:
        raise refusal(error) from error
    worker = None
    if found is not None:
        worker = await session.get(Worker, worker_id, populate_existing=True)
    if worker is None:
        raise NotFoundError("There is no such worker.")
    return worker


async def delete_project(session: AsyncSession, project_id: int) -> None:
    """Delete a project, and with it its tasks.

    One DELETE of the context's tenant's project; the database takes the tasks along.
    ``NotFoundError`` when it deleted nothing.
    """
    storable_ids(project_id)
    gone = (
        delete(Project)
        .where(col(Project.id) == project_id, col(Project.tenant_id) == required_tenant())
        .returning(col(Project.id))
    )
    async with transaction(session):
        result = await session.exec(gone, execution_options={"synchronize_session": "fetch"})
        if result.scalar_one_or_none() is None:
            raise NotFoundError("There is no such project.")
