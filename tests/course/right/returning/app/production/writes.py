"""Whose rows a transaction wrote to, told when it is over."""

import asyncio
from collections.abc import Awaitable, Callable
from logging import getLogger
from typing import Any
from weakref import WeakKeyDictionary

from sqlalchemy import event, inspect
from sqlalchemy.ext.asyncio import AsyncEngine
from sqlalchemy.orm import ORMExecuteState, Session, SessionTransaction
from sqlalchemy.util import await_only

from ..context import current_tenant
from ..tenancy.sessions import TenantSession

Tenants = set[int | None]


def watch_writes(
    engine: AsyncEngine, tell: Callable[[Tenants], Awaitable[None]]
) -> Callable[[], None]:
    """Tell of the tenants whose rows were written, each time a transaction is over.

    Of every session of the engine, whoever made it: the listeners are on the class ``Session``,
    and ``session.bind is engine.sync_engine`` tells whose it is. What is written is noted when it
    is flushed or executed (``flushed_tenants``, ``executed_tenants``), told when the outermost
    transaction ends (event "after_transaction_end", ``transaction.parent is None``): before
    that others still read the old rows, and would keep them once more. A savepoint is no end.
    After a rollback it is told as well: a commit whose answer is lost looks like one.

    Events are synchronous, and run in a greenlet: ``await_only(asyncio.shield(tell(…)))`` waits
    inside one, to the end even if the commit's caller doesn't. Returns what stops the watch. What
    runs on a bare connection, past every session, isn't seen.
    """
    return _Watch(engine, tell).stop


class _Watch:
    """The listeners of one watch, and what they noted of transactions that go on."""

    def __init__(self, engine: AsyncEngine, tell: Callable[[Tenants], Awaitable[None]]) -> None:
        self.engine, self.tell = engine.sync_engine, tell
        self.noted: WeakKeyDictionary[Session, Tenants] = WeakKeyDictionary()
        #: The loop keeps no task alive; these are under way.
        self.telling: set[asyncio.Future[None]] = set()
        self.ears: dict[str, Callable[..., None]] = {
            "after_flush": self.flushed,
            "do_orm_execute": self.executed,
            "after_transaction_end": self.ended,
        }
        for moment, ear in self.ears.items():
            event.listen(Session, moment, ear)

    def stop(self) -> None:
        while self.ears:
            event.remove(Session, *self.ears.popitem())

    def note(self, session: Session, tenants: Tenants) -> None:
        if session.bind is self.engine and tenants:
            self.noted.setdefault(session, set()).update(tenants)

    def flushed(self, session: Session, _: object) -> None:
        rows: list[Any] = [*session.new, *session.dirty, *session.deleted]
        # Of a row that has expired nobody knows here whose it is: anybody's.
        unknown = any(hasattr(type(row), "tenant_id") for row in rows if _expired(row))
        self.note(session, {None} if unknown else flushed_tenants(session))

    def executed(self, state: ORMExecuteState) -> None:
        if state.is_select:
            return
        tenants = executed_tenants(state)
        if tenants != {None}:
            # This may run before the session itself has seen that it serves another tenant now.
            tenants = tenants | {current_tenant.get(None)}
        self.note(state.session, tenants)

    def ended(self, session: Session, transaction: SessionTransaction) -> None:
        if transaction.parent is not None:
            return
        tenants = self.noted.pop(session, None)
        if tenants:
            telling = asyncio.ensure_future(self.told(tenants))
            self.telling.add(telling)
            telling.add_done_callback(self.telling.discard)
            await_only(asyncio.shield(telling))

    async def told(self, tenants: Tenants) -> None:
        # The transaction is over: whoever committed must not hear that it failed.
        try:
            await self.tell(tenants)
        except Exception:
            getLogger(__name__).exception("Nobody could be told of what was written.")


def _expired(row: Any) -> bool:
    return "tenant_id" not in inspect(row).dict


def flushed_tenants(session: Session) -> Tenants:
    """Given: the tenants of the rows that were flushed, and of those they were moved from."""
    rows: list[Any] = [*session.new, *session.dirty, *session.deleted]
    owned = [row for row in rows if hasattr(row, "tenant_id")]
    return {tenant for row in owned for tenant in inspect(row).attrs.tenant_id.history.sum()}


def executed_tenants(state: ORMExecuteState) -> Tenants:
    """Given: the tenant whose rows a statement reaches, or None where it may be anybody's."""
    if state.execution_options.get("tenant_unscoped"):
        return {None}
    session = state.session
    return {session.tenant if isinstance(session, TenantSession) else None}
