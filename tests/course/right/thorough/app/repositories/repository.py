"""What every repository does."""

from typing import Any, Generic, TypeVar

from sqlalchemy import inspect
from sqlmodel import SQLModel, select
from sqlmodel.ext.asyncio.session import AsyncSession

from ..errors import NotFoundError

M = TypeVar("M", bound=SQLModel)


class Repository(Generic[M]):
    def __init__(self, session: AsyncSession, model: type[M]) -> None:
        self.session = session
        self.model = model

    async def add(self, row: M) -> M:
        self.session.add(row)
        await self.session.flush([row])
        return row

    async def find(self, row_id: int | None) -> M | None:
        return None if row_id is None else await self.session.get(self.model, row_id)

    async def one(self, row_id: int) -> M:
        row = await self.find(row_id)
        if row is None:
            raise NotFoundError(f"{self.model.__name__} {row_id} does not exist")
        return row

    async def locked(self, row: M) -> M:
        """The present state of a row that somebody read earlier, ours until the commit."""
        key: Any = inspect(row).identity
        found = None
        if key:
            query = (
                select(self.model)
                .where(self.model.id == key[0])
                .with_for_update(of=self.model)
                .execution_options(populate_existing=True)
            )
            found = (await self.session.exec(query)).one_or_none()
        if found is None:
            raise NotFoundError(f"this {self.model.__name__.lower()} does not exist any more")
        return found
