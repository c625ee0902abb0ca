"""Whether the database answers, asked so that the question can't hang."""

import asyncio
from dataclasses import dataclass
from time import monotonic

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine


@dataclass(frozen=True)
class Health:
    """``status`` for HTTP, 200 or 503; ``error``, a class's name and no more; ``seconds`` it took."""

    status: int
    error: str | None
    seconds: float


#: Questions nobody waits for any more; the loop itself keeps no task alive.
abandoned: set[asyncio.Task[str | None]] = set()


async def ask(engine: AsyncEngine) -> str | None:
    """None for an answer, else the name of what went wrong."""
    try:
        async with engine.connect() as connection:
            await connection.execute(text("SELECT 1"))
    except Exception as error:
        return type(error).__name__
    return None


async def check_health(engine: AsyncEngine, *, timeout: float = 2.0) -> Health:  # noqa: ASYNC109
    """Ask in a task of its own, which is cancelled and left alone when the time is up.

    Waiting for its end could take as long as the answer: a hanging connection is closed slowly.
    """
    began = monotonic()
    task = asyncio.create_task(ask(engine))
    try:
        done, _ = await asyncio.wait({task}, timeout=timeout)
    finally:
        if not task.done():
            abandoned.add(task)
            task.add_done_callback(abandoned.discard)
            task.cancel()
    error = task.result() if done else "TimeoutError"
    return Health(503 if error else 200, error, monotonic() - began)
