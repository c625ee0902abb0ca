"""The kit: one engine for a database, its tables made by the submission."""

from typing import Any

from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from workbook.witness.bench import Bench


class Kit:
    """What the probe works with."""

    def __init__(self, bench: Bench) -> None:
        self.bench = bench
        self._engine: AsyncEngine | None = None

    async def close(self) -> None:
        """Lets go of the database."""
        if self._engine is not None:
            await self._engine.dispose()
        self._engine = None

    async def engine(self, notes: Any) -> AsyncEngine:
        """The engine, with tables."""
        if self._engine is None:
            self._engine = create_async_engine(self.bench.url)
            await notes.create_tables(self._engine)
        return self._engine
