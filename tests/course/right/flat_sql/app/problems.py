"""Every error as problem details, application/problem+json (RFC 9457)."""

import json
import logging
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from fastapi.exceptions import RequestValidationError
from sqlalchemy.exc import DBAPIError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Match
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from .errors import ConflictError, NotFoundError

MEDIA_TYPE = "application/problem+json"
# SQLSTATE classes: connection lost, resources gone, shutting down or starting.
AWAY = ("08", "53", "57")
log = logging.getLogger(__name__)


def problem(
    status: int,
    detail: str,
    errors: list[dict[str, str]] | None = None,
    headers: Mapping[str, str] | None = None,
) -> Response:
    """The answer that tells a problem; in ASCII, since a name may be half a surrogate pair."""
    content: dict[str, Any] = {
        "type": "about:blank",
        "title": HTTPStatus(status).phrase,
        "status": status,
        "detail": detail,
    }
    if errors:
        content["errors"] = errors
    return Response(json.dumps(content).encode(), status, headers, MEDIA_TYPE)


def described(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """The problems a route may answer with, for the OpenAPI."""
    text = {"type": "string"}
    schema = {
        "type": "object",
        "required": ["type", "title", "status", "detail"],
        "properties": {
            "type": text,
            "title": text,
            "status": {"type": "integer"},
            "detail": text,
            "errors": {"type": "array", "items": {"type": "object"}},
        },
    }
    return {
        status: {
            "description": HTTPStatus(status).phrase,
            "content": {MEDIA_TYPE: {"schema": schema}},
        }
        for status in statuses
    }


async def on_http(request: Request, error: HTTPException) -> Response:
    """What the router raises; a 405 says which methods the path knows, over all its routes."""
    headers = dict(error.headers or {})
    if error.status_code == 405:
        methods = {
            method
            for route in request.app.state.routes
            if route.matches(request.scope)[0] is not Match.NONE
            for method in route.methods
        }
        headers = {key: value for key, value in headers.items() if key.lower() != "allow"}
        headers["Allow"] = ", ".join(sorted(methods))
    return problem(error.status_code, str(error.detail), headers=headers)


async def on_input(_: Request, error: RequestValidationError) -> Response:
    """422, place by place; what was sent is not repeated."""
    places = []
    for one in error.errors():
        where, *path = one["loc"]
        place = {"detail": one["msg"]}
        if where == "body" and one["type"] != "json_invalid":
            steps = (str(step).replace("~", "~0").replace("/", "~1") for step in path)
            place["pointer"] = "#" + "".join(f"/{step}" for step in steps)
        elif where != "body":
            place["parameter"] = str(path[0])
        places.append(place)
    return problem(422, "The request does not say what it should.", places)


def told(error: Exception) -> Response:
    """The problem behind any other error. What the driver said is for the log alone."""
    if isinstance(error, NotFoundError):
        return problem(404, "It names something that does not exist." if error.__cause__ else str(error))
    if isinstance(error, ConflictError):
        return problem(409, "It breaks a rule of the data." if error.__cause__ else str(error))
    if is_outage(error):
        log.warning("The database is away.", exc_info=error)
        return problem(503, "The database is away; try again later.", headers={"Retry-After": "2"})
    return problem(500, "Something went wrong on this side.")


def is_outage(error: BaseException | None) -> bool:
    """Nothing listens (OSError), the pool is empty, or the database says that it can't now."""
    if isinstance(error, (OSError, PoolTimeout, OperationalError)):
        return True
    if isinstance(error, DBAPIError):
        return error.connection_invalidated or is_outage(error.orig)
    state = getattr(error, "sqlstate", None)
    return isinstance(state, str) and state.startswith(AWAY)


def answering(app: ASGIApp) -> ASGIApp:
    """Pure ASGI: around tenants and routes, turns what is raised into the answer it means."""

    async def asgi(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await app(scope, receive, send)
            return
        started = False

        async def note(message: Message) -> None:
            nonlocal started
            started = started or message["type"] == "http.response.start"
            await send(message)

        try:
            await app(scope, receive, note)
        except Exception as error:
            if started:
                raise
            answer = told(error)
            await answer(scope, receive, send)
            if answer.status_code == 500:
                raise  # the server logs it

    return asgi
