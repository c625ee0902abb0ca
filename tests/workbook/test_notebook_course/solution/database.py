"""From a URL to an engine."""

from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from .models import Base


def build_engine(url: str) -> AsyncEngine:
    """Return an engine for an async URL."""
    return create_async_engine(url)


async def create_tables(engine: AsyncEngine) -> None:
    """Make all tables."""
    async with engine.begin() as connection:
        await connection.run_sync(Base.metadata.create_all)
