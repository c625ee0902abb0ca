"""Tasks that were read once and are kept, for their tenant alone, while they are true."""

import asyncio
from uuid import uuid4
from weakref import WeakValueDictionary

from cashews import Cache
from sqlalchemy.ext.asyncio import AsyncEngine

from ..context import required_tenant
from ..schemas import TaskRead
from ..services.task_service import TaskService
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
        self.loading: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()
        self.stop_watching = watch_writes(engine, self.forget)

    async def get(self, task_id: int) -> TaskRead | None:
        """Return a task of the context's tenant, from the database only if it isn't kept.

        The key holds the tenant, the tenant's ``generation`` and the id, and is made before the
        task is loaded. ``load`` gives the JSON to keep, ``self.store.get(key)`` and
        ``self.store.set(key, text, expire=self.ttl)`` keep it; each caller gets a ``TaskRead`` of
        their own (``model_validate_json``). None is not kept: a task may be there a moment later.

        When many ask for a task that isn't kept, one of them loads it and the others wait: an
        ``asyncio.Lock`` for each key, in ``self.loading`` while somebody holds it (``setdefault``),
        and a second look behind it. One who stops waiting, even the one who loads, takes nobody
        along. Without a tenant, ``TenantRequiredError``.
        """
        raise NotImplementedError("exercise production.cache")

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
        # exercise production.invalidation: so far it is always the same
        return "first"

    async def forget(self, tenants: set[int | None]) -> None:
        """Forget what is kept for some tenants; None among them stands for all.

        Deletes their generations: ``self.store.delete(key)``, ``delete_match("generation:*")``.
        """
        raise NotImplementedError("exercise production.invalidation")

    async def close(self) -> None:
        """Given: hear of no more writes, and let go of Redis."""
        self.stop_watching()
        await self.store.close()
