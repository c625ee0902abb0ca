"""Whether the database answers, asked so that the question can't hang."""

import asyncio
from dataclasses import dataclass
from time import perf_counter

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

    The question is a task that nobody has to wait for: what hangs can't even be cancelled in time.
    """
    began = perf_counter()
    question = asyncio.create_task(ask(engine))
    asked.add(question)
    question.add_done_callback(let_go)
    error: str | None = None
    try:
        async with asyncio.timeout(timeout):
            await asyncio.shield(question)
    except Exception as trouble:
        error = type(trouble).__name__
    finally:
        question.cancel()
    return Health(503 if error else 200, error, perf_counter() - began)
