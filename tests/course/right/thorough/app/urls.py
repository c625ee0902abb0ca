"""Database URLs, taken apart by hand."""

import re
from urllib.parse import quote, unquote, urlencode

from sqlalchemy.engine import make_url

from .libpq import LIBPQ_ONLY

URL = re.compile(
    r"""
    (?P<scheme>[A-Za-z][\w.]*) (?:\+\w+)? ://
    (?: (?P<credentials>[^@/?#]*(?:/[^@/?#]*)*) @ )?
    (?P<address>[^?]*)
    (?: \? (?P<query>.*) )?
    """,
    re.VERBOSE,
)
SQLITE = "sqlite+aiosqlite"
POSTGRESQL = "postgresql+asyncpg"


class DatabaseURLError(ValueError):
    """The URL can't be used; the message never quotes it."""


def to_async(url: str) -> str:
    parts = URL.fullmatch(url.strip())
    if not url.strip():
        raise DatabaseURLError("empty database URL")
    if parts is None:
        raise DatabaseURLError("malformed database URL")
    scheme = parts["scheme"].lower()
    driver = {"sqlite": SQLITE, "postgres": POSTGRESQL, "postgresql": POSTGRESQL}.get(scheme)
    if driver is None:
        raise DatabaseURLError(f"unsupported scheme {scheme!r}")
    credentials = f"{parts['credentials']}@" if parts["credentials"] is not None else ""
    query = parts["query"]
    if query and driver == POSTGRESQL:
        query = _for_asyncpg(query)
    result = f"{driver}://{credentials}{parts['address']}" + (f"?{query}" if query else "")
    try:
        make_url(result)
    except Exception:
        raise DatabaseURLError("malformed database URL") from None
    return result


def _for_asyncpg(query: str) -> str:
    pairs = [pair.partition("=")[::2] for pair in query.split("&") if pair]
    arguments = {unquote(name): unquote(value.replace("+", " ")) for name, value in pairs}
    if mode := arguments.pop("sslmode", None):
        arguments.setdefault("ssl", mode)
    kept = {name: value for name, value in arguments.items() if name not in LIBPQ_ONLY}
    return urlencode(kept, quote_via=quote)
