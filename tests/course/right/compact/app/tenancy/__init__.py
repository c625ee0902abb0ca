"""Customers share an application and never see each other's rows."""

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from ipaddress import ip_address
from os import environ
from typing import Any

from sqlalchemy import (
    URL,
    Connection,
    Delete,
    Insert,
    NullPool,
    Select,
    Update,
    event,
    func,
    inspect,
    select,
    text,
)
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, async_sessionmaker
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.orm import ORMExecuteState, with_loader_criteria
from sqlmodel import Session
from sqlmodel.ext.asyncio.session import AsyncSession

from ..database import build_engine, build_session_factory, create_db_and_tables
from ..database import get_async_database_url, get_engine
from ..errors import ConflictError, TenantRequiredError
from ..models import Owned, Table, Tenant
from ..scope import current_tenant, tenant_context, whose

__all__ = [
    "TenantMiddleware",
    "create_tenant_database",
    "create_tenant_schema",
    "current_tenant",
    "dispose_tenant_engines",
    "drop_tenant_schema",
    "tenant_context",
    "tenant_engine",
    "tenant_schema_session",
    "tenant_session_factory",
]

# --- rows: a session of the present tenant ---


class TenantSession(Session):
    """Asks for the tenant at every door."""

    holder: int | None = None  # whose objects are in here
    told: int | None = None  # whom PostgreSQL was told of

    def enter(self) -> int:
        tenant = whose()
        if self.holder not in (None, tenant):
            waiting = self.new | self.dirty | self.deleted
            if any(not belongs(row, tenant) for row in waiting):
                raise ConflictError("changes of another tenant wait for their flush")
            for row in [row for row in self if row not in waiting]:
                if row in self:
                    self.expunge(row)
        self.holder = tenant
        return tenant

    def announce(self) -> int:
        tenant = self.enter()
        connection = self.connection()  # begins a transaction where there is none, and tells
        if self.told != tenant:
            self.tell(connection)
        return tenant

    def tell(self, connection: Connection) -> None:
        self.told = whose()
        tell(connection, self.told)

    def get(self, *args: Any, **kwargs: Any) -> Any:
        self.enter()
        return super().get(*args, **kwargs)

    def bulk_save_objects(self, *args: Any, **kwargs: Any) -> Any:
        raise ConflictError("nothing filters the bulk methods: execute insert() or update()")

    bulk_insert_mappings = bulk_update_mappings = bulk_save_objects


def tenant_session_factory(engine: AsyncEngine) -> async_sessionmaker[AsyncSession]:
    return async_sessionmaker(
        engine, class_=AsyncSession, sync_session_class=TenantSession, expire_on_commit=False
    )


def tell(connection: Connection, tenant: int) -> None:
    """For the policies, until the transaction ends."""
    if connection.dialect.name == "postgresql":
        connection.execute(select(func.set_config("task_api.tenant", str(tenant), True)))


def belongs(row: Any, tenant: int) -> bool:
    """Whether all that is known of a row's owner, now and before, is this tenant."""
    if not isinstance(row, Owned):
        return True
    history = inspect(row).attrs.tenant_id.history
    return {*history.sum()} == {tenant} and not (inspect(row).persistent and history.added)


@event.listens_for(TenantSession, "after_begin")
def tell_of_each_transaction(session: TenantSession, _: Any, connection: Connection) -> None:
    session.tell(connection)


@event.listens_for(TenantSession, "after_soft_rollback")
def told_nothing(session: TenantSession, _: Any) -> None:
    session.told = None


@event.listens_for(TenantSession, "before_flush")
def guard_rows(session: TenantSession, *_: Any) -> None:
    tenant = session.announce()
    for row in session.new | session.dirty | session.deleted:
        if isinstance(row, Owned):
            row.tenant_id  # noqa: B018 - an expired one is loaded, filtered like all that is
        if not belongs(row, tenant):
            raise ConflictError("a row of another tenant")


@event.listens_for(TenantSession, "do_orm_execute")
def guard_statements(state: ORMExecuteState) -> None:
    tenant = state.session.announce()  # type: ignore[attr-defined]
    if not state.execution_options.get("tenant_unscoped"):
        if reason := escapes(state, tenant):
            raise ConflictError(reason)
    if state.is_orm_statement:
        for model in Owned.__subclasses__():
            only = with_loader_criteria(
                model, lambda cls: cls.tenant_id == tenant, include_aliases=True
            )
            state.statement = state.statement.options(only)


def escapes(state: ORMExecuteState, tenant: int) -> str | None:
    """Why no filter holds a statement, if none does."""
    statement: Any = state.statement
    if not state.is_orm_statement or state.is_from_statement:
        return "only statements of models can be filtered"
    match statement:
        case Select() | Delete():
            return None
        case Update() if isinstance(state.parameters, list):
            return "an update by primary key passes the filter"
        case postgresql.Insert() | sqlite.Insert():
            return "a row that is in the way may be another tenant's"
        case Insert() if statement.select is not None:
            return "an insert from a select may copy any tenant's rows"
        case Insert() | Update():
            strangers = named(statement, state.parameters) - {tenant}
            return "a row of another tenant" if strangers else None
        case _:
            return "only a SELECT, INSERT, UPDATE or DELETE can be filtered"


def named(statement: Any, parameters: Any) -> set[Any]:
    """The owners that an INSERT or UPDATE names; of an expression, the expression."""
    rows = [statement._values or {}]
    for group in statement._multi_values:
        rows += group
    rows += parameters if isinstance(parameters, list) else [parameters or {}]
    owners = set()
    for row in rows:
        for column, value in row.items():
            if getattr(column, "key", column) == "tenant_id":
                owners.add(getattr(value, "value", value))
    return owners


# --- requests: the tenant of an address ---

RESERVED = {"www", "api", "admin", "app", "static", "health"}


class TenantMiddleware:
    """Runs a request inside the tenant that its address names."""

    def __init__(self, app: Any, *, base_domain: str, header: str | None = None) -> None:
        self.app = app
        self.header = header.lower().encode() if header else None
        self.host = re.compile(rf"([^.:]+)\.{re.escape(base_domain.strip('.'))}(:\d*)?", re.I)

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] not in ("http", "websocket"):
            await self.app(scope, receive, send)
            return
        tenant = await self.find(self.label(scope["headers"]))
        if tenant is not None:
            with tenant_context(tenant):
                await self.app(scope, receive, send)
        elif scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": 1008})
        else:
            await send(
                {
                    "type": "http.response.start",
                    "status": 404,
                    "headers": [(b"content-type", b"application/problem+json")],
                }
            )
            body = b'{"type":"about:blank","title":"Not Found","status":404,"detail":"no tenant"}'
            await send({"type": "http.response.body", "body": body})

    def label(self, headers: Any) -> str | None:
        trusted = [value for name, value in headers if self.header and name.lower() == self.header]
        hosts = [value for name, value in headers if name.lower() == b"host"]
        if len(trusted or hosts) != 1:
            return None
        name = (trusted or hosts)[0].decode("latin-1").lower()
        if not trusted:
            found = self.host.fullmatch(name)
            if found is None or is_address(name.partition(":")[0]):
                return None
            name = found[1]
        fits = re.fullmatch(r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?", name)
        return name if fits and name not in RESERVED else None

    async def find(self, label: str | None) -> int | None:
        if label is None:
            return None
        async with get_engine().connect() as connection:
            wanted = select(Tenant.id).where(Tenant.subdomain == label)
            return await connection.scalar(wanted)


def is_address(host: str) -> bool:
    try:
        return bool(ip_address(host))
    except ValueError:
        return False


# --- walls: a schema, or a database, for each tenant ---


def place(tenant_id: int) -> str:
    """The name of a tenant's schema or database."""
    if tenant_id is None:
        raise TenantRequiredError("whose place?")
    if type(tenant_id) is not int or tenant_id < 1:
        raise ValueError("a tenant's id is a whole number from 1 on")
    return f"tenant_{tenant_id:d}"


async def settle(connection: AsyncConnection, tenant_id: int) -> None:
    """The tenant table among a tenant's own tables holds the tenant alone."""
    if not await connection.scalar(select(func.count()).select_from(Tenant)):
        own = {"id": tenant_id, "name": place(tenant_id), "subdomain": f"tenant-{tenant_id}"}
        await connection.execute(Tenant.__table__.insert(), own)


async def create_tenant_schema(engine: AsyncEngine, tenant_id: int) -> None:
    schema = place(tenant_id)
    async with engine.begin() as connection:
        # Two that create the same schema take turns.
        await connection.execute(select(func.pg_advisory_xact_lock(44, tenant_id)))
        await connection.execute(text(f"CREATE SCHEMA IF NOT EXISTS {schema}"))
        await connection.execute(text(f"SET LOCAL search_path TO {schema}"))
        await connection.run_sync(Table.metadata.create_all)
        await settle(connection, tenant_id)


async def drop_tenant_schema(engine: AsyncEngine, tenant_id: int) -> None:
    async with engine.begin() as connection:
        await connection.execute(text(f"DROP SCHEMA IF EXISTS {place(tenant_id)} CASCADE"))


@asynccontextmanager
async def tenant_schema_session(engine: AsyncEngine, tenant_id: int) -> AsyncIterator[AsyncSession]:
    """Its transactions look for tables in the tenant's schema and nowhere else."""
    path = f"SET LOCAL search_path TO {place(tenant_id)}"
    with tenant_context(tenant_id):
        async with build_session_factory(engine)() as session:

            @event.listens_for(session.sync_session, "after_begin")
            def look_here(_: Any, __: Any, connection: Connection) -> None:
                connection.exec_driver_sql(path)
                tell(connection, tenant_id)

            yield session


MOST, CONNECTIONS = 12, 2


class Databases:
    """The server of the tenants' databases, and the engines that were asked for last."""

    def __init__(self) -> None:
        self.server: URL | None = None
        self.engines: dict[int, AsyncEngine] = {}

    def url(self, tenant_id: int) -> URL:
        server = self.server or get_async_database_url(environ.get("DATABASE_URL", ""))
        if server.get_backend_name() != "postgresql":
            raise ValueError("a database for each tenant takes PostgreSQL")
        return server.set(database=place(tenant_id))

    async def engine(self, tenant_id: int) -> AsyncEngine:
        url = self.url(tenant_id)
        engine = self.engines.pop(tenant_id, None)
        if engine is None:
            engine = build_engine(url, pool_size=1, max_overflow=CONNECTIONS - 1)
        self.engines[tenant_id] = engine
        idle = [key for key, each in self.engines.items() if not each.pool.checkedout()]
        idle = [key for key in idle if key != tenant_id]
        gone = [self.engines.pop(key) for key in idle[: max(0, len(self.engines) - MOST)]]
        await asyncio.gather(*(each.dispose() for each in gone))
        return engine

    async def dispose(self) -> None:
        gone = list(self.engines.values())
        self.engines.clear()
        await asyncio.gather(*(each.dispose() for each in gone))


databases = Databases()
tenant_engine = databases.engine
dispose_tenant_engines = databases.dispose


async def create_tenant_database(admin_url: str | URL, tenant_id: int) -> URL:
    name = place(tenant_id)
    admin = get_async_database_url(admin_url)
    if admin.get_backend_name() != "postgresql":
        raise ValueError("a database for each tenant takes PostgreSQL")
    url = admin.set(database=name)
    server = create_async_engine(admin, isolation_level="AUTOCOMMIT", poolclass=NullPool)
    async with server.connect() as connection:
        # Two that create the same database take turns; the lock goes with the connection.
        await connection.execute(select(func.pg_advisory_lock(45, tenant_id)))
        known = text("SELECT EXISTS (SELECT FROM pg_database WHERE datname = :name)")
        if not await connection.scalar(known, {"name": name}):
            await connection.execute(text(f"CREATE DATABASE {name} TEMPLATE template0"))
        engine = create_async_engine(url, poolclass=NullPool)
        await create_db_and_tables(engine)
        async with engine.begin() as own:
            await settle(own, tenant_id)
    databases.server = admin
    return url
