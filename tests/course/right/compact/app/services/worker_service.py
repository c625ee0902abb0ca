from sqlalchemy import insert
from sqlmodel.ext.asyncio.session import AsyncSession

from ..errors import ConflictError
from ..models import Worker
from ..schemas import WorkerCreate
from .atomic import atomic


@atomic
async def hire(session: AsyncSession, data: WorkerCreate) -> Worker:
    return (await session.scalars(insert(Worker).returning(Worker), [data.model_dump()])).one()


async def create_worker(session: AsyncSession, data: WorkerCreate) -> Worker:
    try:
        return await hire(session, data)
    except ConflictError:
        raise ConflictError(f"the handle {data.handle} is taken") from None
