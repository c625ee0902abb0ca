"""Given: column parts that more than one table needs."""

from datetime import UTC, datetime
from typing import Any, get_args

from sqlalchemy import JSON
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.types import TypeEngine


def utc_now() -> datetime:
    """Return the present moment, aware and in UTC."""
    return datetime.now(UTC)


def json_type() -> TypeEngine[Any]:
    """Return a new JSON type: JSONB on PostgreSQL, JSON elsewhere.

    One instance a column: change tracking listens to the instance, and a shared one
    would offer a list's changes to a dict's column.
    """
    return JSON().with_variant(JSONB(), "postgresql")


def one_of(column: str, words: object) -> str:
    """Return the SQL condition that a column holds one of a Literal's words."""
    return f"{column} IN ({', '.join(repr(word) for word in get_args(words))})"
