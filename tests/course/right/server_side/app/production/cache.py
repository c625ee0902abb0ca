"""Tasks that were read once and are kept, for their tenant alone, while they are true."""

from __future__ import annotations

import asyncio
from collections import Counter
from uuid import uuid4

from cashews import Cache
from sqlalchemy.ext.asyncio import AsyncEngine

from ..context import required_tenant
from ..schemas import TaskRead
from ..services import TaskService
from ..tenancy import tenant_session_factory
from .writes import watch_writes

#: Inside this process. No timer: what is too old goes when somebody asks for it.
MEMORY = "mem://?size=10000&check_interval=0"

Flight = asyncio.Task["str | None"]


class TaskCache:
    """The tasks of an engine's database, each tenant's for itself, for ``ttl`` seconds at most.

    One load is a *flight*, a task of its own that everybody who asks meanwhile looks at through a
    shield: who stops waiting leaves, the flight goes on. Flights and keys both carry the tenant's
    generation, so nobody who asks after a write boards a flight that left before it.
    """

    def __init__(self, engine: AsyncEngine, *, url: str = MEMORY, ttl: float = 60.0) -> None:
        self.engine, self.ttl = engine, ttl
        self.store = Cache()
        self.store.setup(url, pickle_type="json")  # a pickle would run what others put there
        self.flights: dict[tuple[int, str, int], Flight] = {}
        self.epochs: Counter[int | None] = Counter()
        self.stop_watching = watch_writes(engine, self.forget)

    async def get(self, task_id: int) -> TaskRead | None:
        tenant = required_tenant()
        word = await self.generation(tenant)
        key = f"task:{tenant}:{word}:{task_id}"
        text = await self.store.get(key)
        if text is None:
            text = await asyncio.shield(self._board((tenant, word, task_id), key))
        return None if text is None else TaskRead.model_validate_json(text)

    def _board(self, ticket: tuple[int, str, int], key: str) -> Flight:
        flight = self.flights.get(ticket)
        if flight is None:
            flight = asyncio.create_task(self._fly(ticket[-1], key))
            self.flights[ticket] = flight
            flight.add_done_callback(lambda done: self._landed(ticket, done))
        return flight

    def _landed(self, ticket: tuple[int, str, int], flight: Flight) -> None:
        self.flights.pop(ticket, None)
        if not flight.cancelled():
            flight.exception()  # seen, even if all who waited have left

    async def _fly(self, task_id: int, key: str) -> str | None:
        text: str | None = await self.store.get(key)  # an earlier flight may just have landed
        if text is None:
            text = await self.load(task_id)
            if text is not None:
                await self.store.set(key, text, expire=self.ttl)
        return text

    async def load(self, task_id: int) -> str | None:
        """A task's JSON, by a session of its own: a caller's may see what was never committed."""
        async with tenant_session_factory(self.engine)() as session:
            task = await TaskService(session).get(task_id)
            return None if task is None else TaskRead.model_validate(task).model_dump_json()

    async def generation(self, tenant: int) -> str:
        """A word that is another one after each write to the tenant's rows."""
        key = f"generation:{tenant}"
        word: str | None = await self.store.get(key)
        if word is None:
            await self.store.set(key, uuid4().hex, expire=self.ttl, exist=False)
            word = await self.store.get(key)
        # no store to be reached: still one flight for all, told apart by what this process wrote
        return word or f"{self.epochs[tenant]}.{self.epochs[None]}"

    async def forget(self, tenants: set[int | None]) -> None:
        """Forget what is kept for some tenants; None among them stands for all."""
        self.epochs.update(tenants)
        if None in tenants:
            await self.store.delete_match("generation:*")
        else:
            for tenant in tenants:
                await self.store.delete(f"generation:{tenant}")

    async def close(self) -> None:
        self.stop_watching()
        for flight in list(self.flights.values()):
            flight.cancel()
        await self.store.close()
