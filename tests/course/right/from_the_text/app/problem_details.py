"""Whatever goes wrong, told as RFC 9457 says."""

import json
import logging
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from fastapi.exceptions import RequestValidationError
from sqlalchemy.exc import DBAPIError, OperationalError
from sqlalchemy.exc import TimeoutError as NoConnectionLeft
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from .errors import ConflictError, NotFoundError

log = logging.getLogger(__name__)


def answer(
    status: int, detail: str, *, headers: Mapping[str, str] | None = None, **more: Any
) -> Response:
    """One problem."""
    body = {
        "title": HTTPStatus(status).phrase,
        "status": status,
        "detail": detail,
        "instance": None,
        **more,
    }
    return Response(
        json.dumps(body),
        status,
        headers=dict(headers or {}),
        media_type="application/problem+json",
    )


async def on_http(_: Request, error: Any) -> Response:
    """A path that isn't there, or isn't there for this method."""
    return answer(error.status_code, str(error.detail), headers=error.headers)


async def on_input(_: Request, error: Any) -> Response:
    """What the request says can't be, place by place."""
    return answer(
        422, "The request holds what can't be.", errors=[_fault(e) for e in error.errors()]
    )


def _fault(found: dict[str, Any]) -> dict[str, str]:
    where, *path = found["loc"]
    if where == "body":
        escaped = (str(step).replace("~", "~0").replace("/", "~1") for step in path)
        return {"detail": found["msg"], "pointer": "#" + "".join(f"/{step}" for step in escaped)}
    return {"detail": found["msg"], "parameter": ".".join(map(str, path))}


def told(error: Exception) -> Response:
    """An exception that left a route, in the words of HTTP."""
    ours = str(error) if error.__cause__ is None else ""
    if isinstance(error, NotFoundError):
        return answer(404, ours or "Something the request names does not exist.")
    if isinstance(error, ConflictError):
        return answer(409, ours or "The request is at odds with what is stored.")
    if is_outage(error):
        return answer(503, "The database can't be reached.", headers={"Retry-After": "5"})
    return answer(500, "Something broke.")


def is_outage(error: BaseException) -> bool:
    if isinstance(error, OperationalError | NoConnectionLeft | OSError):
        return True
    if not isinstance(error, DBAPIError):
        return False
    state = str(getattr(error.orig, "sqlstate", None) or "")
    return error.connection_invalidated or state[:2] in {"08", "53", "57"}


class ProblemDetails:
    """Around all else: an exception that comes this far becomes an answer here."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return await self.app(scope, receive, send)
        begun = False

        async def watched(message: Message) -> None:
            nonlocal begun
            begun = True
            await send(message)

        try:
            await self.app(scope, receive, watched)
        except Exception as error:
            if begun:
                raise
            response = told(error)
            if response.status_code >= 500:
                log.exception("A request failed.", exc_info=error)
            await response(scope, receive, send)


__all__ = ["ProblemDetails", "RequestValidationError", "on_http", "on_input"]
