"""All of it or nothing, and a reason in our own words."""

import asyncio
from types import TracebackType

from sqlalchemy.exc import IntegrityError
from sqlmodel.ext.asyncio.session import AsyncSession

from ..errors import ConflictError, DatabaseLayerError, NotFoundError

# PostgreSQL's SQLSTATE and SQLite's name for "this key points at no row".
MISSING_ROW = {"23503", "SQLITE_CONSTRAINT_FOREIGNKEY"}

#: The largest number that PostgreSQL's integer holds; a row with a larger one can't be there.
LAST_ID = 2**31 - 1


class transaction:  # noqa: N801 (it is used like a function: ``async with transaction(session)``)
    """Commit once when the block ends; on any exception roll back, then raise.

    Whatever goes wrong, in the block or in the commit, a cancelled request included: the
    session is rolled back, so that it is usable again and nothing is left behind. An
    ``IntegrityError`` is raised on as the error that ``refusal`` makes of it, other
    exceptions as they are.
    """

    def __init__(self, session: AsyncSession) -> None:
        self.session = session

    async def __aenter__(self) -> None:
        try:
            await begin_writing(self.session)
        except BaseException:
            await self._undo()
            raise

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        try:
            if error is None:
                await self.session.commit()
                return
        except IntegrityError as refused:  # a key that is checked at the commit
            await self._undo()
            raise refusal(refused) from refused
        except BaseException:
            await self._undo()
            raise
        await self._undo()
        if isinstance(error, IntegrityError):
            raise refusal(error) from error

    async def _undo(self) -> None:
        # In a task of its own, which goes on to the end if ours is cancelled once more.
        undoing = asyncio.ensure_future(self._roll_back())
        try:
            await asyncio.shield(undoing)
        except asyncio.CancelledError:
            await asyncio.wait({undoing})
            raise

    async def _roll_back(self) -> None:
        try:
            await self.session.rollback()
        except Exception:  # noqa: BLE001
            # The connection is lost, and with it what it had not committed: away with it. What is
            # raised is the error that brought us here.
            await self.session.invalidate()


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
    told = {getattr(error.orig, name, None) for name in ("sqlstate", "sqlite_errorname")}
    if told & MISSING_ROW:
        return NotFoundError("Something that the row refers to does not exist.")
    return ConflictError("The row breaks a rule of the data.")


def storable_ids(*ids: int | None) -> None:
    """Raise ``NotFoundError`` for an id that no row can have, before a driver chokes on it."""
    if any(number is not None and not 1 <= number <= LAST_ID for number in ids):
        raise NotFoundError("There is no row with such an id.")
