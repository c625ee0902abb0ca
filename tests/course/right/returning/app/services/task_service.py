"""Six things to do with tasks; each that writes is one transaction."""

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import Any

from sqlalchemy import delete, insert, inspect, update
from sqlalchemy.orm import joinedload
from sqlalchemy.orm.attributes import set_committed_value
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from ..context import required_tenant, tenant_context
from ..errors import ConflictError, NotFoundError
from ..models import AuditLog, Task
from ..schemas import TaskCreate, TaskUpdate
from .transaction import LAST_ID, storable_ids, transaction

#: What a caller gets to read without another statement; many-to-one, so a join adds no rows.
ASSIGNEE = joinedload(Task.assignee)  # type: ignore[arg-type]
CREATOR = joinedload(Task.created_by)  # type: ignore[arg-type]
PROJECT = joinedload(Task.project)  # type: ignore[arg-type]


class TaskService:
    """The tasks of one session and one tenant: the one that is named, else the context's.

    Every writing method commits once; on any exception it rolls back, leaves nothing
    behind and the session usable. ``_writing`` sees to that.

    Rows are written by statements rather than through objects, and then read: what comes back is
    what is stored, however old the objects in the session were.
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
        database says so); ``ConflictError`` when the parent is in another project.
        """
        async with self._writing():
            fields = data.model_dump()
            storable_ids(created_by_id, data.project_id, data.assignee_id, data.parent_task_id)
            own = {"tenant_id": self.tenant_id}
            new = insert(Task).values(**fields, **own, created_by_id=created_by_id)
            task_id = (await self.session.exec(new.returning(col(Task.id)))).scalar_one()
            task = await self._stored(task_id, ASSIGNEE, CREATOR, PROJECT)
            # A tenant's session sees no row of another's that a key may have found.
            missing = task.assignee is None and task.assignee_id is not None
            if missing or task.project is None or task.created_by is None:
                raise NotFoundError("The project or a worker of the task does not exist.")
            await self._check_family(task)
            entry = AuditLog(
                entity_type="task", entity_id=task_id, action="created", actor_id=created_by_id, **own
            )
            self.session.add(entry)
            await self.session.flush()
        return task

    async def get(self, task_id: int) -> Task | None:
        """Return a task with its ``assignee`` loaded, or None when there is none.

        One statement. Reading ``task.assignee`` later, without await, works.
        """
        if not 1 <= task_id <= LAST_ID:
            return None
        with self._inside():
            return await self._find(task_id, ASSIGNEE)

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
        costs the same for the last page as for the first. One statement, whatever the page. An
        unknown project has no tasks: an empty list.
        """
        if not 1 <= project_id <= LAST_ID:
            return []
        conditions = [col(Task.project_id) == project_id]
        if status is not None:
            conditions.append(col(Task.status) == status)
        return await self._page(conditions, limit, after_id)

    async def list_tasks(
        self, *, limit: int | None = None, after_id: int | None = None
    ) -> list[Task]:
        """Return the tenant's tasks of all projects, in the order and pages of a project's."""
        return await self._page([], limit, after_id)

    async def update(self, task: Task, data: TaskUpdate) -> Task:
        """Change the fields that ``data`` sets, and no others.

        ``data.model_dump(exclude_unset=True)`` holds them; None clears. Returns the task with
        ``updated_at`` moved (the column sees to it) and the present ``assignee`` loaded.

        One UPDATE of the row as it is now, whatever the caller last saw.

        ``NotFoundError`` when the task is gone, or a worker or parent doesn't exist;
        ``ConflictError`` when the parent is in another project or the task itself.
        """
        return await self._change(task, data.model_dump(exclude_unset=True))

    async def delete(self, task: Task) -> None:
        """Delete a task; its subtasks stay, without a parent.

        ``NotFoundError`` when it is already gone: the DELETE returned no row.
        """
        async with self._writing():
            task_id = self._id_of(task)
            gone = delete(Task).where(*self._mine(task_id)).returning(col(Task.id))
            result = await self.session.exec(gone, execution_options=BY_ROWS)
            if result.scalar_one_or_none() is None:
                raise NotFoundError("The task does not exist any more.")
            for other in list(self.session.identity_map.values()):
                # What the database did to the subtasks, for those the caller holds.
                if isinstance(other, Task) and other.__dict__.get("parent_task_id") == task_id:
                    set_committed_value(other, "parent_task_id", None)
                    if "parent" in other.__dict__:
                        set_committed_value(other, "parent", None)

    async def assign(self, task: Task, worker_id: int | None) -> Task:
        """Give a task to a worker, or with None to nobody.

        Returns the task with the new ``assignee`` loaded. ``NotFoundError`` when the worker
        doesn't exist or the task is gone.
        """
        return await self._change(task, {"assignee_id": worker_id})

    @contextmanager
    def _inside(self) -> Iterator[None]:
        """Work for this service's tenant, who needn't be the context's."""
        with tenant_context(self.tenant_id):
            yield

    @asynccontextmanager
    async def _writing(self) -> AsyncIterator[None]:
        """Work for this service's tenant, in one transaction that is committed or undone."""
        with self._inside():
            async with transaction(self.session):
                yield

    def _mine(self, task_id: int) -> tuple[Any, ...]:
        """Say which row is meant, to sessions that know no tenant as well."""
        return col(Task.id) == task_id, col(Task.tenant_id) == self.tenant_id

    @staticmethod
    def _id_of(task: Task) -> int:
        """Return a stored task's id; the object's own may have expired, and need a query."""
        identity = inspect(task).identity
        if identity is None:
            raise NotFoundError("The task was never stored.")
        task_id: int = identity[0]
        return task_id

    async def _find(self, task_id: int, *loaded: Any) -> Task | None:
        query = select(Task).where(*self._mine(task_id)).options(*loaded)
        result = await self.session.exec(query, execution_options=FRESH)
        return result.unique().one_or_none()

    async def _stored(self, task_id: int, *loaded: Any) -> Task:
        task = await self._find(task_id, *loaded)
        if task is None:
            raise NotFoundError("The task does not exist any more.")
        return task

    async def _page(
        self, conditions: list[Any], limit: int | None, after_id: int | None
    ) -> list[Task]:
        query = select(Task).where(col(Task.tenant_id) == self.tenant_id, *conditions)
        if after_id is not None:
            if after_id >= LAST_ID:
                return []
            query = query.where(col(Task.id) > max(after_id, 0))
        query = query.order_by(col(Task.id)).limit(limit).options(ASSIGNEE, CREATOR)
        with self._inside():
            result = await self.session.exec(query, execution_options=FRESH)
            return list(result.unique().all())

    async def _change(self, task: Task, fields: dict[str, Any]) -> Task:
        """Write some fields of a task's row and return the row, all in one transaction."""
        async with self._writing():
            task_id = self._id_of(task)
            storable_ids(fields.get("assignee_id"), fields.get("parent_task_id"))
            if fields:
                change = update(Task).where(*self._mine(task_id)).values(**fields)
                await self.session.exec(change, execution_options=BY_ROWS)
            changed = await self._stored(task_id, ASSIGNEE)
            if changed.assignee is None and changed.assignee_id is not None:
                raise NotFoundError("The worker does not exist.")
            if "parent_task_id" in fields:
                await self._check_family(changed)
        return changed

    async def _check_family(self, task: Task) -> None:
        """See that a task and its parent are of one project, and the parent this tenant's."""
        if task.parent_task_id is None:
            return
        query = select(Task.project_id).where(*self._mine(task.parent_task_id))
        theirs = (await self.session.exec(query)).one_or_none()
        if theirs is None:
            raise NotFoundError("The parent task does not exist.")
        if theirs != task.project_id:
            raise ConflictError("The parent task belongs to another project.")


#: Read what is stored into the objects that the session already holds.
FRESH = {"populate_existing": True}
#: "fetch": the session's objects are told of a change by the rows that it met.
BY_ROWS = {"synchronize_session": "fetch"}
