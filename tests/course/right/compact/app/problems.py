"""Every error as RFC 9457 tells it, made around the application rather than inside it."""

import json
import logging
import re
from http import HTTPStatus
from typing import Any
from urllib.parse import quote

from fastapi.exceptions import RequestValidationError
from sqlalchemy.exc import DBAPIError, OperationalError
from sqlalchemy.exc import TimeoutError as NoConnectionFree
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from .errors import ConflictError, NotFoundError

MEDIA = "application/problem+json"
log = logging.getLogger(__name__)


class Unready(Exception):
    """The database doesn't answer."""


def problem(status: int, detail: str, headers: Any = None, **more: Any) -> Response:
    told = {"type": "about:blank", "title": HTTPStatus(status).phrase, "status": status}
    return Response(json.dumps(told | {"detail": detail} | more), status, headers, MEDIA)


def answers(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """For the OpenAPI: what a route may answer besides, and what any route may."""
    schema = {
        "type": "object",
        "required": ["type", "title", "status", "detail"],
        "properties": {
            "type": {"type": "string"},
            "title": {"type": "string"},
            "status": {"type": "integer"},
            "detail": {"type": "string"},
        },
    }
    return {
        status: {"description": HTTPStatus(status).phrase, "content": {MEDIA: {"schema": schema}}}
        for status in statuses
    }


def away(error: Exception) -> bool:
    if isinstance(error, DBAPIError) and not isinstance(error, OperationalError):
        state = getattr(error.orig, "sqlstate", None) or ""
        return error.connection_invalidated or state.startswith(("08", "53", "57"))
    return isinstance(error, OperationalError | NoConnectionFree | OSError | Unready)


class Problems:
    """Pure ASGI, around everything: the look for the tenant may fail as well."""

    def __init__(self, app: Any) -> None:
        self.app = app

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        begun = False

        async def sending(message: Any) -> None:
            nonlocal begun
            begun = True
            await send(message)

        try:
            await self.app(scope, receive, sending)
        except Exception as error:
            if begun:
                raise
            await tell(error)(scope, receive, send)


def tell(error: Exception) -> Response:
    match error:
        case NotFoundError():
            return problem(404, str(error))
        case ConflictError():
            return problem(409, str(error))
        case _ if away(error):
            log.warning("the database is away: %s", type(error).__name__)
            return problem(503, "The database can't be asked at present.")
    log.error("a fault of ours", exc_info=error)
    return problem(500, "This is our fault.")


async def tell_http(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    headers = error.headers
    if error.status_code == 405:
        headers = {"Allow": ", ".join(sorted(methods(request)))}
    return problem(error.status_code, error.detail, headers)


def methods(request: Request) -> set[str]:
    found = set()
    for path, known in request.app.openapi()["paths"].items():
        if re.fullmatch(re.sub(r"\{\w+\}", "[^/]+", path), request.url.path):
            found |= {method.upper() for method in known}
    return found


async def tell_input(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)
    return problem(422, "The input isn't what it should be.", errors=[*map(place, error.errors())])


def place(fault: Any) -> dict[str, str]:
    source, *path = fault["loc"]
    if source != "body":
        return {"detail": fault["msg"], "parameter": ".".join(map(str, path))}
    if fault["type"] == "json_invalid":
        path = []
    steps = [str(step).replace("~", "~0").replace("/", "~1") for step in path]
    pointer = "/".join(["#", *steps])
    return {
        "detail": fault["msg"],
        "pointer": quote(pointer, "#/~!$&'()*+,;=:@?", errors="surrogatepass"),
    }
