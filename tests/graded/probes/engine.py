"""Lesson 1: URLs, engines, sessions, tables; none of it needs the student's models."""

import asyncio
import gc
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import URL, MetaData, Pool, event, inspect, literal, text
from sqlalchemy.engine import make_url
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine
from sqlalchemy.orm import registry
from sqlmodel import Field, SQLModel, select

from .kit import Kit, honest_engine


class Own(SQLModel, registry=registry(metadata=MetaData())):
    """A registry of the probe's own, apart from any student's."""


class Note(Own, table=True):
    """A table to try sessions with before there are models."""

    id: int | None = Field(default=None, primary_key=True)
    words: str


async def _note_table(kit: Kit) -> None:
    async with kit.engine.begin() as connection:
        await connection.run_sync(Own.metadata.create_all)


def _parts(url: Any) -> dict[str, Any]:
    found = url if isinstance(url, URL) else make_url(str(url))
    names = ("drivername", "username", "password", "host", "port", "database")
    return {name: getattr(found, name) for name in names} | {"query": dict(found.query)}


async def convert(kit: Kit, *, urls: list[str]) -> list[dict[str, Any]]:
    """Each URL's async form, and what a second turn makes of that."""
    function = kit.use("database.get_async_database_url")

    async def twice(url: str) -> dict[str, Any]:
        once = function(url)
        return {"once": _parts(once), "twice": _parts(function(once))}

    return [await kit.outcome(twice(url)) for url in urls]


async def _ask(engine: AsyncEngine) -> dict[str, Any]:
    async with engine.connect() as connection:
        answer = (await connection.execute(text("SELECT 41 + 1"))).scalar_one()
    return {"answer": answer, "driver": engine.dialect.driver}


async def build(kit: Kit, *, urls: list[str]) -> list[dict[str, Any]]:
    """An engine for each URL, asked one question; an empty URL means the check's database."""
    saw = []
    for url in urls:
        engine = kit.use("database.build_engine")(url or kit.url)
        saw.append(await kit.outcome(_ask(engine)))
        await engine.dispose()
    return saw


async def hold(kit: Kit, *, pool_size: int, max_overflow: int) -> dict[str, Any]:
    """How many connections of one engine are open before the next one has to wait."""
    engine = kit.use("database.build_engine")(
        kit.url, pool_size=pool_size, max_overflow=max_overflow
    )
    opened: list[AsyncConnection] = []
    try:
        while len(opened) <= pool_size + max_overflow:
            due = len(opened) < pool_size + max_overflow
            try:
                async with asyncio.timeout(5 if due else 0.3):
                    opened.append(await engine.connect())
            except TimeoutError:
                break
        return {"open": len(opened)}
    finally:
        for connection in opened:
            await connection.close()
        await engine.dispose()


async def lose_connection(kit: Kit) -> dict[str, Any]:
    """Ends an engine's idle connection from another one, then uses the engine again."""
    engine = kit.use("database.build_engine")(kit.url)
    try:
        async with engine.connect() as connection:
            backend = (await connection.execute(text("SELECT pg_backend_pid()"))).scalar_one()
        async with kit.engine.connect() as outside:
            await outside.execute(text(f"SELECT pg_terminate_backend({backend}, 5000)"))
        return {"after": await kit.outcome(_ask(engine))}
    finally:
        await engine.dispose()


SHELVES = (
    "CREATE TABLE shelf (id INTEGER PRIMARY KEY)",
    "CREATE TABLE book (id INTEGER PRIMARY KEY, shelf_id INTEGER REFERENCES shelf (id))",
    "INSERT INTO shelf VALUES (1)",
)


async def orphan(kit: Kit, *, missing: int) -> dict[str, Any]:
    """On the second of two open connections: a book on a shelf, and one on none; also in memory."""
    build = kit.use("database.build_engine")
    engine, in_memory = build(kit.url), build("sqlite://")

    async def put(connection: AsyncConnection, book: int, shelf: int) -> None:
        await connection.execute(text(f"INSERT INTO book VALUES ({book}, {shelf})"))

    try:
        async with engine.begin() as connection:
            for statement in SHELVES:
                await connection.execute(text(statement))
        async with engine.connect(), engine.connect() as second:
            accepted = await kit.outcome(put(second, 1, 1))
            refused = await kit.outcome(put(second, 2, missing))
            await second.rollback()
        async with in_memory.connect() as connection:
            for statement in SHELVES:
                await connection.execute(text(statement))
            elsewhere = await kit.outcome(put(connection, 2, missing))
            await connection.rollback()
        return {"accepted": accepted, "refused": refused, "in memory": elsewhere}
    finally:
        await engine.dispose()
        await in_memory.dispose()


async def savepoint(kit: Kit, *, undone: int, kept: int, table: str) -> None:
    """A released savepoint in a transaction that rolls back, then one that commits.

    And a table, made in a transaction that rolls back.
    """
    engine = kit.use("database.build_engine")(kit.url)
    try:
        async with engine.begin() as connection:
            await connection.execute(text("CREATE TABLE rung (id INTEGER PRIMARY KEY)"))
        async with engine.connect() as connection:
            for rung, end in ((undone, connection.rollback), (kept, connection.commit)):
                async with connection.begin_nested():
                    await connection.execute(text(f"INSERT INTO rung VALUES ({rung})"))
                await end()
            await connection.execute(text(f"CREATE TABLE {table} (id INTEGER PRIMARY KEY)"))
            await connection.rollback()
    finally:
        await engine.dispose()


async def factory(kit: Kit) -> dict[str, Any]:
    """What the student's function gives for an engine: whether it can be called, its type."""
    made = kit.use("database.build_session_factory")(kit.engine)
    return {"callable": callable(made), "found": "None" if made is None else type(made).__name__}


async def after_commit(kit: Kit, *, words: str) -> dict[str, Any]:
    """A row of a session of the student's factory, read after its commit without await."""
    await _note_table(kit)
    async with kit.use("database.build_session_factory")(kit.engine)() as session:
        note = Note(words=words)
        session.add(note)
        await session.commit()

        async def read() -> str:
            return note.words

        return {"read": await kit.outcome(read())}


async def run_exec(kit: Kit, *, words: str) -> dict[str, Any]:
    """Rows that a session's `exec` selects."""
    await _note_table(kit)
    async with kit.use("database.build_session_factory")(kit.engine)() as session:
        session.add(Note(words=words))
        await session.flush()

        async def rows() -> list[str]:
            return [note.words for note in (await session.exec(select(Note))).all()]

        return {"exec": await kit.outcome(rows())}


async def makers(kit: Kit) -> list[int | None]:
    """Two factories for two engines: which engine a session of each asks."""
    engines = [honest_engine("sqlite+aiosqlite://") for _ in range(2)]
    factories = [kit.use("database.build_session_factory")(engine) for engine in engines]
    pools = [engine.sync_engine.pool for engine in engines]
    asked: list[int | None] = []
    for factory in factories:
        async with factory() as session:
            connection = (await session.connection()).sync_connection
            own = [place for place, pool in enumerate(pools) if connection.engine.pool is pool]
            asked.append(own[0] if own else None)
    for engine in engines:
        await engine.dispose()
    return asked


async def request(
    kit: Kit, *, words: str, fails: bool, beside: bool = False, commits: bool = True
) -> dict[str, Any]:
    """One request: a row is flushed; then the caller fails, or commits and is done, or just done.

    `beside` it another one commits before it ends.
    """
    await _note_table(kit)
    sessions = kit.use("database.get_session")()
    session = await anext(sessions)
    session.add(Note(words=words))
    await session.flush()
    if beside:
        others = kit.use("database.get_session")()
        await (await anext(others)).commit()
        await kit.outcome(anext(others))
    if fails:
        left = await kit.outcome(sessions.athrow(ConnectionAbortedError("the caller failed")))
    else:
        if commits:
            await session.commit()
        left = await kit.outcome(anext(sessions))
    return {"left": left}


async def requests(kit: Kit, *, ways: list[str], word: str) -> dict[str, Any]:
    """Request after request, each left its way, every session kept in hand."""
    opened: list[Any] = []
    with _noting_connections(opened):
        answers = await _requests(kit, ways, word)
    return {"answers": answers, "opened": len(opened)}


@contextmanager
def _noting_connections(opened: list[Any]) -> Iterator[None]:
    """While it is open, notes each connection that any engine opens."""

    def note(connection: Any, _record: object) -> None:
        opened.append(connection)

    event.listen(Pool, "connect", note)
    try:
        yield
    finally:
        event.remove(Pool, "connect", note)


async def _requests(kit: Kit, ways: list[str], word: str) -> list[Any]:
    kept: list[Any] = []
    answers: list[Any] = []
    for way in ways:
        sessions = kit.use("database.get_session")()
        try:
            async with asyncio.timeout(3):
                session = await anext(sessions)
                answers.append((await session.exec(select(literal(word)))).one())
        except TimeoutError:
            return answers
        kept += [(sessions, session)]
        if way == "fails":
            await kit.outcome(sessions.athrow(ConnectionAbortedError("the caller failed")))
        elif way == "ends":
            await kit.outcome(anext(sessions))
        else:
            await sessions.aclose()
    return answers


def made_at_import(kit: Kit) -> int:
    """How many engines importing `database` made, in a witness where nothing else has run yet."""
    kit.use("database.get_engine")
    return len([each for each in gc.get_objects() if issubclass(type(each), AsyncEngine)])


async def create_tables(kit: Kit, *, times: int, named: bool) -> dict[str, list[str]]:
    """Calls create_db_and_tables, with an engine or for the process's own.

    With one it goes on to two databases in memory, one after the other, and marks each table
    there by a column between two calls; the columns of each in the second.
    """
    create = kit.use("database.create_db_and_tables")
    for _ in range(times):
        await (create(kit.engine) if named else create())
    if not named:
        return {}
    await _marked(create)
    return await _marked(create)


async def _marked(create: Any) -> dict[str, list[str]]:
    engine = honest_engine("sqlite+aiosqlite://")
    try:
        await create(engine)
        async with engine.begin() as connection:
            for table in await connection.run_sync(_columns):
                await connection.execute(text(f'ALTER TABLE "{table}" ADD COLUMN judged INTEGER'))
        await create(engine)
        async with engine.connect() as connection:
            return await connection.run_sync(_columns)
    finally:
        await engine.dispose()


def _columns(connection: Any) -> dict[str, list[str]]:
    its = inspect(connection)
    return {name: [one["name"] for one in its.get_columns(name)] for name in its.get_table_names()}
