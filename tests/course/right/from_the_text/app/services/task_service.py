"""Seven things to do with tasks; each that writes is one transaction."""

from typing import Any

from sqlalchemy import inspect
from sqlalchemy.orm import joinedload
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from ..errors import ConflictError, NotFoundError
from ..models import AuditLog, Task
from ..schemas import TaskCreate, TaskUpdate
from ..whose import whose
from .transaction import transaction

# The statement's own options say what to load; mypy sees the attributes as plain objects.
PROJECT: Any = Task.project
ASSIGNEE: Any = Task.assignee
CREATED_BY: Any = Task.created_by

#: What the session remembers of a row gives way to what the row says now.
FRESH = {"populate_existing": True}


def _id(task: Task) -> int:
    """The id of a task that was flushed."""
    if task.id is None:
        raise ValueError("The task was not flushed yet.")
    return task.id


class TaskService:
    """The tasks of one session and one tenant; another one's are not there.

    Every writing method commits once; on any exception it rolls back, leaves nothing
    behind and the session usable. ``async with transaction(self.session)`` sees to that.
    """

    def __init__(self, session: AsyncSession, tenant_id: int | None = None) -> None:
        self.session = session
        self.tenant_id = whose(tenant_id)
        self._tasks = select(Task).where(col(Task.tenant_id) == self.tenant_id)

    async def create(self, data: TaskCreate, created_by_id: int) -> Task:
        """Add a task and the audit row that says who made it, both or neither.

        Returns the task with its ``id`` and with ``project``, ``assignee`` and
        ``created_by`` loaded. The audit row: ``entity_type`` "task", the task's id,
        ``action`` "created", the creator as ``actor_id``.

        ``NotFoundError`` when the project, a worker or the parent doesn't exist (the
        database says so); ``ConflictError`` when the parent is in another project
        (``_check_parent``, after the flush).
        """
        async with transaction(self.session):
            task = Task(**data.model_dump(), created_by_id=created_by_id, tenant_id=self.tenant_id)
            self.session.add(task)
            await self.session.flush()
            await self._check_parent(task)
            self.session.add(
                AuditLog(
                    entity_type="task",
                    entity_id=_id(task),
                    action="created",
                    actor_id=created_by_id,
                    tenant_id=self.tenant_id,
                )
            )
            return await self._reload(task)

    async def get(self, task_id: int) -> Task | None:
        """Return a task with its ``assignee`` loaded, or None when there is none.

        Two statements at most. Reading ``task.assignee`` later, without await, works.
        """
        query = self._tasks.where(col(Task.id) == task_id).options(joinedload(ASSIGNEE))
        return (await self.session.exec(query, execution_options=FRESH)).one_or_none()

    async def list_by_project(
        self,
        project_id: int,
        status: str | None = None,
        *,
        limit: int | None = None,
        after_id: int | None = None,
    ) -> list[Task]:
        """Return a project's tasks by ascending id, with ``assignee`` and ``created_by``.

        Only those of a ``status``, if one is given. Pages: at most ``limit`` tasks (None:
        all), starting after the task ``after_id``, that one excluded; unlike an offset this
        costs the same for the last page as for the first. The number of statements doesn't
        grow with the page. An unknown project has no tasks: an empty list.
        """
        query = self._tasks.where(col(Task.project_id) == project_id)
        if status is not None:
            query = query.where(col(Task.status) == status)
        return await self._page(query, limit, after_id)

    async def list_tasks(
        self, *, limit: int | None = None, after_id: int | None = None
    ) -> list[Task]:
        """Return the tenant's tasks, whatever their project, the same way."""
        return await self._page(self._tasks, limit, after_id)

    async def update(self, task: Task, data: TaskUpdate) -> Task:
        """Change the fields that ``data`` sets, and no others.

        ``data.model_dump(exclude_unset=True)`` holds them; None clears. Returns the task with
        ``updated_at`` moved (the column sees to it) and the present ``assignee`` loaded.

        Starts from the row as it is now (``_lock``), not as the caller last saw it: otherwise
        a field set back to the value seen then would look unchanged, and not be written.

        ``NotFoundError`` when the task is gone, or a worker or parent doesn't exist;
        ``ConflictError`` when the parent is in another project or the task itself.
        """
        return await self._change(task, data.model_dump(exclude_unset=True))

    async def delete(self, task: Task) -> None:
        """Delete a task; its subtasks stay, without a parent.

        ``NotFoundError`` when it is already gone (``_lock`` finds out).
        """
        async with transaction(self.session):
            await self.session.delete(await self._lock(task))

    async def assign(self, task: Task, worker_id: int | None) -> Task:
        """Give a task to a worker, or with None to nobody.

        Returns the task with the new ``assignee`` loaded. ``NotFoundError`` when the worker
        doesn't exist or the task is gone.
        """
        return await self._change(task, {"assignee_id": worker_id})

    async def _change(self, task: Task, values: dict[str, Any]) -> Task:
        """Write some fields of a task as it is now, in one transaction."""
        async with transaction(self.session):
            current = await self._lock(task)
            for name, value in values.items():
                setattr(current, name, value)
            await self.session.flush()
            if "parent_task_id" in values:
                await self._check_parent(current)
            return await self._reload(current)

    async def _page(self, query: Any, limit: int | None, after_id: int | None) -> list[Task]:
        if after_id is not None:
            query = query.where(col(Task.id) > after_id)
        query = query.order_by(col(Task.id)).limit(limit)
        query = query.options(joinedload(ASSIGNEE), joinedload(CREATED_BY))
        return list(await self.session.exec(query, execution_options=FRESH))

    async def _reload(self, task: Task) -> Task:
        """Read a task back, with everyone and everything it points at but its parent."""
        await self.session.flush()
        query = self._tasks.where(col(Task.id) == _id(task)).options(
            joinedload(PROJECT), joinedload(ASSIGNEE), joinedload(CREATED_BY)
        )
        return (await self.session.exec(query, execution_options=FRESH)).one()

    async def _lock(self, task: Task) -> Task:
        """Given: the task's row as it is now, nobody else's to change until the commit.

        ``NotFoundError`` when the row is gone. Asks for the identity rather than the id:
        after a rollback the id is expired, and reading it would need a query.
        """
        identity = inspect(task).identity
        if identity is not None:
            current = await self.session.get(
                Task, identity, populate_existing=True, with_for_update=True
            )
            if current is not None and current.tenant_id == self.tenant_id:
                return current
        raise NotFoundError("The task does not exist any more.")

    async def _check_parent(self, task: Task) -> None:
        """Given: a flushed task and its parent are of one project, or ``ConflictError``."""
        if task.parent_task_id is not None:
            query = self._tasks.where(col(Task.id) == task.parent_task_id)
            parent = (await self.session.exec(query)).one_or_none()
            if parent is None:
                raise NotFoundError("The parent task does not exist.")
            if parent.project_id != task.project_id:
                raise ConflictError("The parent task belongs to another project.")
