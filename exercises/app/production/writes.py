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
    # exercise production.invalidation: so far nobody is told
    return lambda: None


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
