"""What only the API does: workers who join, projects that go."""

from sqlmodel import delete
from sqlmodel.ext.asyncio.session import AsyncSession

from .errors import ConflictError, NotFoundError
from .models import Project, Worker
from .schemas import WorkerCreate
from .services.transaction import transaction


async def hire(session: AsyncSession, data: WorkerCreate) -> Worker:
    worker = Worker(**data.model_dump())
    try:
        async with transaction(session):
            session.add(worker)
    except ConflictError:
        raise ConflictError(f"The handle {data.handle} is taken.") from None
    return worker


async def abandon(session: AsyncSession, project_id: int) -> None:
    async with transaction(session):
        gone = await session.exec(delete(Project).where(Project.id == project_id))
        if gone.rowcount == 0:
            raise NotFoundError("There is no such project.")
