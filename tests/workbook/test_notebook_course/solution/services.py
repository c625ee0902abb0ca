"""What a program does with tasks."""

from sqlalchemy.orm import selectinload
from sqlmodel import select
from sqlmodel.ext.asyncio.session import AsyncSession

from .models import Task, Worker


class TaskService:
    """Tasks of one session."""

    def __init__(self, session: AsyncSession) -> None:
        self.session = session

    async def get(self, task_id: int) -> Task | None:
        """Return the task with its worker loaded."""
        query = select(Task).where(Task.id == task_id).options(selectinload(Task.worker))
        return (await self.session.exec(query)).first()

    async def add(self, title: str, handle: str) -> int:
        """Write a task and its worker; return the task's id."""
        task = Task(title=title, worker=Worker(handle=handle))
        self.session.add(task)
        await self.session.flush()
        found = task.id
        await self.session.commit()
        assert found is not None
        return found
