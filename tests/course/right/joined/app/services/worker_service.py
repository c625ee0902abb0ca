"""Workers join."""

from sqlmodel.ext.asyncio.session import AsyncSession

from ..errors import ConflictError
from ..models import Worker
from ..schemas import WorkerCreate
from .transaction import transaction


async def create_worker(session: AsyncSession, data: WorkerCreate) -> Worker:
    """Add a worker in a transaction of its own.

    A handle that is taken is a ``ConflictError`` that names it, raised ``from None``: what the
    database said of it is nobody's business.
    """
    worker = Worker(**data.model_dump())
    try:
        async with transaction(session):
            session.add(worker)
    except ConflictError:
        raise ConflictError(f"The handle {data.handle} is taken.") from None
    return worker
