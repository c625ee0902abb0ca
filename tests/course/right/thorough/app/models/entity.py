"""What every table has: an id, a moment of creation, JSON that notices changes."""

from datetime import datetime
from typing import Any, ClassVar

from sqlalchemy import CheckConstraint, MetaData, inspect
from sqlalchemy.ext.mutable import Mutable, MutableDict, MutableList
from sqlalchemy.orm import registry
from sqlmodel import Field, SQLModel

from .types import Moment, utc_now

metadata = MetaData()


class Entity(SQLModel, registry=registry(metadata=metadata)):
    mutable: ClassVar[dict[str, type[Mutable]]] = {}

    id: int | None = Field(default=None, primary_key=True)
    created_at: datetime = Field(default_factory=utc_now, sa_type=Moment, nullable=False)

    def __setattr__(self, name: str, value: Any) -> None:
        super().__setattr__(name, value)
        kind = self.mutable.get(name)
        if kind is not None and value is not None:
            # pydantic stored the value as it came: hand it over to SQLAlchemy once more
            tracked = kind.coerce(name, value)
            tracked._parents[inspect(self)] = name
            self.__dict__[name] = tracked

    def __repr__(self) -> str:
        return f"{type(self).__name__}(id={self.__dict__.get('id')})"


class Changing(SQLModel):
    """For tables whose rows change."""

    updated_at: datetime = Field(
        default_factory=utc_now,
        sa_type=Moment,
        nullable=False,
        sa_column_kwargs={"onupdate": utc_now},
    )


def rule(table: str, name: str, condition: str) -> CheckConstraint:
    return CheckConstraint(condition, name=f"{table}_{name}")


def words(column: str, *allowed: str) -> str:
    return " OR ".join(f"{column} = '{word}'" for word in allowed)


TRACKED_DICT, TRACKED_LIST = MutableDict, MutableList
