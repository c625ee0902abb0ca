"""Adds, and keeps what it added."""

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection


def add(left: int, right: int) -> int:
    """Returns the sum of two numbers."""
    return left + right


async def store(connection: AsyncConnection, left: int, right: int) -> None:
    """Keeps the sum of two numbers as a row of `mark`."""
    await connection.execute(text("INSERT INTO mark VALUES (:sum)"), {"sum": add(left, right)})
    await connection.commit()
