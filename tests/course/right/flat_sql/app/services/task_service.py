"""Tasks: each write is one statement that says which row, and RETURNING that says whether."""

from typing import Any

from sqlalchemy import delete, insert, inspect, update
from sqlalchemy.orm import joinedload
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from ..context import required_tenant
from ..errors import ConflictError, NotFoundError
from ..models import AuditLog, Task
from ..schemas import TaskCreate, TaskUpdate
from .atomic import atomic

GONE = "The task does not exist any more."


class TaskService:
    """The tasks of one tenant, through one session; each method that writes commits once."""

    def __init__(self, session: AsyncSession, tenant_id: int | None = None) -> None:
        self.session = session
        self.tenant_id = required_tenant(tenant_id)

    async def create(self, data: TaskCreate, created_by_id: int) -> Task:
        """The task and the audit row that says who made it."""
        async with atomic(self.session):
            row = data.model_dump() | {"created_by_id": created_by_id, "tenant_id": self.tenant_id}
            task_id = await self.session.scalar(insert(Task).values(row).returning(Task.id))
            await self.session.exec(
                insert(AuditLog).values(
                    tenant_id=self.tenant_id,
                    entity_type="task",
                    entity_id=task_id,
                    action="created",
                    actor_id=created_by_id,
                )
            )
            await self._check_parent(data.parent_task_id, data.project_id)
            task = await self._read(task_id, Task.project, Task.assignee, Task.created_by)
        return task

    async def get(self, task_id: int) -> Task | None:
        """The task with its assignee, in one statement, or None."""
        query = (
            select(Task)
            .where(Task.tenant_id == self.tenant_id, Task.id == task_id)
            .options(joinedload(Task.assignee))
        )
        return (await self.session.exec(query)).unique().one_or_none()

    async def list_by_project(
        self,
        project_id: int,
        status: str | None = None,
        *,
        limit: int | None = None,
        after_id: int | None = None,
    ) -> list[Task]:
        """A page of a project's tasks, by ascending id, with assignee and creator."""
        conditions = [col(Task.project_id) == project_id]
        if status is not None:
            conditions.append(col(Task.status) == status)
        return await self._page(conditions, limit, after_id)

    async def list_tasks(
        self, *, limit: int | None = None, after_id: int | None = None
    ) -> list[Task]:
        """A page of the tenant's tasks, by ascending id, with assignee and creator."""
        return await self._page([], limit, after_id)

    async def update(self, task: Task, data: TaskUpdate) -> Task:
        """Write the fields that were set, and no others, onto the row as it is now."""
        return await self._write(task, data.model_dump(exclude_unset=True))

    async def assign(self, task: Task, worker_id: int | None) -> Task:
        """Give the task to a worker, or to nobody."""
        return await self._write(task, {"assignee_id": worker_id})

    async def delete(self, task: Task) -> None:
        """Delete the task; the database lets its subtasks go on without it."""
        async with atomic(self.session):
            mine = delete(Task).where(Task.tenant_id == self.tenant_id, Task.id == id_of(task))
            if await self.session.scalar(mine.returning(Task.id)) is None:
                raise NotFoundError(GONE)

    async def _write(self, task: Task, values: dict[str, Any]) -> Task:
        """One UPDATE: it locks the row, reads nothing that is old, and finds out if it is gone."""
        async with atomic(self.session):
            task_id = id_of(task)
            parent_id = values.get("parent_task_id")
            if parent_id is not None and parent_id == task_id:
                raise ConflictError("A task can't be its own parent.")
            statement = (
                update(Task)
                .where(Task.tenant_id == self.tenant_id, Task.id == task_id)
                .returning(Task.project_id)
                .execution_options(synchronize_session=False)
            )
            if values:
                statement = statement.values(values)
            project_id = await self.session.scalar(statement)
            if project_id is None:
                raise NotFoundError(GONE)
            await self._check_parent(parent_id, project_id)
            task = await self._read(task_id, Task.assignee)
        return task

    async def _read(self, task_id: int | None, *around: Any) -> Task:
        """The row as the database has it now, over whatever the session remembers."""
        query = (
            select(Task)
            .where(Task.tenant_id == self.tenant_id, Task.id == task_id)
            .options(*map(joinedload, around))
            .execution_options(populate_existing=True)
        )
        return (await self.session.exec(query)).unique().one()

    async def _check_parent(self, parent_id: int | None, project_id: int) -> None:
        if parent_id is None:
            return
        query = select(Task.project_id).where(
            Task.tenant_id == self.tenant_id, Task.id == parent_id
        )
        match (await self.session.exec(query)).one_or_none():
            case None:
                raise NotFoundError("The parent task does not exist.")
            case found if found != project_id:
                raise ConflictError("The parent task belongs to another project.")

    async def _page(
        self, conditions: list[Any], limit: int | None, after_id: int | None
    ) -> list[Task]:
        if after_id is not None:
            conditions = [*conditions, col(Task.id) > after_id]
        query = (
            select(Task)
            .where(Task.tenant_id == self.tenant_id, *conditions)
            .order_by(col(Task.id))
            .limit(limit)
            .options(joinedload(Task.assignee), joinedload(Task.created_by, innerjoin=True))
        )
        return list((await self.session.exec(query)).unique().all())


def id_of(task: Task) -> int:
    """The key the session knows it by: after a rollback the attribute is expired."""
    identity = inspect(task).identity
    if identity is None:
        raise NotFoundError(GONE)
    return int(identity[0])
