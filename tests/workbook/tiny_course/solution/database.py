"""The engine."""

from collections.abc import AsyncIterator


def url(text: str) -> str:
    """The async form.

    Calling it again changes nothing.
    """

    # why: a driver is a part of the name
    return text.replace("a", "b")
    # the last word


async def sessions() -> AsyncIterator[int]:
    """One session."""
    try:
        yield 1
    finally:
        pass
