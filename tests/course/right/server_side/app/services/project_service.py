"""What takes more than one row: projects with tasks, bulk changes, a savepoint."""

from __future__ import annotations

from typing import Any

from sqlalchemy import delete, insert, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import attributes
from sqlmodel.ext.asyncio.session import AsyncSession

from ..context import required_tenant
from ..errors import NotFoundError
from ..models import AuditLog, Project, Task, Worker
from ..models.words import TaskState
from ..schemas import ProjectCreate
from .repository import Repository
from .unit_of_work import UnitOfWork, begin_writing, owned, refusal

_P: Any = Project
_T: Any = Task
_W: Any = Worker


async def create_project_with_tasks(
    session: AsyncSession,
    project_data: ProjectCreate,
    task_titles: list[str],
    created_by_id: int,
) -> Project:
    tenant = required_tenant()
    async with UnitOfWork(session):
        await Repository(session, Worker, tenant).pinned(created_by_id)
        made = await session.execute(
            insert(Project).returning(Project), [{**project_data.model_dump(), "tenant_id": tenant}]
        )
        project = made.scalar_one()
        if task_titles:
            common = {
                "tenant_id": tenant,
                "project_id": project.id,
                "created_by_id": created_by_id,
            }
            await session.execute(insert(Task), [{"title": t, **common} for t in task_titles])
        await session.execute(
            insert(AuditLog),
            [
                {
                    "tenant_id": tenant,
                    "entity_type": "project",
                    "entity_id": project.id,
                    "action": "created",
                    "actor_id": created_by_id,
                    "details": {"tasks": len(task_titles)},
                }
            ],
        )
    return project


async def complete_project_tasks(session: AsyncSession, project_id: int) -> int:
    done = TaskState.COMPLETED
    statement = (
        update(Task)
        .where(_T.tenant_id == required_tenant(), _T.project_id == project_id, _T.status != done)
        .values(status=done)
        .returning(_T.id, _T.updated_at)
        .execution_options(synchronize_session=False)
    )
    async with UnitOfWork(session):
        moved = {row.id: row.updated_at for row in await session.execute(statement)}
    for task in owned(session, Task, {}):
        if task.__dict__.get("id") in moved:
            attributes.set_committed_value(task, "status", done)
            attributes.set_committed_value(task, "updated_at", moved[task.id])
    return len(moved)


async def rename_worker(session: AsyncSession, worker_id: int, handle: str) -> Worker:
    mine = (_W.id == worker_id, _W.tenant_id == required_tenant())
    statement = (
        update(Worker)
        .where(*mine)
        .values(handle=handle)
        .returning(Worker)
        .execution_options(synchronize_session=False, populate_existing=True)
    )
    await begin_writing(session)
    await session.flush()  # what the caller did stands outside of the savepoint
    try:
        async with session.begin_nested():
            worker = (await session.execute(statement)).scalar_one_or_none()
    except IntegrityError as error:
        raise refusal(error) from error
    if worker is None:
        raise NotFoundError(f"There is no worker {worker_id}.")
    return worker


async def delete_project(session: AsyncSession, project_id: int) -> None:
    statement = (
        delete(Project)
        .where(_P.id == project_id, _P.tenant_id == required_tenant())
        .returning(_P.id)
        .execution_options(synchronize_session="fetch")
    )
    async with UnitOfWork(session):
        if (await session.execute(statement)).scalar_one_or_none() is None:
            raise NotFoundError(f"There is no project {project_id}.")
