"""The tenant that the present task works for."""

from contextlib import AbstractContextManager
from contextvars import ContextVar, Token

from .errors import TenantRequiredError

#: Each asyncio task has a value of its own, copied from the task that started it.
current_tenant: ContextVar[int] = ContextVar("current_tenant")


class tenant_context(AbstractContextManager[None]):  # noqa: N801, used like a function
    """Work for a tenant inside the block, and for whom it was before after it.

    Sets ``current_tenant`` and puts back what was there, nothing or an outer tenant, however
    the block ends: ``set`` returns a token, and ``reset`` takes it. One may be entered again,
    even inside itself.
    """

    def __init__(self, tenant_id: int) -> None:
        self._tenant_id = tenant_id
        self._tokens: list[Token[int]] = []

    def __enter__(self) -> None:
        self._tokens.append(current_tenant.set(self._tenant_id))

    def __exit__(self, *_: object) -> None:
        current_tenant.reset(self._tokens.pop())


def required_tenant(tenant_id: int | None = None) -> int:
    """Return the tenant that is named, else the context's.

    ``TenantRequiredError`` when there is neither: better no answer than everybody's rows.
    ``current_tenant`` has no default of its own; ``get`` takes one.
    """
    tenant = current_tenant.get(None) if tenant_id is None else tenant_id
    if tenant is None:
        raise TenantRequiredError("There is no tenant here: enter a tenant_context.")
    return tenant
