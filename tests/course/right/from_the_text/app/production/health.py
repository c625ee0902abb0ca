"""Does the database answer, and soon enough?"""

import asyncio
from time import monotonic
from typing import NamedTuple

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncEngine


class Health(NamedTuple):
    """A status for HTTP, the name of what went wrong, the seconds it took."""

    status: int
    error: str | None
    seconds: float


_on_their_way: set["asyncio.Future[None]"] = set()


async def _probe(engine: AsyncEngine) -> None:
    async with engine.connect() as connection:
        await connection.scalar(select(1))


def _forget(probe: "asyncio.Future[None]") -> None:
    _on_their_way.discard(probe)
    if not probe.cancelled():
        probe.exception()


async def check_health(engine: AsyncEngine, *, timeout: float = 2.0) -> Health:  # noqa: ASYNC109
    """Ask, and wait no longer than ``timeout``; whoever is too slow is left behind."""
    begun = monotonic()
    probe = asyncio.ensure_future(_probe(engine))
    _on_their_way.add(probe)
    probe.add_done_callback(_forget)
    error: str | None = None
    try:
        await asyncio.wait_for(asyncio.shield(probe), timeout)
    except Exception as failure:
        error = type(failure).__name__
    finally:
        probe.cancel()
    return Health(503 if error else 200, error, monotonic() - begun)
