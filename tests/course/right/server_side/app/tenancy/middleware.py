"""From a request to its tenant."""

import re
from ipaddress import ip_address

from sqlalchemy import select
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from ..context import tenant_context
from ..database import get_engine
from ..models.tenant import Tenant

RESERVED = frozenset({"www", "api", "admin", "app", "static", "health"})
#: One label of a host name. https://www.rfc-editor.org/rfc/rfc1123#section-2.1
LABEL = re.compile(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?")
PORT = re.compile(r":[0-9]*\Z")


class Address:
    """What a request says about where it wants to go; all of it written by somebody else."""

    def __init__(self, scope: Scope) -> None:
        self.fields: list[tuple[bytes, bytes]] = scope.get("headers", [])

    def only(self, name: str) -> str | None:
        """The value of a field that comes once. Twice is a quarrel, and raises."""
        key = name.lower().encode("latin-1")
        values = [value for field, value in self.fields if field.lower() == key]
        if len(values) > 1:
            raise LookupError(name)
        return values[0].decode("latin-1").strip() if values else None

    def label(self, base_domain: str, header: str | None) -> str | None:
        try:
            trusted = self.only(header) if header else None
            named = trusted if trusted is not None else self.before(base_domain)
        except LookupError:
            return None
        named = (named or "").lower()
        return named if LABEL.fullmatch(named) and named not in RESERVED else None

    def before(self, base_domain: str) -> str | None:
        host = PORT.sub("", (self.only("host") or "").lower())
        try:
            ip_address(host.strip("[]"))
        except ValueError:
            label, dot, rest = host.removesuffix(".").partition(".")
            return label if dot and rest == base_domain else None
        return None


async def tenant_of(label: str | None) -> int | None:
    """The id of the tenant with this subdomain. Its connection is back before this returns."""
    if label is None:
        return None
    async with get_engine().connect() as connection:
        query = select(Tenant.id).where(Tenant.subdomain == label)
        return (await connection.execute(query)).scalar_one_or_none()


async def refuse(scope: Scope, receive: Receive, send: Send) -> None:
    """404 in the words of RFC 9457; a websocket is closed before it opens."""
    if scope["type"] == "websocket":
        await send({"type": "websocket.close", "code": 1008})
        return
    problem = {
        "type": "about:blank",
        "title": "Not Found",
        "status": 404,
        "detail": "There is no tenant at this address.",
    }
    response = JSONResponse(problem, 404, media_type="application/problem+json")
    await response(scope, receive, send)


class TenantMiddleware:
    """Pure ASGI: each request runs inside the tenant that its host, or a trusted header, names."""

    def __init__(self, app: ASGIApp, *, base_domain: str, header: str | None = None) -> None:
        self.app = app
        self.base_domain = base_domain.lower().strip(".")
        self.header = header

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in ("http", "websocket"):
            return await self.app(scope, receive, send)
        tenant = await tenant_of(Address(scope).label(self.base_domain, self.header))
        if tenant is None:
            return await refuse(scope, receive, send)
        with tenant_context(tenant):
            return await self.app(scope, receive, send)
