"""A decorator for what happens as a whole or not at all."""

from collections.abc import Awaitable, Callable
from functools import wraps
from typing import Any, ParamSpec, TypeVar

from sqlalchemy.exc import IntegrityError

from ..errors import ConflictError, NotFoundError

P = ParamSpec("P")
R = TypeVar("R")


def explain(error: IntegrityError) -> ConflictError | NotFoundError:
    state = getattr(error.orig, "sqlstate", None)
    if state == "23503" or "FOREIGN KEY" in str(error.orig):
        return NotFoundError("what it refers to does not exist")
    return ConflictError("the database says no")


def atomic(method: Callable[P, Awaitable[R]]) -> Callable[P, Awaitable[R]]:
    """The first argument is a session or has one; it commits at the end."""

    @wraps(method)
    async def run(*args: P.args, **kwargs: P.kwargs) -> R:
        owner: Any = args[0] if args else kwargs["session"]
        session = getattr(owner, "session", owner)
        done = False
        try:
            result = await method(*args, **kwargs)
            await session.commit()
            done = True
            return result
        except IntegrityError as error:
            raise explain(error) from error
        finally:
            if not done:
                await session.rollback()

    return run
