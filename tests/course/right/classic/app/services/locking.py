"""Questions asked before a write, in an order that makes the answers last."""

from typing import Any, TypeVar

from sqlalchemy import text
from sqlalchemy.exc import IntegrityError
from sqlmodel import SQLModel, select
from sqlmodel.ext.asyncio.session import AsyncSession

from ..errors import ConflictError, DatabaseLayerError, NotFoundError

M = TypeVar("M", bound=SQLModel)


async def take_write_lock(session: AsyncSession) -> None:
    """On SQLite, become the one writer before reading: an UPDATE of no rows is enough."""
    if session.get_bind().dialect.name == "sqlite":
        await session.exec(text("UPDATE task SET id = id WHERE 0"))


async def require(session: AsyncSession, model: type[M], row_id: Any) -> M:
    """The row, which can't be deleted before our commit; NotFoundError without one."""
    row = (
        await session.exec(
            select(model)
            .where(model.id == row_id)
            .with_for_update(read=True, key_share=True)
        )
    ).first()
    if row is None:
        raise NotFoundError(f"{model.__name__} {row_id} not found")
    return row


def translate(error: IntegrityError) -> DatabaseLayerError:
    """What slipped past the questions."""
    if "foreign key" in str(error.orig).lower():
        return NotFoundError("A referenced row does not exist")
    return ConflictError("The change breaks a rule of the database")
