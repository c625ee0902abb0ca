"""Whose rows a transaction wrote to, told when it is over."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any
from weakref import WeakKeyDictionary

from sqlalchemy import event, inspect
from sqlalchemy.ext.asyncio import AsyncEngine
from sqlalchemy.orm import ORMExecuteState, Session, SessionTransaction
from sqlalchemy.util import await_only
from sqlalchemy.util.concurrency import in_greenlet

from ..tenancy.sessions import TenantSession

Tenants = set[int | None]


class Watch:
    """Notes what sessions of one engine write, and tells once their transaction is over.

    A savepoint's stay until the outermost end, committed or not:
    a commit whose answer is lost looks like a rollback.
    """

    def __init__(self, engine: AsyncEngine, tell: Callable[[Tenants], Awaitable[None]]) -> None:
        self.engine, self.tell = engine.sync_engine, tell
        self.noted: WeakKeyDictionary[Session, Tenants] = WeakKeyDictionary()
        self.telling: set[asyncio.Future[None]] = set()
        self.listeners = {
            "after_flush": self.flushed,
            "do_orm_execute": self.executed,
            "after_transaction_end": self.ended,
        }
        for name, listener in self.listeners.items():
            event.listen(Session, name, listener)

    def stop(self) -> None:
        for name, listener in self.listeners.items():
            if event.contains(Session, name, listener):
                event.remove(Session, name, listener)

    def ours(self, session: Session) -> bool:
        bind = session.bind
        return bind is not None and bind.engine.pool is self.engine.pool

    def note(self, session: Session, tenants: Tenants) -> None:
        self.noted.setdefault(session, set()).update(tenants)

    def flushed(self, session: Session, _: object) -> None:
        # after it: by now every row has its tenant
        if self.ours(session):
            self.note(session, flushed_tenants(session))

    def executed(self, state: ORMExecuteState) -> None:
        if not state.is_select and self.ours(state.session):
            self.note(state.session, executed_tenants(state))

    def ended(self, session: Session, transaction: SessionTransaction) -> None:
        if transaction.parent is None and (tenants := self.noted.pop(session, None)):
            told = asyncio.ensure_future(self._told(tenants))
            self.telling.add(told)  # the loop keeps none alive
            told.add_done_callback(self.telling.discard)
            if in_greenlet():
                await_only(asyncio.shield(told))

    async def _told(self, tenants: Tenants) -> None:
        await self.tell(tenants)


def watch_writes(
    engine: AsyncEngine, tell: Callable[[Tenants], Awaitable[None]]
) -> Callable[[], None]:
    """Tell of the tenants whose rows were written, each time a transaction is over."""
    return Watch(engine, tell).stop


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
