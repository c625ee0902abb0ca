"""From a request's host, or a trusted proxy's header, to its tenant."""

import re
from typing import Any

from sqlmodel import select
from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from ..context import tenant_context
from ..database import build_session_factory, get_engine
from ..models import Tenant
from ..problems import problem

RESERVED = {"www", "api", "admin", "app", "static", "health"}
LABEL = r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"


def TenantMiddleware(  # noqa: N802 - used like a class, and a closure is all it takes
    app: ASGIApp, *, base_domain: str, header: str | None = None
) -> ASGIApp:
    """Pure ASGI: each request runs inside the tenant that it is addressed to, or gets a 404."""
    host = re.compile(rf"({LABEL})\.{re.escape(base_domain.lower().strip('.'))}(?::\d+)?", re.A)

    def label_of(headers: Headers) -> str | None:
        values = headers.getlist(header) if header else []
        found = None
        if len(values) == 1:
            found = re.fullmatch(f"({LABEL})", values[0].strip().lower())
        elif not values and len(hosts := headers.getlist("host")) == 1:
            found = host.fullmatch(hosts[0].strip().lower())
        return found[1] if found and found[1] not in RESERVED else None

    async def asgi(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in ("http", "websocket"):
            await app(scope, receive, send)
            return
        tenant_id = await tenant_at(label_of(Headers(scope=scope)))
        if tenant_id is not None:
            with tenant_context(tenant_id):
                await app(scope, receive, send)
        elif scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": 1008})
        else:
            await problem(404, "There is no tenant at this address.")(scope, receive, send)

    return asgi


async def tenant_at(label: str | None) -> int | None:
    """One look, with a session that is closed before the request goes on."""
    if label is None:
        return None
    query: Any = select(Tenant.id).where(Tenant.subdomain == label)
    async with build_session_factory(get_engine())() as session:
        return (await session.exec(query)).one_or_none()
