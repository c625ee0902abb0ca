"""What takes more than one row: projects with tasks, bulk changes, a savepoint."""

from sqlalchemy import insert, update
from sqlalchemy.exc import IntegrityError
from sqlmodel import col
from sqlmodel.ext.asyncio.session import AsyncSession

from ..errors import NotFoundError
from ..models import AuditLog, Project, Task, Worker
from ..models.columns import utc_now
from ..schemas import ProjectCreate
from ..vocabulary import TaskStatus
from ..whose import whose
from .task_service import FRESH
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
        owners = {"project_id": project.id, "created_by_id": created_by_id}
        if task_titles:
            await session.exec(
                insert(Task), params=[{"title": title, **owners} for title in task_titles]
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
    # The moment is named here, so that tasks already in the session learn it too.
    done: TaskStatus = "completed"
    statement = (
        update(Task)
        .where(
            col(Task.tenant_id) == whose(),
            col(Task.project_id) == project_id,
            col(Task.status) != done,
        )
        .values(status=done, updated_at=utc_now())
    )
    async with transaction(session):
        return (await session.exec(statement)).rowcount


async def rename_worker(session: AsyncSession, worker_id: int, handle: str) -> Worker:
    """Change a worker's handle inside the caller's transaction.

    The caller commits. A taken handle is a ``ConflictError``, and only the renaming is
    undone: it runs in a savepoint (``session.begin_nested()``), so what the caller did
    before stays and the session goes on. Unknown worker: ``NotFoundError``.
    """
    await session.flush()  # what the caller did so far is not this savepoint's to judge
    statement = (
        update(Worker)
        .where(col(Worker.tenant_id) == whose(), col(Worker.id) == worker_id)
        .values(handle=handle)
        .returning(Worker)
    )
    try:
        async with session.begin_nested():
            worker = (await session.exec(statement, execution_options=FRESH)).scalar_one_or_none()
    except IntegrityError as error:
        raise refusal(error) from error
    if worker is None:
        raise NotFoundError("The worker does not exist.")
    return worker
