"""Workers join."""

from __future__ import annotations

from typing import Any

from sqlalchemy import insert
from sqlmodel.ext.asyncio.session import AsyncSession

from ..context import required_tenant
from ..errors import ConflictError
from ..models import Worker
from ..schemas import WorkerCreate
from .unit_of_work import UnitOfWork


async def create_worker(session: AsyncSession, data: WorkerCreate) -> Worker:
    row: dict[str, Any] = {**data.model_dump(), "tenant_id": required_tenant()}
    try:
        async with UnitOfWork(session):
            made = await session.execute(insert(Worker).returning(Worker), [row])
            worker = made.scalar_one()
    except ConflictError:
        raise ConflictError(f"The handle {data.handle} is taken.") from None
    return worker
