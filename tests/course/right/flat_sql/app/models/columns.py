"""Column makers: each call gives a new Column with its types, defaults and server defaults."""

from datetime import UTC, datetime
from typing import Any, get_args

from sqlalchemy import (
    JSON,
    CheckConstraint,
    Column,
    DateTime,
    ForeignKey,
    Identity,
    Integer,
    Text,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.ext.mutable import MutableDict, MutableList
from sqlalchemy.types import TypeDecorator
from sqlmodel import SQLModel

from ..context import tenant_for_insert


class UtcDateTime(TypeDecorator[datetime]):
    """Aware in, UTC stored, aware out: SQLite has no zones, and PostgreSQL the session's."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, _: Any) -> datetime | None:
        if value is None:
            return None
        if value.utcoffset() is None:
            raise ValueError("A time without a zone is no moment.")
        return value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, _: Any) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.utcoffset() is None else value.astimezone(UTC)


def utc_now() -> datetime:
    return datetime.now(UTC)


def id_column() -> Column[int]:
    return Column("id", Integer, Identity(), primary_key=True)


def tenant_column(table: str) -> Column[int]:
    return Column(
        "tenant_id",
        Integer,
        ForeignKey("tenant.id", name=f"fk_{table}_tenant"),
        nullable=False,
        default=tenant_for_insert,
    )


def word_column(name: str, default: str) -> Column[str]:
    return Column(name, Text, nullable=False, default=default, server_default=text(f"'{default}'"))


def json_column(name: str, kind: type[Any]) -> Column[Any]:
    mutable = MutableDict if kind is dict else MutableList
    json = mutable.as_mutable(JSON().with_variant(JSONB(), "postgresql"))
    literal = "'{}'" if kind is dict else "'[]'"
    return Column(name, json, nullable=False, default=kind, server_default=text(literal))


def moment_column(name: str, *, moves: bool = False) -> Column[datetime]:
    return Column(
        name,
        UtcDateTime,
        nullable=False,
        default=utc_now,
        onupdate=utc_now if moves else None,
        server_default=text("CURRENT_TIMESTAMP"),
    )


def one_of(table: str, column: str, words: object) -> CheckConstraint:
    quoted = ", ".join(f"'{word}'" for word in get_args(words))
    return CheckConstraint(f"{column} IN ({quoted})", name=f"ck_{table}_{column}")


class Row(SQLModel):
    """What all tables share: a dict or list that is set on a row tells the row of its changes.

    SQLModel gives the value to SQLAlchemy, which wraps it, and then to pydantic, which would
    put the bare one over the wrapper.
    """

    def __setattr__(self, name: str, value: Any) -> None:
        if type(value) is dict and name in type(self).model_fields:
            value = MutableDict(value)
        elif type(value) is list and name in type(self).model_fields:
            value = MutableList(value)
        super().__setattr__(name, value)
