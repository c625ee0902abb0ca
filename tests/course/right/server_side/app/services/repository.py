"""Rows of one model that belong to one tenant."""

from __future__ import annotations

from typing import Any, Generic, TypeVar

from sqlalchemy import Select, inspect, select
from sqlalchemy.orm.interfaces import ORMOption
from sqlmodel.ext.asyncio.session import AsyncSession

from ..errors import NotFoundError
from ..models import Base

Model = TypeVar("Model", bound=Base)


class Repository(Generic[Model]):
    """Every statement carries the tenant; what another tenant owns does not exist."""

    def __init__(self, session: AsyncSession, model: type[Model], tenant_id: int) -> None:
        self.session = session
        self.model: Any = model
        self.tenant_id = tenant_id

    def query(self, *where: Any, options: tuple[ORMOption, ...] = ()) -> Select[tuple[Model]]:
        mine = self.model.tenant_id == self.tenant_id
        return select(self.model).where(mine, *where).options(*options)

    async def one(self, row_id: int, *options: ORMOption) -> Model | None:
        query = self.query(self.model.id == row_id, options=options)
        return (await self.session.execute(query)).unique().scalar_one_or_none()

    async def all(
        self,
        *where: Any,
        options: tuple[ORMOption, ...] = (),
        limit: int | None = None,
        after_id: int | None = None,
    ) -> list[Model]:
        query = self.query(*where, options=options).order_by(self.model.id).limit(limit)
        if after_id is not None:
            query = query.where(self.model.id > after_id)
        return list((await self.session.execute(query)).unique().scalars())

    async def pinned(self, row_id: int) -> Model:
        """The row a new key will point at, kept from going (FOR KEY SHARE) until the commit."""
        query = self.query(self.model.id == row_id).with_for_update(read=True, key_share=True)
        row = (await self.session.execute(query)).scalar_one_or_none()
        if row is None:
            raise NotFoundError(f"There is no {self.model.__name__.lower()} {row_id}.")
        return row

    async def pinned_or_none(self, row_id: int | None) -> Model | None:
        return None if row_id is None else await self.pinned(row_id)

    async def locked(self, row: Model, *options: ORMOption) -> Model:
        """A row as it is now, nobody else's to change until the commit."""
        identity = inspect(row).identity  # survives expiry, unlike row.id
        name = self.model.__name__.lower()
        if identity is None:
            raise NotFoundError(f"This {name} was never stored.")
        query = (
            self.query(self.model.id == identity[0], options=options)
            .with_for_update(of=self.model)
            .execution_options(populate_existing=True)
        )
        current = (await self.session.execute(query)).unique().scalar_one_or_none()
        if current is None:
            raise NotFoundError(f"There is no {name} {identity[0]} any more.")
        return current
