"""Six things to do with tasks, and a list of them all; each that writes is one transaction."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

from sqlalchemy import ColumnElement, delete, inspect, update
from sqlalchemy.orm import joinedload
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession
from sqlmodel.sql.expression import SelectOfScalar

from ..context import required_tenant, tenant_context
from ..errors import ConflictError, NotFoundError
from ..models import AuditLog, Task
from ..schemas import TaskCreate, TaskUpdate
from .transaction import transaction


class TaskService:
    """A tenant's tasks, in one session: the tenant that is named, else the context's.

    Every writing method commits once; on any exception it rolls back, leaves nothing
    behind and the session usable. It never reads a row in order to write it: UPDATE and DELETE
    find the row as it is at that moment, and hold it until the commit.
    """

    def __init__(self, session: AsyncSession, tenant_id: int | None = None) -> None:
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
        async with self._transaction():
            task = Task(**data.model_dump(), created_by_id=created_by_id)
            self.session.add(task)
            await self.session.flush()
            await self._check_parent(task)
            self.session.add(
                AuditLog(
                    entity_type="task",
                    entity_id=task.id,
                    action="created",
                    actor_id=created_by_id,
                )
            )
            return await self._load(task.id, Task.project, Task.assignee, Task.created_by)

    async def get(self, task_id: int) -> Task | None:
        """Return a task with its ``assignee`` loaded, or None when there is none.

        One statement: the assignee is joined. Reading ``task.assignee`` later, without await,
        works.
        """
        query = self._tasks(col(Task.id) == task_id).options(joinedload(Task.assignee))
        with tenant_context(self.tenant_id):
            return (await self.session.exec(query)).one_or_none()

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
        grow with the page: it is one. An unknown project has no tasks: an empty list.
        """
        criteria = [col(Task.project_id) == project_id]
        if status is not None:
            criteria.append(col(Task.status) == status)
        return await self._page(*criteria, limit=limit, after_id=after_id)

    async def list_tasks(
        self, *, limit: int | None = None, after_id: int | None = None
    ) -> list[Task]:
        """Return the tenant's tasks, of all projects, in pages like a project's."""
        return await self._page(limit=limit, after_id=after_id)

    async def update(self, task: Task, data: TaskUpdate) -> Task:
        """Change the fields that ``data`` sets, and no others.

        ``data.model_dump(exclude_unset=True)`` holds them; None clears. Returns the task with
        ``updated_at`` moved (the column sees to it) and the present ``assignee`` loaded.

        One UPDATE says them all, whatever the caller last saw: a field set back to the value
        seen then is written too.

        ``NotFoundError`` when the task is gone, or a worker or parent doesn't exist;
        ``ConflictError`` when the parent is in another project or the task itself.
        """
        return await self._change(task, data.model_dump(exclude_unset=True))

    async def delete(self, task: Task) -> None:
        """Delete a task; its subtasks stay, without a parent.

        ``NotFoundError`` when it is already gone.
        """
        async with self._transaction():
            statement = delete(Task).where(*self._mine(col(Task.id) == _id_of(task)))
            if not (await self.session.exec(statement)).rowcount:
                raise _gone()

    async def assign(self, task: Task, worker_id: int | None) -> Task:
        """Give a task to a worker, or with None to nobody.

        Returns the task with the new ``assignee`` loaded. ``NotFoundError`` when the worker
        doesn't exist or the task is gone.
        """
        return await self._change(task, {"assignee_id": worker_id})

    async def _change(self, task: Task, changes: Mapping[str, Any]) -> Task:
        async with self._transaction():
            task_id = _id_of(task)
            # What the caller changed on the object and did not flush is not ours to write.
            with self.session.no_autoflush:
                if changes:
                    row = self._mine(col(Task.id) == task_id)
                    await self.session.exec(
                        update(Task).where(*row).values(**changes),
                        execution_options={"synchronize_session": False},
                    )
                current = await self._load(task_id, Task.assignee)
                if "parent_task_id" in changes:
                    await self._check_parent(current)
            return current

    async def _load(self, task_id: int | None, *relationships: Any) -> Task:
        """The task as the database has it now, over what the session remembers of it."""
        query = (
            self._tasks(col(Task.id) == task_id)
            .options(*map(joinedload, relationships))
            .execution_options(populate_existing=True)
        )
        if (task := (await self.session.exec(query)).one_or_none()) is None:
            raise _gone()
        return task

    async def _page(
        self, *criteria: ColumnElement[bool], limit: int | None, after_id: int | None
    ) -> list[Task]:
        query = (
            self._tasks(*criteria)
            .options(joinedload(Task.assignee), joinedload(Task.created_by))
            .order_by(col(Task.id))
            .limit(limit)
        )
        if after_id is not None:
            query = query.where(col(Task.id) > after_id)
        with tenant_context(self.tenant_id):
            return list((await self.session.exec(query)).all())

    async def _check_parent(self, task: Task) -> None:
        """Given: a flushed task and its parent are of one project, or ``ConflictError``.

        A parent of another tenant is there for the key alone, and ``NotFoundError`` for us.
        """
        if task.parent_task_id is not None:
            row = self._mine(col(Task.id) == task.parent_task_id)
            project_id = (await self.session.exec(select(Task.project_id).where(*row))).first()
            if project_id is None:
                raise NotFoundError("The parent task does not exist.")
            if project_id != task.project_id:
                raise ConflictError("The parent task belongs to another project.")

    def _tasks(self, *criteria: ColumnElement[bool]) -> SelectOfScalar[Task]:
        return select(Task).where(*self._mine(*criteria))

    def _mine(self, *criteria: ColumnElement[bool]) -> tuple[ColumnElement[bool], ...]:
        """The criteria, and that it is this tenant's: not every session looks after that."""
        return (col(Task.tenant_id) == self.tenant_id, *criteria)

    @asynccontextmanager
    async def _transaction(self) -> AsyncIterator[None]:
        with tenant_context(self.tenant_id):
            async with transaction(self.session):
                yield


def _id_of(task: Task) -> int:
    """The key of a task's row. The attribute may be expired, and reading it need a query."""
    identity = inspect(task).identity
    if identity is None:
        raise _gone()
    return int(identity[0])


def _gone() -> NotFoundError:
    return NotFoundError("The task does not exist any more.")
