"""All of it or nothing, and a reason in our own words."""

import sys
from contextlib import AbstractAsyncContextManager, suppress
from types import TracebackType

from sqlalchemy.exc import DBAPIError, IntegrityError
from sqlmodel.ext.asyncio.session import AsyncSession

from ..errors import ConflictError, DatabaseLayerError, NotFoundError

# PostgreSQL's SQLSTATE and SQLite's name for "this key points at no row".
MISSING_ROW = {"23503", "SQLITE_CONSTRAINT_FOREIGNKEY"}


class transaction(AbstractAsyncContextManager[None]):  # noqa: N801, used like a function
    """Commit once when the block ends; on any exception roll back, then raise.

    Whatever goes wrong, in the block or in the commit, a cancelled request included: the
    session is rolled back, so that it is usable again and nothing is left behind. An
    ``IntegrityError`` is raised on as the error that ``refusal`` makes of it, other
    exceptions as they are.
    """

    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def __aenter__(self) -> None:
        try:
            await begin_writing(self._session)
        except BaseException:
            await self._undo()
            raise

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if error is None:
            try:
                await self._session.commit()
            except BaseException:
                await self.__aexit__(*sys.exc_info())  # as if the block had raised it
                raise
            return
        await self._undo()
        if isinstance(error, IntegrityError):
            raise refusal(error) from error

    async def _undo(self) -> None:
        # What can't be said to a server that is gone, it has done by itself. Tell of that instead.
        with suppress(DBAPIError):
            await self._session.rollback()


async def begin_writing(session: AsyncSession) -> None:
    """Given: on SQLite, wait for the write lock before the first read.

    Two writers that have both read can't both go on to write, and waiting doesn't help
    them. A session that is already in a transaction goes on in that one.
    """
    if not session.in_transaction():
        await session.connection(execution_options={"sqlite_begin": "IMMEDIATE"})


def refusal(error: IntegrityError) -> DatabaseLayerError:
    """Return what the database refused, as one of this layer's errors.

    A key that points at no row is a ``NotFoundError`` (``MISSING_ROW``); every other broken
    rule is a ``ConflictError``. The driver's error is ``error.orig``: asyncpg's has
    ``sqlstate``, SQLite's has ``sqlite_errorname``. To ask beforehand would not do: the row
    could go, or the name be taken, between the question and the write.
    """
    codes = {getattr(error.orig, name, None) for name in ("sqlstate", "sqlite_errorname")}
    if codes & MISSING_ROW:
        return NotFoundError("A row that was named does not exist.")
    return ConflictError("The database refused the change: it breaks a rule of the data.")
