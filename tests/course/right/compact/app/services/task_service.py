from typing import Any

from sqlalchemy import insert, inspect
from sqlalchemy.orm import lazyload
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from ..errors import ConflictError, NotFoundError
from ..models import AuditLog, Task
from ..schemas import TaskCreate, TaskUpdate
from ..scope import whose
from .atomic import atomic


class TaskService:
    def __init__(self, session: AsyncSession, tenant_id: int | None = None) -> None:
        self.session = session
        self.tenant = whose(tenant_id)
        self.mine = select(Task).where(Task.tenant_id == self.tenant)

    @atomic
    async def create(self, data: TaskCreate, created_by_id: int) -> Task:
        values = {"tenant_id": self.tenant, "created_by_id": created_by_id, **data.model_dump()}
        task = (await self.session.scalars(insert(Task).returning(Task), [values])).one()
        await self._same_project(task)
        audit = AuditLog(
            tenant_id=self.tenant,
            entity_type="task",
            entity_id=task.id,
            action="created",
            actor_id=created_by_id,
        )
        self.session.add(audit)
        await self.session.flush()
        await self.session.refresh(task, ["project", "assignee", "created_by"])
        return task

    async def get(self, task_id: int) -> Task | None:
        return (await self.session.exec(self.mine.where(Task.id == task_id))).unique().first()

    async def list_by_project(
        self,
        project_id: int,
        status: str | None = None,
        *,
        limit: int | None = None,
        after_id: int | None = None,
    ) -> list[Task]:
        where = [Task.project_id == project_id]
        if status is not None:
            where.append(Task.status == status)
        return await self._page(where, limit, after_id)

    async def list_tasks(
        self, *, limit: int | None = None, after_id: int | None = None
    ) -> list[Task]:
        return await self._page([], limit, after_id)

    async def _page(self, where: list[Any], limit: int | None, after_id: int | None) -> list[Task]:
        if after_id is not None:
            where.append(col(Task.id) > after_id)
        query = self.mine.where(*where).order_by(col(Task.id)).limit(limit)
        return list((await self.session.exec(query)).unique())

    @atomic
    async def update(self, task: Task, data: TaskUpdate) -> Task:
        task = await self._fresh(task)
        for field in data.model_fields_set:
            setattr(task, field, getattr(data, field))
        await self.session.flush()
        await self._same_project(task)
        await self.session.refresh(task, ["assignee"])
        return task

    @atomic
    async def delete(self, task: Task) -> None:
        await self.session.delete(await self._fresh(task))

    async def assign(self, task: Task, worker_id: int | None) -> Task:
        return await self.update(task, TaskUpdate(assignee_id=worker_id))

    async def _fresh(self, task: Task) -> Task:
        """The row now, locked; the joined worker stays out of it, PostgreSQL can't lock it."""
        identity = inspect(task).identity
        row = identity and await self.session.get(
            Task,
            identity,
            populate_existing=True,
            with_for_update=True,
            options=[lazyload(Task.assignee), lazyload(Task.created_by)],
        )
        if not row or row.tenant_id != self.tenant:
            raise NotFoundError("no such task")
        return row

    async def _same_project(self, task: Task) -> None:
        """A stranger's parent is not there; the database would say so at the commit."""
        if task.parent_task_id is None:
            return
        query = select(Task.project_id).where(
            Task.id == task.parent_task_id, Task.tenant_id == self.tenant
        )
        project = (await self.session.exec(query)).first()
        if project is None:
            raise NotFoundError("no such parent")
        if project != task.project_id:
            raise ConflictError("the parent is in another project")
