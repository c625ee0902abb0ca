"""What to do with tasks; each method that writes is one transaction."""

from sqlalchemy import inspect
from sqlalchemy.orm import selectinload
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession
from sqlmodel.sql.expression import SelectOfScalar

from ..context import required_tenant
from ..errors import ConflictError, NotFoundError
from ..models import AuditLog, Task
from ..schemas import TaskCreate, TaskUpdate
from .transaction import transaction


class TaskService:
    """The tasks of one session.

    Every writing method commits once; on any exception it rolls back, leaves nothing
    behind and the session usable. ``async with transaction(self.session)`` sees to that.
    """

    def __init__(self, session: AsyncSession, tenant_id: int | None = None) -> None:
        """Serve one tenant: the one that is named, else the context's.

        Without either, ``TenantRequiredError``. The session may be any: each method keeps to
        the tenant by itself.
        """
        self.session = session
        self.tenant_id = required_tenant(tenant_id)

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
            assert task.id is not None  # the flush set it, and the audit row needs it
            await self._check_parent(task)
            self.session.add(
                AuditLog(
                    entity_type="task",
                    entity_id=task.id,
                    action="created",
                    actor_id=created_by_id,
                    tenant_id=self.tenant_id,
                )
            )
            await self.session.refresh(task, ["project", "assignee", "created_by"])
        return task

    async def get(self, task_id: int) -> Task | None:
        """Return a task with its ``assignee`` loaded, or None when there is none.

        Two statements at most. Reading ``task.assignee`` later, without await, works.
        """
        query = (
            select(Task)
            .where(Task.id == task_id, Task.tenant_id == self.tenant_id)
            .options(selectinload(Task.assignee))  # type: ignore[arg-type]
        )
        return (await self.session.exec(query)).first()

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
        costs the same for the last page as for the first. ``assignee`` and ``created_by`` cost
        one more statement each for up to 500 workers, another for each further 500, and never
        one a task. An unknown project has no tasks: an empty list.
        """
        query = select(Task).where(Task.project_id == project_id, Task.tenant_id == self.tenant_id)
        if status is not None:
            query = query.where(Task.status == status)
        return await self._page(query, limit, after_id)

    async def list_tasks(
        self, *, limit: int | None = None, after_id: int | None = None
    ) -> list[Task]:
        """Return the tenant's tasks by ascending id, with ``assignee`` and ``created_by``.

        Pages as in ``list_by_project``.
        """
        query = select(Task).where(Task.tenant_id == self.tenant_id)
        return await self._page(query, limit, after_id)

    async def update(self, task: Task, data: TaskUpdate) -> Task:
        """Change the fields that ``data`` sets, and no others.

        ``data.model_dump(exclude_unset=True)`` holds them; None clears. Returns the task with
        ``updated_at`` moved (the column sees to it) and the present ``assignee`` loaded.

        Starts from the row as it is now (``_lock``), not as the caller last saw it: otherwise
        a field set back to the value seen then would look unchanged, and not be written.

        ``NotFoundError`` when the task is gone, or a worker or parent doesn't exist;
        ``ConflictError`` when the parent is in another project or the task itself.
        """
        async with transaction(self.session):
            task = await self._lock(task)
            task.sqlmodel_update(data.model_dump(exclude_unset=True))
            await self.session.flush()
            await self._check_parent(task)
            await self.session.refresh(task, ["assignee"])
        return task

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
        return await self.update(task, TaskUpdate(assignee_id=worker_id))

    async def _page(
        self, query: SelectOfScalar[Task], limit: int | None, after_id: int | None
    ) -> list[Task]:
        """Return a page of what a query selects, by ascending id, the workers loaded."""
        if after_id is not None:
            query = query.where(col(Task.id) > after_id)
        query = (
            query.order_by(col(Task.id))
            .limit(limit)
            .options(
                selectinload(Task.assignee),  # type: ignore[arg-type]
                selectinload(Task.created_by),  # type: ignore[arg-type]
            )
        )
        return list((await self.session.exec(query)).unique().all())

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
            query = select(Task.project_id).where(
                Task.id == task.parent_task_id, Task.tenant_id == self.tenant_id
            )
            project_id = (await self.session.exec(query)).one_or_none()
            if project_id is None:  # another tenant's: to this one it doesn't exist
                raise NotFoundError("The parent task does not exist.")
            if project_id != task.project_id:
                raise ConflictError("The parent task belongs to another project.")
