"""Whose turn it is: one value for each asyncio task."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from .errors import TenantRequiredError

current_tenant: ContextVar[int] = ContextVar("current_tenant")


@contextmanager
def tenant_context(tenant_id: int) -> Iterator[None]:
    """Work for this tenant inside the block; afterwards for whomever it was before."""
    token = current_tenant.set(tenant_id)
    try:
        yield
    finally:
        current_tenant.reset(token)


def required_tenant(tenant_id: int | None = None) -> int:
    """The tenant named, else the context's, else an error rather than everybody's rows."""
    if tenant_id is None:
        tenant_id = current_tenant.get(None)
    if tenant_id is None:
        raise TenantRequiredError("Say whose data this is: there is no tenant.")
    return tenant_id


def tenant_for_insert() -> int | None:
    """The column default of every tenant_id; without a tenant, NOT NULL has the last word."""
    return current_tenant.get(None)
