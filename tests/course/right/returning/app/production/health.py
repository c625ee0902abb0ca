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

    Whatever ``ask`` raises is a 503 with the name of its class, and so is no answer
    (``TimeoutError``): the pool may be empty, the database may accept a connection and say
    nothing. Nothing is remembered, so that it is 200 again as soon as there is an answer.

    A connection that hangs can't be given back in time either, and ``asyncio.timeout`` waits
    for that. So ``ask`` runs in a task of its own, ``asyncio.wait({task}, timeout=…)`` raises
    nothing and cancels nothing, and then the task is cancelled and left alone: in ``asked``, since
    the loop keeps no task alive, until it is done (``task.add_done_callback(let_go)``).
    """
    began = perf_counter()
    question = asyncio.create_task(ask(engine))
    asked.add(question)
    question.add_done_callback(let_go)
    try:
        answered, _ = await asyncio.wait({question}, timeout=timeout)
        error = outcome(question) if answered else TimeoutError.__name__
    finally:
        # Also when the one who asks us is cancelled. A question that is over isn't touched by it.
        question.cancel()
    return Health(503 if error else 200, error, perf_counter() - began)


def outcome(question: asyncio.Task[None]) -> str | None:
    """Return the name of what a question that is over raised, or None."""
    if question.cancelled():
        return asyncio.CancelledError.__name__
    raised = question.exception()
    return None if raised is None else type(raised).__name__
