"""Who comes in, and whose guest it is."""

import json
import string

from sqlalchemy import select
from starlette.types import ASGIApp, Receive, Scope, Send

from .. import database
from ..models import Tenant
from ..whose import tenant_context

NOT_FOR_TENANTS = ("www", "api", "admin", "app", "static", "health")
LETTERS = frozenset(string.ascii_lowercase + string.digits)


class TenantMiddleware:
    """One tenant for each request; who names none, or a stranger, is told 404."""

    def __init__(
        self,
        app: ASGIApp,
        *,
        base_domain: str,
        header: str | None = None,
        open_to_all: str | None = None,
    ) -> None:
        self.app = app
        self.suffix = "." + base_domain.strip(".").lower()
        self.header = None if header is None else header.lower().encode("latin-1")
        self.open_to_all = open_to_all

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in ("http", "websocket") or self.is_open(scope):
            return await self.app(scope, receive, send)
        tenant_id = await self.look_up(self.label(scope))
        if tenant_id is None:
            return await self.turn_away(scope, send)
        with tenant_context(tenant_id):
            await self.app(scope, receive, send)

    def is_open(self, scope: Scope) -> bool:
        return self.open_to_all is not None and scope["path"].startswith(self.open_to_all)

    def label(self, scope: Scope) -> str | None:
        """What the request calls its tenant, if it may."""
        given: dict[bytes, list[str]] = {}
        for name, value in scope["headers"]:
            given.setdefault(name.lower(), []).append(value.decode("latin-1").strip().lower())
        if self.header is not None and self.header in given:
            names = given[self.header]
        else:
            names = [self.before_domain(host) for host in given.get(b"host", [])]
        return names[0] if len(names) == 1 and self.is_label(names[0]) else None

    def before_domain(self, host: str) -> str:
        name, colon, port = host.partition(":")
        if colon and not (port.isascii() and port.isdigit()):
            return ""
        return name[: -len(self.suffix)] if name.endswith(self.suffix) else ""

    @staticmethod
    def is_label(name: str) -> bool:
        return (
            0 < len(name) <= 63
            and LETTERS.union("-").issuperset(name)
            and name[0] != "-" != name[-1]
            and name not in NOT_FOR_TENANTS
        )

    async def look_up(self, label: str | None) -> int | None:
        if label is None:
            return None
        async with database.build_session_factory(database.get_engine())() as session:
            return await session.scalar(select(Tenant.id).where(Tenant.subdomain == label))

    async def turn_away(self, scope: Scope, send: Send) -> None:
        if scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": 1008, "reason": ""})
            return
        body = json.dumps(
            {
                "type": "about:blank",
                "title": "Not Found",
                "status": 404,
                "detail": "Nobody lives at this address.",
            }
        ).encode()
        headers = [
            (b"content-type", b"application/problem+json"),
            (b"content-length", str(len(body)).encode()),
        ]
        await send({"type": "http.response.start", "status": 404, "headers": headers})
        await send({"type": "http.response.body", "body": body})
