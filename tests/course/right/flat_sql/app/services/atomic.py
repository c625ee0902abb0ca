"""All of it or nothing, and the database's no in our own words."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from sqlalchemy.exc import IntegrityError
from sqlmodel.ext.asyncio.session import AsyncSession

from ..errors import ConflictError, DatabaseLayerError, NotFoundError


@asynccontextmanager
async def atomic(session: AsyncSession) -> AsyncIterator[None]:
    """Commit once at the end; whatever is raised, cancellation included, rolls back."""
    try:
        if not session.in_transaction():
            # SQLite: two that have read can't both write, so take the lock before reading.
            await session.connection(execution_options={"sqlite_begin": "IMMEDIATE"})
        yield
        await session.commit()
    except IntegrityError as error:
        await session.rollback()
        raise reason(error) from error
    except BaseException:
        await session.rollback()
        raise


def reason(error: IntegrityError) -> DatabaseLayerError:
    """A key to nowhere is a NotFoundError, every other broken rule a ConflictError."""
    code = getattr(error.orig, "sqlstate", None) or getattr(error.orig, "sqlite_errorname", None)
    if code in ("23503", "SQLITE_CONSTRAINT_FOREIGNKEY"):
        return NotFoundError("A row that was named does not exist.")
    return ConflictError("The data breaks a rule of the database.")
