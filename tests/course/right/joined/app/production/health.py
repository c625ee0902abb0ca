"""Whether the database answers, asked so that the question can't hang."""

import asyncio
from dataclasses import dataclass

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine


@dataclass(frozen=True)
class Health:
    """Given: what came of asking.

    ``status`` is for HTTP: 200, or 503. ``error`` is the name of what went wrong, and no more:
    a message may hold an address, and anybody may ask. ``seconds`` is how long it took.
    """

    status: int
    error: str | None
    seconds: float


#: Questions that are under way, also when nobody waits for them any more.
asked: set[asyncio.Task[None]] = set()


async def ask(engine: AsyncEngine) -> None:
    """Given: a connection of the pool, as a request would get it, and an answer."""
    async with engine.connect() as connection:
        await connection.execute(text("SELECT 1"))


def let_go(task: asyncio.Task[None]) -> None:
    """Given: forget a question that is over, and have seen what it raised."""
    asked.discard(task)
    if not task.cancelled():
        task.exception()


async def check_health(engine: AsyncEngine, *, timeout: float = 2.0) -> Health:  # noqa: ASYNC109
    """Return whether the database answers, after ``timeout`` seconds at the latest.

    Whatever ``ask`` raises is a 503 with the name of its class, and so is no answer
    (``TimeoutError``): the pool may be empty, the database may accept a connection and say
    nothing. Nothing is remembered, so that it is 200 again as soon as there is an answer.

    A connection that hangs can't be given back in time either, and ``asyncio.timeout`` waits
    for that. So ``ask`` runs in a task of its own, ``asyncio.wait({task}, timeout=…)`` raises
    nothing and cancels nothing, and then the task is cancelled and left alone: in ``asked``, since
    the loop keeps no task alive, until it is done (``task.add_done_callback(let_go)``).
    """
    loop = asyncio.get_running_loop()
    began = loop.time()
    task = loop.create_task(ask(engine))
    asked.add(task)
    task.add_done_callback(let_go)
    try:
        await asyncio.wait({task}, timeout=timeout)
        error = _error_of(task)
    finally:
        task.cancel()  # of no effect on one that is done
    return Health(200 if error is None else 503, error, loop.time() - began)


def _error_of(task: asyncio.Task[None]) -> str | None:
    if not task.done():
        return TimeoutError.__name__
    failure = asyncio.CancelledError() if task.cancelled() else task.exception()
    return None if failure is None else type(failure).__name__
