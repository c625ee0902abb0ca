"""What to do with tasks; each method that writes is one transaction."""

from sqlalchemy import inspect
from sqlalchemy.orm import selectinload
from sqlmodel import col, select
from sqlmodel.ext.asyncio.session import AsyncSession

from ..errors import ConflictError, NotFoundError
from ..models import AuditLog, Task
from ..schemas import TaskCreate, TaskUpdate
from .transaction import transaction


class TaskService:
    """The tasks of one session.

    Every writing method commits once; on any exception it rolls back, leaves nothing
    behind and the session usable. ``async with transaction(self.session)`` sees to that.
    """

    def __init__(self, session: AsyncSession) -> None:
        self.session = session

    async def create(self, data: TaskCreate, created_by_id: int) -> Task:
        """Add a task and the audit row that says who made it, both or neither.

        Returns the task with its ``id`` and with ``project``, ``assignee`` and
        ``created_by`` loaded. The audit row: ``entity_type`` "task", the task's id,
        ``action`` "created", the creator as ``actor_id``.

        ``NotFoundError`` when the project, a worker or the parent doesn't exist (the
        database says so); ``ConflictError`` when the parent is in another project
        (``_check_parent``, after the flush).
        """
        raise NotImplementedError("exercise services.create")

    async def get(self, task_id: int) -> Task | None:
        """Return a task with its ``assignee`` loaded, or None when there is none.

        Two statements at most. Reading ``task.assignee`` later, without await, works.
        """
        raise NotImplementedError("exercise services.get")

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
        raise NotImplementedError("exercise services.list_by_project")

    async def update(self, task: Task, data: TaskUpdate) -> Task:
        """Change the fields that ``data`` sets, and no others.

        ``data.model_dump(exclude_unset=True)`` holds them; None clears. Returns the task with
        ``updated_at`` moved (the column sees to it) and the present ``assignee`` loaded.

        Starts from the row as it is now (``_lock``), not as the caller last saw it: otherwise
        a field set back to the value seen then would look unchanged, and not be written.

        ``NotFoundError`` when the task is gone, or a worker or parent doesn't exist;
        ``ConflictError`` when the parent is in another project or the task itself.
        """
        raise NotImplementedError("exercise services.update")

    async def delete(self, task: Task) -> None:
        """Delete a task; its subtasks stay, without a parent.

        ``NotFoundError`` when it is already gone (``_lock`` finds out).
        """
        raise NotImplementedError("exercise services.delete")

    async def assign(self, task: Task, worker_id: int | None) -> Task:
        """Give a task to a worker, or with None to nobody.

        Returns the task with the new ``assignee`` loaded. ``NotFoundError`` when the worker
        doesn't exist or the task is gone.
        """
        raise NotImplementedError("exercise services.assign")

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
            if current is not None:
                return current
        raise NotFoundError("The task does not exist any more.")

    async def _check_parent(self, task: Task) -> None:
        """Given: a flushed task and its parent are of one project, or ``ConflictError``."""
        if task.parent_task_id is not None:
            query = select(Task.project_id).where(Task.id == task.parent_task_id)
            if (await self.session.exec(query)).one() != task.project_id:
                raise ConflictError("The parent task belongs to another project.")
