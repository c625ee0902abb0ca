"""What happens to a call on its way: an outage, a cancellation, another session's write."""

import asyncio
import re
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any

from sqlalchemy import event, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.util import await_only

from .kit import Kit


class OutageError(Exception):
    """What the database answers while it is told to fail."""


async def attempt(kit: Kit, work: Awaitable[Any]) -> dict[str, Any]:
    """Like `kit.outcome`, and a cancellation is an outcome too."""
    try:
        return await kit.outcome(work)
    except asyncio.CancelledError as error:
        return {"error": kit.told(error)}


@contextmanager
def before(kit: Kit, what: str | None, act: Callable[[Any], None]) -> Iterator[None]:
    """While it is open, acts before each INSERT into a table or UPDATE of it, or each "commit"."""

    def on_statement(connection: Any, _cursor: Any, sql: str, *_rest: Any) -> None:
        if re.match(rf'\s*(INSERT\s+INTO|UPDATE)\s+"?{what}\b', sql, re.I):
            act(connection)

    name, listener = (
        ("commit", act) if what == "commit" else ("before_cursor_execute", on_statement)
    )
    event.listen(kit.engine.sync_engine, name, listener)
    try:
        yield
    finally:
        event.remove(kit.engine.sync_engine, name, listener)


def once(kit: Kit, sql: str) -> Callable[[Any], None]:
    """An act of another connection's, done once; given up where a lock is in its way."""
    left = [sql]

    async def work(sql: str) -> None:
        with suppress(DBAPIError):
            async with kit.engine.begin() as connection:
                await connection.execute(text("SET LOCAL lock_timeout = '500ms'"))
                await connection.execute(text(sql))

    def act(_connection: Any) -> None:
        if left:
            await_only(work(left.pop()))

    return act


def failing_with(error: BaseException) -> Callable[[Any], None]:
    """An act that raises it."""

    def act(_connection: Any) -> None:
        raise error

    return act
