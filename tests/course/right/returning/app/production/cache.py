"""Tasks that were read once and are kept, for their tenant alone, while they are true."""

import asyncio
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


class TaskCache:
    """The tasks of an engine's database, by their id, each tenant's for itself.

    Kept where ``url`` says for ``ttl`` seconds at most: in this process, or in a Redis that
    several share (``redis://host/0``). A Redis that can't be reached is as good as an empty one:
    cashews logs it, and tasks come from the database.
    """

    def __init__(self, engine: AsyncEngine, *, url: str = MEMORY, ttl: float = 60.0) -> None:
        self.engine, self.ttl = engine, ttl
        self.store = Cache()
        # JSON, since a pickle would run whatever somebody else put there.
        self.store.setup(url, pickle_type="json")
        self.loading: dict[str, asyncio.Task[str | None]] = {}
        self.stop_watching = watch_writes(engine, self.forget)

    async def get(self, task_id: int) -> TaskRead | None:
        """Return a task of the context's tenant, from the database only if it isn't kept.

        The key holds the tenant, the tenant's ``generation`` and the id, and is made before the
        task is loaded. Each caller gets a ``TaskRead`` of their own. None is not kept: a task may
        be there a moment later.

        When many ask for a task that isn't kept, all wait for one ``flight``. One who stops
        waiting, even the first, takes nobody along. Without a tenant, ``TenantRequiredError``.
        """
        tenant = required_tenant()
        key = f"task:{tenant}:{await self.generation(tenant)}:{task_id}"
        text = await self.store.get(key)
        if text is None:
            text = await asyncio.shield(self.flight(key, task_id))
        return None if text is None else TaskRead.model_validate_json(text)

    def flight(self, key: str, task_id: int) -> asyncio.Task[str | None]:
        """Return the one load of a key that is under way, begun if there is none.

        An asyncio task of its own, in a copy of the context of who began it, whose tenant is the
        key's: whoever waits for it may stop, it goes on for the others.
        """
        loading = self.loading.get(key)
        if loading is None:
            loading = self.loading[key] = asyncio.create_task(self.fill(key, task_id))
            loading.add_done_callback(lambda done: self.land(key, done))
        return loading

    def land(self, key: str, done: asyncio.Task[str | None]) -> None:
        """Forget a load that is over, and have seen what it raised."""
        self.loading.pop(key, None)
        if not done.cancelled():
            done.exception()

    async def fill(self, key: str, task_id: int) -> str | None:
        """Load what is to be kept under a key, unless an earlier load was over a moment ago."""
        text: str | None = await self.store.get(key)
        if text is None:
            text = await self.load(task_id)
            if text is not None:
                await self.store.set(key, text, expire=self.ttl)
        return text

    async def load(self, task_id: int) -> str | None:
        """Given: a task's JSON from the database, or None.

        With a session of its own: a caller's session may see what was never committed.
        """
        async with tenant_session_factory(self.engine)() as session:
            task = await TaskService(session).get(task_id)
            return None if task is None else TaskRead.model_validate(task).model_dump_json()

    async def generation(self, tenant: int) -> str:
        """Return a word that is another one after each write to the tenant's rows.

        What was kept under the last one is never asked for again. That holds for a load that
        began before the write as well, and ends after it: its key has the old word.

        Made up when there is none (``uuid4().hex``), and kept under ``generation:TENANT``, for
        ``ttl`` too, unless somebody else was quicker (``exist=False``).
        """
        key, fresh = f"generation:{tenant}", uuid4().hex
        word: str | None = await self.store.get(key)
        if word is None:
            await self.store.set(key, fresh, expire=self.ttl, exist=False)
            # Where nothing can be kept, what comes next is kept under a word nobody asks for.
            word = await self.store.get(key) or fresh
        return word

    async def forget(self, tenants: set[int | None]) -> None:
        """Forget what is kept for some tenants; None among them stands for all.

        Deletes their generations: ``self.store.delete(key)``, ``delete_match("generation:*")``.
        """
        if None in tenants:
            await self.store.delete_match("generation:*")
        else:
            for tenant in tenants:
                await self.store.delete(f"generation:{tenant}")

    async def close(self) -> None:
        """Given: hear of no more writes, and let go of Redis."""
        self.stop_watching()
        await self.store.close()
