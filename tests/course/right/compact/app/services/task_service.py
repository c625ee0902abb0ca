from sqlalchemy import insert, inspect
from sqlalchemy.orm import aliased, lazyload
from sqlmodel import col, exists, select
from sqlmodel.ext.asyncio.session import AsyncSession

from ..errors import ConflictError, NotFoundError
from ..models import AuditLog, Task
from ..schemas import TaskCreate, TaskUpdate
from .atomic import atomic


class TaskService:
    def __init__(self, session: AsyncSession) -> None:
        self.session = session

    @atomic
    async def create(self, data: TaskCreate, created_by_id: int) -> Task:
        values = data.model_dump() | {"created_by_id": created_by_id}
        task = (await self.session.scalars(insert(Task).returning(Task), [values])).one()
        await self._same_project(task.id)
        audit = AuditLog(
            entity_type="task", entity_id=task.id, action="created", actor_id=created_by_id
        )
        self.session.add(audit)
        await self.session.flush()
        await self.session.refresh(task, ["project", "assignee", "created_by"])
        return task

    async def get(self, task_id: int) -> Task | None:
        return await self.session.get(Task, task_id)

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
        if after_id is not None:
            where.append(col(Task.id) > after_id)
        query = select(Task).where(*where).order_by(col(Task.id)).limit(limit)
        return list((await self.session.exec(query)).unique())

    @atomic
    async def update(self, task: Task, data: TaskUpdate) -> Task:
        task = await self._fresh(task)
        for field in data.model_fields_set:
            setattr(task, field, getattr(data, field))
        await self.session.flush()
        await self._same_project(task.id)
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
        if not row:
            raise NotFoundError("no such task")
        return row

    async def _same_project(self, task_id: int) -> None:
        child, parent = aliased(Task), aliased(Task)
        apart = exists().where(
            child.id == task_id,
            parent.id == child.parent_task_id,
            parent.project_id != child.project_id,
        )
        if (await self.session.exec(select(apart))).one():
            raise ConflictError("the parent is in another project")
