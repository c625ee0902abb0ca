"""For whom the present task works."""

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


def whose(named: int | None = None) -> int:
    """The tenant that is named, else the present one."""
    if named is not None:
        return named
    try:
        return current_tenant.get()
    except LookupError:
        raise TenantRequiredError("for which tenant?") from None
