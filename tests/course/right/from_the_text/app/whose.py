"""For which tenant the present task works."""

from contextvars import ContextVar, Token

from .errors import TenantRequiredError

current_tenant: ContextVar[int] = ContextVar("whose")


class tenant_context:  # noqa: N801
    """``with tenant_context(7): …`` works for tenant 7; afterwards all is as it was."""

    def __init__(self, tenant_id: int) -> None:
        self._tenant_id = tenant_id
        self._tokens: list[Token[int]] = []

    def __enter__(self) -> None:
        self._tokens.append(current_tenant.set(self._tenant_id))

    def __exit__(self, *_: object) -> None:
        current_tenant.reset(self._tokens.pop())


def whose(named: int | None = None) -> int:
    """The tenant that was named, or the context's."""
    if named is not None:
        return named
    try:
        return current_tenant.get()
    except LookupError:
        raise TenantRequiredError("This needs a tenant: open a tenant_context.") from None
