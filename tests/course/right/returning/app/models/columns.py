"""Given: column parts that more than one table needs."""

from datetime import UTC, datetime
from typing import Any, get_args

from sqlalchemy import JSON, CheckConstraint
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.types import TypeEngine
from sqlmodel import Field

from ..context import required_tenant


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


def rules(**conditions: str) -> tuple[CheckConstraint, ...]:
    """Return a CHECK constraint for each condition; the convention makes ck_TABLE_name of a name."""
    return tuple(CheckConstraint(sql, name=name) for name, sql in conditions.items())


def made() -> Any:
    """Return the field that holds when a row was made."""
    return Field(default_factory=utc_now)


def touched() -> Any:
    """Return the field that holds when a row was last changed, by whatever statement of ours."""
    return Field(default_factory=utc_now, sa_column_kwargs={"onupdate": utc_now})


def owned() -> Any:
    """Return the field that says whose a row is: who isn't named at the insert is the context's.

    The default is the column's rather than the model's: an object can be made outside any tenant.
    """
    return Field(
        default=None,
        foreign_key="tenant.id",
        ondelete="RESTRICT",
        nullable=False,
        sa_column_kwargs={"default": required_tenant},
    )
