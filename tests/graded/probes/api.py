"""Lesson 7: the student's application, started, asked and stopped as a server does it."""

import asyncio
import gc
import os
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from functools import cache
from typing import Any

from sqlalchemy import event
from sqlalchemy.ext.asyncio import AsyncEngine
from sqlalchemy.util import await_only

from .kit import Kit

Request = dict[str, Any]
CACHED = type(cache(lambda: None))
PATIENCE = 8.0  # seconds in which an application has to answer


#: How many engines there were when this process first heard of the application.
_AT_IMPORT: list[int] = []


def engines(kit: Kit) -> int:
    """How many engines importing the application made; nothing else has run yet."""
    if not _AT_IMPORT:
        kit.use("main.create_app")
        gc.collect()
        living = [each for each in gc.get_objects() if issubclass(type(each), AsyncEngine)]
        _AT_IMPORT.append(len([each for each in living if each is not kit.engine]))
    return _AT_IMPORT[0]


@contextmanager
def _environment(kit: Kit, **names: str | None) -> Iterator[None]:
    """Variables of the environment, and whatever the package made of the old ones forgotten."""
    before = {name: os.environ.get(name) for name in names}
    _set(names)
    _forget(kit)
    try:
        yield
    finally:
        _set(before)
        _forget(kit)


def _set(names: dict[str, str | None]) -> None:
    for name, value in names.items():
        os.environ.pop(name, None) if value is None else os.environ.update({name: value})


def _forget(kit: Kit) -> None:
    """Empties the caches of the student's functions: the engine, and what was made of it."""
    engines(kit)  # while they can still be told from those that a start made
    for name, module in list(sys.modules.items()):
        if name.startswith("app."):
            for found in list(vars(module).values()):
                if isinstance(found, CACHED):
                    found.cache_clear()


@asynccontextmanager
async def serving(kit: Kit, domain: str | None, pool: int = 5) -> AsyncIterator[Any]:
    """The application between its start and its end, as a client's transport takes it."""
    names = {"TENANT_BASE_DOMAIN": domain, "DB_POOL_SIZE": str(pool), "DB_MAX_OVERFLOW": "0"}
    with _environment(kit, **names):
        app = kit.use("main.create_app")()
        async with app.router.lifespan_context(app) as state:

            async def with_state(scope: Any, receive: Any, send: Any) -> None:
                await app({**scope, "state": dict(state or {})}, receive, send)

            yield with_state
        await kit.use("database.get_engine")().dispose()


@contextmanager
def _trouble(engine: Any, kind: str | None, word: str) -> Iterator[None]:
    """A database that is away or silent, or code that fails at each statement."""

    dialect, pool = engine.dialect, engine.sync_engine.pool

    def connect(*_: object) -> None:
        if kind == "silent":
            await_only(asyncio.sleep(60))
        if dialect.name == "sqlite":
            raise dialect.loaded_dbapi.OperationalError(f"unable to open database file {word}")
        raise ConnectionRefusedError(f"Connect call failed ({word})")

    def execute(*_: object) -> None:
        raise ArithmeticError(f"{word} is no number")

    def confuse(connection: Any, *_: object) -> tuple[str, tuple[()]]:
        sqlite = connection.dialect.name == "sqlite"
        return (f"SELECT '{word}', ?" if sqlite else f"SELECT {word} FROM nowhere"), ()

    made = pool._creator  # the event "do_connect" knows nothing of a creator of the student's
    if kind in ("away", "silent"):
        pool._creator = connect
    listener = {"faulty": execute, "confused": confuse}.get(kind or "")
    if listener:
        event.listen(engine.sync_engine, "before_cursor_execute", listener, retval=True)
    try:
        yield
    finally:
        pool._creator = engine.sync_engine.pool._creator = made
        if listener:
            event.remove(engine.sync_engine, "before_cursor_execute", listener)


async def _answer(kit: Kit, app: Any, one: Request) -> dict[str, Any]:
    """What a client gets; and how many connections were in use as the answer began."""
    import httpx  # no other lesson waits for it

    engine = kit.use("database.get_engine")()
    held: list[int] = []

    async def watched(scope: Any, receive: Any, send: Any) -> None:
        async def sending(message: Any) -> None:
            if message["type"] == "http.response.start":
                held.append(engine.pool.checkedout())
            await send(message)

        await app(scope, receive, sending)

    transport = httpx.ASGITransport(watched, raise_app_exceptions=False)
    content = one["content"].encode() if "content" in one else None
    given = {"json": one["json"]} if "json" in one else {"content": content}
    given["headers"] = dict(one.get("headers", {}))
    if content is not None:
        given["headers"]["content-type"] = "application/json"
    host = one.get("host", "api.test")
    async with (
        asyncio.timeout(PATIENCE),
        httpx.AsyncClient(transport=transport, base_url=f"http://{host}") as client,
    ):
        found = await client.request(one["method"], one["path"], **given)
    kind = found.headers.get("content-type", "").partition(";")[0]
    is_json = kind.endswith("json") and found.content
    return {
        "status": found.status_code,
        "type": kind,
        "link": found.headers.get("link"),
        "allow": found.headers.get("allow"),
        "body": found.json() if is_json else found.text[:2000],
        "held": held[0] if held else None,
    }


async def ask(
    kit: Kit, *, asked: list[Request], domain: str | None = None, word: str = ""
) -> dict[str, Any]:
    """The answer to each request, one after the other, or what ended the start.

    A request's `database` says what is the matter with it meanwhile: "away", "silent", "faulty"
    or "confused"; `word` stands in what it says then.
    """
    return await kit.outcome(_in_turn(kit, asked, domain, word))


async def _in_turn(
    kit: Kit, asked: list[Request], domain: str | None, word: str
) -> list[dict[str, Any]]:
    answers = []
    async with serving(kit, domain) as app:
        engine = kit.use("database.get_engine")()
        for one in asked:
            kind = one.get("database")
            if kind is not None:
                await engine.dispose()
            with _trouble(engine, kind, word):
                answers.append(await kit.outcome(_answer(kit, app, one)))
    return answers


async def together(
    kit: Kit, *, asked: list[Request], domain: str | None = None, pool: int = 2
) -> dict[str, Any]:
    """The answers to requests that come at once, and the connections that are in use after."""
    return await kit.outcome(_at_once(kit, asked, domain, pool))


async def _at_once(kit: Kit, asked: list[Request], domain: str | None, pool: int) -> dict[str, Any]:
    async with serving(kit, domain, pool) as app:
        answers = await asyncio.gather(*(kit.outcome(_answer(kit, app, one)) for one in asked))
        return {"answers": answers, "held": kit.use("database.get_engine")().pool.checkedout()}


async def life(kit: Kit, *, fails: bool) -> dict[str, Any]:
    """A start and an end, and the connections of the process's engine that stay open after it.

    If it `fails`, the start's look for a tenant does.
    """
    counts = {"opened": 0, "closed": 0, "asked": 0}

    def opened(*_: object) -> None:
        counts["opened"] += 1

    def closed(*_: object) -> None:
        counts["closed"] += 1

    def execute(_c: object, _cursor: object, statement: str, *_: object) -> None:
        words = statement.lower().split()
        if fails and {"from", "into"} & set(words) and "tenant" in statement.lower():
            counts["asked"] += 1
            raise ArithmeticError("no tenant today")

    async def live() -> None:
        app = kit.use("main.create_app")()
        async with app.router.lifespan_context(app):
            pass

    await kit.tables()
    with _environment(kit, TENANT_BASE_DOMAIN=None):
        engine = kit.use("database.get_engine")()
        event.listen(engine.sync_engine, "connect", opened)
        event.listen(engine.sync_engine, "close", closed)
        event.listen(engine.sync_engine, "before_cursor_execute", execute)
        outcome = await kit.outcome(live())
        # The engine may be the one of all later checks.
        event.remove(engine.sync_engine, "before_cursor_execute", execute)
        left = counts["opened"] - counts["closed"]
        await engine.dispose()
    return {"outcome": outcome, "left": left, **counts}


async def add_tasks(kit: Kit, *, tenant: int, rows: list[dict[str, Any]]) -> list[int]:
    """Tasks of a tenant, one after the other; their ids."""
    async with kit.session(tenant) as session:
        ids = []
        for row in rows:
            task = kit.use("models.Task")(**row)
            session.add(task)
            await session.flush()
            ids.append(int(task.id))
        await session.commit()
        return ids


async def remove_task(kit: Kit, *, tenant: int, task: int) -> None:
    """A task that goes."""
    async with kit.session(tenant) as session:
        await session.delete(await session.get(kit.use("models.Task"), task))
        await session.commit()
