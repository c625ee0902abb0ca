"""The kit of every probe: an engine and sessions of its own, rows made by the student's models.

Lessons build on each other, but a fault of lesson 1 should not fail lesson 3. So the kit brings
an engine that is known to work; probes of lesson 1 ask for the student's.
"""

import importlib
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager, nullcontext, suppress
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import event
from sqlalchemy.ext.asyncio import AsyncEngine, async_sessionmaker, create_async_engine
from sqlmodel.ext.asyncio.session import AsyncSession

from workbook.witness.bench import Bench


def _connect(connection: Any, _record: object) -> None:
    connection.isolation_level = None
    connection.execute("PRAGMA foreign_keys=ON")


def _begin(connection: Any) -> None:
    mode = connection.get_execution_options().get("sqlite_begin", "DEFERRED")
    connection.exec_driver_sql(f"BEGIN {mode}")


def _reset(connection: Any, _record: object, state: Any) -> None:
    # A COMMIT that a deferred key refused leaves the transaction open.
    if state.transaction_was_reset and state.asyncio_safe:
        connection.rollback()


def honest_engine(url: str, **options: Any) -> AsyncEngine:
    """An engine that enforces foreign keys and means its transactions, on both databases."""
    engine = create_async_engine(url, **options)
    if engine.dialect.name == "sqlite":
        event.listen(engine.sync_engine, "connect", _connect)
        event.listen(engine.sync_engine, "begin", _begin)
        event.listen(engine.sync_engine, "reset", _reset)
    return engine


class Kit:
    """What probes work with; one per witness, emptied when the database changes."""

    def __init__(self, bench: Bench) -> None:
        self.bench = bench
        self.recording = bench.recording
        self.outcome = bench.outcome
        self.told = bench.told
        self._engine: AsyncEngine | None = None
        self._tables_on = ""
        self._tenant = self._tenant_of = 0

    @property
    def url(self) -> str:
        """The database's address, its driver an async one."""
        return self.bench.url

    @property
    def engine(self) -> AsyncEngine:
        """The kit's own engine on the check's database."""
        if self._engine is None:
            self._engine = honest_engine(self.url)
        return self._engine

    async def close(self) -> None:
        """Lets go of the database."""
        if self._engine is not None:
            await self._engine.dispose()
        self._engine, self._tenant, self._tenant_of = None, 0, 0

    def use(self, name: str) -> Any:
        """`models.Task` or `database.build_engine` of the student's package."""
        module, _, attribute = f"app.{name}".rpartition(".")
        return getattr(importlib.import_module(module), attribute)

    def knows_tenants(self) -> bool:
        """Whether the student's tasks belong to tenants: from lesson 6 on."""
        models = importlib.import_module("app.models")
        task = getattr(models, "Task", None)
        return hasattr(models, "Tenant") and hasattr(task, "tenant_id")

    async def tables(self) -> None:
        """Makes the tables of the student's models, once for a database."""
        if self._tables_on == self.url:
            return
        models = importlib.import_module("app.models")
        metadata = next(
            found.metadata
            for name in ("Task", "Project", "Worker")
            if (found := getattr(models, name, None)) is not None
        )
        async with self.engine.begin() as connection:
            await connection.run_sync(metadata.create_all)
        self._tables_on = self.url

    def migrated(self) -> None:
        """Takes the tables as they are: migrations make them, not the models."""
        self._tables_on = self.url

    @asynccontextmanager
    async def session(self, tenant: int | None = None) -> AsyncIterator[AsyncSession]:
        """A session as the services get it, inside a tenant when the package knows tenants."""
        await self.tables()
        async with AsyncExitStack() as stack:
            stack.enter_context(await self.tenant(tenant))
            yield await stack.enter_async_context(self._sessions()())

    def _sessions(self) -> Any:
        """A maker of sessions: the student's where those may bring the tenant, else our own."""
        if self.knows_tenants():
            # A blank or a fault of lesson 1 should not fail the later lessons.
            with suppress(Exception):
                return self.use("database.build_session_factory")(self.engine)
        return async_sessionmaker(self.engine, class_=AsyncSession, expire_on_commit=False)

    async def tenant(self, tenant: int | None = None) -> Any:
        """A context inside a tenant: the given one, or one made for this check."""
        if not self.knows_tenants():
            return nullcontext()
        if tenant is None:
            tenant = await self._some_tenant()
        return self._context()(tenant)

    def _context(self) -> Any:
        """The student's `tenant_context`; a fault elsewhere in `tenancy` is that lesson's alone."""
        try:
            return self.use("tenancy.tenant_context")
        except Exception:
            with suppress(Exception):
                return self.use("context.tenant_context")
            raise

    async def _some_tenant(self) -> int:
        if self._tenant_of == self.bench.turn:
            return self._tenant
        tenant = self.use("models.Tenant")
        async with AsyncSession(self.engine, expire_on_commit=False) as session:
            if not self._tenant or not await session.get(tenant, self._tenant):
                row = tenant(name="Check", subdomain="check")
                session.add(row)
                await session.commit()
                self._tenant = int(row.id)
        self._tenant_of = self.bench.turn
        return self._tenant

    async def add(self, model: str, **fields: Any) -> int:
        """Commits one row of a student's model and returns its id."""
        async with self.session() as session:
            row = self.use(f"models.{model}")(**fields)
            session.add(row)
            await session.commit()
            return int(row.id)

    async def worker(self, handle: str = "@kim", **fields: Any) -> int:
        """A worker's id."""
        return await self.add("Worker", **{"handle": handle, "type": "human", **fields})

    async def project(self, name: str = "Launch", **fields: Any) -> int:
        """A project's id."""
        return await self.add("Project", name=name, **fields)

    async def task(self, project: int, creator: int, title: str = "Write", **fields: Any) -> int:
        """A task's id."""
        return await self.add(
            "Task", title=title, project_id=project, created_by_id=creator, **fields
        )


def aware(text: str | None) -> datetime | None:
    """A time that came in as text."""
    return None if text is None else datetime.fromisoformat(text).astimezone(UTC)
