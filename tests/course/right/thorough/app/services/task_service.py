"""Tasks."""

from sqlalchemy.orm import subqueryload
from sqlmodel import select
from sqlmodel.ext.asyncio.session import AsyncSession

from ..errors import ConflictError, NotFoundError
from ..models import AuditLog, Task, Worker
from ..repositories import Repository, TaskRepository
from ..schemas import TaskCreate, TaskUpdate
from .unit_of_work import UnitOfWork


class TaskService:
    """Operations on tasks."""

    def __init__(self, session: AsyncSession) -> None:
        self.session = session
        self.tasks = TaskRepository(session)
        self.audit = Repository(session, AuditLog)
        self.workers = Repository(session, Worker)

    async def create(self, data: TaskCreate, created_by_id: int) -> Task:
        async with UnitOfWork(self.session):
            task = await self.tasks.add(
                Task.model_validate(data.model_dump(), update={"created_by_id": created_by_id})
            )
            await self._check_parent(task)
            entry = AuditLog(
                entity_type="task", entity_id=task.id, action="created", actor_id=created_by_id
            )
            await self.audit.add(entry)
            await self.tasks.attach_workers([task])
            await self.tasks.attach_project(task)
        return task

    async def get(self, task_id: int) -> Task | None:
        query = select(Task).where(Task.id == task_id).options(subqueryload(Task.assignee))
        return (await self.session.exec(query)).one_or_none()

    async def list_by_project(
        self,
        project_id: int,
        status: str | None = None,
        *,
        limit: int | None = None,
        after_id: int | None = None,
    ) -> list[Task]:
        return await self.tasks.page(project_id, status, limit, after_id)

    async def update(self, task: Task, data: TaskUpdate) -> Task:
        async with UnitOfWork(self.session):
            row = await self.tasks.locked(task)
            for name, value in data.model_dump(exclude_unset=True).items():
                if getattr(row, name) != value:
                    setattr(row, name, value)
            await self.session.flush()
            await self._check_parent(row)
            await self.tasks.attach_workers([row])
        return row

    async def delete(self, task: Task) -> None:
        async with UnitOfWork(self.session):
            row = await self.tasks.locked(task)
            await self.session.delete(row)

    async def assign(self, task: Task, worker_id: int | None) -> Task:
        async with UnitOfWork(self.session):
            row = await self.tasks.locked(task)
            if worker_id is None:
                row.assignee = None
            else:
                row.assignee = await self.workers.one(worker_id)
                row.assignee_id = worker_id
            await self.session.flush()
        return row

    async def _check_parent(self, task: Task) -> None:
        if task.parent_task_id is None:
            return
        parent = await self.tasks.find(task.parent_task_id)
        if parent is None:
            raise NotFoundError("the parent task does not exist")
        if parent.project_id != task.project_id:
            raise ConflictError("the parent task is in another project")
