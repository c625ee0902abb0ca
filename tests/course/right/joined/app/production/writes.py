"""Whose rows a transaction wrote to, told when it is over."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any
from weakref import WeakKeyDictionary

from sqlalchemy import event, inspect
from sqlalchemy.ext.asyncio import AsyncEngine
from sqlalchemy.orm import ORMExecuteState, Session, SessionTransaction
from sqlalchemy.util import await_only

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
    watch = _Watch(engine, tell)
    watch.start()
    return watch.stop


class _Watch:
    """What is written in each session of an engine, from the first write to the end."""

    def __init__(self, engine: AsyncEngine, tell: Callable[[Tenants], Awaitable[None]]) -> None:
        self._engine, self._tell = engine.sync_engine, tell
        self._written: WeakKeyDictionary[Session, Tenants] = WeakKeyDictionary()
        #: The loop keeps no task alive, and the one who waits may stop.
        self._telling: set[asyncio.Future[None]] = set()
        self._listeners: tuple[tuple[str, Callable[..., None]], ...] = (
            ("after_flush", self._flushed),
            ("do_orm_execute", self._executed),
            ("after_transaction_end", self._ended),
        )

    def start(self) -> None:
        for name, listener in self._listeners:
            event.listen(Session, name, listener)

    def stop(self) -> None:
        for name, listener in self._listeners:
            if event.contains(Session, name, listener):
                event.remove(Session, name, listener)

    def _note(self, session: Session, tenants: Tenants) -> None:
        if tenants and session.bind is self._engine:
            self._written.setdefault(session, set()).update(tenants)

    def _flushed(self, session: Session, _: object) -> None:
        # After, when a row that had no tenant yet has the one it was written for.
        self._note(session, flushed_tenants(session))

    def _executed(self, state: ORMExecuteState) -> None:
        # Whatever isn't plainly a SELECT: text may write as well.
        if not state.is_select:
            self._note(state.session, executed_tenants(state))

    def _ended(self, session: Session, transaction: SessionTransaction) -> None:
        if transaction.parent is None and (tenants := self._written.pop(session, None)):
            telling = asyncio.ensure_future(self._tell(tenants))
            self._telling.add(telling)
            telling.add_done_callback(self._telling.discard)
            await_only(asyncio.shield(telling))


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
