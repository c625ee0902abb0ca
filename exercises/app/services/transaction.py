"""All of it or nothing, and a reason in our own words."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from sqlalchemy.exc import IntegrityError
from sqlmodel.ext.asyncio.session import AsyncSession

from ..errors import ConflictError, DatabaseLayerError, NotFoundError

# PostgreSQL's SQLSTATE and SQLite's name for "a key would point at no row".
MISSING_ROW = {"23503", "SQLITE_CONSTRAINT_FOREIGNKEY"}


@asynccontextmanager
async def transaction(session: AsyncSession) -> AsyncIterator[None]:
    """Commit once when the block ends; on any exception roll back, then raise.

    Whatever goes wrong, in the block or in the commit, a cancelled request included: the
    session is rolled back, so that it is usable again and nothing is left behind. An
    ``IntegrityError`` is raised on as the error that ``refusal`` makes of it, other
    exceptions as they are.
    """
    # exercise services.rollback: so far it commits, and never rolls back
    await begin_writing(session)
    yield
    await session.commit()


async def begin_writing(session: AsyncSession) -> None:
    """Given: on SQLite, wait for the write lock before the first read.

    Two writers that have both read can't both go on to write, and waiting doesn't help
    them. A session that is already in a transaction goes on in that one.
    """
    if not session.in_transaction():
        await session.connection(execution_options={"sqlite_begin": "IMMEDIATE"})


def refusal(error: IntegrityError) -> DatabaseLayerError:
    """Return what the database refused, as one of this layer's errors.

    A key that would point at no row is a ``NotFoundError`` (``MISSING_ROW``); every other
    broken rule is a ``ConflictError``. The driver's error is ``error.orig``: asyncpg's has
    ``sqlstate``, SQLite's has ``sqlite_errorname``. Asking first doesn't help: the row could
    go, or the name be taken, between the question and the write.
    """
    raise NotImplementedError("exercise services.refusals")
