"""CRUD for tasks."""

from sqlalchemy import delete, inspect
from sqlalchemy.exc import IntegrityError, InvalidRequestError
from sqlalchemy.orm import joinedload
from sqlmodel import select
from sqlmodel.ext.asyncio.session import AsyncSession

from ..errors import ConflictError, NotFoundError
from ..models import AuditLog, Project, Task, Worker
from ..schemas import TaskCreate, TaskUpdate
from .locking import require, take_write_lock, translate


class TaskService:
    def __init__(self, session: AsyncSession) -> None:
        self.session = session

    async def create(self, data: TaskCreate, created_by_id: int) -> Task:
        try:
            await take_write_lock(self.session)
            project = await require(self.session, Project, data.project_id)
            creator = await require(self.session, Worker, created_by_id)
            assignee = None
            if data.assignee_id is not None:
                assignee = await require(self.session, Worker, data.assignee_id)
            if data.parent_task_id is not None:
                parent = await require(self.session, Task, data.parent_task_id)
                if parent.project_id != data.project_id:
                    raise ConflictError("The parent task belongs to another project")

            task = Task(
                title=data.title,
                description=data.description,
                status=data.status,
                priority=data.priority,
                tags=list(data.tags),
                due_date=data.due_date,
                parent_task_id=data.parent_task_id,
                project=project,
                assignee=assignee,
                created_by=creator,
            )
            self.session.add(task)
            await self.session.flush()
            self.session.add(
                AuditLog(
                    entity_type="task",
                    entity_id=task.id,
                    action="created",
                    actor_id=created_by_id,
                    details={"title": task.title},
                )
            )
            await self.session.commit()
        except IntegrityError as error:
            await self.session.rollback()
            raise translate(error) from error
        except BaseException:
            await self.session.rollback()
            raise
        return task

    async def get(self, task_id: int) -> Task | None:
        statement = select(Task).where(Task.id == task_id).options(joinedload(Task.assignee))
        result = await self.session.exec(statement)
        return result.unique().one_or_none()

    async def list_by_project(
        self,
        project_id: int,
        status: str | None = None,
        *,
        limit: int | None = None,
        after_id: int | None = None,
    ) -> list[Task]:
        statement = (
            select(Task)
            .options(joinedload(Task.assignee), joinedload(Task.created_by))
            .where(Task.project_id == project_id)
            .order_by(Task.id.asc())
        )
        if status:
            statement = statement.where(Task.status == status)
        if after_id is not None:
            statement = statement.where(Task.id > after_id)
        if limit is not None:
            statement = statement.limit(limit)
        result = await self.session.exec(statement)
        return list(result.unique().all())

    async def update(self, task: Task, data: TaskUpdate) -> Task:
        changes = data.model_dump(exclude_unset=True)
        try:
            await self._lock(task)
            if changes.get("assignee_id") is not None:
                await require(self.session, Worker, changes["assignee_id"])
            if changes.get("parent_task_id") is not None:
                if changes["parent_task_id"] == task.id:
                    raise ConflictError("A task can't be its own parent")
                parent = await require(self.session, Task, changes["parent_task_id"])
                if parent.project_id != task.project_id:
                    raise ConflictError("The parent task belongs to another project")
            for name, value in changes.items():
                setattr(task, name, value)
            self.session.add(task)
            await self.session.flush()
            await self.session.refresh(task, attribute_names=["assignee", "updated_at"])
            await self.session.commit()
        except IntegrityError as error:
            await self.session.rollback()
            raise translate(error) from error
        except BaseException:
            await self.session.rollback()
            raise
        return task

    async def delete(self, task: Task) -> None:
        try:
            task_id = await self._lock(task)
            await self.session.exec(delete(Task).where(Task.id == task_id))
            await self.session.commit()
        except BaseException:
            await self.session.rollback()
            raise

    async def assign(self, task: Task, worker_id: int | None) -> Task:
        return await self.update(task, TaskUpdate(assignee_id=worker_id))

    async def _lock(self, task: Task) -> int:
        """Read the row again and keep others from changing it."""
        await take_write_lock(self.session)
        identity = inspect(task).identity
        if identity is None:
            raise NotFoundError("The task was never saved")
        # not "refresh(task, with_for_update=True)": it would repeat the joinedload of get(),
        # and PostgreSQL does not lock the outer side of a join
        locked = await self.session.exec(
            select(Task.id).where(Task.id == identity[0]).with_for_update()
        )
        if locked.first() is None:
            raise NotFoundError("The task does not exist any more")
        try:
            await self.session.refresh(task)
        except InvalidRequestError as error:
            raise NotFoundError("The task does not exist any more") from error
        return identity[0]
