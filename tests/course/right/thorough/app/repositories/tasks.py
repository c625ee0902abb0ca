"""Tasks and the workers they point to."""

from collections.abc import Iterable

from sqlalchemy.orm.attributes import set_committed_value
from sqlmodel import select
from sqlmodel.ext.asyncio.session import AsyncSession

from ..models import Project, Task, Worker
from .repository import Repository

KEYS_A_QUERY = 500


class TaskRepository(Repository[Task]):
    def __init__(self, session: AsyncSession) -> None:
        super().__init__(session, Task)

    async def page(
        self, project_id: int, status: str | None, limit: int | None, after_id: int | None
    ) -> list[Task]:
        query = select(Task).where(Task.project_id == project_id)
        if status is not None:
            query = query.where(Task.status == status)
        if after_id is not None:
            query = query.where(Task.id > after_id)
        tasks = list((await self.session.exec(query.order_by(Task.id).limit(limit))).all())
        await self.attach_workers(tasks)
        return tasks

    async def attach_workers(self, tasks: list[Task]) -> None:
        """One more query for all the people of a page; ``set_committed_value`` is no change."""
        keys = {task.assignee_id for task in tasks} | {task.created_by_id for task in tasks}
        workers = await self.workers(key for key in keys if key is not None)
        for task in tasks:
            set_committed_value(task, "created_by", workers[task.created_by_id])
            assignee = None if task.assignee_id is None else workers[task.assignee_id]
            set_committed_value(task, "assignee", assignee)

    async def attach_project(self, task: Task) -> None:
        project = await self.session.get(Project, task.project_id)
        set_committed_value(task, "project", project)

    async def workers(self, keys: Iterable[int]) -> dict[int, Worker]:
        wanted = sorted(keys)
        found: dict[int, Worker] = {}
        for start in range(0, len(wanted), KEYS_A_QUERY):
            some = wanted[start : start + KEYS_A_QUERY]
            rows = await self.session.exec(select(Worker).where(Worker.id.in_(some)))
            found.update({worker.id: worker for worker in rows})
        return found
