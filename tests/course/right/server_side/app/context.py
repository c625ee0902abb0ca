"""The tenant that the present task works for."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from .errors import TenantRequiredError

current_tenant: ContextVar[int] = ContextVar("current_tenant")


@contextmanager
def tenant_context(tenant_id: int) -> Iterator[None]:
    before = current_tenant.set(tenant_id)
    try:
        yield
    finally:
        current_tenant.reset(before)


def required_tenant(tenant_id: int | None = None) -> int:
    if tenant_id is not None:
        return tenant_id
    try:
        return current_tenant.get()
    except LookupError:
        raise TenantRequiredError("no tenant: enter tenant_context() first") from None
