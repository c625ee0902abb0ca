"""Column parts that more than one table needs."""

from datetime import UTC, datetime
from typing import Any, get_args

from sqlalchemy import JSON, Column, DateTime, ForeignKey, Identity, Integer
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.engine import Dialect
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import FunctionElement
from sqlalchemy.types import TypeDecorator, TypeEngine

from ..context import required_tenant


def utc_now() -> datetime:
    """The present moment by this process's clock."""
    return datetime.now(UTC)


def json_type() -> TypeEngine[Any]:
    """A new JSON type each time: JSONB on PostgreSQL, JSON elsewhere."""
    return JSON().with_variant(JSONB(), "postgresql")


def one_of(column: str, words: object) -> str:
    """The SQL condition that a column holds one of a Literal's words."""
    return f"{column} IN ({', '.join(repr(word) for word in get_args(words))})"


class UtcDateTime(TypeDecorator[datetime]):
    """Aware in, aware UTC out, also where the database knows no zones."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.utcoffset() is None:
            raise ValueError("a naive datetime has no moment")
        return value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class utc_clock(FunctionElement[datetime]):  # noqa: N801  (reads like a SQL function)
    """The moment of the statement, by the database's clock."""

    type = UtcDateTime()
    inherit_cache = True
    name = "utc_clock"


@compiles(utc_clock)
def _by_statement(element: Any, compiler: Any, **_: Any) -> str:
    return "statement_timestamp()"  # now() would stand still for a whole transaction


@compiles(utc_clock, "sqlite")
def _by_strftime(element: Any, compiler: Any, **_: Any) -> str:
    # milliseconds, written as SQLAlchemy writes its six digits; CURRENT_TIMESTAMP has seconds
    return "strftime('%Y-%m-%d %H:%M:%f000', 'now')"


def pk() -> Column[Any]:
    return Column("id", Integer, Identity(), primary_key=True)


def owner(table: str) -> Column[Any]:
    """``tenant_id``: of the context, at the moment of the INSERT."""
    return Column(
        "tenant_id",
        Integer,
        ForeignKey("tenant.id", name=f"{table}_tenant_fk", ondelete="RESTRICT"),
        nullable=False,
        default=lambda: required_tenant(),
    )


def stamped(name: str, *, on_change: bool = False) -> Column[Any]:
    moving = {"onupdate": utc_clock()} if on_change else {}
    return Column(name, UtcDateTime(), nullable=False, server_default=utc_clock(), **moving)
