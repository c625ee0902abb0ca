"""A unit of work: enter, write, leave. Leaving commits, an exception rolls back."""

from __future__ import annotations

from contextlib import suppress
from types import TracebackType
from typing import Any

from sqlalchemy.exc import DBAPIError, IntegrityError, SQLAlchemyError
from sqlmodel.ext.asyncio.session import AsyncSession

from ..errors import ConflictError, DatabaseLayerError, NotFoundError

FOREIGN_KEY_VIOLATION = "23503"  # SQLSTATE
SQLITE_CONSTRAINT_FOREIGNKEY = 787


def is_missing_row(error: DBAPIError) -> bool:
    """Whether a key pointed at no row, told by code and never by message."""
    seen: BaseException | None = error.orig
    while seen is not None:
        state = getattr(seen, "sqlstate", None) or getattr(seen, "pgcode", None)
        if state is not None:
            return bool(state == FOREIGN_KEY_VIOLATION)
        number = getattr(seen, "sqlite_errorcode", None)
        if number is not None:
            return bool(number == SQLITE_CONSTRAINT_FOREIGNKEY)
        seen = seen.__cause__
    return False


def refusal(error: IntegrityError) -> DatabaseLayerError:
    """The database's no, in this layer's words."""
    if is_missing_row(error):
        return NotFoundError("A row that this one refers to does not exist.")
    return ConflictError(f"The database refused the change: {error.orig}")


async def begin_writing(session: AsyncSession) -> None:
    """On SQLite, take the write lock before the first read; elsewhere, just begin."""
    if not session.in_transaction():
        await session.connection(execution_options={"sqlite_begin": "IMMEDIATE"})


class UnitOfWork:
    """``async with UnitOfWork(session):`` is one transaction, committed once."""

    def __init__(self, session: AsyncSession) -> None:
        self.session = session

    async def __aenter__(self) -> AsyncSession:
        try:
            await begin_writing(self.session)
        except BaseException:
            await self._undo()
            raise
        return self.session

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if error is None:
            try:
                await self.session.commit()
                return
            except BaseException as refused:
                error = refused
                await self._undo()
        else:
            await self._undo()
        if isinstance(error, IntegrityError):
            raise refusal(error) from error
        if kind is None:
            raise error

    async def _undo(self) -> None:
        try:
            await self.session.rollback()
        except SQLAlchemyError:
            # not even a rollback went through: drop the connection, keep the session
            with suppress(SQLAlchemyError):
                await self.session.invalidate()


def owned(session: AsyncSession, kind: type[Any], match: dict[str, Any]) -> list[Any]:
    """Objects of a kind that the session holds already and whose loaded values match."""
    return [
        row
        for row in session.identity_map.values()
        if isinstance(row, kind) and all(row.__dict__.get(k) == v for k, v in match.items())
    ]
