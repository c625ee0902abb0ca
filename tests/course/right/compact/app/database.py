from os import environ

from sqlalchemy import URL, event, make_url
from sqlalchemy.ext.asyncio import AsyncEngine, async_sessionmaker, create_async_engine
from sqlmodel.ext.asyncio.session import AsyncSession

from .models import Table

ASYNC = {
    "postgres": "postgresql+asyncpg",
    "postgresql": "postgresql+asyncpg",
    "sqlite": "sqlite+aiosqlite",
}
ONLY_LIBPQ = """
    application_name channel_binding client_encoding connect_timeout fallback_application_name
    gssdelegation gssencmode hostaddr keepalives keepalives_count keepalives_idle
    keepalives_interval load_balance_hosts max_protocol_version min_protocol_version options
    replication require_auth requirepeer requiressl service ssl_max_protocol_version
    ssl_min_protocol_version sslcert sslcertmode sslcompression sslcrl sslcrldir sslkey
    sslnegotiation sslpassword sslrootcert sslsni tcp_user_timeout
""".split()


def get_async_database_url(url) -> URL:
    if not url or not str(url).strip():
        raise ValueError("no database URL given")
    try:
        u = make_url(url.strip() if isinstance(url, str) else url)
    except Exception:
        raise ValueError("the database URL does not parse") from None
    backend, _, _ = u.drivername.lower().partition("+")
    if backend not in ASYNC:
        raise ValueError(f"neither PostgreSQL nor SQLite: {backend}")
    if backend != "sqlite":
        ssl = u.query.get("ssl") or u.query.get("sslmode")
        u = u.difference_update_query(["sslmode", *ONLY_LIBPQ])
        if ssl:
            u = u.update_query_dict({"ssl": ssl})
    return u.set(drivername=ASYNC[backend])


def build_engine(url, *, pool_size: int = 5, max_overflow: int = 10) -> AsyncEngine:
    u = get_async_database_url(url)
    sqlite = u.get_backend_name() == "sqlite"
    kw = {"pool_pre_ping": True, "connect_args": {"isolation_level": None} if sqlite else {}}
    try:
        engine = create_async_engine(u, pool_size=pool_size, max_overflow=max_overflow, **kw)
    except TypeError:  # a pool of one connection has no size
        engine = create_async_engine(u, **kw)
    if sqlite:
        event.listen(
            engine.sync_engine, "connect", lambda c, _: c.execute("PRAGMA foreign_keys=1").close()
        )
        event.listen(engine.sync_engine, "begin", lambda c: c.exec_driver_sql("BEGIN"))
    return engine


_engine: AsyncEngine | None = None


def get_engine() -> AsyncEngine:
    global _engine
    if _engine is None:
        _engine = build_engine(
            environ.get("DATABASE_URL", "sqlite:///task_api.db"),
            pool_size=int(environ.get("DB_POOL_SIZE", 5)),
            max_overflow=int(environ.get("DB_MAX_OVERFLOW", 10)),
        )
    return _engine


def build_session_factory(engine):
    return async_sessionmaker(engine, class_=AsyncSession, expire_on_commit=False)


async def get_session():
    async with build_session_factory(get_engine())() as session:
        try:
            yield session
        finally:
            await session.rollback()


async def create_db_and_tables(engine=None) -> None:
    async with (engine or get_engine()).connect() as connection:
        await connection.run_sync(Table.metadata.create_all)
        await connection.commit()
