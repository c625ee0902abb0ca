"""The tenant that the present task works for."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from .errors import TenantRequiredError

#: Each asyncio task has a value of its own, copied from the task that started it.
current_tenant: ContextVar[int] = ContextVar("current_tenant")


@contextmanager
def tenant_context(tenant_id: int) -> Iterator[None]:
    """Work for a tenant inside the block, and for whom it was before after it.

    Sets ``current_tenant`` and puts back what was there, nothing or an outer tenant, however
    the block ends: ``set`` returns a token, and ``reset`` takes it.
    """
    before = current_tenant.set(tenant_id)
    try:
        yield
    finally:
        current_tenant.reset(before)


def required_tenant(tenant_id: int | None = None) -> int:
    """Return the tenant that is named, else the context's.

    ``TenantRequiredError`` when there is neither: better no answer than everybody's rows.
    ``current_tenant`` has no default of its own; ``get`` takes one.
    """
    for candidate in (tenant_id, current_tenant.get(None)):
        if candidate is not None:
            return candidate
    raise TenantRequiredError("No tenant is named, and none is entered.")
