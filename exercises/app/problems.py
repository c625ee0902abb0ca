"""Every error as problem details, ``application/problem+json`` (RFC 9457)."""

import json
from collections.abc import Callable, Coroutine, Mapping
from http import HTTPStatus
from typing import Any

from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel
from sqlalchemy.exc import DBAPIError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from .errors import ConflictError, NotFoundError

ExceptionHandler = Callable[[Request, Any], Coroutine[Any, Any, Response]]

MEDIA_TYPE = "application/problem+json"
# Classes of PostgreSQL's SQLSTATE: a connection lost, no resources left, shutting down or starting.
# https://www.postgresql.org/docs/current/errcodes-appendix.html
UNAVAILABLE = ("08", "53", "57")


class Problem(BaseModel):
    """What went wrong. https://www.rfc-editor.org/rfc/rfc9457#section-3.1"""

    type: str = "about:blank"  # nothing to read about it but the status
    title: str
    status: int
    detail: str
    errors: list[dict[str, str]] = []  # what is the matter with the input, place by place


class ProblemResponse(JSONResponse):
    """Given: a problem on its way out."""

    media_type = MEDIA_TYPE

    def render(self, content: Any) -> bytes:
        # In ASCII: a field's name may be half of a surrogate pair, which UTF-8 can't say.
        return json.dumps(content).encode()


def problem(
    status: int,
    detail: str,
    errors: list[dict[str, str]] | None = None,
    headers: Mapping[str, str] | None = None,
) -> ProblemResponse:
    """Given: the answer that tells a problem."""
    title = HTTPStatus(status).phrase
    content = Problem(title=title, status=status, detail=detail, errors=errors or [])
    left_out = set() if errors else {"errors"}
    return ProblemResponse(content.model_dump(exclude=left_out), status, headers)


def problems(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """Given: the problems a route may answer with, as its OpenAPI tells them."""
    content = {MEDIA_TYPE: {"schema": Problem.model_json_schema()}}
    return {
        status: {"description": HTTPStatus(status).phrase, "content": content}
        for status in statuses
    }


def headers_of(request: Request, error: Any) -> Mapping[str, str] | None:
    """Given: what goes along; with a 405, which methods the path knows.

    FastAPI names those of one route, and a path may have several.
    """
    headers: Mapping[str, str] | None = error.headers
    path = getattr(request.scope.get("route"), "path", None)
    if error.status_code == 405 and (methods := request.app.openapi()["paths"].get(path)):
        return {"Allow": ", ".join(map(str.upper, methods))}
    return headers


async def tell_http(request: Request, error: Any) -> ProblemResponse:
    """The ``status_code`` and ``detail`` of a path that doesn't exist, or doesn't know the method.

    Its headers (``headers_of``) go along.
    """
    raise NotImplementedError("exercise api.problems")


def pointer(path: list[str | int]) -> str:
    """Given: the way to a place in JSON. https://www.rfc-editor.org/rfc/rfc6901#section-3"""
    steps = (str(step).replace("~", "~0").replace("/", "~1") for step in path)
    return "#" + "".join(f"/{step}" for step in steps)


async def tell_input(_: Request, error: Any) -> ProblemResponse:
    """422, and for each of ``error.errors()`` its ``msg`` as ``detail`` beside the place.

    A place in the body is a ``pointer``, "#/task_titles/1" (``pointer``); a parameter of path or
    query is a ``parameter``, "limit"; what is no JSON has no places. What was sent isn't repeated.
    """
    raise NotImplementedError("exercise api.problems")


async def tell_layer(_: Request, error: Exception) -> ProblemResponse:
    """404 for a ``NotFoundError``, 409 for a ``ConflictError``; their message is the ``detail``.

    Unless the error was made of another one (``__cause__``): then the message may quote the
    driver, with names of tables and values of others. A sentence of our own takes its place.
    """
    raise NotImplementedError("exercise api.problems")


async def tell_outage(_: Request, error: Exception) -> ProblemResponse:
    """503 when the database is away, or has no connection free; any other error is raised on.

    Of a ``DBAPIError`` the class ``OperationalError`` means that, the flag
    ``connection_invalidated``, and a ``sqlstate`` of its ``orig`` that begins with one of
    ``UNAVAILABLE``. It isn't told which server, nor what it said.
    """
    raise NotImplementedError("exercise api.problems")


async def tell_fault(_: Request, __: Exception) -> ProblemResponse:
    """500: a fault of ours, whose story is for the log alone."""
    return problem(500, "Something went wrong on this side.")


#: Which error is told by whom; the nearest class in an error's ancestry counts.
EXCEPTION_HANDLERS: dict[int | type[Exception], ExceptionHandler] = {
    HTTPException: tell_http,
    RequestValidationError: tell_input,
    NotFoundError: tell_layer,
    ConflictError: tell_layer,
    DBAPIError: tell_outage,
    PoolTimeout: tell_outage,
    OSError: tell_outage,  # the connection was refused, or lost, or waited for too long
    Exception: tell_fault,
}
