"""Calls the layer's functions one after the other, each in a session of its own."""

from typing import Any

from sqlmodel.ext.asyncio.session import AsyncSession

from .kit import Kit


async def calls(kit: Kit, *, made: list[list[Any]]) -> list[Any]:
    """What each call returned or raised."""
    from app import notes

    engine = await kit.engine(notes)
    seen = []
    for name, *arguments in made:
        async with AsyncSession(engine) as session:
            seen.append(await kit.bench.outcome(getattr(notes, name)(session, *arguments)))
    return seen


async def again(kit: Kit) -> None:
    """Makes the tables once more."""
    from app import notes

    await notes.create_tables(await kit.engine(notes))
