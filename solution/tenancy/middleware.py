"""From a request to its tenant."""

import re

from sqlmodel import select
from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from ..context import tenant_context
from ..database import build_session_factory, get_engine
from ..models.tenant import Tenant
from ..problems import problem

RESERVED = frozenset({"www", "api", "admin", "app", "static", "health"})
#: One label of a host name. https://www.rfc-editor.org/rfc/rfc1123#section-2.1
LABEL = re.compile(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?")


class TenantMiddleware:
    """Runs each request inside the tenant that its host, or a trusted header, names.

    Pure ASGI: a wrapper around the application, in the same task. ``header`` is for an
    application behind a proxy that sets it and lets no client's through; it holds the subdomain
    and wins over the host. Unless it is configured, no header counts.
    """

    def __init__(self, app: ASGIApp, *, base_domain: str, header: str | None = None) -> None:
        self.app = app
        self.base_domain = base_domain.lower().strip(".")
        self.header = header

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Hand a request on inside its tenant, or answer 404 where there is none.

        Scopes other than "http" and "websocket" go on as they are. For those two, ``subdomain``
        reads ``Headers(scope=scope)``, ``tenant_of`` looks it up, and ``self.app`` runs in a
        ``tenant_context``, or ``refuse`` answers.
        """
        if scope["type"] not in ("http", "websocket"):
            await self.app(scope, receive, send)
            return
        tenant_id = await tenant_of(subdomain(Headers(scope=scope), self.base_domain, self.header))
        if tenant_id is None:
            await refuse(scope, receive, send)
            return
        with tenant_context(tenant_id):
            await self.app(scope, receive, send)


def subdomain(headers: Headers, base_domain: str, header: str | None) -> str | None:
    """Return the one label that names the tenant, or None.

    From ``header``, where one is configured and the request has it; else from the host, which is
    a label, a dot and ``base_domain``, in upper or lower case, perhaps with a port. None for
    anything else: two labels, another domain that holds ours, an IP address, what is no
    ``LABEL`` or is ``RESERVED``, and a header that comes twice (``headers.getlist``).
    """
    if header is not None and header in headers:
        names, suffix = headers.getlist(header), ""
    else:
        names, suffix = headers.getlist("host"), f".{base_domain}"
    name = re.sub(r":\d*$", "", names[0].lower()) if len(names) == 1 else ""
    label = name.removesuffix(suffix)
    if not name.endswith(suffix) or not LABEL.fullmatch(label) or label in RESERVED:
        return None
    return label


async def tenant_of(label: str | None) -> int | None:
    """Return the id of the tenant with this subdomain, or None.

    The session is closed before it returns: one that stayed open while the application ran
    would take a second connection for every request.
    """
    if label is None:
        return None
    async with build_session_factory(get_engine())() as session:
        return (await session.exec(select(Tenant.id).where(Tenant.subdomain == label))).first()


async def refuse(scope: Scope, receive: Receive, send: Send) -> None:
    """Given: answer 404 in the words of RFC 9457; a websocket is closed before it opens."""
    if scope["type"] == "websocket":
        await send({"type": "websocket.close", "code": 1008})
        return
    await problem(404, "There is no tenant at this address.")(scope, receive, send)
