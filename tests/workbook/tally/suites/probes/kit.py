"""The kit: an engine, and a table to write to."""

from sqlalchemy import text
from sqlalchemy.ext.asyncio import create_async_engine

from workbook.witness.bench import Bench


class Kit:
    def __init__(self, bench: Bench) -> None:
        self.bench = bench
        self.engine = None

    async def close(self) -> None:
        if self.engine is not None:
            await self.engine.dispose()
        self.engine = None

    async def connection(self):
        self.engine = self.engine or create_async_engine(self.bench.url)
        async with self.engine.begin() as connection:
            await connection.execute(text("CREATE TABLE IF NOT EXISTS mark (sum INTEGER)"))
        return self.engine.connect()
