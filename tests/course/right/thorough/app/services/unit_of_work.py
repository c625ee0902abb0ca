"""All or nothing."""

from types import TracebackType
from typing import Self

from sqlalchemy.exc import DBAPIError
from sqlmodel.ext.asyncio.session import AsyncSession

from .refusals import refused


class UnitOfWork:
    """``async with UnitOfWork(session)``: commits at the end, else rolls back."""

    def __init__(self, session: AsyncSession) -> None:
        self.session = session

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if error is None:
            try:
                await self.session.commit()
            except BaseException as failure:
                error = failure
            else:
                return
        await self.session.rollback()
        if isinstance(error, DBAPIError):
            raise refused(error) from error
        raise error
