"""Lesson 6: requests through the student's middleware, into an application of ours."""

import asyncio
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlmodel import select

from .kit import Kit

Headers = list[tuple[str, str]]


class Application:
    """An ASGI application that says whose request it got, and fails at /fail."""

    def __init__(self, kit: Kit) -> None:
        self.kit = kit
        self.scopes: list[str] = []
        self.websockets: list[int | None] = []
        self.queried = False

    async def __call__(self, scope: Any, _receive: Any, send: Any) -> None:
        self.scopes.append(scope["type"])
        tenant = self.kit.use("tenancy.current_tenant").get(None)
        if scope["type"] == "websocket":
            self.websockets.append(tenant)
        if scope["type"] != "http":
            return
        if scope["path"] == "/fail":
            raise LookupError("the application failed")
        if scope["path"] == "/query":
            await self.query()
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": json.dumps(tenant).encode()})

    async def query(self) -> None:
        """Takes the one connection there is, if it is free."""
        factory = self.kit.use("database.build_session_factory")
        async with asyncio.timeout(2), factory(self.kit.use("database.get_engine")())() as session:
            await session.exec(select(1))
        self.queried = True


def _scope(headers: Headers, path: str = "/") -> dict[str, Any]:
    return {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": "GET",
        "scheme": "http",
        "path": path,
        "raw_path": path.encode(),
        "query_string": b"",
        "root_path": "",
        "client": ("10.0.0.1", 5000),
        "server": ("10.0.0.2", 80),
        "headers": [(name.lower().encode(), value.encode()) for name, value in headers],
    }


async def _ask(middleware: Any, headers: Headers, path: str = "/") -> dict[str, Any]:
    """One request; the answer as a client gets it."""
    sent: list[dict[str, Any]] = []

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: dict[str, Any]) -> None:
        sent.append(message)

    await middleware(_scope(headers, path), receive, send)
    start = next(message for message in sent if message["type"] == "http.response.start")
    told = {name.lower(): value for name, value in start.get("headers", [])}
    body = b"".join(message.get("body", b"") for message in sent)
    return {
        "status": start["status"],
        "type": told.get(b"content-type", b"").decode().partition(";")[0],
        "body": json.loads(body) if body else None,
    }


async def _open(middleware: Any, application: Application, headers: Headers) -> list[int | None]:
    """A websocket; for whom it reached the application, if it did."""
    before = len(application.websockets)

    async def receive() -> dict[str, Any]:
        return {"type": "websocket.connect"}

    async def send(message: dict[str, Any]) -> None:
        pass

    scope = _scope(headers) | {"type": "websocket", "scheme": "ws", "subprotocols": []}
    del scope["method"]
    await middleware(scope, receive, send)
    return application.websockets[before:]


@contextmanager
def _one_connection(kit: Kit) -> Iterator[None]:
    """The process's engine, made anew with a pool of a single connection."""
    names = {"DB_POOL_SIZE": "1", "DB_MAX_OVERFLOW": "0"}
    before = {name: os.environ.get(name) for name in names}
    os.environ.update(names)
    clear = getattr(kit.use("database.get_engine"), "cache_clear", lambda: None)
    clear()
    try:
        yield
    finally:
        clear()
        for name, value in before.items():
            os.environ.pop(name) if value is None else os.environ.update({name: value})


async def requests(
    kit: Kit, *, base: str, header: str | None, asked: list[Headers]
) -> list[dict[str, Any]]:
    """The answer to each request, or what was raised."""
    middleware = kit.use("tenancy.TenantMiddleware")
    wrapped = middleware(Application(kit), base_domain=base, header=header)
    with _one_connection(kit):
        answers = [await kit.outcome(_ask(wrapped, headers)) for headers in asked]
        await kit.use("database.get_engine")().dispose()
    return answers


async def around(kit: Kit, *, base: str, host: str) -> dict[str, Any]:
    """Requests that query and fail, websockets, a start of the server: and what they leave."""
    application = Application(kit)
    wrapped = kit.use("tenancy.TenantMiddleware")(application, base_domain=base)
    current = kit.use("tenancy.current_tenant")
    headers = [("host", host)]
    saw: dict[str, Any] = {"before": current.get(None)}
    with _one_connection(kit):
        saw["query"] = await kit.outcome(_ask(wrapped, headers, "/query"))
        saw["failed"] = await kit.outcome(_ask(wrapped, headers, "/fail"))
        saw["after"] = current.get(None)
        for what, sent in (("websocket", headers), ("nobody's websocket", [])):
            saw[what] = await kit.outcome(_open(wrapped, application, sent))
        await wrapped({"type": "lifespan", "asgi": {"version": "3.0"}}, None, None)
        await kit.use("database.get_engine")().dispose()
    return {**saw, "queried": application.queried, "scopes": application.scopes}
