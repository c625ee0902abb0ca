"""What the tables are made of."""

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import JSON, Column, MetaData
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.ext.mutable import MutableDict, MutableList
from sqlalchemy.orm import registry
from sqlmodel import Field, SQLModel

from ..scope import whose

TRACKED = {dict: MutableDict, list: MutableList}


def now() -> datetime:
    return datetime.now(UTC)


def json_of(kind: type, column: str) -> Column[Any]:
    json = TRACKED[kind].as_mutable(JSON().with_variant(JSONB(), "postgresql"))
    return Column(column, json, default=kind, nullable=False)


class Table(
    SQLModel,
    registry=registry(
        metadata=MetaData(
            naming_convention={
                "ix": "%(table_name)s_%(column_0_name)s_idx",
                "uq": "%(table_name)s_%(column_0_name)s_key",
                "ck": "%(table_name)s_%(constraint_name)s_check",
                "fk": "%(table_name)s_%(column_0_name)s_fkey",
                "pk": "%(table_name)s_pkey",
            }
        )
    ),
):
    pass


class Owned(Table):
    """A row of one tenant's."""

    tenant_id: int = Field(default_factory=whose, foreign_key="tenant.id", ondelete="RESTRICT")


class Tracked:
    """Stores every dict and list as one that reports its changes."""

    def __setattr__(self, name: str, value: Any) -> None:
        tracked = TRACKED.get(type(value))
        super().__setattr__(name, tracked(value) if tracked and name != "details" else value)
